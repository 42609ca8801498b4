"""Order: `^(..)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ...jsonata.tree import Name, Node, Path, Sort, Variable
from ..ir import Label, Pooled
from .base import Here
from .body import KEEP, OPERATORS, SEQUENCE, Body, Cell
from .groups import Groups
from .names import bare
from .natives import NATIVES

Unpack: TypeAlias = Callable[[], Here]  # takes an item from the stack: where a term is evaluated


_TERMS = 15  # bits of ORDER's operand


def _safe(term: Node) -> bool:
    """Names alone: nothing that may fail where a sorter would not ask for it."""
    if isinstance(term, Path) and not term.keep_singleton:
        return bare(term) and all(map(_safe, term.steps))
    return isinstance(term, (Name, Variable)) and bare(term)


class Sorts(Groups):
    """A sorter asks which of two items comes first; what the terms say of them answers."""

    def sorted_(self, step: Sort, here: Here) -> None:
        """Sort the value on the stack: an array, also of one item."""

        def unpack() -> Here:
            return here.of(here.body.taken())

        self.sort(step, here.body, unpack)

    def sort(self, step: Sort, body: Body, unpack: Unpack) -> None:
        if len(step.terms) < _TERMS and all(_safe(term) for term, _ in step.terms):
            self._ranked(step, body, unpack)
            return
        body.ins("SORT")
        place = body.depth - 1
        with body.again("STEP"):
            b = unpack()
            a = unpack()
            self.terms(step, a, b)
            body.ins("ANSWER")
        body.depth = place + 1

    def _ranked(self, step: Sort, body: Body, unpack: Unpack) -> None:
        """By keys that are worked out once, as they cannot fail: each item with its keys."""
        array = body.taken()
        body.ins("BUILD", SEQUENCE)
        place = body.depth - 1
        body.get(array)
        with body.each():
            item = body.taken()
            body.get(item)
            body.get(item)
            here = unpack()
            for term, _ in step.terms:
                self.value(term, here)
            body.ins("TUPLE", 1 + len(step.terms))
            body.ins("ADD", place)
        body.ins("DONE", KEEP)
        turned = sum(descends << n for n, (_, descends) in enumerate(step.terms))
        body.ins("ORDER", 1 << len(step.terms) | turned)

    def terms(self, step: Sort, a: Here, b: Here) -> None:
        """Push whether b comes before a."""
        body, decided = a.body, Label("decided")
        result: Cell | None = None
        for n, (term, descends) in enumerate(step.terms):
            body.ins("FUNC", NATIVES["*compare*"])
            self.value(term, a)
            self.value(term, b)
            if descends:
                body.ins("CONST", self.minus_one())
            else:
                body.ins("INT", 1)
            body.ins("INVOKE", 3, "^", term.at)
            if n < len(step.terms) - 1:
                result = result or body.new()
                body.set(result)
                body.get(result)
                body.truth(False)
                body.ins("IF", decided)
            elif result is not None:
                body.set(result)
        if result is not None:
            body.label_(decided)
            body.get(result)
        body.ins("INT", 0)
        body.ins("OPERATE", OPERATORS[">"])

    def minus_one(self) -> Pooled:
        return Pooled(-1)
