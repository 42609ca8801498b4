"""Functions that are written where they are called: their code becomes a part of the loop."""

from __future__ import annotations

from dataclasses import replace

from ...jsonata.tree import (
    Apply,
    Array,
    Bind,
    Block,
    Call,
    Lambda,
    Literal,
    Node,
    Object,
    Parent,
    Transform,
    Variable,
)
from ..ir import Label, Pooled
from .base import Here
from .body import KEEP, SEQUENCE, Cell
from .natives import ARITY, LINKED, NATIVES, SIGNATURES, parameters
from .scope import Frame
from .variables import Variables
from .walk import everything, variables


def escapes(node: Node) -> bool:
    """May a function that is made within outlive the evaluation of the node?"""
    callees = {id(one.callee) for one in everything(node) if isinstance(one, Call)}
    consumed = set(callees)
    for one in everything(node):
        if isinstance(one, Call) and isinstance(one.callee, Variable):
            if one.callee.name in LINKED or one.callee.name in NATIVES:
                consumed |= {id(given) for given in one.arguments if given is not None}
        elif isinstance(one, Apply) and isinstance(one.right, (Lambda, Transform)):
            if not isinstance(one.left, (Lambda, Transform, Variable)):
                consumed.add(id(one.right))
        elif isinstance(one, Block):
            for part in one.parts[:-1]:
                if isinstance(part, Bind) and isinstance(part.value, Lambda):
                    uses = [
                        each
                        for each in everything(node)
                        if isinstance(each, Variable) and each.name == part.name
                    ]
                    if all(id(each) in consumed for each in uses):
                        consumed.add(id(part.value))
    return any(
        isinstance(one, (Lambda, Transform))
        and id(one) not in consumed
        or (isinstance(one, Call) and one.partial and id(one) not in consumed)
        for one in everything(node)
    )


