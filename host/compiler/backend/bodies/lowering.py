"""From the tree of an expression to instructions (docs/SPEC.md, 2.16)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ...jsonata.tree import (
    Apply,
    Array,
    Binary,
    Bind,
    Block,
    Call,
    Condition,
    Lambda,
    Literal,
    Name,
    Negate,
    Node,
    Object,
    Parent,
    Path,
    Regex,
    Transform,
    Variable,
    Wildcard,
)
from ..ir import Body as BodyLabel
from ..ir import Code, Ins, Label, Pooled
from .base import Here
from .body import (
    APART,
    ARRAY,
    KEEP,
    LAST,
    LIST,
    OPERATORS,
    SEQUENCE,
    Again,
    Body,
    Cell,
    TooManyLocals,
    sound,
)
from .calls import Calls
from .filters import place
from .finish import finished
from .folding import closed, folded
from .names import Names, bare, states_member
from .scope import Frame, meet, restore, state
from .walk import binds, everything, inner

_DEEP = 40  # operands that a body may have before what comes next is one of its own


class Lowering(Calls):
    """`whole` writes the body of an expression."""

    def whole(self, tree: Node, here: Here, fold: bool = True) -> None:
        """`fold`: constant parts of it become constants."""
        self.look(tree)
        if fold:
            self.closed = closed(tree, lambda name: self.built_in(name, here))
        if (0, "", "wrapped") in self.facts and here.context is not None:
            self._wrap(here.body, here.context)
        here = here.within(self.frame(tree, [tree], here))
        if not self.too_deep(tree, here):
            self.value(tree, here)
        if self.levels and here.body.code[-1:] and self._ends_in_call(here):
            here.body.ins("LEVEL", 1)  # a call right before the end would take this body's place
        here.body.ins("RETURN")

    def _wrap(self, body: Body, context: Cell) -> None:
        """An array counts as one item of a path: it is put into another."""
        self.wrapped, no_array = body.new(), Label("whole")
        body.get(context)
        body.set(self.wrapped)
        body.get(context)
        body.ins("IS", ARRAY)
        body.ins("UNLESS", no_array)
        body.ins("BUILD", LIST)
        body.get(context)
        body.ins("ADD", 0)
        body.ins("DONE")
        body.set(self.wrapped)
        body.label_(no_array)

    def _ends_in_call(self, here: Here) -> bool:
        last = here.body.code[-1]
        return not isinstance(last, Label) and last.op == "INVOKE"

    def value(self, node: Node, here: Here) -> None:
        """A node and what stands behind it."""
        body = here.body
        if body.depth >= _DEEP and inner(node) and not binds(node):
            self.turn(node, here)
            return
        if id(node) in self.closed and not isinstance(node, Literal):
            found = self.fold(node)
            if found is not None:
                body.const(found.value)
                return
        if not node.predicates:
            self.own(node, here)
        else:
            self._filtered(node, here)
        if node.group is not None and not isinstance(node, Path):
            self.grouped(node.group, here)
        if node.keep_array and isinstance(node, Wildcard) and not node.predicates:
            self.kept(here)
        body.deepest = max(body.deepest, body.depth)

    def fold(self, node: Node) -> Pooled | None:
        """The constant that a node is."""
        if id(node) not in self.constants:
            top = Body(BodyLabel("constant"), None, 1)
            work = Lowering(Names(states=False), top, False)
            try:
                work.whole(node, Here(top, Frame(top, None), None, False, 1), fold=False)
                nodes = sum(1 for _ in everything(node))
                code: Code = [top.label, Ins("BODY", top.count), *finished(top, work.bodies)]
                self.constants[id(node)] = folded(code, nodes)
            except (Again, TooManyLocals):
                self.constants[id(node)] = None
        return self.constants[id(node)]

    def _filtered(self, node: Node, here: Here) -> None:
        body = here.body
        last = len(node.predicates) - 1
        keep = node.keep_array
        for n, one in reversed([*enumerate(node.predicates)]):
            if place(one.expr) is None or (n == last and keep):
                body.ins("BUILD", SEQUENCE)
        self.own(node, here)
        for n, one in enumerate(node.predicates):
            at = place(one.expr)
            if at is not None:
                body.ins("AT", at)
                if n == last and keep:
                    body.ins("ADD", body.depth - 2)
                    body.ins("DONE", KEEP | LAST)
            else:
                self.picked(one, here)
                body.ins("DONE", KEEP if n < last or keep else 0)

    def own(self, node: Node, here: Here) -> None:
        """A node without what stands behind it."""
        _KINDS[type(node)](self, node, here)

    def constant(self, node: Literal, here: Here) -> None:
        here.body.const(node.value)

    def name(self, node: Name, here: Here) -> None:
        here.body.push(here.context)
        here.body.ins("NAME", Pooled(sound(node.value)))

    def wildcard(self, node: Wildcard, here: Here) -> None:
        here.body.push(here.context)
        here.body.ins("WILD", int(node.deep))

    def parent(self, node: Parent, here: Here) -> None:
        self.named(node.slot.label, here, here.frame, False)

    def negate(self, node: Negate, here: Here) -> None:
        self.value(node.value, here.down)
        here.body.ins("MINUS", 0, "-", node.at)

    def object(self, node: Object, here: Here) -> None:
        self.object_(node.pairs, here, here.context is None or here.outer)

    def binding(self, node: Bind, here: Here) -> None:
        self.bind(node, here, True)

    def path(self, node: Path, here: Here) -> None:
        """A path; `$states.input..` begins with what it is."""
        if states_member(node) is None or self.states_hidden(here) or len(node.steps) < 2:
            super().path(node, here)
            return
        tree, used, final = self.names.part(states_member(node) or ""), 2, len(node.steps)
        plain = bare(node.steps[1]) and not any(one.tuple for one in node.steps)
        if not plain and (node.steps[1].stages == [] or any(one.tuple for one in node.steps)):
            super().path(node, here)
            return
        while isinstance(tree, dict) and used < final and plain:
            step = node.steps[used]
            if not isinstance(step, Name) or not bare(step):
                break
            if step.value not in tree and "" in tree:  # a member of the whole
                break
            tree, used = tree.get(step.value), used + 1
        filters = [] if plain else node.steps[1].stages

        def source(_: Node, here: Here) -> int:
            if tree is None:
                here.body.ins("NONE")
            else:
                self.pushed(tree, here)
            for one in filters:
                self.filtered(one, here, True)  # type: ignore[arg-type]
            return 1

        rest = [node.steps[0], *node.steps[used:]]
        self.steps(rest, here, node.keep_singleton or node.keep_array, source)
        if node.group is not None:
            self.grouped(node.group, here)

    def binary(self, node: Binary, here: Here) -> None:
        body = here.body
        if node.op in ("and", "or"):
            self._logic(node, here)
            return
        self.value(node.left, here.down)
        self.value(node.right, here.down)
        body.ins("OPERATE", OPERATORS[node.op], node.op, node.at)

    def _logic(self, node: Binary, here: Here) -> None:
        """`and` and `or`: the right side alone if the left one does not decide."""
        body, short, end = here.body, Label("short"), Label("end")
        ends = node.op == "or"
        self.jump(node.left, here.down, short, ends)
        before = state(here.frame)
        with body.maybe():
            if not self.too_deep(node.right, here.down):
                self.test(node.right, here.down)
        restore(before)
        body.ins("JUMP", end)
        body.depth -= 1
        body.label_(short)
        body.ins("CONST", Pooled(ends))
        body.label_(end)

    def branch(self, node: Node, here: Here) -> None:
        """A way that is not always taken may be deeper."""
        if not self.too_deep(node, here):
            self.value(node, here)

    def array(self, node: Array, here: Here) -> None:
        body, to = here.body, here.body.depth
        body.ins("BUILD", LIST)
        for item in node.items:
            self.value(item, here.down)
            alone = isinstance(item, (Array, Literal)) and not item.predicates
            body.ins("ADD" if alone else "SPREAD", to)
        body.ins("DONE", APART if node.cons else 0)

    def condition(self, node: Condition, here: Here) -> None:
        body, end, then = here.body, Label("end"), Label("then")
        self.jump(node.test, here.down, then, True)
        before = state(here.frame)
        with body.maybe():
            if node.otherwise is None:
                body.ins("NONE")
            else:
                self.branch(node.otherwise, here.down)
        other = state(here.frame)
        restore(before)
        body.ins("JUMP", end)
        body.depth -= 1
        body.label_(then)
        with body.maybe():
            self.branch(node.then, here.down)
        meet(state(here.frame), other)
        body.label_(end)

    def tail(self, node: Node, here: Here) -> None:
        """A body ends: calls that are marked take its place."""
        body = here.body
        behind = node.predicates or node.group is not None
        if isinstance(node, Condition) and not behind:
            then = Label("then")
            self.jump(node.test, here.down, then, True)
            before = state(here.frame)
            with body.maybe():
                if node.otherwise is None:
                    body.ins("NONE")
                    body.ins("RETURN")
                else:
                    self.tail_branch(node.otherwise, here.down)
            restore(before)
            body.label_(then)
            with body.maybe():
                self.tail_branch(node.then, here.down)
            restore(before)
            return
        if isinstance(node, Block) and not behind and node.parts:
            inside = here.within(self.frame(node, node.parts, here)).down
            for part in node.parts[:-1]:
                self.effect(part, inside)
            self.tail(node.parts[-1], inside)
            return
        if isinstance(node, Call) and node.tail and not behind:
            self.value(node, replace(here, level=min(here.level, 1)))
        else:
            self.value(node, here)
            if self.levels and self._ends_in_call(here):
                body.ins("LEVEL", 1)
        body.ins("RETURN")

    def tail_branch(self, node: Node, here: Here) -> None:
        if self.too_deep(node, here):
            here.body.ins("RETURN")
        else:
            self.tail(node, here)

    def block(self, node: Block, here: Here) -> None:
        if not node.parts:
            here.body.ins("NONE")
            return
        inside = here.within(self.frame(node, node.parts, here)).down
        for part in node.parts[:-1]:
            self.effect(part, inside)
        self.value(node.parts[-1], inside)

    def effect(self, node: Node, here: Here) -> None:
        """What is evaluated for what it binds, or for its errors."""
        if isinstance(node, Bind) and not node.predicates and node.group is None:
            self.bind(node, here, False)
        elif not isinstance(node, (Literal, Variable, Lambda)) or node.predicates:
            self.value(node, here)
            here.body.ins("DROP", 1)


def constant(tree: Node, names: Names) -> Pooled | None:
    """What an expression is whatever is given; None if it depends on that, or is not to be had."""
    top = Body(BodyLabel("constant"), None, 1)
    work = Lowering(names, top, False)
    here = Here(top, Frame(top, None), None, False, 1)
    if isinstance(tree, Literal) and bare(tree):
        return Pooled(sound(tree.value) if isinstance(tree.value, str) else tree.value)
    known = closed(tree, lambda name: work.built_in(name, here))
    return work.fold(tree) if id(tree) in known else None


_KINDS: dict[type[Node], Callable[[Any, Any, Here], None]] = {
    Literal: Lowering.constant,
    Variable: Lowering.variable,
    Path: Lowering.path,
    Name: Lowering.name,
    Wildcard: Lowering.wildcard,
    Parent: Lowering.parent,
    Binary: Lowering.binary,
    Negate: Lowering.negate,
    Array: Lowering.array,
    Object: Lowering.object,
    Bind: Lowering.binding,
    Condition: Lowering.condition,
    Block: Lowering.block,
    Lambda: Lowering.lambda_,
    Call: Lowering.call,
    Apply: Lowering.apply,
    Regex: Lowering.regex,
    Transform: Lowering.transform,
}
