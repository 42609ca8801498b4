"""What a relational machine did within a step: its transitions, and the handlers they called.

A machine tells `watch` of each transition; who called which handler is seen by standing between.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

VERBS: Final = ("add", "remove", "set")
AUTO: Final = 1  # flags, as the machine's queue has them
CHECK: Final = 2
_PAIR: Final = 3  # the sort of handlers that are for two states


@dataclass(frozen=True)
class Call:
    """A handler that was called.  `outcome`: empty, or why it did not agree."""

    name: str
    outcome: str = ""


@dataclass(frozen=True)
class Transition:
    """One of those that a step made, with states as indexes of the schema.

    `kind`: of VERBS.  `before`, `after`: who was active, in order.  `ticks`: by state, before and
    after, of those whose ticks changed.
    """

    kind: int
    called: tuple[int, ...]
    flags: int
    accepted: bool
    before: tuple[int, ...]
    after: tuple[int, ...]
    ticks: dict[int, tuple[int, int]]
    calls: tuple[Call, ...]
    args: Any

    @property
    def canceled(self) -> bool:
        """Was it refused, and did anybody want more than to know?"""
        return not self.accepted and not self.flags & CHECK

    @property
    def verb(self) -> str:
        """In a word; automatic ones and checks are called so."""
        if self.flags & AUTO:
            return "auto"
        return f"can_{VERBS[self.kind]}" if self.flags & CHECK else VERBS[self.kind]


class _Sight(threading.local):
    """What the step that this thread is playing has told so far; None if nobody listens."""

    told: list[Transition] | None = None
    calls: list[Call]
    of: Any = None  # the step
    ticks: list[int]


_sight = _Sight()
_watching = threading.Lock()


@contextmanager
def told() -> Iterator[list[Transition]]:
    """The transitions of what is played meanwhile."""
    found: list[Transition] = []
    _sight.told, _sight.calls, _sight.of = found, [], None
    try:
        yield found
    finally:
        _sight.told = _sight.of = None


def watch(machine: Any) -> None:
    """Have a relational machine tell; others have nothing to tell."""
    if getattr(machine, "schema", None) is None:
        return
    with _watching:
        if machine.watch is _transition:
            return
        for sort, own in enumerate(machine.own):
            if sort == _PAIR:
                machine.own[sort] = {i: _between(machine, sort, row, i) for i, row in own.items()}
            else:
                machine.own[sort] = _between(machine, sort, own)
        machine.nodes = {}  # their plans have the handlers themselves
        machine.watch = _transition


def _between(
    machine: Any, sort: int, own: dict[int, Any], of: int | None = None
) -> dict[int, Any]:
    found = {}
    for i, function in own.items():
        pair = (i, -1) if of is None else (of, i)
        if sort == 2:  # FooFoo
            pair = (i, i)
        found[i] = _told(function, machine.name_of((function, sort, *pair)))
    return found


def _told(function: Callable[[Any], Any], name: str) -> Callable[[Any], Any]:
    def call(m: Any) -> Any:
        if _sight.told is None:
            return function(m)
        outcome = "raised"
        try:
            result = function(m)
            outcome = "refused" if result is False else ""
        except Exception as error:
            outcome = f"raised {type(error).__name__}: {error}"
            raise
        finally:
            if _over(m):
                outcome = "was over its deadline"
            _sight.calls.append(Call(name, outcome))
        return result

    return call


def _over(m: Any) -> bool:
    """Has the handler used up its deadline?  To ask costs it nothing."""
    try:
        m.spend(0)
    except Exception:
        return True
    return False


def _transition(m: Any, kind: int, called: tuple[int, ...], flags: int, accepted: bool) -> None:
    if _sight.told is None:
        return
    if _sight.of is not m:
        _sight.of, _sight.ticks = m, list(m.part.ticks)
    now = list(m.time())
    ticks = {i: (was, n) for i, (was, n) in enumerate(zip(_sight.ticks, now, strict=True))
             if was != n}  # fmt: skip
    after = tuple(m.node.active)
    done = ticks or (accepted and not flags & CHECK)
    before = tuple(m.was) if done else after
    _sight.told.append(
        Transition(kind, tuple(called), flags, accepted, before, after, ticks,
                   tuple(_sight.calls), m.args)
    )  # fmt: skip
    _sight.ticks, _sight.calls = now, []
