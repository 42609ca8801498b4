"""Objects and groups: `{..}`."""

from __future__ import annotations

from dataclasses import replace

from ...jsonata.tree import (
    Array,
    Binary,
    Call,
    Condition,
    Literal,
    Name,
    Node,
    Pairs,
    Path,
    Variable,
    Wildcard,
)
from ..ir import Label, Pooled
from .base import Here
from .body import FLATTEN, GROUPS, LAST, MEMBERS, SEQUENCE, Body, Cell
from .filters import Filters
from .names import is_text
from .natives import SIGNATURES
from .scope import Frame
from .walk import context_free, everything

_SAFE = (Array, Condition, Literal, Name, Path, Variable, Wildcard)


class Groups(Filters):
    """Each group has a key; its value is evaluated for all items that gave the key."""

    def object_(self, pairs: Pairs, here: Here, single: bool) -> None:
        """`{..}` in front of nothing.  `single`: the context is no array."""
        body = here.body
        if not self.constant_keys(pairs) and not single:
            self.groups(pairs, here, here.context)
            return
        inside = here.down
        if not single and not all(context_free(one) for _, one in pairs):
            # an array as context gives way to what its items make together
            body.ins("BUILD", SEQUENCE)
            body.push(here.context)
            body.ins("SPREAD", body.depth - 2)
            body.ins("DONE", FLATTEN)
            inside = here.of(body.taken())
        self.members(pairs, inside)

    def constant_keys(self, pairs: Pairs) -> bool:
        keys = [key.value for key, _ in pairs if is_text(key)]  # type: ignore[attr-defined]
        return len(set(keys)) == len(pairs)

    def members(self, pairs: Pairs, here: Here) -> None:
        """The object of keys and values that are evaluated once."""
        body = here.body
        to = body.depth
        body.ins("BUILD", MEMBERS)
        for key, one in pairs:
            self.value(key, here)
            if self.surely_text(key) or not self.may_fail(one):
                self.value(one, here)
                body.ins("MEMBER", to, "{", key.at)
            else:
                self.member_of(body.taken(), one, here, to, key.at)
        body.ins("DONE")

    def member_of(self, key: Cell, one: Node, here: Here, to: int, at: int) -> None:
        """The value of a key that is nothing is not evaluated."""
        body, none = here.body, Label("none")
        body.get(key)
        body.ins("IS", 0)
        body.ins("IF", none)
        with body.maybe():
            body.get(key)
            self.value(one, here)
            body.ins("MEMBER", to, "{", at)
        body.label_(none)

    def may_fail(self, node: Node) -> bool:
        """May the evaluation of a node be an error?"""
        return any(not isinstance(one, _SAFE) for one in everything(node))

    def surely_text(self, key: Node) -> bool:
        joined = isinstance(key, Binary) and key.op == "&" and not key.predicates
        return is_text(key) or (joined and key.group is None)

    def grouped(self, pairs: Pairs, here: Here) -> None:
        """Group the value on the stack."""
        source = here.body.taken()
        if self.constant_keys(pairs):
            self.members(pairs, here.of(source))
        else:
            self.groups(pairs, here, source)

    def groups(self, pairs: Pairs, here: Here, source: Cell | None) -> None:
        body = here.body
        to = body.depth
        body.ins("BUILD", MEMBERS)
        body.ins("BUILD", GROUPS)
        body.push(source)
        if not all(self.nothing_of_nothing(key) for key, _ in pairs):
            self.for_nothing(pairs, here, to + 1)
            body.push(source)
        with body.each():
            item = body.taken()
            for n, (key, _) in enumerate(pairs):
                self.value(key, here.of(item))
                self.put(n if len(pairs) > 1 else None, [item], to + 1, key.at)
        body.ins("DONE")
        with body.each():
            body.ins("UNTUPLE", 2)
            data = body.taken()
            if len(pairs) > 1:
                key_cell = body.taken()
                columns, which = self.columns(data, 1, True)
                body.get(key_cell)
                self.chosen(pairs, here.of(columns[0]), which)
            else:
                self.value(pairs[0][1], here.of(data))
            body.ins("MEMBER", to, "{", pairs[0][0].at)
        body.ins("DONE")

    def put(self, which: int | None, row: list[Cell], to: int, at: int) -> None:
        """Put a row to the groups, with the number of its pair.  The key is on the stack."""
        body = row[0].body
        if which is not None:
            body.ins("INT", which)
        for cell in row:
            body.get(cell)
        count = len(row) + (which is not None)
        if count > 1:
            body.ins("TUPLE", count)
        body.ins("GROUP", to, "{", at)

    def for_nothing(self, pairs: Pairs, here: Here, to: int) -> None:
        """Of nothing, which is on the stack, there is one item: nothing."""
        body, some = here.body, Label("some")
        body.ins("IS", 0)
        body.ins("UNLESS", some)
        with body.maybe():
            for n, (key, _) in enumerate(pairs):
                self.value(key, replace(here.down, context=None))
                if len(pairs) > 1:
                    body.ins("INT", n)
                    body.ins("NONE")
                    body.ins("TUPLE", 2)
                else:
                    body.ins("NONE")
                body.ins("GROUP", to, "{", key.at)
        body.label_(some)

    def nothing_of_nothing(self, key: Node) -> bool:
        """Is a key nothing where the context is?"""
        if isinstance(key, Path):
            first = key.steps[0]
            return isinstance(first, Name) or (isinstance(first, Variable) and not first.name)
        if isinstance(key, Call) and isinstance(key.callee, Variable):
            of_first = SIGNATURES.get(key.callee.name, "")[1:2] == "x" or key.callee.name != "type"
            first_argument = key.arguments[0] if key.arguments else None
            known = key.callee.name in ("string", "lowercase", "uppercase", "trim", "substring")
            return known and of_first and bool(first_argument) and self._nothing(first_argument)
        return isinstance(key, Variable) and not key.name

    def _nothing(self, node: Node | None) -> bool:
        return node is not None and self.nothing_of_nothing(node)

    def columns(self, data: Cell, count: int, numbered: bool) -> tuple[list[Cell], Cell | None]:
        """Of tuples, what each of their places has together.  `numbered`: before these stands
        the number of the pair, which has to be the same in all."""
        body = data.body
        which = body.new() if numbered else None
        base = body.depth
        for _ in range(count):
            body.ins("BUILD", SEQUENCE)
        body.get(data)
        with body.each() as it:
            if count + numbered > 1:
                body.ins("UNTUPLE", count + numbered)
            for n in reversed(range(count)):
                body.ins("ADD", base + n)
            if which is not None:
                self.same_pair(body, which, it)
        cells = [body.new() for _ in range(count)]
        for cell in reversed(cells):
            body.ins("DONE", FLATTEN | LAST)
            body.set(cell)
        return cells, which

    def same_pair(self, body: Body, which: Cell, it: int) -> None:
        """Two pairs may not give the same key."""
        first, other = Label("first"), body.taken()
        body.ins("POSITION", it)
        body.truth(False)
        body.ins("UNLESS", first)
        body.get(which)
        body.get(other)
        body.ins("OPERATE", 6)
        body.ins("IF", first)
        body.ins("FAULT", Pooled("D1009"), "{")
        body.label_(first)
        body.get(other)
        body.set(which)

    def chosen(self, pairs: Pairs, here: Here, which: Cell | None) -> None:
        """The value of the pair with this number."""
        body, done = here.body, Label("chosen")
        assert which is not None
        for n, (_, one) in enumerate(pairs):
            other = Label("other")
            if n < len(pairs) - 1:
                body.ins("INT", n)
                body.get(which)
                body.ins("OPERATE", 6)
                body.ins("UNLESS", other)
            with body.maybe():
                self.value(one, here)
            if n < len(pairs) - 1:
                body.ins("JUMP", done)
                body.label_(other)
                body.depth -= 1
        body.label_(done)

    def row_groups(self, pairs: Pairs, here: Here, row: list[Cell], names: list[str]) -> None:
        """From groups of rows, which are on the stack as tuples (key, data), to members of the
        object below; a row is the context and then what has these names."""
        body = here.body
        to = body.depth - 2
        with body.each():
            body.ins("UNTUPLE", 2)
            data = body.taken()
            key = body.taken()
            cells, which = self.columns(data, len(row), len(pairs) > 1)
            frame = Frame(body, here.frame, id(pairs), loops=body.loops)
            for name, cell in zip(names, cells[1:], strict=True):
                frame.give(name, cell)
            body.get(key)
            inside = here.of(cells[0]).within(frame)
            if len(pairs) > 1:
                self.chosen(pairs, inside, which)
            else:
                self.value(pairs[0][1], inside)
            body.ins("MEMBER", to, "{", pairs[0][0].at)
