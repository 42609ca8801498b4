"""Lowering of what fields of JSONata states take: values of a type, in a range."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..frontend.model import Expr, Jsonata, MapState
from . import conditions, expressions
from .builder import Builder
from .expressions import Dollar
from .ir import Label, Pooled, Site

if TYPE_CHECKING:
    from ..jsonata.tree import Node

# What EXPECT makes sure of (docs/SPEC.md, 2.16).
BOOLEAN, TEXT, INTEGER, PERCENTAGE, ARRAY, ITEMS, OBJECT, NUMBER = range(8)

# In words that AWS has for the type, by the number.
EXPECTED = "boolean string number number array array object number".split()

_BOOLEAN = frozenset("= != < <= > >= in and or".split())

ERROR = "States.QueryEvaluationError"
_LIMITS = (INTEGER, INTEGER, INTEGER, INTEGER, PERCENTAGE)  # by the numbers of LIMIT
_FROM_ONE = 2  # limits below this one are at least 1
_GREATER = 10  # COMPARE: numbers, greater


def expect(lo: Builder, e: Expr, kind: int, dollar: Dollar) -> None:
    """Push a value that a field takes if it is of a kind."""
    expressions.expr(lo, e, dollar)
    if isinstance(e, Jsonata) and not (kind == BOOLEAN and _is_boolean(e.tree)):
        lo.ins("EXPECT", kind, Site("expected", e.text, e.where, e.field))


def _is_boolean(tree: Node) -> bool:
    """Does an expression give a boolean, if it gives anything?"""
    from ..jsonata.tree import Binary  # noqa: PLC0415
    from .bodies.names import bare  # noqa: PLC0415

    return isinstance(tree, Binary) and tree.op in _BOOLEAN and bare(tree)


def condition(lo: Builder, test: Jsonata | bool, otherwise: Label) -> None:
    """Go on behind it if a rule of a Choice fits, else at `otherwise`."""
    if isinstance(test, bool):
        lo.ins("CONST", Pooled(test))
    else:
        expect(lo, test, BOOLEAN, None)
    lo.ins("UNLESS", otherwise)


def limit(lo: Builder, k: int, e: Jsonata, dollar: Dollar) -> None:
    """Push an option of a TASK or MAP, by the number that LIMIT has for it."""
    expect(lo, e, _LIMITS[k], dollar)
    if k < _FROM_ONE:
        lo.ins("PICK", lo.depth - 1)
        lo.ins("INT", 0)
        lo.ins("COMPARE", _GREATER)
        _or_fail(lo, Site("range", e.text, e.where, e.field), "0")


def delay(lo: Builder, e: Jsonata, kind: str) -> Site | None:
    """Push Seconds or Timestamp of a Wait; the site of its WAIT."""
    if kind == "seconds":
        expect(lo, e, INTEGER, None)
        return None
    expect(lo, e, TEXT, None)
    lo.ins("PICK", lo.depth - 1)
    lo.ins("TEST", conditions.TESTS["IsTimestamp"])
    _or_fail(lo, Site("range", e.text, e.where, e.field))
    return None


def items(lo: Builder, state: MapState) -> None:
    """Push the items of a Map: what Items gives, or the input, which must be an array.

    AWS refused an object that an expression gave an inline Map (recorded in December 2024).
    """
    if state.items is not None:
        expect(lo, state.items, ITEMS if state.distributed else ARRAY, None)
    else:
        lo.ins("LOAD", 0)
        lo.ins("EXPECT", ARRAY, Site("input", "", state.where))


def _or_fail(lo: Builder, site: Site, shown: str | None = None) -> None:
    """Go on if the boolean on the stack is true, else fail with the text below it as the cause.

    `shown`: in place of that text.
    """
    sound = Label("sound")
    lo.ins("IF", sound)
    depth = lo.depth
    lo.ins("CONST", Pooled(ERROR))
    if shown is None:
        lo.ins("PICK", depth - 1)
    else:
        lo.ins("CONST", Pooled(shown))
    lo.ins("FAIL", 3, site)
    lo.label(sound)
    lo.depth = depth
