"""Payload templates (section "Payload Template"): JSON in which a member `name.$` is dynamic.

The value of such a member is a path or an intrinsic call.  Everything else stands for itself, and
a subtree without any dynamic part becomes one constant.
"""

from __future__ import annotations

from ..jsonpath.paths import is_path
from .context import CheckContext, kind_of, quoted
from .model import Arr, Const, Expr, Json, Obj, Ref
from .source import Node


def parse_template(ctx: CheckContext, node: Node) -> Expr:
    """A payload template to an expression; mistakes go to `ctx`."""
    if isinstance(node.value, dict):
        return _object(ctx, node, node.value)
    if isinstance(node.value, list):
        items = tuple(parse_template(ctx, item) for item in node.value)
        if all(isinstance(item, Const) for item in items):
            return Const(node.plain(), node.where)
        return Arr(items, node.where)
    return Const(node.value, node.where)


def parse_dynamic(ctx: CheckContext, node: Node) -> Expr:
    """The value of a `.$` member, or of ErrorPath and CausePath: a path or a call."""
    text = node.value
    if is_path(text):
        return Ref(ctx.path(node), node.where)
    if isinstance(text, str) and text.startswith("States."):
        return ctx.call(node)
    if ctx.templated(node):
        return Const(None, node.where)
    name = node.where.field
    found = quoted(text) if isinstance(text, str) else kind_of(node)
    message = f'the value of "{name}" must be a path or an intrinsic call, not {found}'
    hint = "write $.name or States.Format('...')"
    if isinstance(text, str) and text.strip() != text:
        hint = "remove the white space around it"
    elif name.endswith(".$"):
        hint += f', or name the member "{name[:-2]}" if the value is meant literally'
    ctx.error("TSME-C036", node.where, message, hint)
    return Const(None, node.where)


def _object(ctx: CheckContext, node: Node, members: dict[str, Node]) -> Expr:
    items: list[tuple[str, Expr]] = []
    seen: set[str] = set()
    for key, member in members.items():
        dynamic = key.endswith(".$")
        name = key[:-2] if dynamic else key
        value = parse_dynamic(ctx, member) if dynamic else parse_template(ctx, member)
        if name in seen:
            message = f'"{name}" and "{name}.$" would both become the member "{name}"'
            ctx.error("TSME-C037", member.key_where, message, "keep one of them")
        seen.add(name)
        items.append((name, value))
    if all(isinstance(value, Const) for _, value in items):
        plain: dict[str, Json] = {}
        for name, value in items:
            assert isinstance(value, Const)
            plain[name] = value.value
        return Const(plain, node.where)
    return Obj(tuple(items), node.where)
