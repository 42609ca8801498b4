"""The bodies of a program: what its expressions become."""

from __future__ import annotations

import sys

from ...jsonata.tree import Node, Path, Variable
from ..ir import Body as BodyLabel
from ..ir import Code, Ins, Label
from .base import Here
from .body import Again, Body, Cell, Fact
from .body import TooManyLocals as TooManyLocals
from .finish import finished, key_of, renumbered
from .levels import unknown
from .linked import linked, needs, takes
from .lowering import Lowering, constant
from .names import GIVEN as GIVEN
from .names import Names as Names
from .names import Push as Push
from .names import Tree as Tree
from .names import bare, states_member
from .names import used as used
from .scope import Frame

# A tree has at most 150 nodes in one another and 2000 operators and steps, says the parser; each
# of the first takes up to some 30 calls of functions here, of the others three.
_RECURSION = 12000


class Bodies:
    """Collects the bodies of a program; equal ones are one.

    In the workflow the values of `names.given` are pushed, in their order, and EVAL leads to what
    `body` gives.  `code` is what stands behind the workflow's code, `stack` how deep the stacks
    of bodies get.
    """

    def __init__(self) -> None:
        self._bodies: list[Body] = []
        self._by_key: dict[object, BodyLabel] = {}
        self._linked: dict[str, BodyLabel] = {}

    def body(self, tree: Node, names: Names) -> BodyLabel:
        """The body of an expression."""
        before = sys.getrecursionlimit()
        sys.setrecursionlimit(max(before, _RECURSION))
        try:
            return self._body(tree, names)
        finally:
            sys.setrecursionlimit(before)

    def _body(self, tree: Node, names: Names) -> BodyLabel:
        facts: set[Fact] = set()
        levels = unknown(tree)
        while True:  # each turn but the last adds a fact, of which there are finitely many
            given = len(names.given) + names.data
            top = Body(BodyLabel("expression", given), None, 1 + given)
            work = Lowering(names, top, levels)
            top.facts = work.facts = facts
            work.linked = dict(self._linked)
            context = Cell(top, 1) if names.data else None
            here = Here(top, Frame(top, None), context, names.data, 1)
            try:
                work.whole(tree, here)
            except Again:
                continue
            break
        for body in work.bodies:
            body.code = finished(body, work.bodies)
        renumbered(work.bodies)
        key = key_of(work.bodies)
        if key not in self._by_key:
            self._by_key[key] = top.label
            self._bodies += work.bodies
            self._linked = work.linked
        return self._by_key[key]

    def simple(self, tree: Node, names: Names) -> list[Ins] | None:
        """Instructions of the workflow that do without a body, with `given` on the stack; for a
        constant, an input, or a part of the context.  None if there are none."""
        if not isinstance(tree, (Path, Variable)):
            value = constant(tree, names)
            if value is None:
                return None
            if type(value.value) is int and 0 <= value.value < 65536:
                return [Ins("INT", value.value)]
            return [Ins("CONST", value)]
        if not isinstance(tree, Path) or tree.keep_singleton or tree.group is not None:
            return None
        member = states_member(tree)
        if member is None or not names.states or not all(map(bare, tree.steps)):
            return None
        part: Tree | None = names.part(member)
        for step in tree.steps[2:]:
            name = getattr(step, "value", None)
            part = part.get(name) if isinstance(part, dict) and isinstance(name, str) else None
        if not isinstance(part, tuple) or part[0] == "GET":
            return None
        return [Ins(*part)]

    @property
    def stack(self) -> int:
        return max((body.deepest for body in self._all()), default=0)

    def _all(self) -> list[Body]:
        """With those that are linked in, and what these name."""
        out: dict[str, Body] = {}
        todo = list(self._linked)
        while todo:
            key = todo.pop(0)
            if key not in out:
                name = key.removesuffix("[]")
                for other in needs(name):
                    self._linked.setdefault(other, BodyLabel(other, takes(other)))
                    todo.append(other)
                out[key] = linked(name, key != name, self._linked)
                out[key].label = self._linked[key]
        return [*self._bodies, *out.values()]

    def code(self) -> Code:
        """All bodies, one behind the other."""
        out: list[Ins | Label] = []
        for body in self._all():
            out.append(body.label)
            out.append(Ins("BODY", body.label.given << 8 | body.count))
            out += body.code
        return out
