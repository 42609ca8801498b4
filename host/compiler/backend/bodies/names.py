"""What an expression may name besides its own variables: values of the workflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ...jsonata.tree import Lambda, Literal, Name, Node, Path, Variable
from ..ir import Operand
from .walk import inner

GIVEN = ("input", "result", "errorOutput")

Push: TypeAlias = tuple[str, Operand]  # an instruction that pushes a value
# A value, or an object by its members, of which "" is the whole, if not all are there.
Tree: TypeAlias = Push | Mapping[str, "Tree"]


@dataclass(frozen=True)
class Names:
    """What there is.

    `given`: what EVAL pops, as locals from 1 on, of GIVEN in its order.  `variable`: the operand
    of LOAD of a variable of the workflow, None if there is none of that name.  `input`: the
    operand of LOAD of `$states.input`, unless it is given.  `context`: `$states.context`.
    `states`: is there a `$states`?  `data`: the first value given is `$` and `$$`, and not of
    GIVEN: as the reference implementation evaluates.
    """

    given: tuple[str, ...] = ()
    variable: Callable[[str], int | None] = lambda _: None
    input: int | None = None
    context: Tree | None = None
    states: bool = True
    data: bool = False

    def part(self, name: str) -> Tree | None:
        """A member of `$states`: how to push it, None if it is not there."""
        if name == "context":
            return self.context
        if name in self.given:
            return "GET", self.given.index(name) + 1
        return ("LOAD", self.input) if name == "input" and self.input is not None else None


def used(tree: Node) -> tuple[str, ...]:
    """Which of GIVEN an expression names; all if `$states` stands alone."""
    found: set[str] = set()
    todo = [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, Lambda) and "states" in node.parameters:
            continue
        member = states_member(node) if isinstance(node, Path) else None
        if member is not None:
            found.add(member)
        elif isinstance(node, Variable) and node.name == "states":
            found.update(GIVEN)
        parts = inner(node)
        todo += parts[1:] if member is not None else parts
    return tuple(name for name in GIVEN if name in found)


def states_member(path: Path) -> str | None:
    """`input` of a path `$states.input..`, whose first step is nothing but that."""
    steps = path.steps
    if len(steps) < 2:
        return None
    first, second = steps[:2]
    plain = isinstance(first, Variable) and first.name == "states" and bare(first)
    if plain and isinstance(second, Name) and second.focus is None and second.index is None:
        return second.value
    return None


def bare(node: Node) -> bool:
    """Does nothing stand behind it?"""
    behind = node.predicates or node.stages or node.group is not None
    marks = node.focus or node.index or node.ancestor or node.tuple or node.keep_array
    return not behind and not marks


def is_text(node: Node) -> bool:
    return isinstance(node, Literal) and isinstance(node.value, str) and bare(node)
