"""Moments: a step replayed, with the states before and after it and all that it did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tsme.journal import CHECKPOINT
from tsme.kernel.protocol import TRACED

from ..journal.image import Record, read_records
from ..journal.replayer import Known, Played, Player
from ..journal.watching import Told
from . import transitions
from .transitions import Transition

# Kinds of events that have data.
_TELLING = "assign task resume error fail map tolerated exceeded passed".split()


class Event(NamedTuple):
    """What a program did within a step (docs/SPEC.md, 3.6).  `state`: the number of the state that
    the frame was in; -1 if it was in none."""

    kind: str
    frame: int
    pc: int
    state: int
    number: int
    data: Any


@dataclass(frozen=True)
class Moment:
    """A record, and what is known right after it.

    `before`, `after`: states of the kernel; None where nobody can tell.  `known`: what ran;
    `started`: actions that it handed out.  `transitions`: those of a relational machine.
    """

    record: Record
    played: Played
    before: Any
    after: Any
    known: Known | None
    events: Sequence[Event] = ()
    transitions: Sequence[Transition] = ()

    @property
    def number(self) -> int:
        """Of its record."""
        return self.record.number

    @property
    def entered(self) -> list[int]:
        """Numbers of the states entered."""
        return [event.number for event in self.events if event.kind == "enter"]


@dataclass
class Stretch:
    """Records in a row from a place where the state is known, up to the next such place.

    `before`: the body of a checkpoint of the state before the first of them; None if the first
    says it itself, or nobody knows it.
    """

    records: list[Record]
    before: bytes | None = None
    moments: list[Moment] | None = field(default=None, repr=False)

    @property
    def first(self) -> int:
        return self.records[0].number

    @property
    def last(self) -> int:
        return self.records[-1].number

    def record(self, number: int) -> Record | None:
        """None of one that is lost."""
        at = number - self.first
        if 0 <= at < len(self.records) and self.records[at].number == number:
            return self.records[at]
        return None


class Recorder(Player):
    """A player that writes down all that a program tells."""

    def __init__(self, programs: list[Known]) -> None:
        super().__init__(programs)
        for known in programs:
            transitions.watch(known.machine)
        self.told: list[Event] = []
        self._states: dict[int, int] = {}

    def on_enter(self, told: Told) -> None:
        super().on_enter(told)
        self._states[told.frame] = told.number
        self._note("enter", told, None)

    def _note(self, kind: str, told: Told, data: Any) -> None:
        state = self._states.get(told.frame, -1)
        if state < 0:
            state = self._states[told.frame] = told.image.state
        self.told.append(Event(kind, told.frame, told.pc, state, told.number, data))

    def moment(self, record: Record) -> Moment:
        """Play a record."""
        self.told = []
        self._states = {}
        before = self.state
        with transitions.told() as made:
            played = self.play(record)
        after = self.state
        if record.kind == "checkpoint" and before is None:
            before = after
        return Moment(record, played, before, after, self.now, tuple(self.told), made)


def _noting(kind: str) -> Any:
    def note(self: Recorder, told: Told) -> None:
        self._note(kind, told, told.data if kind in _TELLING else None)

    return note


for _kind in TRACED:
    if _kind != "enter":
        setattr(Recorder, f"on_{_kind}", _noting(_kind))


def stand(player: Player, number: int, body: bytes) -> None:
    """Bring a player to the state of a checkpoint that was made before record `number`."""
    player.play(read_records([(number - 1, CHECKPOINT, body, 0, 0)])[0])


def play(stretch: Stretch, programs: list[Known]) -> Iterator[Moment]:
    """The moments of a stretch, one after the other."""
    player = Recorder(programs)
    if stretch.before is not None:
        stand(player, stretch.first, stretch.before)
    for record in stretch.records:
        yield player.moment(record)
