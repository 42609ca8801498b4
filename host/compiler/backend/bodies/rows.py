"""Paths with rows: `@$v`, `#$i` and `%` bind names to the items of a path.

What the reference implementation keeps as a list of bindings are the locals of loops in one
another.  Only a sort, a filter by position and a number given behind a filter see all rows at
once: there they are packed as tuples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from ...jsonata.tree import Block, Filter, Node, Pairs, Path, Position, Sort
from ..ir import Label
from .base import Here
from .body import GROUPS, KEEP, MEMBERS, NOTHING, SEQUENCE, Cell
from .filters import place
from .paths import Paths
from .scope import Frame

Sink: TypeAlias = Callable[[Here], None]


class Rows(Paths):
    """The tuple streams of the reference implementation."""

    def path(self, node: Path, here: Here) -> None:
        if not any(step.tuple for step in node.steps):
            super().path(node, here)
            return
        body, to = here.body, here.body.depth
        if node.group is not None:
            self._grouped_rows(node, here)
            return
        body.ins("BUILD", SEQUENCE)

        def add(row: Here) -> None:
            body.push(row.context)
            body.ins("ADD", to)

        self.rows(node, here, add)
        body.ins("DONE", KEEP if node.keep_singleton or node.keep_array else 0)

    def is_stream(self, node: Node) -> bool:
        """Does a step give rows of its own, which go on in those around?"""
        if isinstance(node, Block) and node.tuple and node.parts:
            return self.is_stream(node.parts[-1])
        if not isinstance(node, Path) or not node.tuple:
            return False
        return any(step.tuple for step in node.steps)

    def _for_no_rows(self, pairs: Pairs, here: Here, before: Cell, count: int) -> None:
        """Where the steps in front of the first that makes rows find nothing, that is grouped."""
        body, some, to = here.body, Label("some"), here.body.depth - 1
        body.get(before)
        body.ins("AT", 0)
        body.ins("IS", NOTHING)
        body.ins("UNLESS", some)
        with body.maybe():
            for n, (key, _) in enumerate(pairs):
                self.value(key, replace(here.down, context=None))
                if len(pairs) > 1:
                    body.ins("INT", n)
                for _ in range(count):
                    body.ins("NONE")
                if count + (len(pairs) > 1) > 1:
                    body.ins("TUPLE", count + (len(pairs) > 1))
                body.ins("GROUP", to, "{", key.at)
        body.label_(some)

    def rows(self, node: Path, here: Here, sink: Sink) -> None:
        """The code of `sink` for each row of a path: its context and its frame."""
        first = self.first_row(node)
        self._rows(node.steps, len(node.steps), first, here, sink)

    def _rows(
        self,
        steps: list[Node],
        end: int,
        first: int,
        here: Here,
        sink: Sink,
        before: Cell | None = None,
    ) -> None:
        """`before`: what the steps in front of the first that makes rows give."""
        body = here.body
        if end == first:
            if end == 0 and (here.outer or here.context is None or self.begins(steps[0], here)):
                sink(here)
                return
            if end == 0:
                body.push(here.context)
            elif before is not None:
                body.get(before)
            else:
                self.steps_before(steps, end, here)
            with body.each():
                sink(replace(here.of(body.taken()), level=here.level))
            return
        step = steps[end - 1]
        stages = self._stages(step, here)
        if isinstance(step, Sort) or stages is None:
            self._packed(steps, end, first, here, sink, before)
            return

        def on(row: Here) -> None:
            self._step(step, row, lambda found: self._picked(stages, found, sink))

        self._rows(steps, end - 1, first, here, on, before)

    def first_row(self, node: Path) -> int:
        """The first step that makes rows; an array in front of a path makes none."""
        first = next(n for n, step in enumerate(node.steps) if step.tuple)
        return max(first, int(node.steps[0].cons))

    def steps_before(self, steps: list[Node], end: int, here: Here) -> None:
        """The steps in front of the first that makes rows; none of them is the path's last."""
        self._piece(steps, end, here, False, self.path_source)

    def _stages(self, step: Node, here: Here) -> list[Node] | None:
        """The filters of a step if each row is kept or not by what it is alone."""
        behind = self.behind(step)
        filters = [one.expr for one in behind if isinstance(one, Filter)]
        alone = len(filters) == len(behind)
        return filters if alone and all(self.no_number(one, here) for one in filters) else None

    def behind(self, step: Node) -> list[Filter | Position]:
        """What stands behind a step, for its rows."""
        return [*(step.predicates if self.is_stream(step) else []), *step.stages]

    def _picked(self, filters: list[Node], row: Here, sink: Sink) -> None:
        if not filters:
            sink(row)
            return
        out = Label("out")
        inside = replace(row, level=row.level + 1)
        for one in filters:
            self.jump(one, inside, out, False)
        sink(row)
        row.body.label_(out)

    def _step(self, step: Node, row: Here, sink: Sink) -> None:
        """The rows that a step makes of one."""
        body = row.body
        if self.is_stream(step):
            self._stream(step, row, sink)
            return
        self.apart(step, row.of(row.context) if not row.outer else row.down)
        with body.each() as it:
            item = body.taken()
            frame = Frame(body, row.frame, id(step), loops=body.loops)
            context: Cell | None = item
            if step.focus is not None:
                frame.give(step.focus, item)
                context = row.context
            if step.index is not None:
                body.ins("POSITION", it)
                frame.give(step.index, body.taken())
            if step.ancestor is not None and row.context is not None:
                frame.give(step.ancestor.label, row.context)
            outer = row.outer and step.focus is not None
            sink(replace(row, frame=frame, context=context, outer=outer))

    def _stream(self, node: Node, row: Here, sink: Sink) -> None:
        """A path in parentheses: its rows, with its names, are rows here.  What its blocks bind
        ends with them."""
        inside = row.down
        path = node
        while isinstance(path, Block):
            frame = self.frame(path, path.parts, inside)
            inside = inside.within(frame).down
            for part in path.parts[:-1]:
                self.effect(part, inside)
            path = path.parts[-1]
        assert isinstance(path, Path)

        def out(found: Here) -> None:
            frame = Frame(row.body, row.frame, id(node), loops=row.body.loops)
            for name, cell in self.columns_of(found.frame, inside.frame).items():
                frame.give(name, cell)
            sink(replace(row, frame=frame, context=found.context, outer=False))

        self.rows(path, inside, out)

    def columns_of(self, frame: Frame, end: Frame) -> dict[str, Cell]:
        """What rows bind, from a frame out to that of their path."""
        out: dict[str, Cell] = {}
        at: Frame | None = frame
        while at is not None and at is not end:
            out = {**at.cells, **out}
            at = at.around
        return out

    def effect(self, node: Node, here: Here) -> None:
        """Evaluate for what it binds."""
        raise NotImplementedError

    # --- packed ---

    def _packed(
        self,
        steps: list[Node],
        end: int,
        first: int,
        here: Here,
        sink: Sink,
        before: Cell | None,
    ) -> None:
        """The rows of a step that sees all of them at once, as tuples; then one by one again."""
        body, step = here.body, steps[end - 1]
        names: list[str] = []
        to = body.depth
        stages = self.behind(step)
        body.ins("BUILD", SEQUENCE)

        def pack(row: Here) -> None:
            columns = self.columns_of(row.frame, here.frame)
            names[:] = sorted(columns)
            body.push(row.context)
            for name in names:
                body.get(columns[name])
            body.ins("TUPLE", 1 + len(names))
            body.ins("ADD", to)

        if isinstance(step, Sort):
            self._rows(steps, end - 1, min(first, end - 1), here, pack, before)
        else:
            self._rows(
                steps, end - 1, first, here, lambda row: self._step(step, row, pack), before
            )
        body.ins("DONE", KEEP)
        if isinstance(step, Sort):
            self.sort(step, body, lambda: self._unpack(names, here))
            if step.index is not None and first == end - 1:
                stages.insert(0, Position(step.index, step.at))
        while stages:
            self._stage(stages.pop(0), names, here)
        with body.each():
            row = self._unpack(names, here)
            sink(replace(row, level=here.level))

    def _unpack(self, names: list[str], here: Here) -> Here:
        """A tuple on the stack to locals again."""
        body = here.body
        body.ins("UNTUPLE", 1 + len(names))
        frame = Frame(body, here.frame, id(names), loops=body.loops)
        for name in reversed(names):
            frame.give(name, body.taken())
        return here.of(body.taken()).within(frame)

    def _stage(self, stage: Filter | Position, names: list[str], here: Here) -> None:
        """What stands behind a step, for the rows on the stack."""
        body = here.body
        at = place(stage.expr) if isinstance(stage, Filter) else None
        if at is not None:
            body.ins("AT", at)
            return
        source = body.taken()
        to = body.depth
        body.ins("BUILD", SEQUENCE)
        body.get(source)
        with body.each() as it:
            if isinstance(stage, Filter):
                body.ins("PICK", it + 1)
                row = self._unpack(names, here)
                self.value(stage.expr, row)
                body.ins("KEEP", it)
            else:
                self._number(stage, names, here, it)
                body.ins("ADD", to)
        if isinstance(stage, Position) and stage.name not in names:
            names.append(stage.name)
        body.ins("DONE", KEEP)

    def _number(self, stage: Position, names: list[str], here: Here, it: int) -> None:
        """The tuple on the stack with its number."""
        body = here.body
        if stage.name not in names:
            body.ins("UNTUPLE", 1 + len(names))
            body.ins("POSITION", it)
            body.ins("TUPLE", 2 + len(names))
            return
        row = self._unpack(names, here)
        body.push(row.context)
        for name in names:
            if name == stage.name:
                body.ins("POSITION", it)
            else:
                body.get(row.frame.cells[name])
        body.ins("TUPLE", 1 + len(names))

    def _grouped_rows(self, node: Path, here: Here) -> None:
        body = here.body
        assert node.group is not None
        pairs = node.group
        to = body.depth
        body.ins("BUILD", MEMBERS)
        body.ins("BUILD", GROUPS)
        names: list[str] = []
        row_cells: list[Cell] = []

        def put(row: Here) -> None:
            columns = self.columns_of(row.frame, here.frame)
            names[:] = sorted(columns)
            assert row.context is not None
            row_cells[:] = [row.context, *(columns[name] for name in names)]
            for n, (key, _) in enumerate(pairs):
                self.value(key, row.down)
                self.put(n if len(pairs) > 1 else None, row_cells, to + 1, key.at)

        first = self.first_row(node)
        if first and not all(self.nothing_of_nothing(key) for key, _ in pairs):
            self.steps_before(node.steps, first, here)
            before = body.taken()
            self._rows(node.steps, len(node.steps), first, here, put, before)
            self._for_no_rows(pairs, here, before, len(row_cells))
        else:
            self.rows(node, here, put)
        body.ins("DONE")
        self.row_groups(pairs, here, row_cells, names)
        body.ins("DONE")
