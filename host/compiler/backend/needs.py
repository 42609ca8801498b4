"""The capabilities that code needs (docs/SPEC.md, 2.4), as far as the instructions show them."""

from __future__ import annotations

from typing import Final

from tsme.program import opcodes

from .instructions import EXPRESSIONS
from .ir import Code, Ins

_INPUT = 2  # the part of the context object that is the execution's input
_OF_FUNCTIONS: Final = {
    "hash": opcodes.NEEDS_HASH,
    "random": opcodes.NEEDS_RANDOM,
    "shuffle": opcodes.NEEDS_RANDOM,
    "uuid": opcodes.NEEDS_RANDOM,
}


def _of_function(number: int) -> int:
    from tsme.program.expressions.functions import natives  # noqa: PLC0415

    return _OF_FUNCTIONS.get(natives.known(number)[0], 0)


def needed(code: Code) -> int:
    """Of expressions, and of the execution's input."""
    needs = 0
    for item in code:
        if not isinstance(item, Ins):
            continue
        if item.op in EXPRESSIONS:
            needs |= opcodes.NEEDS_EXPRESSION
        if item.op == "CONTEXT" and isinstance(item.arg, int) and item.arg & 255 == _INPUT:
            needs |= opcodes.NEEDS_INPUT
        elif item.op == "FUNC" and isinstance(item.arg, int):
            needs |= _of_function(item.arg)
    return needs
