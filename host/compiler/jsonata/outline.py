"""A tree as text: a line for each node, what is within it further to the right."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

from .tree import Filter, Node, Position, Slot


def outline(tree: Node) -> str:
    """The tree of an expression, for people."""
    lines: list[str] = []
    todo: list[tuple[int, str, Any]] = [(0, "", tree)]
    while todo:
        depth, label, item = todo.pop()
        inner: list[tuple[str, Any]] = []
        if isinstance(item, Node):
            inner = list(_inner(item))
            text = " ".join((type(item).__name__, *_facts(item)))
        elif isinstance(item, Filter):
            text, inner = "Filter", [("", item.expr)]
        elif isinstance(item, Position):
            text = f"Position ${item.name}"
        else:
            text = "nothing" if item is None else str(item)
        lines.append("  " * depth + (f"{label}: " if label else "") + text)
        todo += [(depth + 1, name, value) for name, value in reversed(inner)]
    return "\n".join(lines)


def _inner(node: Node) -> Iterator[tuple[str, Any]]:
    """What is within a node, by the name of the field that it is in."""
    behind = {field.name for field in dataclasses.fields(Node)}
    for field in sorted(dataclasses.fields(node), key=lambda field: field.name in behind):
        value = getattr(node, field.name)
        if isinstance(value, (Node, Filter, Position)):
            yield field.name, value
        elif isinstance(value, list):
            for item in value:
                if isinstance(item, tuple):
                    first, second = item
                    if isinstance(second, Node):
                        yield "group" if field.name == "group" else "key", first
                        yield "value", second
                    else:  # a term of a sort
                        yield "descending" if second else "ascending", first
                elif item is None or isinstance(item, (Node, Filter, Position)):
                    yield field.name if field.name != "steps" else "", item


def _facts(node: Node) -> Iterator[str]:
    for field in dataclasses.fields(node):
        value = getattr(node, field.name)
        if field.name == "at" or value is None and field.name != "value":
            continue
        if isinstance(value, Slot):
            yield f"{field.name}={value.label}"
        elif isinstance(value, bool):
            if field.name == "value":
                yield json.dumps(value)
            elif value:
                yield field.name
        elif isinstance(value, (str, int, float)) or value is None:
            yield f"{field.name}={json.dumps(value, ensure_ascii=False)}"
        elif field.name == "parameters":
            yield "(" + ", ".join(f"${name}" for name in value) + ")"
