"""From the text of a JSONata expression to its tree."""

from __future__ import annotations

from .order import put_in_order
from .syntax import Parser
from .tree import Node


def parse(text: str) -> Node:
    """The tree of an expression: what stands between `{%` and `%}`.  Raises JsonataError."""
    return put_in_order(Parser(text).whole())
