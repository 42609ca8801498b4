"""Paths without rows: steps one after the other, each over all items of the one before.

A path is cut into pieces.  A name is an instruction, and so is `name[3]`; other steps are loops,
and steps that follow each other are loops in one another, so that nothing is built in between.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from ...jsonata.tree import (
    Array,
    Filter,
    Literal,
    Name,
    Node,
    Object,
    Path,
    Sort,
    Variable,
    Wildcard,
)
from ..ir import Label, Pooled
from .base import Here
from .body import ARRAY, FLATTEN, KEEP, LAST, SEQUENCE, TEXT, Again, Cell, sound
from .filters import place
from .natives import NATIVES
from .sorts import Sorts

Source: TypeAlias = Callable[[Node, Here], int]


class Paths(Sorts):
    """`a.b[..].(..)^(..){..}`."""

    def path(self, node: Path, here: Here) -> None:
        keep = node.keep_singleton or node.keep_array
        if node.group is None and not keep and self.perhaps_empty(node.steps[0]):
            self._perhaps_empty(node, here)
            return
        self.steps(node.steps, here, keep, self.path_source)
        if node.group is not None:
            self.grouped(node.group, here)

    def perhaps_empty(self, first: Node) -> bool:
        """Does a path begin with an array that may have no items?"""
        if not first.cons or first.predicates or first.group is not None:
            return False
        if not isinstance(first, Array):
            return True
        return not any(isinstance(one, (Array, Literal, Object)) for one in first.items)

    def _perhaps_empty(self, node: Path, here: Here) -> None:
        """A path that begins with an array: if that is empty, it is what the path gives."""
        body, some, end = here.body, Label("some"), Label("end")
        first = node.steps[0]
        self.value(first, here.down)
        if isinstance(first, Array) and not first.items:
            return
        if not isinstance(first, Array):
            self.array_only(here)
        array = body.taken()
        body.get(array)
        body.ins("AT", 0)
        body.ins("IS", 0)
        body.ins("UNLESS", some)
        body.get(array)
        body.ins("JUMP", end)
        body.depth -= 1
        body.label_(some)

        def source(_: Node, here: Here) -> int:
            here.body.get(array)
            return 1

        self.steps(node.steps, here, False, source)
        body.label_(end)

    def steps(self, steps: list[Node], here: Here, keep: bool, source: Source) -> None:
        """Push what steps give.  `source` pushes what they begin with, and says after how many."""
        self._piece(steps, len(steps), here, keep, source)

    def path_source(self, first: Node, here: Here) -> int:
        """Push the items that a path begins with; how many steps they stand for."""
        body = here.body
        if isinstance(first, (Name, Sort)):
            body.push(self.whole_input() if here.outer else here.context)
            if not self.begins(first, here):
                return 0
            assert isinstance(first, Name)
            body.ins("NAME", Pooled(sound(first.value)))
            self.behind_first(first, here)
            return 1
        alone = isinstance(first, Variable) or first.cons or here.outer or here.context is None
        if not alone:
            body.push(here.context)
            return 0
        self.value(first, here.down)
        whole = isinstance(first, Array) and not first.predicates and first.group is None
        if first.cons and not whole:
            self.array_only(here)
        if not first.cons:
            self.behind_first(first, here)
        return 1

    def behind_first(self, first: Node, here: Here) -> None:
        for one in first.stages:
            assert isinstance(one, Filter)
            self.filtered(one, here, True)

    def whole_input(self) -> Cell:
        """`$` as the items of a path: an array is one item."""
        if self.wrapped is None:
            self.facts.add((0, "", "wrapped"))
            raise Again
        return self.wrapped

    def array_only(self, here: Here) -> None:
        """What an array in front of a path is filtered to: an array is its items, a text, as in
        JavaScript, its characters; anything else has no items."""
        body, array, text, end = here.body, Label("array"), Label("text"), Label("end")
        cell = body.taken()
        body.get(cell)
        body.ins("IS", ARRAY)
        body.ins("IF", array)
        body.get(cell)
        body.ins("IS", TEXT)
        body.ins("IF", text)
        body.ins("NONE")
        body.ins("JUMP", end)
        body.depth -= 1
        body.label_(text)
        body.ins("FUNC", NATIVES["split"])
        body.get(cell)
        body.ins("CONST", Pooled(""))
        body.ins("INVOKE", 2)
        body.ins("JUMP", end)
        body.depth -= 1
        body.label_(array)
        body.get(cell)
        body.label_(end)

    def _piece(self, steps: list[Node], end: int, here: Here, keep: bool, source: Source) -> None:
        """Push the value of the first `end` steps."""
        final = end == len(steps)
        if end == 0 or (end == 1 and self.begins(steps[0], here)):
            if end and final and (keep or steps[0].stages):
                here.body.ins("BUILD", SEQUENCE)
                source(steps[0], here)
                here.body.ins("ADD", here.body.depth - 2)
                here.body.ins("DONE", FLATTEN | LAST | (KEEP if keep else 0))
                return
            source(steps[0], here)
            return
        step = steps[end - 1]
        if isinstance(step, Sort):
            self._sorted(steps, end, here, keep, source)
        elif self.direct(step) and not (final and keep):
            self._piece(steps, end - 1, here, keep, source)
            self.member(step, here)
        elif self.filters_names(step, here):
            self._filters(steps, end, here, keep, source)
        else:
            self._loops(steps, end, here, keep, source)

    def begins(self, first: Node, here: Here) -> bool:
        """Is the first step what a path begins with, not one over the items of its context?"""
        if isinstance(first, Name) and here.outer:
            return not self.direct(first) and not self.filters_names(first, here)
        if isinstance(first, (Name, Sort)):
            return False
        known = here.outer or here.context is None
        return isinstance(first, Variable) or first.cons or known

    def direct(self, step: Node) -> bool:
        """Is a step over many items one instruction?"""
        if isinstance(step, Wildcard):
            return step.deep and not step.stages
        if not isinstance(step, Name):
            return False
        return not step.stages or (len(step.stages) == 1 and self.at(step) is not None)

    def at(self, step: Node) -> int | None:
        stage = step.stages[0]
        at = place(stage.expr) if isinstance(stage, Filter) else None
        return None if at is None else (at >> 1 if not at & 1 else -(at + 1 >> 1))

    def member(self, step: Node, here: Here) -> None:
        """The step over the value on the stack."""
        if isinstance(step, Wildcard):
            here.body.ins("WILD", 1)
            return
        assert isinstance(step, Name)
        if step.stages:
            here.body.ins("ITEM", Pooled([sound(step.value), self.at(step)]))
        else:
            here.body.ins("NAME", Pooled(sound(step.value)))

    def filters_names(self, step: Node, here: Here) -> bool:
        """A name of which items are picked by truth alone: then whose they are does not matter."""
        stages = [one.expr for one in step.stages if isinstance(one, Filter)]
        named = isinstance(step, Name) and bool(stages) and len(stages) == len(step.stages)
        return named and all(self.no_number(one, here) for one in stages)

    def _filters(
        self, steps: list[Node], end: int, here: Here, keep: bool, source: Source
    ) -> None:
        step, body = steps[end - 1], here.body
        for _ in step.stages:
            body.ins("BUILD", SEQUENCE)
        self._piece(steps, end - 1, here, keep, source)
        assert isinstance(step, Name)
        body.ins("NAME", Pooled(sound(step.value)))
        for n, one in enumerate(step.stages):
            assert isinstance(one, Filter)
            last = n == len(step.stages) - 1
            self.picked(one, here)
            body.ins("DONE", 0 if last and end == len(steps) and not keep else KEEP)

    def _sorted(self, steps: list[Node], end: int, here: Here, keep: bool, source: Source) -> None:
        step, body = steps[end - 1], here.body
        assert isinstance(step, Sort)
        final = end == len(steps)
        if final:
            body.ins("BUILD", SEQUENCE)
        self._piece(steps, end - 1, here, keep, source)
        self.sorted_(step, here)
        for one in step.stages:
            assert isinstance(one, Filter)
            self.filtered(one, here, True)
        if final:
            body.ins("SPREAD", body.depth - 2)
            body.ins("DONE", KEEP if keep else 0)

    def _loops(self, steps: list[Node], end: int, here: Here, keep: bool, source: Source) -> None:
        """The last of these steps, and those before that are loops too, in one."""
        begin = end - 1
        while begin > 0 and self._loop(steps, begin, here):
            begin -= 1
        body, to = here.body, here.body.depth
        body.ins("BUILD", SEQUENCE)
        self._piece(steps, begin, here, keep, source)
        self._nest(steps[begin:end], here, to)
        last = steps[end - 1]
        apart = last.cons and keep
        bits = FLATTEN if end < len(steps) or apart else FLATTEN | LAST
        body.ins("DONE", bits | (KEEP if keep or end < len(steps) else 0))

    def _loop(self, steps: list[Node], end: int, here: Here) -> bool:
        """Is the step before `end` a loop whose items the next may go on with?"""
        step = steps[end - 1]
        if end == 1 and self.begins(step, here):
            return False
        if isinstance(step, Sort) or step.cons or self.direct(step):
            return False
        return not self.filters_names(step, here)

    def _nest(self, steps: list[Node], here: Here, to: int) -> None:
        """Loops over the value on the stack, one within the other; the last adds to a builder."""
        body = here.body
        with body.each():
            item = here.of(body.taken())
            self.step(steps[0], item)
            if len(steps) > 1:
                self._nest(steps[1:], here, to)
            else:
                body.ins("ADD", to)

    def step(self, step: Node, here: Here) -> None:
        """A step for one item, with its filters."""
        if isinstance(step, Name):
            here.body.push(here.context)
            here.body.ins("NAME", Pooled(sound(step.value)))
        else:
            self.apart(step, here)
        outside = replace(here, level=here.level - 1)
        for one in step.stages:
            assert isinstance(one, Filter)
            self.filtered(one, outside, True)

    def apart(self, node: Node, here: Here) -> None:
        """A node within a loop: functions that it makes see what they were made with."""
        raise NotImplementedError
