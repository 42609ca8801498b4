"""Asks jlens: lines in and out are those of ask.js.  build/jsonata/python is on its path."""

import json
import sys

import jlens

WITHOUT = object()


def answer(asked):
    bindings = asked.get("bindings") or {}
    data = asked.get("data", WITHOUT)
    try:
        expression = jlens.Expression(asked["expr"])
        given = None if data is WITHOUT else json.dumps(data)
        text = expression.evaluate_json(given, bindings, timeout=20)
    except jlens.JlensError as error:
        return {"error": {"code": error.code or "", "message": str(error)}}
    return {} if text is None else {"value": json.loads(text)}


for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), flush=True)
