"""Constant expressions become constants: the device's own interpreter evaluates them here."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

from tsme.errors import StatesError, TsmeError
from tsme.program.expressions.evaluation import Evaluation
from tsme.program.expressions.leaving import left
from tsme.program.expressions.values import ExpressionError
from tsme.values import cbor

from ...jsonata.tree import (
    Array,
    Binary,
    Bind,
    Block,
    Call,
    Condition,
    Lambda,
    Literal,
    Negate,
    Node,
    Object,
    Variable,
)
from ..instructions import ALL
from ..ir import Code, Ins, Label, Pooled
from .body import sound
from .natives import IMPURE, NATIVES, takes_context
from .walk import everything, inner

FUEL: Final = 4096
LARGEST: Final = 4096
_TEXTS: Final = ("Infinity", "-Infinity", "NaN")  # of numbers that are none
_KINDS: Final = (Literal, Array, Binary, Block, Condition, Negate, Object)


def closed(tree: Node, built_in: Callable[[str], bool]) -> set[int]:
    """Which nodes within a tree give the same whatever is given, by id."""
    out: set[int] = set()
    hidden: set[str | None] = {one.name for one in everything(tree) if isinstance(one, Bind)}
    for one in everything(tree):
        hidden |= {*one.parameters} if isinstance(one, Lambda) else {one.focus, one.index}
    for node in reversed([*everything(tree)]):  # what is within a node comes before it
        if node.cons or node.keep_array or node.stages or node.focus or node.index or node.tuple:
            continue
        if isinstance(node, Call):
            callee = node.callee
            if not isinstance(callee, Variable) or node.partial or callee.predicates:
                continue
            name, count = callee.name, len(node.arguments)
            if name not in NATIVES or name in IMPURE or name in hidden or not built_in(name):
                continue
            if takes_context(name, count) or name in ("error", "assert", "clone"):
                continue
            parts = [one for one in inner(node) if one is not callee]
        elif isinstance(node, _KINDS):
            parts = inner(node)
        else:
            continue
        if all(id(one) in out for one in parts):
            out.add(id(node))
    return out


def folded(code: Code, nodes: int) -> Pooled | None:
    """The constant that a body without locals of others gives, if that is no longer than it."""
    machine = _assembled(code)
    evaluation = Evaluation(machine, SimpleNamespace(now=0, draw=None), None, FUEL, LARGEST)
    try:
        value: Any = left(evaluation, evaluation.evaluated(0, []))
        data = cbor.encode(value)
    except (ExpressionError, StatesError, TsmeError):
        return None
    if len(data) > 8 + 4 * nodes or not _certain(value):
        return None
    return Pooled(value)


def _certain(value: Any) -> bool:
    """Is it in JSON what it is within the expression?  Neither nothing nor an infinity is."""
    if isinstance(value, list):
        return all(map(_certain, value))
    if isinstance(value, dict):
        return all(map(_certain, value.values()))
    known = value is None or isinstance(value, (bool, int, float, str))
    return known and value not in _TEXTS


def _assembled(code: Code) -> SimpleNamespace:
    """What the interpreter asks of a program."""
    places: dict[Label, int] = {}
    consts: list[Any] = []
    while True:
        out = bytearray()
        before = dict(places)
        consts.clear()
        for item in code:
            if isinstance(item, Label):
                places[item] = len(out) // 2
                continue
            operand = _operand(item, places, consts)
            if operand > 255:
                out += bytes((ALL["EXT"].number, operand >> 8))
            out += bytes((ALL[item.op].number, operand & 255))
        if before == places:
            return SimpleNamespace(code=bytes(out), consts=consts, largest=LARGEST, natives={})


def _operand(item: Ins, places: dict[Label, int], consts: list[Any]) -> int:
    if isinstance(item.arg, Pooled):
        value = item.arg.value
        consts.append(sound(value) if isinstance(value, str) else value)
        return len(consts) - 1
    if isinstance(item.arg, Label):
        return places.get(item.arg, 0)
    return item.arg
