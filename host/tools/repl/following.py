"""How an execution on a board goes on, for who asks again and again.

Its journal tells it, of which only what is new is pulled and replayed, and nothing at all as
long as the execution has made no step.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import HostError
from ..journal.image import Log, Record
from ..journal.replayer import Known, Player
from ..limits import no_limits
from .journals import Journals
from .states import States
from .targets import Following, Moment, Told

_CHECK = 2  # of flags, as the machine's queue has them
_NAME_IT = "name its class: --program FILE.py:CLASS"


def states_of(journals: Journals, log: Log) -> States:
    """Those that what a journal holds has been in."""
    known = journals.relational(log)
    if not known:
        return States.of(journals.events(log))
    return States.at(Transitions(known).newest(log).clock)


class OnBoard(Following):
    """By the journal of an execution on a board, as `pulled` gives it; of a relational machine
    whose class is not known by what its board tells, `linked`."""

    def __init__(
        self, name: str, pulled: Callable[[], Log], journals: Journals, linked: Following
    ) -> None:
        self._name = name
        self._pulled = pulled
        self._journals = journals
        self._newest: tuple[Any, ...] = ()
        self._states = States()
        self._replay: Transitions | None = None
        self._linked = linked
        self._by_link = False

    def states(self, told: Told) -> States:
        if self._asked(told):
            if "active" in told:
                self._states = self._linked.states(told)
            return self._states
        newest = _steps(told)
        if newest != self._newest:
            log = self._pulled()
            found = self._moments(log)
            if found:
                self._states = States.at(found[-1].clock)
            elif self._replay is None:
                self._states = states_of(self._journals, log)
            self._newest = newest
        return self._states

    def moments(self, told: Told, states: Sequence[str] = ()) -> Sequence[Moment]:
        if self._asked(told):
            return self._linked.moments(told, states) if "active" in told else ()
        newest = _steps(told)
        if newest == self._newest:
            return ()
        found = self._moments(self._pulled())
        if self._replay is None:
            raise HostError("TSME-H017", f'"{self._name}" is of no class that is known', _NAME_IT)
        self._newest = newest
        return found

    def _asked(self, told: Told) -> bool:
        """Can only its board tell?  Of a relational machine that runs, that says `active`."""
        if "active" in told and self._replay is None and not self._by_link:
            self._by_link = not self._journals.runs(str(told.get("program")))
        return self._by_link

    def _moments(self, log: Log) -> Sequence[Moment]:
        """Nothing of an execution of another kind."""
        first = self._replay is None
        if first:
            known = self._journals.relational(log)
            self._replay = Transitions(known) if known else None
        if self._replay is None:
            return ()
        return [self._replay.newest(log)] if first else self._replay.take(log)


def _steps(told: Told) -> tuple[Any, ...]:
    """What is another after each step."""
    return tuple(told.get(key) for key in ("execution", "steps", "status"))


class Transitions:
    """The transitions of a relational machine as its records come in."""

    def __init__(self, known: Sequence[Known]) -> None:
        self._known = [*known]
        self._player = Player(self._known)
        self._seen: list[list[int]] = []  # ticks after those of the record that is played

    def newest(self, log: Log) -> Moment:
        """The last one that its records tell.  Raises as `take`, TSME-H044 if it has ended before
        all of them."""
        found = self.take(log)
        if not found:
            text = "the execution has ended, and its journal does not reach back to its states"
            raise HostError("TSME-H044", text)
        return found[-1]

    def take(self, log: Log) -> list[Moment]:
        """What its records tell that have not been taken yet.  Raises HostError TSME-H043 if
        nobody can tell how it stands after them."""
        if log.records and log.records[-1].number < self._player.last:  # another journal
            self._player = Player(self._known)
        found: list[Moment] = []
        for one in self._known:
            one.machine.watch = self._transition
        try:
            with no_limits():
                for record in log.records:
                    if record.number > self._player.last:
                        found += self._played(record)
        finally:
            for one in self._known:
                one.machine.watch = None
        if self._player.state is None:
            text = f"its states are not known: {self._player.why}"
            raise HostError("TSME-H043", text, _NAME_IT)
        return found

    def _played(self, record: Record) -> list[Moment]:
        self._seen = []
        self._player.play(record)
        state, now = self._player.state, self._player.now
        if state is None or now is None:  # not known
            return []
        names = now.machine.schema.names
        if state.client is not None:  # it has not ended
            after = list(state.client.ticks)
            if not self._seen or self._seen[-1] != after:
                self._seen.append(after)
        return [
            Moment(record.number, state.now, dict(zip(names, ticks, strict=True)), state.execution)
            for ticks in self._seen
        ]

    def _transition(
        self, m: Any, _kind: int, _called: Sequence[int], flags: int, accepted: bool
    ) -> None:
        if accepted and not flags & _CHECK:
            self._seen.append(list(m.time()))
