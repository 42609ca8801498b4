"""States of an execution: which are active, and their clocks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]  # as GetExecutionHistory has it
_ENTERED, _EXITED, _ABORTED = "StateEntered", "StateExited", "StateAborted"
_ENDS = ("ExecutionSucceeded", "ExecutionFailed", "ExecutionAborted", "ExecutionTimedOut")


@dataclass
class States:
    """By name, in the order in which states were first entered.  `ticks`: a state's clock goes on
    by one when it is entered, and when it is left: where one is active once at most, an odd clock
    is that of an active state."""

    entered: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    ended: bool = False

    @classmethod
    def of(cls, events: Iterable[Event]) -> States:
        """The states after these events, which begin with the first of an execution."""
        found = cls()
        known: dict[int, Event] = {}
        for event in events:
            known[event["id"]] = event
            kind = event["type"]
            if kind.endswith(_ENTERED):
                found._tick(found.entered, event["stateEnteredEventDetails"]["name"])
            elif kind.endswith(_EXITED):
                found._tick(found.left, event["stateExitedEventDetails"]["name"])
            elif kind.endswith(_ABORTED):
                found._tick(found.left, _entered_before(event, known))
            elif kind == "ExecutionRedriven":
                found.ended = False
            elif kind in _ENDS:
                found.ended = True
        return found

    @classmethod
    def at(cls, clock: Mapping[str, int]) -> States:
        """The states of a relational machine whose clock is this."""
        entered = {name: (tick + 1) // 2 for name, tick in clock.items()}
        return cls(entered, {name: tick // 2 for name, tick in clock.items()})

    def _tick(self, clocks: dict[str, int], name: str) -> None:
        if name:
            clocks[name] = clocks.get(name, 0) + 1

    @property
    def active(self) -> dict[str, int]:
        """How often each state is active now: more than once in a Map."""
        if self.ended:
            return {}
        counts = {name: n - self.left.get(name, 0) for name, n in self.entered.items()}
        return {name: n for name, n in counts.items() if n > 0}

    @property
    def ticks(self) -> dict[str, int]:
        """The clock of each state.  With an end, what was active is left."""
        return {
            name: 2 * n if self.ended else n + self.left.get(name, 0)
            for name, n in self.entered.items()
        }


def _entered_before(event: Event, known: dict[int, Event]) -> str:
    """The state that an event is within: the one entered last before it."""
    at: Event | None = event
    while at is not None and not at["type"].endswith(_ENTERED):
        at = known.get(at["previousEventId"])
    return "" if at is None else str(at["stateEnteredEventDetails"]["name"])
