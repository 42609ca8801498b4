"""What became of each task action in a journal, and how often its handler can have run.

The journal holds inputs.  Which actions they were about, and which were given up, comes out of
replaying them.  How often a handler ran is known only as far as records prove it:

- A `once` task's start is a record (*started*), committed before its handler runs.  After it, the
  handler is never begun again, so it ran once or never; a result shows that it did run.
- No other start is on record, nor is any reset.  A result shows that the handler ran at least
  once; after a reset it began again, and nobody counted.
- A check may say that a `once` task has happened, or has not, and then it is believed.
- The result of a callback or an activity comes from outside, and shows nothing of a handler.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tsme.engine.tasks import is_activity, is_callback

from ..limits import no_limits
from .image import Log, Record
from .replayer import Known, Played, Player, check_program

PENDING = "pending"
SUCCEEDED = "succeeded"
FAILED = "failed"
TIMED_OUT = "timed out"
INTERRUPTED = "interrupted"
GIVEN_UP = "given up"  # a sibling failed, or the execution came to its end
UNKNOWN = "not known"  # records are damaged
ENDS = (SUCCEEDED, FAILED, TIMED_OUT, INTERRUPTED, GIVEN_UP, PENDING, UNKNOWN)

_INTERRUPTED = "TSME.Interrupted"
_NO_HANDLER = "TSME.NoHandler"

Bounds = tuple[int, int | None]


@dataclass
class LedgerEntry:
    """A task that a step handed out.

    `handed` and `ended` are numbers of records, None if the record is gone or there is none yet.
    `start` is the number of its *started* record; `begun` says that there was one, even if it is
    gone.  `effect` is what the tasks file declares, `once` if the journal has its start, and ""
    if nobody says.  `checked`: whether its handler has a check, None if nobody says.
    """

    execution: int
    action: int
    state: str
    resource: str
    handed: int | None
    effect: str = ""
    checked: bool | None = None
    begun: bool = False
    start: int | None = None
    end: str = PENDING
    ended: int | None = None
    result: Any = None  # or [error, cause]
    restored: bool = False  # by a machine's restore(): another task may have answered

    @property
    def outside(self) -> bool:
        """Its result comes from elsewhere than a handler."""
        return bool(is_activity(self.resource) or is_callback(self.resource))

    @property
    def error(self) -> str:
        """The name of the error it ended with; empty if it did not."""
        return self.result[0] if self.end in (FAILED, INTERRUPTED) else ""

    @property
    def ran(self) -> Bounds:
        """How often its handler was begun: at least, and at most (None: nobody can tell)."""
        answered = not self.outside and self.end in (SUCCEEDED, FAILED)
        answered = answered and self.error != _NO_HANDLER
        answered = answered and not self.restored
        if self.begun:
            # A check may have said so, or have failed itself.
            surely = self.end == SUCCEEDED or self.checked is False
            return int(answered and surely), 1
        if answered:
            return 1, None
        if self.effect == "once":
            return 0, 1 if self.end == UNKNOWN else 0
        return 0, None


@dataclass
class Total:
    """The actions of one resource together."""

    resource: str
    effect: str
    actions: list[LedgerEntry] = field(default_factory=list)

    def count(self, end: str) -> int:
        return sum(item.end == end for item in self.actions)

    @property
    def ran(self) -> Bounds:
        bounds = [item.ran for item in self.actions]
        least = sum(least for least, _ in bounds)
        tops = [most for _, most in bounds if most is not None]
        return least, sum(tops) if len(tops) == len(bounds) else None


class Ledger(Player):
    """Replays records and keeps account of their actions."""

    def __init__(self, programs: list[Known], tasks: Any = None) -> None:
        super().__init__(programs)
        self.tasks = tasks
        self.booked: list[LedgerEntry] = []
        self.emitted: dict[str, int] = {}  # untracked actions handed out, by kind
        self._open: dict[int, LedgerEntry] = {}

    def play(self, record: Record) -> Played:
        """Replay one record, and book what it did."""
        played = super().play(record)
        if self.state is None or record.input == "start":
            self._forget()
        if self.state is None:
            return played
        pending = {action.id: action for action in self.state.tasks()}
        if record.kind == "step":
            self._book(record)
        for i in [i for i in self._open if i not in pending]:
            # A checkpoint is the first to know only if records before it are missing.
            end = GIVEN_UP if record.kind == "step" else UNKNOWN
            self._close(i, end, record.number if record.kind == "step" else None)
        for i, action in pending.items():
            if i not in self._open:
                self._begin(action, record)
        return played

    def _tell(self, played: Played, step: Any) -> None:
        super()._tell(played, step)
        for action in step.actions:
            if action.id == 0:
                self.emitted[action.kind] = self.emitted.get(action.kind, 0) + 1

    def _begin(self, action: Any, record: Record) -> None:
        assert self.now is not None
        number = self.state.state_of(action)
        state = "" if number is None else self.now.debug.state(number)
        handed = record.number if record.kind == "step" else None
        item = LedgerEntry(self.state.execution, action.id, state, action.resource, handed)
        item.begun = bool(action.started)
        item.restored = self.now.machine is not None and hasattr(
            self.now.machine.machine, "restore"
        )
        task = self.tasks.find(item.resource) if self.tasks else None
        if task:
            item.effect, item.checked = task.effect, bool(task.check)
        if item.begun:
            item.effect = "once"
        self._open[item.action] = item
        self.booked.append(item)

    def _book(self, record: Record) -> None:
        """What the input of a step says of the action it names."""
        item = self._open.get(record.fields.get("action", 0))
        if item is None:
            return
        if record.input == "started":
            item.begun, item.start, item.effect = True, record.number, "once"
        elif record.input == "succeeded":
            self._close(item.action, SUCCEEDED, record.number, record.fields["result"])
        elif record.input == "failed":
            error = record.fields["error"]
            end = INTERRUPTED if item.begun and error == _INTERRUPTED else FAILED
            self._close(item.action, end, record.number, [error, record.fields["cause"]])
        elif record.input == "timer":
            self._close(item.action, TIMED_OUT, record.number)

    def _close(self, i: int, end: str, number: int | None, result: Any = None) -> None:
        item = self._open.pop(i)
        item.end, item.ended, item.result = end, number, result

    def _forget(self) -> None:
        """Nothing is known any more of what was under way."""
        for i in list(self._open):
            self._close(i, UNKNOWN, None)

    def totals(self) -> list[Total]:
        """The sums, in the order in which resources first came up."""
        found: dict[str, Total] = {}
        for item in self.booked:
            total = found.setdefault(item.resource, Total(item.resource, item.effect))
            total.effect = total.effect or item.effect
            total.actions.append(item)
        return list(found.values())

    def strange(self) -> Iterator[str]:
        """Resources whose records are not as the tasks file declares them."""
        for total in self.totals():
            task = self.tasks.find(total.resource) if self.tasks else None
            if task is None:
                continue
            starts = any(item.begun for item in total.actions)
            answered = any(
                not item.begun and item.ran[0] and item.effect == "once" for item in total.actions
            )
            if starts and task.effect != "once" or answered:
                yield total.resource


def keep(log: Log, programs: list[Known], tasks: Any = None) -> tuple[Ledger, list[Played]]:
    """The account of a whole journal, and how each record was replayed."""
    check_program(log, programs)
    ledger = Ledger(programs, tasks)
    with no_limits():
        played = [ledger.play(record) for record in log.records]
    return ledger, played
