"""One transaction of the runner: the executions that it touches, and how they are found."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Connection

from tsme.kernel.protocol import FAILED, HEARTBEAT, STARTED, SUCCEEDED, TIMER
from tsme.values.cbor import encode_all

from ..database.writer import Transaction
from ..tools.errors import HostError
from . import broken, lengths, loading, writing
from .leases import Leases
from .live import Known, Live, Programs, Rows
from .loading import Found
from .terms import Ended, NotPending, Told

_ABOUT_TASKS: Final = (SUCCEEDED, FAILED, HEARTBEAT, STARTED, TIMER)
_STEPS: Final = 64  # of one execution in a transaction


Ending = Callable[[Connection, int], object] | None


class Elsewhere(Exception):
    """Another process has the lease of an execution."""


class Held(Exception):
    """Another process has locked the row of an execution: it is making a step, or is frozen."""


class Lives:
    """The live executions of a process, those that were used last; and what makes others live."""

    def __init__(self, now: Callable[[], int], work: Any, most: int, ended: Ending = None) -> None:
        self.now = now
        self.work = work
        self.most = most
        self.ended = ended
        self.programs = Programs()
        self.events = 0  # that a history may have; 0: any number
        self.slow: set[str] = set()  # transactional tasks that took long, and were told of
        self.at: OrderedDict[int, Live] = OrderedDict()
        self.under_way: dict[int, set[int]] = {}  # tasks that were started here, by execution
        self.effect: Callable[[str], str] = getattr(work, "effect", lambda _: "idempotent")

    def new(self, client: Any, rows: Rows, known: Known) -> Live:
        """One that nothing is known of yet."""
        live = Live(client, rows, self.now, known)
        live.wanted, live.effect = self.work.wanted, self.effect
        if self.events and ":express:" not in known.arn:
            live.allowed = live.most_events = self.events
        return live

    def keep(self, live: Live) -> None:
        """The newest one; the oldest is given up if there are too many."""
        self.at[live.rows.key] = live
        self.at.move_to_end(live.rows.key)

    def trim(self) -> None:
        """Give up those that were not used for long; the database has all of them."""
        if len(self.at) > self.most:
            for key in list(self.at)[: len(self.at) - self.most]:
                if not self.at[key].asking:
                    del self.at[key]


class Batch:
    """What one transaction does.  If it fails, whatever it touched is forgotten, and found again
    in the database."""

    def __init__(self, transaction: Transaction, lives: Lives, leases: Leases) -> None:
        self.transaction = transaction
        self.lives = lives
        self.leases = leases
        self.touched: dict[int, Live] = {}
        self.more: set[int] = set()  # those that go on in the next transaction
        self.errors: dict[int, Exception] = {}  # of those that cannot go on
        self.stopped: dict[int, tuple[Any, Any]] = {}  # of these: those that end as they stand
        self.mended: set[int] = set()  # those that could not, until now
        self.told: list[Told] = []  # what became of those that cannot go on
        self.sent = False  # inputs for others are in the table
        self.taken: dict[int, int] = {}  # by execution: inputs before this one are in its records
        self.inserted: dict[str, tuple[int, int]] = {}  # id and start of new rows, by ARN
        self._found: dict[int, Found] = {}
        self.left: list[tuple[Live, Any]] = []  # tasks found pending that nobody here does

    @property
    def connection(self) -> Connection:
        """That of the transaction."""
        return self.transaction.connection

    def get(self, execution: int, fresh: bool = False) -> Live:
        """A live execution.  Raises Ended, Elsewhere, HostError TSME-S010 if there is none, and
        whatever is wrong with one that cannot go on.

        `fresh`: nothing is believed of what this process knows.
        """
        live = self.touched.get(execution)
        if live is None:
            live = None if fresh else self.lives.at.get(execution)
            if live is None:
                live = self._loaded(execution)
            else:
                self.lives.keep(live)
            self.touched[execution] = live
        if not live.busy():
            raise Ended(execution)
        return live

    def _loaded(self, execution: int) -> Live:
        try:
            return self._load(execution)
        except (Ended, Elsewhere, Held):
            raise
        except Exception as error:
            if not writing.lost(error) and getattr(error, "code", "") != "TSME-S010":
                self.errors[execution] = error
            raise

    def begun(self, live: Live) -> None:
        """A new execution, whose first step is made."""
        self.touched[live.rows.key] = live
        self.lives.keep(live)

    def find(self, executions: Sequence[int]) -> None:
        """Ask the database for these at once; get() will want them.  Up to some hundreds."""
        self._found |= loading.find(self.leases, self.connection, executions)

    def help(self, execution: int) -> Live | None:
        """Steps that are due of an execution whose owner does not move; it stays the owner, and
        begins its tasks.  -> None if there is nothing to help"""
        self._found |= loading.find(self.leases, self.connection, [execution], helping=True)
        try:
            live = self._load(execution, helping=True)
        except Ended:
            return None
        if live.helped:
            self.go(live)
        return live

    def reload(self, execution: int) -> Live:
        """A live execution as the database has it: others make steps of one that only waits."""
        live = self.touched.get(execution)
        if live is None or not live.rows.rows:
            self.touched.pop(execution, None)
            self.lives.at.pop(execution, None)
        return self.get(execution)

    def _load(self, execution: int, helping: bool = False) -> Live:
        if execution not in self._found:
            self.find([execution])
        found = self._found.pop(execution, None)
        if found is None:
            # Whoever has locked it is not waited for: that would hold up all others of the batch.
            text = "SELECT 1 FROM tsme_executions WHERE id = ?"
            if self.leases.sql(self.connection, text, execution).scalar():
                raise Held(execution)
            raise HostError("TSME-S010", f"there is no execution {execution} in the database")
        row = found.row
        if row.status != "RUNNING":
            raise Ended(execution)
        other = row.owner not in (None, self.leases.name)
        if other and not helping:
            raise Elsewhere
        client = self.lives.programs.client(self, bytes(row.digest))
        rows = Rows(execution, row.records, row.checkpoint)
        names = self.lives.programs.names[bytes(row.digest)]
        rows.found = found.checkpoint, found.steps
        live = self.lives.new(client, rows, Known(row.arn, row.machine or "", row.name))
        live.epoch, live.taken = row.epoch, row.given
        live.written = row.owner, row.given, row.due
        live.before, live.names = row.records, names
        live.recover()
        self.touched[execution] = live
        if row.broken is not None and not other:
            self.mended.add(execution)
        if other:
            live.helped = row.owner
            live.wanted = lambda _: False
        else:
            self.lives.keep(live)
            self._resume(live)
        self._take(live, found.inputs)
        return live

    def _resume(self, live: Live) -> None:
        # Law 6, as Engine.resume has it.
        here = self.lives.under_way.get(live.rows.key, ())
        for action in live.interrupted():
            if action.id in here:
                continue
            if not self.lives.work.wanted(action.resource):
                self.left.append((live, action))
                continue
            if action.started:
                live.asking.append(action.id)
            live.launch(action)

    def take_inputs(self, live: Live, given: int) -> None:
        """Feed what other processes have left for this execution, in the order of its numbers,
        as of when they came.  `given`: how many it has been given."""
        key = live.rows.key
        live.taken = max(live.taken, given)
        self._take(live, loading.inputs(self.leases, self.connection, [key]).get(key, ()))

    def _take(self, live: Live, given: Iterable[loading.Input]) -> None:
        for number, kind, fields, received in given:
            live.taken = max(live.taken, number + 1)
            self.taken[live.rows.key] = live.taken
            with suppress(Ended, NotPending):  # it came too late; who sent it has gone
                self.feed(live, kind, fields, received)

    def feed(
        self, live: Live, kind: int, fields: tuple[Any, ...], received: int | None = None
    ) -> None:
        """One input, and what follows from it.  `received`: when it came, if not now.  Raises
        Ended, NotPending."""
        if not live.busy():
            raise Ended(live.rows.key)
        if kind in _ABOUT_TASKS and fields[0] not in live.state.pending:
            raise NotPending(live.rows.key, fields[0])
        now = live.time() if received is None else max(received, int(live.state.now))
        event = (kind, now, *fields)
        late = live.late(event) is not None
        if fields and fields[0] in live.asking and kind in (SUCCEEDED, FAILED):
            live.asking.remove(fields[0])
        live.give((TIMER, event[1], fields[0]) if late else event)
        self.go(live)
        if late:
            raise NotPending(live.rows.key, fields[0])

    def go(self, live: Live) -> None:
        """Steps until there is nothing to do, or enough for one transaction."""
        key = live.rows.key
        try:
            more = live.go(_STEPS)
            if live.spent >= live.allowed and live.busy():
                lengths.hold(self.connection, live)
                more = live.busy()
            if more:
                self.more.add(key)
        except Exception as error:
            if live.busy():
                self.errors[key] = error
                raise
            # The failure is on record, and the execution has ended with it.

    def leave_input(self, execution: int, kind: int, fields: tuple[Any, ...]) -> None:
        """Leave an input for the process that has the execution."""
        text = (
            "UPDATE tsme_executions SET given = given + 1, due = 0"
            " WHERE id = ? AND status = 'RUNNING' RETURNING given - 1"
        )
        number = self.leases.sql(self.connection, text, execution).scalar()
        if number is None:
            raise Ended(execution)
        data = bytearray()
        encode_all(data, fields, True)
        text = "INSERT INTO tsme_inputs (execution, number, kind, fields, received)"
        now = self.lives.now()
        self.leases.sql(
            self.connection,
            f"{text} VALUES (?, ?, ?, ?, ?)",
            execution,
            number,
            kind,
            bytes(data),
            now,
        )
        self.sent = True

    def finish(self) -> None:
        """Write all that was made.  Raises writing.Lost."""
        changed = [live for live in self.touched.values() if live.rows.rows or live.launched]
        scheduled = getattr(self.lives.work, "scheduled", None)
        if scheduled:
            tasks = [live.task(a) for live in changed for a in wanted_of(live)]
            if tasks:
                scheduled(self, tasks)
        if self.taken:
            writing.taken(self.transaction, self.taken)
        left = [live.task(a) for live, a in self.left if a.id in live.state.pending]
        if left and hasattr(self.lives.work, "found"):
            self.lives.work.found(self.connection, left)
        over = [key for key, live in self.touched.items() if not live.busy()]
        told = self.lives.ended if over else None
        broken.mended(self, self.mended - self.errors.keys())
        last = not told and not self.sent and not self.errors
        writing.flush(self.transaction, self.touched.values(), self.leases.name, last)
        for key in over:
            if told:
                told(self.connection, key)
        self.told = broken.write(self, self.errors, self.stopped)
        if self.sent and self.leases.kind == "postgresql":
            self.connection.exec_driver_sql("NOTIFY tsme")


def wanted_of(live: Live) -> list[Any]:
    """The tasks that new steps ask for, as far as they are still pending."""
    pending = live.state.pending
    return [pending[a.id] for a in live.launched if a.id in pending] if live.busy() else []