class Inline(Variables):
    """`$map`, `$filter`, `$reduce` and `$sort` with a function that stands there."""

    def inline(
        self, node: Call, name: str, arguments: list[Node | None], here: Here, places: list[Here]
    ) -> bool:
        """Write a call as a loop, if that is the same."""
        if name not in ("map", "filter", "reduce", "sort") or len(arguments) < 2:
            return False
        given, function = arguments[0], arguments[1]
        if given is None or function is None or here.body.depth > 200:
            return False
        if name == "reduce" and self._arity(function, here) < 2:
            self.value(given, places[0])
            none = Label("none")
            here.body.ins("IS", 0)
            here.body.ins("IF", none)
            here.body.ins("FAULT", Pooled("D3050"), name, node.at)
            here.body.label_(none)
            here.body.ins("NONE")
            return True
        if isinstance(function, Variable) and name == "map" and len(arguments) == 2:
            return self._native_map(node, given, function, here, places)
        if not isinstance(function, Lambda) or function.signature or function.predicates:
            return False
        if escapes(function.body) or len(arguments) > (3 if name == "reduce" else 2):
            return False
        if any(one is not None and self.may_be_function(one, here) for one in arguments[2:]):
            return False  # it has to be looked at
        count = len(function.parameters)
        if name in ("map", "filter") and count <= 2:
            self._mapped(name, node, given, function, here, places[0])
        elif name == "reduce" and 2 <= count <= 3:
            self._reduce(arguments, function, here, places)
        elif name == "sort" and count <= 2 and not node.keep_array:
            self._sort(given, function, here, places[0])
        else:
            return False
        return True

    def may_be_function(self, node: Node, here: Here) -> bool:
        """May a value be a function?"""
        raise NotImplementedError

    def _arity(self, function: Node, here: Here) -> int:
        """How many parameters a function has; many if that is not known."""
        if isinstance(function, Lambda) and not function.predicates:
            return len(function.parameters)
        if isinstance(function, Variable) and not function.predicates:
            if self.native(function.name, here) is not None:
                return ARITY[function.name]
            value = self.bound_to(function.name, here)
            if isinstance(value, Lambda) and not value.predicates:
                return len(value.parameters)
        return 99

    def _native_map(
        self, node: Call, given: Node, function: Variable, here: Here, places: list[Here]
    ) -> bool:
        number = self.native(function.name, here)
        takes = parameters(SIGNATURES.get(function.name, "<>"))
        if number is None or len(takes) != 1 or "+" in takes[0] or function.predicates:
            return False
        body, to = here.body, here.body.depth
        body.ins("BUILD", SEQUENCE)
        self.value(given, places[0])
        with body.each():
            item = body.taken()
            body.ins("FUNC", number)
            body.get(item)
            body.ins("INVOKE", 1, function.name, node.at)
            body.ins("ADD", to)
        body.ins("DONE", KEEP if node.keep_array else 0)
        return True

    def _frame(self, function: Lambda, here: Here, cells: list[Cell]) -> Here:
        """Where the body of a function is evaluated, its parameters being in these locals."""
        frame = self.frame(function, [function.body], here)
        for name, cell in zip(function.parameters, cells, strict=False):
            frame.give(name, cell)
        return here.within(frame).down

    def _mapped(
        self, name: str, node: Call, given: Node, function: Lambda, here: Here, place: Here
    ) -> None:
        body, to = here.body, here.body.depth
        body.ins("BUILD", SEQUENCE)
        self.value(given, place)
        with body.each() as it:
            cells = [body.taken()]
            if len(function.parameters) > 1:
                body.ins("POSITION", it)
                cells.append(body.taken())
            inside = self._frame(function, here, cells)
            if name == "map":
                self.value(function.body, inside)
                body.ins("ADD", to)
            elif self.no_number(function.body, inside):
                body.get(cells[0])
                self.value(function.body, inside)
                body.ins("KEEP", it)
            else:
                out = Label("out")
                self.jump(function.body, inside, out, False)
                body.get(cells[0])
                body.ins("ADD", to)
                body.label_(out)
        body.ins("DONE", KEEP if node.keep_array else 0)

    def _reduce(
        self, arguments: list[Node | None], function: Lambda, here: Here, places: list[Here]
    ) -> None:
        body = here.body
        given, start = arguments[0], arguments[2] if len(arguments) > 2 else None
        assert given is not None
        self.value(given, places[0])
        source = body.taken()
        result = body.new()
        if start is not None:
            self.value(start, places[2])
        else:
            body.ins("NONE")
        body.set(result)
        body.get(source)
        certain = isinstance(start, (Array, Literal, Object))
        with body.each() as it:
            item = body.taken()
            cells = [result, item]
            if len(function.parameters) > 2:
                body.ins("POSITION", it)
                cells.append(body.taken())
            put = Label("put")
            if not certain:
                self._first(it, result, item, put, start is not None, here)
            self.value(function.body, self._frame(function, here, cells))
            body.label_(put)
            body.set(result)
        if start is not None and not isinstance(given, Array):
            some = Label("some")
            body.get(source)
            body.ins("IS", 0)
            body.ins("UNLESS", some)
            body.ins("NONE")
            body.set(result)
            body.label_(some)
        body.get(result)

    def _first(
        self, it: int, result: Cell, item: Cell, put: Label, given: bool, here: Here
    ) -> None:
        """The first item is what to begin with, if nothing else is."""
        body, call = here.body, Label("call")
        body.ins("POSITION", it)
        body.truth(False)
        body.ins("IF", call)
        if given:
            body.get(result)
            body.ins("IS", 0)
            body.ins("UNLESS", call)
        body.get(item)
        body.ins("JUMP", put)
        body.depth -= 1
        body.label_(call)

    def _sort(self, given: Node, function: Lambda, here: Here, place: Here) -> None:
        body, end = here.body, Label("end")
        self.value(given, place)
        if not isinstance(given, Array):
            source, some = body.taken(), Label("some")
            body.get(source)
            body.ins("IS", 0)
            body.ins("UNLESS", some)
            body.ins("NONE")
            body.ins("JUMP", end)
            body.depth -= 1
            body.label_(some)
            body.get(source)
        body.ins("SORT")
        depth = body.depth
        with body.again("STEP"):
            b = body.taken()
            a = body.taken()
            self.value(function.body, self._frame(function, here, [a, b]))
            body.ins("ANSWER")
        body.depth = depth
        body.label_(end)

    # --- functions that outlive a loop ---

    def apart(self, node: Node, here: Here) -> None:
        """A node within a loop: if a function that it makes may outlive the loop's turn, it is a
        body of its own, which has the loop's locals as parameters."""
        if not here.body.loops or not escapes(node):
            self.value(node, here)
            return
        self.turn(node, here)

    def turn(self, node: Node, here: Here) -> None:
        """A node as a body of its own."""
        body = here.body
        wanted = variables(node)
        wanted |= {one.slot.label for one in everything(node) if isinstance(one, Parent)}
        cells: dict[str, Cell] = {}
        frame: Frame | None = here.frame
        while frame is not None and frame.body is body:
            for name, cell in frame.cells.items():
                if frame.loops and name in wanted and name in frame.bound:
                    cells.setdefault(name, cell)
            frame = frame.around
        inner_body = self.child("turn", 1 + len(cells), here)
        inner_body.zero = inner_body
        inner_body.checked = body.checked
        inside = Frame(inner_body, here.frame, id(node), opaque=True)
        for n, name in enumerate(cells):
            inside.give(name, Cell(inner_body, n + 2))
        at = replace(here, body=inner_body, frame=inside)
        if here.context is not None:
            at = replace(at, context=Cell(inner_body, 1))
        self.value(node, at.within(self.frame(node, [node], at)))
        inner_body.ins("RETURN")
        body.ins("CLOSURE", inner_body.label)
        body.push(here.context)
        for cell in cells.values():
            body.get(cell)
        body.ins("INVOKE", 1 + len(cells))
