"""Why a mutation led to these states: the relations that decided, each named.

The machine itself only computes which states come out (docs/RELATIONAL.md); here the same steps
are gone through again, and whoever is left out or added is written down with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from .transitions import AUTO, Transition

_ADD: Final = 0
_REMOVE: Final = 1


class Reason(NamedTuple):
    """`how`: `requires` those that are not there; is `removed` by them; was not among those
    `set`; was `called`; is `added` by one."""

    how: str
    whom: tuple[int, ...] = ()


@dataclass
class Decided:
    """`target`: who is to be active.  Reasons of those that are not, and of those `added`; `log`:
    all of them as they came up."""

    schema: Any
    target: list[int]
    there: int = 0  # their mask
    gone: dict[int, Reason] = field(default_factory=dict)
    added: dict[int, Reason] = field(default_factory=dict)
    log: list[tuple[int, Reason]] = field(default_factory=list)

    def out(self, i: int, reason: Reason) -> None:
        """A state is left out."""
        self.gone[i] = reason
        self.log.append((i, reason))

    def imply(self, once: int, skip: int) -> None:
        """Whom those that are there add comes in, at the end."""
        for i in list(self.target):
            for j in () if once >> i & 1 else self.schema.add.get(i, ()):
                if not (self.there | skip) >> j & 1:
                    self.there |= 1 << j
                    self.target.append(j)
                    self.added[j] = Reason("added", (i,))
                    self.gone.pop(j, None)
                    self.log.append((j, self.added[j]))

    def require(self) -> None:
        """Whoever lacks somebody goes, until nobody does."""
        needs = self.schema.require
        while True:
            lacking = [i for i in self.target if needs.get(i, 0) & ~self.there]
            if not lacking:
                return
            for i in lacking:
                self.out(i, Reason("requires", _states(needs[i] & ~self.there)))
            self.target = [i for i in self.target if i not in lacking]
            self.there = _mask(self.target)


def decide(schema: Any, kind: int, called: Sequence[int], active: Sequence[int]) -> Decided:
    """What the relations of a compiled schema make of a mutation, before any handler is asked."""
    asked = set(called)
    rest = [i for i in active if i not in asked]
    first = {_ADD: [*called, *rest], _REMOVE: rest}.get(kind, list(called))
    found = Decided(schema, first, _mask(first))
    if kind == _REMOVE:
        found.gone = {i: Reason("called") for i in called if i in active}
    elif kind != _ADD:
        found.gone = {i: Reason("set") for i in rest}
    once = _mask(active) & ~schema.multi
    skip = _mask(called) if kind == _REMOVE else 0
    found.imply(once, skip)
    found.require()
    kept: list[int] = []
    for i in reversed(found.target):  # whom somebody removes that is there still
        by = _mask(k for k, m in schema.remove.items() if m >> i & found.there >> k & 1)
        if by:
            found.there &= ~(1 << i)
            found.out(i, Reason("removed", _states(by)))
        else:
            kept.append(i)
            skip |= schema.remove.get(i, 0)
    found.target = kept
    found.imply(once, skip)
    found.require()
    return found


def decided(schema: Any, one: Transition) -> Decided:
    """What decided of a transition; of an automatic one, also of those that it went on without."""
    found = decide(schema, one.kind, one.called, one.before)
    if not one.flags & AUTO or not one.accepted:
        return found
    left = [i for i in one.called if i in one.after]
    if not left or len(left) == len(one.called):
        return found
    final = decide(schema, one.kind, left, one.before)
    final.gone = found.gone | final.gone
    return final


def touched(one: Transition, why: Decided) -> set[int]:
    """States that a transition called, changed, or looked at on behalf of a relation."""
    found = {*one.called, *one.ticks}
    for i, reason in [*why.gone.items(), *why.added.items()]:
        found |= {i, *reason.whom}
    return found


def _mask(states: Iterable[int]) -> int:
    mask = 0
    for i in states:
        mask |= 1 << i
    return mask


def _states(mask: int) -> tuple[int, ...]:
    return tuple(i for i in range(mask.bit_length()) if mask >> i & 1)
