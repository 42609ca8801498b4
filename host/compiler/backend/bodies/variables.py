"""What a `$name` is: a local of a frame, a variable of the workflow, a built-in function."""

from __future__ import annotations

from ...jsonata.tree import Bind, Node, Variable
from ..ir import Label, Pooled
from .base import Here
from .body import BOOLEAN, Cell
from .names import GIVEN, Tree
from .natives import LINKED, NATIVES
from .rows import Rows
from .scope import Frame


class Variables(Rows):
    """Frames from the inside out; what is bound later, or on some ways alone, is asked for when
    it is needed."""

    def variable(self, node: Variable, here: Here) -> None:
        if not node.name:
            here.body.push(here.context)
        elif node.name == "$":
            self.root(here)
        else:
            self.named(node.name, here, here.frame, False, node.keep_array)

    def root(self, here: Here) -> None:
        here.body.push(Cell(self.top, 1) if self.names.data else None)

    def named(
        self, name: str, here: Here, frame: Frame | None, deferred: bool, keep: bool = False
    ) -> None:
        """Push a variable, looked for from a frame on.  `deferred`: functions are in between."""
        body = here.body
        while frame is not None:
            if name in frame.cells:
                if name in frame.bound:
                    body.get(frame.cells[name])
                    return
                repeated = body is not frame.body or body.loops > frame.loops
                if deferred or name in frame.begun or repeated:
                    self._perhaps(name, here, frame, deferred)
                    return
            deferred = deferred or frame.opaque
            frame = frame.around
        self.outer(name, here, keep)

    def _perhaps(self, name: str, here: Here, frame: Frame, deferred: bool) -> None:
        """It is bound, or will be, or not: then it is what the name is further out."""
        body = here.body
        if not self._elsewhere(name, frame.around):
            if frame.loops:
                self.know(frame, name, "reset")
            body.get(frame.cells[name])
            return
        if name not in frame.flags:
            self.know(frame, name, "flag")
        bound, done = Label("bound"), Label("done")
        body.get(frame.flags[name])
        body.ins("IS", BOOLEAN)
        body.ins("IF", bound)
        self.named(name, here, frame.around, deferred or frame.opaque)
        body.ins("JUMP", done)
        body.depth -= 1
        body.label_(bound)
        body.get(frame.cells[name])
        body.label_(done)

    def _elsewhere(self, name: str, frame: Frame | None) -> bool:
        while frame is not None:
            if name in frame.cells:
                return True
            frame = frame.around
        known = self.names.variable(name) is not None or name in NATIVES or name in LINKED
        return known or (name == "states" and self.names.states)

    def outer(self, name: str, here: Here, keep: bool = False) -> None:
        """What is no variable of the expression."""
        body = here.body
        slot = self.names.variable(name)
        if name == "states" and self.names.states:
            self.states(here)
        elif slot is not None:
            body.ins("LOAD", slot)
        elif name in LINKED:
            body.ins("CLOSURE", self.link(name, keep))
            body.ins("SIGNED", Pooled(LINKED[name]))
        elif name in NATIVES:
            body.ins("FUNC", NATIVES[name])
        else:
            body.ins("NONE")

    def link(self, name: str, keep: bool = False) -> Label:
        raise NotImplementedError

    # --- $states ---

    def states(self, here: Here) -> None:
        """`$states` alone: all that it has."""
        self.pushed(
            {name: part for name in (*GIVEN, "context") if (part := self.part(name))}, here
        )

    def part(self, name: str) -> Tree | None:
        return self.names.part(name)

    def pushed(self, tree: Tree, here: Here) -> None:
        """Push a part of `$states`."""
        body = here.body
        while not isinstance(tree, tuple) and "" in tree:
            tree = tree[""]
        if isinstance(tree, tuple):
            op, operand = tree
            if op == "GET":
                assert isinstance(operand, int)
                body.get(Cell(self.top, operand))
            else:
                body.ins(op, operand)
            return
        to = body.depth
        body.ins("BUILD", 2)
        for name, part in tree.items():
            body.ins("CONST", Pooled(name))
            self.pushed(part, here)
            body.ins("MEMBER", to)
        body.ins("DONE")

    def states_hidden(self, here: Here) -> bool:
        return not self.names.states or self.local("states", here)

    # --- questions ---

    def local(self, name: str, here: Here) -> bool:
        """Is there a frame with this name around?"""
        frame: Frame | None = here.frame
        while frame is not None:
            if name in frame.cells:
                return True
            frame = frame.around
        return False

    def built_in(self, name: str, here: Here) -> bool:
        known = name in NATIVES or name in LINKED
        return known and not self.local(name, here) and self.names.variable(name) is None

    def native(self, name: str, here: Here) -> int | None:
        return NATIVES.get(name) if self.built_in(name, here) else None

    def bound_to(self, name: str, here: Here) -> Node | None:
        """The tree of what a name is bound to, if it is bound once, and before."""
        frame: Frame | None = here.frame
        while frame is not None:
            if name in frame.cells:
                value = frame.values.get(name)
                return value if name in frame.bound and isinstance(value, Node) else None
            frame = frame.around
        return None

    def bind(self, node: Bind, here: Here, wanted: bool) -> None:
        """`$name := value`.  `wanted`: its value is."""
        body = here.body
        self.value(node.value, here.down)
        frame: Frame | None = here.frame
        while frame is not None and not (node.name in frame.cells and frame.body is body):
            frame = frame.around
        assert frame is not None
        cell = frame.cells[node.name]
        body.set(cell)
        frame.begun.add(node.name)
        if body.loops == frame.loops:
            frame.bound.add(node.name)
        if node.name in frame.flags:
            body.ins("CONST", Pooled(True))
            body.set(frame.flags[node.name])
        if wanted:
            body.get(cell)
