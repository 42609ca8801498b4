"""Which variables each state reads, as DescribeStateMachine of AWS reports them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from .jsonata import variables
from .model import Jsonata, Path, StateMachine, Where


def references(machine: StateMachine) -> dict[str, list[str]]:
    """State name -> the variables it reads, sorted; states that read none are left out.

    States of branches and of Map bodies have entries of their own.
    """
    found: dict[str, list[str]] = {}
    for state in machine.states.values():
        names = {name for name, _ in _read(state) if name}
        if names:
            found[state.name] = sorted(names)
        for _, inner in _read(state):
            if inner is not None:
                found |= references(inner)
    return found


def _read(node: Any) -> Iterator[tuple[str, StateMachine | None]]:
    """The variables that a part of a state reads, and the machines inside it."""
    if isinstance(node, Path):
        if node.root not in ("$", "$$"):
            yield node.root, None
    elif isinstance(node, Jsonata):
        yield from ((name, None) for name in variables(node.tree))
    elif isinstance(node, StateMachine):
        yield "", node
    elif dataclasses.is_dataclass(node) and not isinstance(node, (type, Where)):
        for f in dataclasses.fields(node):
            yield from _read(getattr(node, f.name))
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from _read(item)
