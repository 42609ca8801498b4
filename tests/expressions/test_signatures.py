"""Arguments are checked and completed as the reference implementation does it."""

from __future__ import annotations

from typing import Any

import pytest

from tsme.program.expressions.functions import natives
from tsme.program.expressions.functions.signatures import validate
from tsme.program.expressions.values import ExpressionError, Matcher
from tsme.values import MISSING

F = Matcher(b"\0")


@pytest.mark.parametrize(
    ("signature", "args", "context", "completed"),
    [
        ("<s-nn?:s>", ["a", 1], None, ["a", 1, MISSING]),
        ("<s-nn?:s>", [1], "ctx", ["ctx", 1, MISSING]),
        ("<s-nn?:s>", [1, 2], "ctx", ["ctx", 1, 2]),
        ("<n-n?:s>", [2], 5, [2, MISSING]),
        ("<a<n>:n>", [5], None, [[5]]),
        ("<a<n>:n>", [[5]], None, [[5]]),
        ("<a<n>:n>", [MISSING], None, [MISSING]),
        ("<a<n>:n>", [[]], None, [[]]),
        ("<a+>", [1, [2]], None, [[1], [2]]),
        ("<s-f>", [F], "x", ["x", F]),
        ("<(sn)b?>", [1, True], None, [1, True]),
        ("<x-:b>", [], {"a": 1}, [{"a": 1}]),
        ("<n+n:o>", [1, 2, 3], None, [1, 1, 3]),  # 2.0.6 hands the first over again
        ("<s?n:x>", [5], None, [5, MISSING]),  # what was passed over, likewise
        ("<x:b>", [MISSING], None, [MISSING]),
        ("<j>", [[1]], None, [[1]]),
    ],
)
def test_arguments_are_completed(
    signature: str, args: list[Any], context: Any, completed: list[Any]
) -> None:
    found = validate(signature, args, context)
    assert found + [MISSING] * (len(completed) - len(found)) == completed


@pytest.mark.parametrize(
    ("signature", "args", "context", "code", "index"),
    [
        ("<s-nn?:s>", ["a", "b"], None, "T0410", 2),
        ("<s-nn?:s>", ["a", 1, 2, 3], None, "T0410", 4),
        ("<s-nn?:s>", [1], 5, "T0411", 1),
        ("<s-:s>", [], MISSING, None, None),
        ("<s-:s>", [], None, "T0411", 1),
        ("<a<n>:n>", ["a"], None, "T0412", 1),
        ("<a<n>:n>", [[1, "a"]], None, "T0412", 1),
        ("<a<s>s?:s>", [["a"], 1], None, "T0410", 2),
        ("<f>", [1], None, "T0410", 1),
        ("<f>", [MISSING], None, "T0410", 1),
        ("<:n>", [1], None, "T0410", 1),
        ("<n>", [None], None, "T0410", 1),
    ],
)
def test_what_does_not_fit_is_refused(
    signature: str, args: list[Any], context: Any, code: str | None, index: int | None
) -> None:
    if code is None:
        assert validate(signature, args, context) == [MISSING]
        return
    with pytest.raises(ExpressionError) as refused:
        validate(signature, args, context)
    assert (refused.value.code, vars(refused.value)["index"]) == (code, index)


def test_a_signature_with_many_parameters_is_tried_in_no_time() -> None:
    """Two that take many are tried in all ways: a program may have no more of them."""
    with pytest.raises(ExpressionError):
        validate("<n+n+s>", [1] * 200, None)


@pytest.mark.parametrize("number", range(len(natives.functions())))
def test_each_native_function_is_there_and_takes_what_its_signature_says(number: int) -> None:
    function, signature, arity = natives.find(number)
    name, *_ = natives.known(number)
    assert natives.number_of(name) == number
    assert (callable(function), signature[0], arity < 5) == (True, "<", True)
