"""The clocks of a relational machine at each record of its journal, found by replay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from tsme.kernel.protocol import STATUS

from ..errors import HostError
from ..limits import no_limits
from .image import Log
from .replayer import Known, Player, check_program, programs_of
from .ticks import changed, clock_of, multi_of


@dataclass(frozen=True)
class Point:
    """How a machine is after a record.

    `now`: ms since 1970.  `ticks`: of each state, in the order of the machine; `before`: those
    after the record before, zeros at the start, the same where they are not known.  `queue`:
    mutations that wait.  `error`: name and cause of its newest one.  `multi`: states of which a
    tick by two is a new instance.  `schema`: the bytes of that of its version.  `ended`: how its
    execution has ended, in the words of executions; "" if it has not.  Then the rest is how it
    stood as it ended, but that nothing waits.
    """

    record: int
    now: int
    input: str
    ticks: dict[str, int]
    before: dict[str, int]
    queue: int
    queue_tick: int
    machine_tick: int
    error: tuple[str, str] | None
    multi: frozenset[str]
    schema: bytes
    ended: str

    @property
    def active(self) -> list[str]:
        """The states that are active."""
        return [name for name, tick in self.ticks.items() if tick % 2]

    @property
    def sum(self) -> int:
        """Of all ticks."""
        return sum(self.ticks.values())

    def changed(self, odd: int) -> list[str]:
        """States that the record has made active (1) or inactive (0), if only for a transition; a
        new instance of one that was active counts as made active."""
        return changed(self.before, self.ticks, self.multi, odd)


def points(log: Log, programs: Sequence[str]) -> list[Point]:
    """All moments of the machine that a journal is of, oldest first.

    A record whose state is not known (what came before is gone) has none.
    """
    path = log.name
    if not log.records:
        raise HostError("TSME-H044", f'the journal "{path}" holds no records')
    known = programs_of(log, programs)
    if not any(hasattr(one.machine, "schema") for one in known):
        hint = "name its class: --program FILE.py:CLASS"
        raise HostError("TSME-H017", f'"{path}" is not of a relational machine', hint)
    check_program(log, known)
    player = Player(known)
    last = _Last(known)
    try:
        with no_limits():
            found = list(_points(log, player, last))
    finally:
        last.close()
    if not found:
        raise HostError("TSME-H017", f'no state of "{path}" is known: {player.why}')
    return found


class _Last:
    """How a machine stood last: the kernel keeps nothing of it when its execution ends."""

    def __init__(self, known: Sequence[Known]) -> None:
        self._machines = [one.machine for one in known if hasattr(one.machine, "schema")]
        for one in self._machines:
            one.watch = self._transition
        self.forget()

    def close(self) -> None:
        """Watch it no longer."""
        for one in self._machines:
            one.watch = None

    def forget(self) -> None:
        """Nothing is known of it."""
        self.ticks: list[int] | None = None
        self.queue_tick = 1
        self.machine_tick = 0
        self.error: Any = None

    def take(self, part: Any) -> None:
        """What it keeps between steps."""
        self.ticks = list(part.ticks)
        self.queue_tick, self.machine_tick = part.queue_tick, part.machine_tick
        self.error = part.error

    def _transition(self, m: Any, *_: object) -> None:
        self.ticks = list(m.time())
        self.queue_tick, self.machine_tick = m.queue_tick, m.part.machine_tick
        self.error = m.error


def _points(log: Log, player: Player, last: _Last) -> Iterator[Point]:
    before: dict[str, int] | None = None
    for record in log.records:
        if record.input == "start":
            last.forget()
        played = player.play(record)
        state = player.state
        if state is None or played.difference or player.now is None:
            before = None
            last.forget()
            continue
        part = state.client
        machine = player.now.machine
        if part is not None:
            last.take(part)
        elif last.ticks is None and record.input != "start":  # it ended before what is known
            continue
        elif last.ticks is None:  # it began nothing
            last.ticks = [0] * len(machine.schema.names)
        ticks = clock_of(machine, last) or {}
        if record.input == "start":
            before = {}
        yield Point(
            record.number,
            state.now,
            record.input or record.kind,
            ticks,
            ticks if before is None else before,
            0 if part is None else len(part.queue),
            last.queue_tick,
            last.machine_tick,
            None if last.error is None else (last.error[0], last.error[1]),
            multi_of(machine),
            bytes(machine.data),
            STATUS[state.status] if state.status else "",
        )
        before = ticks
