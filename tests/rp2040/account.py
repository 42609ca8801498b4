"""What the laptop knows of a board, and what the ledger outside says of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import NoReturn

from tests.rp2040.subjects import Subject
from tsme_host.tools.journal.image import Log
from tsme_host.tools.journal.ledger import INTERRUPTED, Ledger
from tsme_host.tools.limits import no_limits


class Journals:
    """What the laptop knows of one region: all records it ever saw, and their account."""

    def __init__(self, subject: Subject) -> None:
        self.ledger = Ledger(subject.known, subject.tasks)
        self.bodies: list[bytes] = []  # by number
        self.told = 0  # records that the board has told of

    def take(self, log: Log) -> Iterator[str]:
        """The records of a pull; yields what is wrong with them."""
        if log.damage or log.refusal:
            yield f"the journal is damaged: {log.damage} {log.refusal}"
        count = log.records[-1].number + 1 if log.records else 0
        if count < len(self.bodies):
            yield f"{len(self.bodies) - count} of {len(self.bodies)} records are gone"
        if count < self.told:
            yield f"{self.told} records were durable, {count} are there"
        for record in log.records:
            if record.number < len(self.bodies):
                if record.body != self.bodies[record.number]:
                    yield f"record {record.number} has changed"
            elif record.number > len(self.bodies):
                yield f"records {len(self.bodies)} to {record.number - 1} were never seen"
                return
            else:
                self.bodies.append(record.body)
                played = self.ledger.play(record)
                if played.difference or played.skipped:
                    yield f"record {record.number}: {played.difference or played.skipped}"
        self.told = max(self.told, count)


class Account:
    """All journals of a board, and the handlers that began there.

    `wrong` is called with what is wrong, and raises.
    """

    def __init__(self, subject: Subject, wrong: Callable[[str], NoReturn]) -> None:
        self.subject = subject
        self.wrong = wrong
        self.journals: dict[str, Journals] = {}
        self.begun: Counter[tuple[int, int]] = Counter()  # by execution and action
        self.greatest = 0  # number of an execution
        self.records = 0
        self.checkpoints = 0
        self.handlers = 0
        self.interrupted = 0  # `once` tasks of which nobody knows

    def of(self, name: str) -> Journals:
        """What is known of a region."""
        return self.journals.setdefault(name, Journals(self.subject))

    def begins(self, execution: int, action: int) -> None:
        """A handler begins: the ledger outside says so."""
        self.begun[execution, action] += 1
        self.handlers += 1

    def take(self, name: str, log: Log) -> None:
        """The laptop has read a journal: replay what is new in it."""
        journals = self.of(name)
        known = len(journals.bodies)
        with no_limits():
            for wrong in journals.take(log):
                self.wrong(f"{name}: {wrong}")
        fresh = [record for record in log.records if record.number >= known]
        self.records += len(fresh)
        self.checkpoints += sum(one.kind == "checkpoint" for one in fresh)

    def compare(self) -> None:
        """No handler began for what no record hands out, and none of a `once` task twice."""
        booked = {
            (entry.execution, entry.action): entry
            for journals in self.journals.values()
            for entry in journals.ledger.booked
        }
        self.greatest = max([self.greatest, *(execution for execution, _ in booked)])
        for key, times in self.begun.items():
            entry = booked.get(key)
            if entry is None:
                self.wrong(f"a handler began for action {key}, which no record hands out")
            elif entry.effect == "once" and (times > 1 or not entry.begun):
                self.wrong(f"{entry.resource} {key} began {times} times, started: {entry.begun}")

    def close(self) -> None:
        """Executions have ended: all that ran, against all that the journals tell."""
        for journals in self.journals.values():
            for entry in journals.ledger.booked:
                times = self.begun[entry.execution, entry.action]
                least, most = entry.ran
                if times < least or (most is not None and times > most):
                    key = (entry.execution, entry.action)
                    self.wrong(f"{entry.resource} {key} ran {times} times, not {entry.ran}")
                self.interrupted += entry.end == INTERRUPTED
            journals.ledger.booked.clear()
        self.begun.clear()
