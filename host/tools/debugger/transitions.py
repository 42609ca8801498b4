"""What a relational machine did within a step: its transitions, the handlers they called, and what
they queued.

A machine tells `watch` of each transition; the rest is seen by standing between.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tsme.relational.failing import name_of

VERBS: Final = ("add", "remove", "set")
AUTO: Final = 1  # flags, as the machine's queue has them
CHECK: Final = 2
OUTSIDE: Final = -1  # who queued it: the step's input, or an earlier step
ITEM = tuple[int, Any, Any, int, int]  # of a queue: kind, states, args, flags, queue tick
_PAIR: Final = 3  # the sort of handlers that are for two states
_FINAL: Final = 5  # and the first of those that are called when all is decided


@dataclass(frozen=True)
class Call:
    """A handler that was called.  `outcome`: empty, or why it did not agree; `of`: the states that
    it is for, as indexes; `final`: it was called when all was decided."""

    name: str
    outcome: str = ""
    of: tuple[int, ...] = ()
    final: bool = False


@dataclass(frozen=True)
class Transition:
    """One of those that a step made, with states as indexes of the schema.

    `kind`: of VERBS.  `before`, `after`: who was active, in order.  `ticks`: by state, before and
    after, of those whose ticks changed.  `item`: what it was in the queue; `by`: which transition
    of the step queued it, or OUTSIDE.  `queued`: what waits because of it; `begun`: numbers of the
    tasks and timers that it began.
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
    item: ITEM | None = None
    by: int = OUTSIDE
    queued: list[ITEM] = field(default_factory=list)
    begun: tuple[int, ...] = ()

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
    acts: set[int]
    items: dict[int, tuple[ITEM, int]]  # all that has waited, by id(), and who queued it
    queued: dict[int, list[ITEM]]  # by transition


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
        for sort, own in list(machine.own.items()):
            if sort == _PAIR:
                machine.own[sort] = {i: _between(machine, sort, row, i) for i, row in own.items()}
            else:
                machine.own[sort] = _between(machine, sort, own)
        machine.nodes = {}  # their plans have the handlers themselves
        machine.call = _entering(machine.call)
        machine.evaluate = _evaluating(machine.evaluate)
        machine.watch = _transition


def _entering(call: Callable[..., Any]) -> Callable[..., Any]:
    """What the input of a step queues is not queued by its first transition."""

    def entering(d: Any, part: Any, function: Any, *args: Any) -> Any:
        def noted(m: Any, *given: Any) -> Any:
            try:
                return function(m, *given)
            finally:
                if _sight.told is not None:
                    _note(m, OUTSIDE)

        return call(d, part, noted if function else None, *args)

    return entering


def _evaluating(evaluate: Callable[..., Any]) -> Callable[..., Any]:
    """What a function queues, who queued the function has queued."""

    def evaluating(m: Any, item: ITEM) -> Any:
        if _sight.told is None:
            return evaluate(m, item)
        _note(m, len(_sight.told) - 1)
        _, by = _sight.items.get(id(item), (item, len(_sight.told) - 1))
        result = evaluate(m, item)
        _note(m, by)
        return result

    return evaluating


def _between(
    machine: Any, sort: int, own: dict[int, Any], of: int | None = None
) -> dict[int, Any]:
    found = {}
    for i, function in own.items():
        pair = (i, -1) if of is None else (of, i)
        if sort == 2:  # FooFoo
            pair = (i, i)
        name = name_of(machine.schema, (function, sort, *pair))
        states = tuple(dict.fromkeys(one for one in pair if one >= 0))
        found[i] = _told(function, Call(name, "", states, sort >= _FINAL))
    return found


def _told(function: Callable[[Any], Any], told: Call) -> Callable[[Any], Any]:
    def call(m: Any) -> Any:
        if _sight.told is None:
            return function(m)
        _note(m, len(_sight.told) - (not _sight.calls))
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
            _sight.calls.append(replace(told, outcome=outcome))
        return result

    return call


def _over(m: Any) -> bool:
    """Has the handler used up its deadline?  To ask costs it nothing."""
    try:
        m.spend(0)
    except Exception:
        return True
    return False


def _note(m: Any, by: int) -> None:
    """Whatever waits, and was not there when this was last asked, was queued by `by`."""
    if _sight.of is not m:
        _sight.of, _sight.ticks, _sight.acts = m, list(m.part.ticks), set(m.part.acts)
        _sight.items = {id(item): (item, OUTSIDE) for item in m.part.queue}
        _sight.queued = {}
    for item in m.queue:
        if id(item) not in _sight.items:
            _sight.items[id(item)] = (item, by)
            _sight.queued.setdefault(by, []).append(item)
    if by == OUTSIDE:
        _sight.acts |= set(m.acts)


def _ran(m: Any, kind: int, called: tuple[int, ...], flags: int) -> tuple[ITEM, int]:
    """What was taken from the queue, and who had queued it."""
    waiting = {id(item) for item in m.queue}
    for at, (item, by) in list(_sight.items.items()):
        if at not in waiting and item[0] == kind and item[1] is called and item[3] == flags:
            del _sight.items[at]
            return item, by
    assert _sight.told is not None
    by = len(_sight.told) - 1
    made = (kind, called, None, flags, 0)  # it came after the one before, and was done at once
    if by >= 0:
        _sight.queued.setdefault(by, []).append(made)
    return made, by


def _transition(m: Any, kind: int, called: tuple[int, ...], flags: int, accepted: bool) -> None:
    if _sight.told is None:
        return
    me = len(_sight.told)
    _note(m, me - (not _sight.calls))
    item, by = _ran(m, kind, called, flags)
    now = list(m.time())
    ticks = {i: (was, n) for i, (was, n) in enumerate(zip(_sight.ticks, now, strict=True))
             if was != n}  # fmt: skip
    after = tuple(m.node.active)
    done = ticks or (accepted and not flags & CHECK)
    before = tuple(m.was) if done else after
    begun = tuple(sorted(set(m.acts) - _sight.acts))
    queued = _sight.queued.setdefault(me, [])
    _sight.told.append(
        Transition(kind, tuple(called), flags, accepted, before, after, ticks,
                   tuple(_sight.calls), m.args, item, by, queued, begun)
    )  # fmt: skip
    _sight.ticks, _sight.calls = now, []
    _sight.acts = _sight.acts | set(begun)
