"""What all of lowering has: where an expression is evaluated, and the way down to its parts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, replace

from ...jsonata.tree import Node
from ..ir import Body as BodyLabel
from ..ir import Label, Pooled
from .body import Again, Body, Cell, Fact
from .names import Names
from .scope import Frame
from .walk import binds

DEEPEST = 100  # evaluations in one another (SPEC 2.16, Depth)


@dataclass(frozen=True)
class Here:
    """Where a node is evaluated.

    `context`: what `$` is, None for nothing; `outer`: it counts as one item, even if it is an
    array; `level`: how deep the node is in its body, the body's own node at 1.
    """

    body: Body
    frame: Frame
    context: Cell | None
    outer: bool
    level: int

    @property
    def down(self) -> Here:
        return replace(self, level=self.level + 1)

    def of(self, context: Cell | None) -> Here:
        """Within the node, for an item."""
        return replace(self, context=context, outer=False, level=self.level + 1)

    def within(self, frame: Frame) -> Here:
        return replace(self, frame=frame)


class Base(ABC):
    """The lowering of one expression."""

    def __init__(self, names: Names, top: Body, levels: bool) -> None:
        self.names = names
        self.top = top
        self.levels = levels  # are there calls whose depth only a run can tell?
        self.bodies: list[Body] = [top]
        self.wrapped: Cell | None = None  # `$` as the items of a path, if it is the whole input
        self.linked: dict[str, BodyLabel] = {}
        self.closed: set[int] = set()  # nodes that are constant, by id
        self.constants: dict[int, Pooled | None] = {}  # what was found of them
        self.facts: set[Fact] = set()

    @abstractmethod
    def value(self, node: Node, here: Here) -> None:
        """Push what a node is."""

    @abstractmethod
    def jump(self, node: Node, here: Here, target: Label, when: bool) -> None:
        """Go there if a node is true, or if it is not; else on."""

    def know(self, frame: Frame, name: str, what: str) -> None:
        """A fact; what was written without it is thrown away."""
        fact = frame.key, name, what
        if fact not in self.facts:
            self.facts.add(fact)
            raise Again

    def frame(self, node: Node, parts: list[Node], here: Here) -> Frame:
        """A frame for the variables that these parts bind; `node`: whose it is."""
        frame = Frame(here.body, here.frame, id(node), loops=here.body.loops)
        for name in sorted(set().union(*map(binds, parts))):
            frame.cells[name] = here.body.new()
            if (frame.key, name, "reset") in self.facts:
                here.body.ins("NONE")
                here.body.set(frame.cells[name])
            if (frame.key, name, "flag") in self.facts:
                frame.flags[name] = here.body.new()
                if here.body.loops:
                    here.body.ins("NONE")
                    here.body.set(frame.flags[name])
        return frame

    def child(self, name: str, parameters: int, here: Here) -> Body:
        """A body within this one."""
        body = Body(BodyLabel(name, parameters), here.body, 1 + parameters)
        body.facts, body.number = self.facts, len(self.bodies)
        body.zero = here.body.zero if isinstance(here.body.zero, Cell) else body
        if here.body.zero is None:
            body.zero = None
        self.bodies.append(body)
        return body
