"""Filters: `[..]` behind a step or a value."""

from __future__ import annotations

import math

from ...jsonata.tree import Binary, Call, Filter, Literal, Node, Variable
from ..ir import Label
from .base import Base, Here
from .body import KEEP, SEQUENCE
from .natives import BOOLEANS

_STRICT = frozenset("= != in and or".split())
_ORDER = frozenset("< <= > >=".split())


def place(node: Node) -> int | None:
    """The operand of AT for a predicate that is a number."""
    if not isinstance(node, Literal) or isinstance(node.value, (str, bool)) or node.value is None:
        return None
    if not math.isfinite(node.value):
        return None
    n = math.floor(node.value)
    return (n << 1 if n >= 0 else -1 - (n << 1)) if -32768 <= n < 32768 else None


class Filters(Base):
    """What picks items."""

    def strict(self, node: Node, here: Here) -> bool:
        """Is it true or false, whatever is given?"""
        if isinstance(node, Binary) and node.op in _STRICT:
            return not node.predicates and node.group is None
        if isinstance(node, Literal):
            return isinstance(node.value, bool)
        return self.calls_boolean(node, here) == "exists"

    def boolean(self, node: Node, here: Here) -> bool:
        """Is it true, false or nothing?"""
        order = isinstance(node, Binary) and node.op in _ORDER and not node.predicates
        return order or self.strict(node, here) or bool(self.calls_boolean(node, here))

    def calls_boolean(self, node: Node, here: Here) -> str:
        """The name of the native function that a call with a boolean result is of."""
        plain = isinstance(node, Call) and not node.predicates and node.group is None
        if not plain or not isinstance(node, Call) or not isinstance(node.callee, Variable):
            return ""
        name = node.callee.name
        return name if name in BOOLEANS and self.native(name, here) is not None else ""

    def native(self, name: str, here: Here) -> int | None:
        """The native function that a name stands for here."""
        raise NotImplementedError

    def no_number(self, node: Node, here: Here) -> bool:
        """Does a predicate pick an item by truth, never by position?"""
        text = isinstance(node, Literal) and isinstance(node.value, str)
        return text or self.boolean(node, here)

    def test(self, node: Node, here: Here) -> None:
        """Push true or false, or what IF and UNLESS take so."""
        self.value(node, here)
        here.body.truth(self.strict(node, here))

    def jump(self, node: Node, here: Here, target: Label, when: bool) -> None:
        body = here.body
        if isinstance(node, Binary) and node.op in ("and", "or") and not node.predicates:
            if (node.op == "or") == when:
                self.jump(node.left, here.down, target, when)
                with body.maybe():
                    self.jump(node.right, here.down, target, when)
            else:
                past = Label("past")
                self.jump(node.left, here.down, past, not when)
                with body.maybe():
                    self.jump(node.right, here.down, target, when)
                body.label_(past)
            return
        self.value(node, here)
        known = self.boolean(node, here) if when else self.strict(node, here)
        body.truth(known)
        body.ins("IF" if when else "UNLESS", target)

    def filtered(self, predicate: Filter, here: Here, keep: bool) -> None:
        """Filter the value on the stack.  `keep`: what is found stays a sequence."""
        body = here.body
        at = place(predicate.expr)
        if at is not None:
            body.ins("AT", at)
            return
        # the builder belongs below: the value waits in a local
        source = body.taken()
        body.ins("BUILD", SEQUENCE)
        body.get(source)
        self.picked(predicate, here)
        body.ins("DONE", KEEP if keep else 0)

    def picked(self, predicate: Filter, here: Here) -> None:
        """From the value on the stack to the builder right below it."""
        body = here.body
        with body.each() as place_:
            item = body.taken()
            if isinstance(predicate.expr, Binary) and predicate.expr.op in ("and", "or"):
                out = Label("out")
                self.jump(predicate.expr, here.of(item), out, False)
                body.get(item)
                body.ins("ADD", place_ - 1)
                body.label_(out)
                return
            body.get(item)
            self.value(predicate.expr, here.of(item))
            body.ins("KEEP", place_)
