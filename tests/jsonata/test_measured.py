"""What the reference implementation and AWS were seen to do, each expression on every engine.

measured.json: `about`, `expression`, `data` (an empty object if it is not there), and what comes
of it: `value`, `error` (its code), or nothing at all.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests import interpreters

from . import expressions

ROWS: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("measured.json").read_text(encoding="utf-8")
)
ENGINES = ("cpython", "core", "micropython", "micropythonf32")


@cache
def answers(engine: str) -> list[dict[str, Any]]:
    """Of all rows; they are compiled and run at once."""
    interpreters.require(engine)
    asked = [{"expr": row["expression"], "data": row.get("data", {})} for row in ROWS]
    return expressions.run(engine, [expressions.job(one) for one in asked])


def kinds(value: Any) -> Any:
    """A value with the kinds of its numbers: 2 is not 2.0."""
    if isinstance(value, list):
        return list(map(kinds, value))
    if isinstance(value, dict):
        return [(name, kinds(member)) for name, member in value.items()]
    return type(value).__name__, value


@pytest.mark.parametrize("n", range(len(ROWS)), ids=[row["expression"][:60] for row in ROWS])
def test_an_expression_gives_what_was_seen(n: int) -> None:
    row = ROWS[n]
    for engine in ENGINES:
        answer = answers(engine)[n]
        if "error" in answer:
            assert answer["error"]["code"] == row.get("error"), (engine, answer["error"])
        elif "value" in answer:
            assert "value" in row, (engine, answer)
            assert kinds(answer["value"]) == kinds(row["value"]), engine
        else:
            assert not {"value", "error"} & set(row), engine
