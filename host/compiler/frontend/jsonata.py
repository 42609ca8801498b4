"""What is checked of JSONata states, which this version refuses as a whole (section "JSONata").

The form of the expressions; what they would do is not looked at.
"""

from __future__ import annotations

from ..jsonata.parser import parse
from ..jsonata.tree import JsonataError
from .context import CheckContext
from .source import Node


def is_jsonata(text: str) -> bool:
    """Is a string meant as an expression?  It may still be a broken one."""
    return text.startswith("{%") or text.endswith("%}")


def check_jsonata_text(ctx: CheckContext, node: Node) -> None:
    """Reports a string that is no proper expression.  One without `{%` and `%}` is literal."""
    text = node.value
    assert isinstance(text, str)
    if text.startswith("{%") and (not text.endswith("%}") or len(text) < 4):
        hint = "end it with %}"
        ctx.error("TSME-C080", node.where, "the JSONata expression is not closed", hint)
    elif text.endswith("%}") and not text.startswith("{%"):
        hint = "start it with {%"
        ctx.error("TSME-C080", node.where, "the JSONata expression is not opened", hint)
    elif text.startswith("{%"):
        try:
            parse(text[2:-2])
        except JsonataError as error:
            message = f"the JSONata expression is wrong: {error.message}"
            ctx.error("TSME-C083", node.inside(2 + error.index), message, error.hint)


def check_jsonata(ctx: CheckContext, node: Node) -> None:
    """Checks every string of a value."""
    if isinstance(node.value, str):
        check_jsonata_text(ctx, node)
    elif isinstance(node.value, list):
        for item in node.value:
            check_jsonata(ctx, item)
    elif isinstance(node.value, dict):
        for member in node.value.values():
            check_jsonata(ctx, member)
