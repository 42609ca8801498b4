"""The clocks of a relational machine at each record of its journal, found by replay."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..errors import HostError
from ..limits import no_limits
from .image import Log
from .replayer import Player, check_program, programs_of
from .ticks import changed, clock_of, multi_of


@dataclass(frozen=True)
class Point:
    """How a machine is after a record.

    `now`: ms since 1970.  `ticks`: of each state, in the order of the machine; `before`: those
    after the record before, zeros at the start, the same where they are not known.  `queue`:
    mutations that wait.  `error`: name and cause of its newest one.  `multi`: states of which a
    tick by two is a new instance.  `schema`: the bytes of that of its version.
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
    with no_limits():
        found = list(_points(log, player))
    if not found:
        raise HostError("TSME-H017", f'no state of "{path}" is known: {player.why}')
    return found


def _points(log: Log, player: Player) -> Iterator[Point]:
    before: dict[str, int] | None = None
    for record in log.records:
        played = player.play(record)
        state = player.state
        if state is None or played.difference or player.now is None:
            before = None
            continue
        part = state.client
        ticks = clock_of(player.now.machine, part) or {}
        if record.input == "start":
            before = {}
        yield Point(
            record.number,
            state.now,
            record.input or record.kind,
            ticks,
            ticks if before is None else before,
            len(part.queue),
            part.queue_tick,
            part.machine_tick,
            None if part.error is None else (part.error[0], part.error[1]),
            multi_of(player.now.machine),
            bytes(player.now.machine.data),
        )
        before = ticks
