"""JSONata in the fields of a state (section "JSONata"): templates, and what they may name.

A text that begins with `{%` and ends with `%}` is an expression; any other stands for itself.
"""

from __future__ import annotations

import re

from ..jsonata.members import ALWAYS
from .context import CheckContext
from .model import Arr, Const, Expr, Json, Jsonata, Obj, Problem
from .source import Node

_INSIDE = re.compile(r"\{%.*%\}", re.DOTALL)
_MEANT = re.compile(r"\$(states)?\.\w")  # at the beginning of a text


def is_expression(value: object) -> bool:
    """Is a value of the source an expression?"""
    return (
        isinstance(value, str)
        and len(value) > 3
        and value.startswith("{%")
        and value.endswith("%}")
    )


def parse_field(ctx: CheckContext, node: Node, field: str, has: frozenset[str] = ALWAYS) -> Expr:
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
    ctx: CheckContext, node: Node, field: str, has: frozenset[str] = ALWAYS
) -> Jsonata | Const:
    """A text that is an expression; null if it is a broken one."""
    # Loaded with the first expression: half of what it takes to check a small workflow.
    from ..jsonata.checks import check, references  # noqa: PLC0415
    from ..jsonata.parser import parse  # noqa: PLC0415
    from ..jsonata.tree import JsonataError  # noqa: PLC0415

    text = node.value
    assert isinstance(text, str)
    inner = text[2:-2]
    try:
        tree = parse(inner)
    except JsonataError as error:
        if not ctx.templated(node):
            # AWS takes what is nested too deeply, and fails when it comes to it.
            message = f"the JSONata expression is wrong: {error.message}"
            deep = error.code == "D1011"
            where = node.inside(2 + error.index)
            ctx.problems.append(Problem("TSME-C083", message, where, error.hint, refusal=deep))
        return Const(None, node.where)
    for found in check(tree, has):
        where = node.inside(2 + found.at)
        problem = Problem(found.code, found.message, where, found.hint, found.refusal)
        ctx.problems.append(problem)
    ctx.scope.reads += [(name, node.where) for name in sorted(references(tree))]
    return Jsonata(inner.strip(), tree, field, node.where)


def _check_brackets(ctx: CheckContext, node: Node, text: str) -> None:
    """A text that was meant as an expression, and is none."""
    if text.startswith("{%"):
        message, hint = "the JSONata expression is not closed", "end it with %}"
        if text.rstrip().endswith("%}"):
            message = "behind the %} of a JSONata expression stands a blank or a line's end"
            hint = "take it away; in YAML write |- instead of |"
        ctx.error("TSME-C080", node.where, message, hint)
    elif text.endswith("%}") and "{%" not in text:
        hint = "start it with {%"
        ctx.error("TSME-C080", node.where, "the JSONata expression is not opened", hint)
    elif _INSIDE.search(text):
        message = "a text is an expression only from its first character to its last"
        hint = "join texts inside: {% 'Hello ' & $name %}"
        ctx.warn("TSME-C080", node.where, message, hint)
    elif _MEANT.match(text):
        message = "a text that is not in {% .. %} is no expression and stays text"
        hint = "write {% $states.input.name %} to read the input"
        ctx.warn("TSME-C080", node.where, message, hint)
