"""JSONata in the fields of a state (section "JSONata"): templates, and what they may name.

A text that begins with `{%` and ends with `%}` is an expression; any other stands for itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from ..jsonata.parser import parse
from ..jsonata.tree import (
    Bind,
    Filter,
    JsonataError,
    Lambda,
    Name,
    Path,
    Sort,
    Transform,
    Variable,
)
from ..jsonata.tree import Node as Tree
from .context import CheckContext
from .model import Arr, Const, Expr, Json, Jsonata, Obj
from .source import Node

_ALWAYS = frozenset({"input", "context"})
RESULT = frozenset({"input", "context", "result"})  # of $states, in a state with a result
ERROR = frozenset({"input", "context", "errorOutput"})  # in a catcher


def is_expression(value: object) -> bool:
    """Is a value of the source an expression?"""
    return (
        isinstance(value, str)
        and len(value) > 3
        and value.startswith("{%")
        and value.endswith("%}")
    )


def parse_field(ctx: CheckContext, node: Node, field: str, has: frozenset[str] = _ALWAYS) -> Expr:
    """A value with expressions in it at any depth; mistakes go to `ctx`.

    `field`: its place in the state, as AWS names it.  `has`: the members that $states has there.
    """
    value = node.value
    if isinstance(value, dict):
        members = [
            (name, parse_field(ctx, member, f"{field}/{name}", has))
            for name, member in value.items()
        ]
        if all(isinstance(e, Const) for _, e in members):
            plain: dict[str, Json] = {n: e.value for n, e in members if isinstance(e, Const)}
            return Const(plain, node.where)
        return Obj(tuple(members), node.where)
    if isinstance(value, list):
        items = tuple(parse_field(ctx, item, f"{field}[{n}]", has) for n, item in enumerate(value))
        if all(isinstance(item, Const) for item in items):
            return Const(node.plain(), node.where)
        return Arr(items, node.where)
    if is_expression(value):
        return parse_expression(ctx, node, field, has)
    if isinstance(value, str):
        _check_brackets(ctx, node, value)
    return Const(value, node.where)


def parse_expression(
    ctx: CheckContext, node: Node, field: str, has: frozenset[str] = _ALWAYS
) -> Jsonata | Const:
    """A text that is an expression; null if it is a broken one."""
    text = node.value
    assert isinstance(text, str)
    inner = text[2:-2]
    try:
        tree = parse(inner)
    except JsonataError as error:
        if not ctx.templated(node):
            message = f"the JSONata expression is wrong: {error.message}"
            ctx.error("TSME-C083", node.inside(2 + error.index), message, error.hint)
        return Const(None, node.where)
    found = {what: (at, hint) for at, what, hint in reversed(list(_unsupported(tree, has)))}
    for what, (at, hint) in found.items():
        ctx.error("TSME-C084", node.inside(2 + at), what, hint)
    return Jsonata(inner.strip(), tree, field, node.where)


def _check_brackets(ctx: CheckContext, node: Node, text: str) -> None:
    """A text that was meant as an expression, and is none."""
    if text.startswith("{%"):
        message = "the JSONata expression is not closed"
        ctx.error("TSME-C080", node.where, message, "end it with %}")
    elif text.endswith("%}") and "{%" not in text:
        hint = "start it with {%"
        ctx.error("TSME-C080", node.where, "the JSONata expression is not opened", hint)
    elif text.rstrip().endswith("%}") and "{%" in text:
        message = "a text is an expression only from its first character to its last"
        hint = "join texts inside: {% 'Hello ' & $name %}"
        ctx.warn("TSME-C080", node.where, message, hint)


# --- what an expression may name ----------------------------------------------------------------

_HERE = "an expression of a state begins at $states.input or a variable"
_WHERE = {
    "result": "a result is there in Output and Assign of Task, Parallel and Map",
    "errorOutput": "an error is there in Output and Assign of a catcher",
}


def _unsupported(tree: Tree, has: frozenset[str]) -> Iterator[tuple[int, str, str]]:
    """What AWS refuses in a tree, from left to right: where, what, and a hint."""
    todo = [(tree, True)]
    while todo:
        node, top = todo.pop()
        if isinstance(node, Path):
            yield from _unsupported_path(node, top, has)
        elif isinstance(node, Variable) and node.name == "$":
            yield node.at, "reference to '$$' is not supported", _HERE
        todo += reversed(list(_parts(node, top)))


def _unsupported_path(
    path: Path, top: bool, has: frozenset[str]
) -> Iterator[tuple[int, str, str]]:
    """`top`: no step stands before it."""
    first = path.steps[0]
    if top and isinstance(first, Name):
        yield first.at, f"reference to '{first.value}' at the top level is not supported", _HERE
    if not isinstance(first, Variable) or len(path.steps) == 1:
        return
    second = path.steps[1]
    if top and not first.name:
        yield first.at, "reference to '$' at the top level is not supported", _HERE
    elif first.name == "states" and isinstance(second, Name) and second.value not in has:
        hint = _WHERE.get(second.value, "$states has " + ", ".join(sorted(has)))
        yield second.at, f"field '$states.{second.value}' does not exist", hint


def _parts(node: Tree, top: bool) -> Iterator[tuple[Tree, bool]]:
    """The nodes within one, and whether each stands at the top where this one does."""
    if isinstance(node, Path):
        yield from ((step, top and not n) for n, step in enumerate(node.steps))
    elif isinstance(node, Sort):
        yield from ((term, False) for term, _ in node.terms)
    elif isinstance(node, Transform):
        yield from ((part, False) for part in (node.pattern, node.update, node.delete) if part)
    else:
        for f in dataclasses.fields(node):
            if f.name not in _BEHIND:
                yield from ((inner, top) for inner in _nodes(getattr(node, f.name)))
    for part in (*node.predicates, *node.stages):
        if isinstance(part, Filter):
            yield part.expr, False
    for pair in node.group or ():
        yield from ((part, False) for part in pair)


_BEHIND = ("predicates", "stages", "group")


def _nodes(value: Any) -> Iterator[Tree]:
    if isinstance(value, Tree):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _nodes(item)


def variables(tree: Tree) -> set[str]:
    """The variables that an expression reads and does not bind itself."""
    found: set[str] = set()
    todo: list[tuple[Tree, frozenset[str]]] = [(tree, frozenset({"", "$", "states"}))]
    while todo:
        node, bound = todo.pop()
        if isinstance(node, Variable) and node.name not in bound:
            found.add(node.name)
        inside = bound | _bound(node)
        todo += [(inner, inside) for inner, _ in _parts(node, False)]
    return found


def _bound(node: Tree) -> set[str]:
    """The names that a node binds for what is within it."""
    names: set[str] = set()
    if isinstance(node, Lambda):
        names.update(node.parameters)
    for inner, _ in _parts(node, False):
        if isinstance(inner, Bind):
            names.add(inner.name)
        names.update(name for name in (inner.focus, inner.index) if name)
        names.update(s.name for s in inner.stages if not isinstance(s, Filter))
    if isinstance(node, Bind):
        names.add(node.name)
    return names
