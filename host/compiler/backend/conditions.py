"""Lowering of Choice rules: a condition becomes jumps, And and Or stop as soon as they can."""

from __future__ import annotations

from ..frontend.model import And, Compare, Condition, Not, Or, Path
from . import expressions
from .builder import Builder
from .expressions import Dollar
from .ir import Label

_TYPES = {"String": 0, "Numeric": 1, "Boolean": 2, "Timestamp": 3}
_RELATIONS = {
    "Equals": 0,
    "LessThan": 1,
    "GreaterThan": 2,
    "LessThanEquals": 3,
    "GreaterThanEquals": 4,
    "Matches": 5,
}
TESTS = {
    "IsPresent": 0,
    "IsNull": 1,
    "IsString": 2,
    "IsNumeric": 3,
    "IsBoolean": 4,
    "IsTimestamp": 5,
}


def condition(lo: Builder, c: Condition, dollar: Dollar, then: Label, otherwise: Label) -> None:
    """Go on at `then` or `otherwise`.  The code that follows is what `then` names."""
    if isinstance(c, Compare):
        lo.ins("UNLESS" if compare(lo, c, dollar) else "IF", otherwise)
    elif isinstance(c, Not):
        negated(lo, c.part, dollar, then, otherwise)
    elif isinstance(c, And):
        for part in c.parts:
            after = Label("and")
            condition(lo, part, dollar, after, otherwise)
            lo.label(after)
    else:
        for part in c.parts[:-1]:
            after = Label("or")
            negated(lo, part, dollar, after, then)
            lo.label(after)
        condition(lo, c.parts[-1], dollar, then, otherwise)


def negated(lo: Builder, c: Condition, dollar: Dollar, then: Label, otherwise: Label) -> None:
    """As `condition`, for the opposite of it."""
    if isinstance(c, Compare):
        lo.ins("IF" if compare(lo, c, dollar) else "UNLESS", otherwise)
    elif isinstance(c, Not):
        condition(lo, c.part, dollar, then, otherwise)
    elif isinstance(c, And):  # not (a and b) = not a or not b
        condition(lo, Or(tuple(Not(p) for p in c.parts)), dollar, then, otherwise)
    else:
        condition(lo, And(tuple(Not(p) for p in c.parts)), dollar, then, otherwise)


def compare(lo: Builder, c: Compare, dollar: Dollar) -> bool:
    """Push a boolean; the comparison holds if it is the one returned."""
    if c.op in TESTS:
        expressions.path(lo, c.variable, dollar, "choice", soft=c.op == "IsPresent")
        lo.ins("TEST", TESTS[c.op])
        return c.operand is not False
    expressions.path(lo, c.variable, dollar, "choice")
    if isinstance(c.operand, Path):
        expressions.path(lo, c.operand, dollar, "choice")
    else:
        expressions.constant(lo, c.operand)
    for name, kind in _TYPES.items():
        if c.op.startswith(name):
            lo.ins("COMPARE", kind * 8 + _RELATIONS[c.op.removeprefix(name)])
            return True
    raise AssertionError(c.op)
