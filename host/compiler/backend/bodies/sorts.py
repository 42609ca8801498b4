"""Order: `^(..)`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from ...jsonata.tree import Sort
from ..ir import Label, Pooled
from .base import Here
from .body import OPERATORS, Body, Cell
from .groups import Groups
from .natives import NATIVES

Unpack: TypeAlias = Callable[[], Here]  # takes an item from the stack: where a term is evaluated


class Sorts(Groups):
    """A sorter asks which of two items comes first; what the terms say of them answers."""

    def sorted_(self, step: Sort, here: Here) -> None:
        """Sort the value on the stack: an array, also of one item."""

        def unpack() -> Here:
            return here.of(here.body.taken())

        self.sort(step, here.body, unpack)

    def sort(self, step: Sort, body: Body, unpack: Unpack) -> None:
        body.ins("SORT")
        place = body.depth - 1
        with body.again("STEP"):
            b = unpack()
            a = unpack()
            self.terms(step, a, b)
            body.ins("ANSWER")
        body.depth = place + 1

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
