"""Errors have the words that users of AWS read."""

from __future__ import annotations

from typing import Any

import pytest

from tsme.program.expressions.values import Matcher
from tsme.values import MISSING
from tsme_host.tools.aws.jsonata_messages import message


@pytest.mark.parametrize(
    ("code", "details", "words"),
    [
        (
            "T0412",
            {"index": 1, "token": "sum", "type": "numbers"},
            'Argument 1 of function "sum" must be an array of "numbers"',
        ),
        (
            "T0410",
            {"index": 1, "token": "each"},
            'Argument 1 of function "each" does not match function signature',
        ),
        ("D3020", {}, "Third argument of split function must evaluate to a positive number"),
        (
            "D3050",
            {},
            "The second argument of reduce function must be a function with at least two "
            "arguments",
        ),
        (
            "D3060",
            {"value": -1},
            "The sqrt function cannot be applied to a negative number: -1",
        ),
        (
            "T2002",
            {"token": "+"},
            'The right side of the "+" operator must evaluate to a number',
        ),
        (
            "D3138",
            {},
            "The $single() function expected exactly 1 matching result.  "
            "Instead it matched more.",
        ),
        ("T1006", {}, "Attempted to invoke a non-function"),
        ("T1005", {"token": "sum"}, "Attempted to invoke a non-function. Did you mean $sum?"),
        ("D3137", {"message": "Invalid JSON"}, "Invalid JSON"),
        ("D3141", {"message": "no"}, "no"),
        (
            "D3140",
            {"functionName": "decodeUrl", "value": "%"},
            'Malformed URL passed to $decodeUrl(): "%"',
        ),
        (
            "T2009",
            {"value": 1, "value2": "a", "token": "<"},
            'The values 1 and "a" either side of operator "<" must be of the same data type',
        ),
        (
            "D3030",
            {"value": {"a": [0.1 + 0.2, None, True, 1e21, MISSING], "b": Matcher(b"\0")}},
            'Unable to cast value to a number: {"a":[0.30000000000000004,null,true,1e+21,null],'
            '"b":{}}',
        ),
        ("D1001", {"value": float("inf")}, "Number out of range: null"),
        ("T2011", {}, "The insert/update clause of the transform expression must evaluate to an "
                      "object: undefined"),
    ],
)  # fmt: skip
def test_a_code_has_its_words(code: str, details: dict[str, Any], words: str) -> None:
    assert message(code, details) == words
