"""Which variables each state reads, as DescribeStateMachine of AWS reports them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from .model import Jsonata, Path, StateMachine, Where


def references(
    machine: StateMachine, around: frozenset[str] = frozenset()
) -> dict[str, list[str]]:
    """State name -> the variables it reads, sorted; states that read none are left out.

    States of branches and of Map bodies have entries of their own.  `around`: the variables of
    the machines around it.
    """
    from ..jsonata.functions import built_in  # noqa: PLC0415

    found: dict[str, list[str]] = {}
    own = around | _assigned(machine)
    functions = built_in() - own
    for state in machine.states.values():
        names = {name for name, _ in _read(state) if name and name not in functions}
        if names:
            found[state.name] = sorted(names)
        for _, inner in _read(state):
            if inner is not None:
                found |= references(inner, own)
    return found


def _assigned(machine: StateMachine) -> frozenset[str]:
    """The variables that states of a machine set, without inner machines."""
    found: set[str] = set()
    for state in machine.states.values():
        setters: list[Any] = [state, *getattr(state, "rules", ()), *getattr(state, "catch", ())]
        found.update(name for setter in setters for name, _ in setter.assign)
    return frozenset(found)


def _read(node: Any) -> Iterator[tuple[str, StateMachine | None]]:
    """The variables that a part of a state reads, and the machines inside it."""
    if isinstance(node, Path):
        if node.root not in ("$", "$$"):
            yield node.root, None
    elif isinstance(node, Jsonata):
        from ..jsonata.checks import references as of_tree  # noqa: PLC0415

        yield from ((name, None) for name in of_tree(node.tree))
    elif isinstance(node, StateMachine):
        yield "", node
    elif dataclasses.is_dataclass(node) and not isinstance(node, (type, Where)):
        for f in dataclasses.fields(node):
            yield from _read(getattr(node, f.name))
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from _read(item)
