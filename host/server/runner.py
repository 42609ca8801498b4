"""Runs executions: takes inputs, makes steps, commits those of many executions together.

One thread owns all that changes executions.  Whatever was asked for while a transaction ran is the
next one, so a lone step waits for nobody, and 200 share one write to the disk.  What a step asks
for happens after its commit.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from sqlalchemy import Connection

from tsme.kernel.protocol import FAILED, STOP, SUCCEEDED
from tsme.values.copies import ordered, worded

from ..database.database import Database
from ..database.writer import Writer
from ..tools.errors import HostError
from . import broken, writing
from .asked import Job, Own, ending, pass_on, safely, tell, undo
from .batch import Batch, Elsewhere, Held, Lives, wanted_of
from .beginning import begin, prepare
from .clocks import Clock, Wall
from .helping import Helper
from .leases import Leases
from .live import Live
from .notify import Listener
from .terms import Ended, NewExecution, NotPending, Outcome, Told
from .transacting import transact
from .waiting import Waiting
from .work.pending import Work
from .writing import lost

T = TypeVar("T")
_log = logging.getLogger("tsme.runner")

_POLL: Final = 0.5  # seconds between looks at what others have left, should nobody tell
_JOBS: Final = 1_000  # in a transaction
_DUE: Final = 500  # executions whose time has come, in a transaction
_HELD: Final = 0.02  # seconds until a row is tried again that another process has locked
_LIVE: Final = 2_000  # executions that stay live, some 20 KB each
_TRIES: Final = 20  # of a transaction whose rows others have changed or locked
_SELECT_DUE: Final = (
    "SELECT id, given, records, epoch FROM tsme_executions"
    " WHERE due <= ? AND status = 'RUNNING' AND (owner IS NULL OR owner = ?)"
    " ORDER BY due LIMIT ?"
)


class Runner:
    """Runs the executions of a database, beside other processes that do the same.

    `work`: who does tasks (work/pending.py), with methods that it may have besides:
    `effect(resource)`, `scheduled(batch, tasks)`, `transact(connection, task)` and
    `emit(execution, kind, payload)`
    (docs/SERVER.md, "Running executions").  `live`: executions that stay in memory.  `ended`:
    called for each execution that ends, within the transaction that says so.
    """

    def __init__(
        self,
        database: Database,
        work: Work,
        clock: Clock | None = None,
        name: str = "tsme",
        live: int = _LIVE,
        ended: Callable[[Connection, int], object] | None = None,
    ) -> None:
        self.database = database
        self.work = work
        self.clock = clock or Wall()
        self.lives = Lives(self.clock.now, work, live, ended)
        self.leases = Leases(database.kind, name)
        self.transactions = 0  # that were committed
        self.asked: Callable[[Future[Any]], object] | None = None  # told of what is asked for
        self._writer = Writer(database)
        self._emit = getattr(work, "emit", None)  # (execution, "log"|"metric"|"publish", payload)
        self._jobs: deque[Job] = deque()
        self._ready: set[int] = set()
        self._held: list[Job] = []  # that wait for rows which other processes have locked
        self._asked = threading.Condition()
        self._poke = False
        self._ending = False
        self._thread: threading.Thread | None = None
        self._listeners: list[Callable[[Told], object]] = []
        self._waiting = Waiting()
        self._polled = 0.0
        self._next: int | None = 0  # when the next execution is due, as far as is known
        self._away: str | None = None  # what a database says that cannot be written
        self._helper = Helper(self.leases)
        self._notified = Listener(database, self.poke, self.leases)

    # What others call.

    def start(self) -> None:
        """Begin.  Raises HostError if the database cannot be written."""
        self._notified.start()  # who is in the table is known to live
        try:
            with self.database.write() as connection:
                self.leases.join(connection)
                broken.try_again(self.leases, connection)
        except HostError:
            self._notified.stop()
            raise
        self._thread = threading.Thread(target=self._loop, name="tsme-runner", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End: what was asked for is done, and what is ours is given back."""
        with self._asked:
            self._ending = True
            self._asked.notify()
        if self._thread:
            self._thread.join()
        self._notified.stop()

    def poke(self) -> None:
        """Look at once for what others have left."""
        with self._asked:
            self._poke = True
            self._asked.notify()

    def submit(self, write: Callable[[Connection], T]) -> Future[T]:
        """Run a function in the next transaction, in a savepoint of its own: what it raises is
        the future's.  The function may be called again, if the transaction has not happened."""

        def run(batch: Batch) -> T:
            savepoint = batch.connection.begin_nested()
            try:
                result = write(batch.connection)
            except Exception as error:
                undo(savepoint, error)
                raise Own(error) from None
            savepoint.commit()
            return result

        return self._ask(Job(run))

    def within(self, run: Callable[[Batch], T]) -> Future[T]:
        """Run something with executions in the next transaction."""
        return self._ask(Job(run))

    def begin(self, new: NewExecution) -> Future[int]:
        """Begin an execution: its row and its first step are one transaction.  -> its id

        The future raises Exists if there is one of this ARN, TsmeError for an input that is no
        JSON or too large.
        """
        return self._ask(Job(lambda batch: begin(batch, self.clock, new), new=new))

    def feed(self, execution: int, kind: int, *fields: Any, patient: bool = True) -> Future[Any]:
        """Give an input to an execution: `kind` and `fields` as docs/SPEC.md, 3.1, has them, the
        fields behind the time.  Durable when the future is done.

        The future raises NotPending, Ended, HostError TSME-S010 without such an execution.  If
        another process has it, the input is left for that one.  `patient`: it waits for a
        database that is not there; else the future raises what the database says.
        """
        if kind == SUCCEEDED:
            fields = (fields[0], ordered(fields[1]))
        elif kind in (FAILED, STOP):
            fields = (*fields[:-2], worded(fields[-2]), worded(fields[-1]))

        def run(batch: Batch) -> None:
            try:
                self._give(batch, execution, kind, fields)
            except Elsewhere:
                self._forget(execution, kind, fields)
                batch.leave_input(execution, kind, fields)
            except Exception as error:
                if isinstance(error, Ended) or execution in batch.errors:
                    self._forget(execution, kind, fields)
                raise

        return self._ask(Job(run, patient))

    def _give(self, batch: Batch, execution: int, kind: int, fields: tuple[Any, ...]) -> None:
        try:
            self._give_live(batch, execution, kind, fields)
        except Exception as error:
            if kind != STOP or execution not in batch.errors or lost(error):
                raise
            batch.stopped[execution] = fields[-2], fields[-1]

    def _give_live(self, batch: Batch, execution: int, kind: int, fields: tuple[Any, ...]) -> None:
        known = execution in self.lives.at
        live = batch.get(execution)
        try:
            batch.feed(live, kind, fields)
        except NotPending:
            if not known or live.rows.rows or live.written is None or live.written[0]:
                raise
            batch.feed(batch.reload(execution), kind, fields)  # others may have gone on with it

    def _forget(self, execution: int, kind: int, fields: tuple[Any, ...]) -> None:
        """What another process goes on with, or has ended, is not under way here."""
        here = self.lives.under_way.get(execution, set())
        if kind in (SUCCEEDED, FAILED) and fields[0] in here:
            here.remove(fields[0])
            safely(self.work.cancel, execution, fields[0])
            if not here:
                del self.lives.under_way[execution]

    def not_happened(self, execution: int, action: int) -> Future[None]:
        """The check of a `once` task that was interrupted says that it had not happened: from
        now on its time counts again."""

        def run(batch: Batch) -> None:
            live = batch.get(execution)
            if action in live.asking:
                live.asking.remove(action)
            batch.go(live)

        return self._ask(Job(run, patient=True))

    def wait(self, execution: int) -> Future[Outcome]:
        """-> how an execution has ended, once it has."""
        done: Future[Outcome] = Future()

        job = Job(lambda batch: self._waiting.add(batch, execution, done), patient=True)
        job.future.add_done_callback(lambda looked: pass_on(looked, done))
        self._ask(job)
        return done

    def listen(self, callback: Callable[[Told], object]) -> None:
        """Call back, in the runner's thread, with what has become durable."""
        self._listeners.append(callback)

    def queued(self) -> int:
        """What waits for a transaction."""
        return len(self._jobs) + len(self._ready) + len(self._held)

    def _ask(self, job: Job) -> Future[Any]:
        with self._asked:
            if self._ending:
                job.future.set_exception(ending())
            else:
                self._jobs.append(job)
                self._asked.notify()
        if self.asked:
            self.asked(job.future)
        return job.future

    # The thread.

    def _loop(self) -> None:
        while True:
            with self._asked:
                while not self._jobs and not self._ready and not self._ending and not self._poke:
                    pause = self._pause()
                    if pause <= 0:
                        break
                    self._asked.wait(pause)
                if self._held:
                    self._asked.wait(_HELD if self._ending else 0)
                    self._jobs.extend(self._held)
                    self._held.clear()
                if self._ending and not self._jobs:
                    break
                jobs = [self._jobs.popleft() for _ in range(min(_JOBS, len(self._jobs)))]
                poke, self._poke = self._poke, False
            try:
                self._turn(jobs, poke)
            except Exception:  # nobody expected it; what was committed stands
                _log.exception("the runner goes on after an error of its own")
                self.lives.at.clear()
        self._leave()

    def _pause(self) -> float:
        """Seconds until there is something to look at."""
        pause = self._polled + _POLL - time.monotonic()
        if self._held:
            pause = min(pause, _HELD - (time.monotonic() - self.leases.turned))
        if self._next is not None:
            if self.clock.virtual and not self.lives.under_way:
                return 0.0
            pause = min(pause, (self._next - self.clock.now()) / 1000 * self.clock.scale)
        return pause

    def _turn(self, jobs: list[Job], poke: bool) -> None:
        self.leases.turned = time.monotonic()
        batch: Batch | None = None
        ready, self._ready = self._ready, set()
        try:
            with self._writer.write() as transaction:
                batch = Batch(transaction, self.lives, self.leases)
                self._alive(batch, ready)
                prepare(batch, self.clock, [job.new for job in jobs if job.new])
                for job in jobs:
                    self._run(batch, job)
                ready |= self._due(batch, bool(jobs or ready), poke)
                for execution in ready:
                    self._continue(batch, execution)
                batch.finish()
        except Exception as error:
            self._failed(jobs, ready, batch, error)
            return
        self._committed(jobs, batch)

    def _run(self, batch: Batch, job: Job) -> None:
        job.result = job.error = None
        try:
            job.result = job.run(batch)
        except Held as held:
            if job.held(held, self._ending):
                self._held.append(job)
        except Own as own:
            job.error = own.error
        except Exception as error:
            if lost(error):
                raise
            job.error = error

    def _alive(self, batch: Batch, ready: set[int]) -> None:
        """Renew the lease, and look for what the dead have left."""
        if self.leases.late() and not self.leases.renew(batch.connection):
            _log.warning("other processes have taken over what this one had; it begins anew")
            for execution, actions in self.lives.under_way.items():
                for action in actions:
                    safely(self.work.cancel, execution, action)
            self.lives.under_way.clear()
            self.lives.at.clear()
            self.leases.rejoin(batch.connection)
        if self.leases.looks():
            for execution in self.leases.take_over(batch.connection):
                self.lives.at.pop(execution, None)
                ready.add(execution)
            self._poke |= self.leases.alarm

    def _due(self, batch: Batch, busy: bool, poke: bool) -> set[int]:
        """The executions whose time has come, or for whom others have left something."""
        now = self.clock.now()
        soon = self._next is not None and self._next <= now
        poll = time.monotonic() - self._polled >= _POLL
        idle = self.clock.virtual and not busy and not self.lives.under_way
        if not (soon or poll or poke or idle):
            return set()
        if idle and not soon and self._next is not None:
            self.clock.jump(self._next)
            now = self.clock.now()
        text = _SELECT_DUE
        if self.leases.kind == "postgresql":
            text += " FOR UPDATE SKIP LOCKED"
        rows = self.leases.sql(batch.connection, text, now, self.leases.name, _DUE).all()
        for row in rows:
            live = self.lives.at.get(row.id)
            if live and (live.rows.number, live.epoch) != (row.records, row.epoch):
                if row.id not in batch.touched:
                    del self.lives.at[row.id]
            elif live and row.given > live.taken:
                batch.take_inputs(batch.get(row.id), row.given)
        keys = {row.id for row in rows}
        batch.find([key for key in keys if key not in self.lives.at])
        later = "SELECT min(due) FROM tsme_executions WHERE due > ? AND status = 'RUNNING'"
        self._next = self.leases.sql(batch.connection, later, now).scalar()
        if len(rows) == _DUE:
            self._next = now
        self._helper.help(batch, now)
        if poll:
            self._polled = time.monotonic()
            self._waiting.look(batch)
        return keys

    def _continue(self, batch: Batch, execution: int) -> None:
        try:
            batch.go(batch.get(execution))
        except (Ended, Elsewhere):
            pass
        except Held:
            self._held.append(Job(lambda batch: self._continue(batch, execution), patient=True))
        except Exception as error:
            if lost(error):
                raise
            # Its row says why; or there is none: its beginning was not committed.

    def _committed(self, jobs: list[Job], batch: Batch) -> None:
        self.transactions += 1
        if self._away:
            self._away = None
            _log.warning("the database is back; what waited for it goes on")
        self._ready |= batch.more - batch.errors.keys()
        told = [self._settle(live) for live in batch.touched.values()]
        told += self._given_up(batch)
        for job in jobs:
            if job not in self._held:
                tell(job.future, job.result, job.error)
        self.lives.trim()
        for listener in self._listeners:
            for one in told:
                safely(listener, one)

    def _given_up(self, batch: Batch) -> list[Told]:
        """It is durable that these cannot go on: whoever tries again begins with their records."""
        for execution, error in batch.errors.items():
            broken.tell(execution, error)
            live = self.lives.at.get(execution)
            if live and (not live.asking or execution in batch.stopped):
                del self.lives.at[execution]
            if execution in batch.stopped:
                for action in self.lives.under_way.pop(execution, ()):
                    safely(self.work.cancel, execution, action)
        return batch.told

    def _settle(self, live: Live) -> Told:
        """It is durable: begin what it asks for, end what nobody waits for."""
        rows = live.rows
        rows.rows.clear()
        live.before, live.written = rows.number, live.writing
        pending = live.state.pending if live.busy() else {}
        here = self.lives.under_way.get(rows.key)
        for action in [a for a in here or () if a not in pending]:
            here.discard(action)  # type: ignore[union-attr]
            safely(self.work.cancel, rows.key, action)
        for action in wanted_of(live) if live.helped is None else ():
            self._start(live, action)
        for kind, payload in live.emitted:
            if self._emit:
                safely(self._emit, rows.key, kind, payload)
        live.launched.clear()
        live.emitted.clear()
        if not self.lives.under_way.get(rows.key, True):
            del self.lives.under_way[rows.key]
        due = live.due() if live.helped else live.writing[2]
        if due is not None and (self._next is None or due < self._next):
            self._next = due
        if not live.busy():
            self.lives.at.pop(rows.key, None)
            self._waiting.ended(live)
        return Told(rows.key, live.arn, live.status, rows.number, tuple(pending))

    def _start(self, live: Live, action: Any) -> None:
        if not self.work.wanted(action.resource):
            return
        key, number = live.rows.key, action.id
        self.lives.under_way.setdefault(key, set()).add(number)
        if self.lives.effect(action.resource) == "transactional":
            run = lambda batch: transact(self.work, batch, key, number)  # noqa: E731
            self._jobs.append(Job(run, patient=True))
        else:
            safely(self.work.start, live.task(action))

    def _failed(
        self, jobs: list[Job], ready: set[int], batch: Batch | None, error: Exception
    ) -> None:
        """The transaction has not happened: forget what it has made."""
        touched = set(batch.touched) if batch else set()
        for execution in touched:
            self.lives.at.pop(execution, None)
        self._ready |= ready | touched
        self._held.clear()  # they are among the jobs
        again = isinstance(error, writing.Lost) or getattr(error, "code", "") == "TSME-S006"
        failure = isinstance(error, HostError) or lost(error)
        if not again and not failure:
            _log.exception("a transaction failed", exc_info=error)
        keep = []
        for job in jobs:
            job.tries += 1
            patient = job.patient and not self._ending
            if again and (patient or job.tries < _TRIES) or failure and patient:
                keep.append(job)
            else:
                tell(job.future, None, error)
        self._jobs.extendleft(reversed(keep))
        if not again:
            self._wait_for_it(error)

    def _wait_for_it(self, error: Exception) -> None:
        """The database is away or full: say so once, and ask again in a moment."""
        if self._away is None:
            _log.warning("%s", error)
        self._away = str(error)
        time.sleep(0.05 if not self._ending else 0)

    def _leave(self) -> None:
        self._waiting.end()
        self._writer.close()
        try:
            with self.database.write() as connection:
                self.leases.leave(connection)
                if self.leases.kind == "postgresql":
                    connection.exec_driver_sql("NOTIFY tsme")
        except HostError as error:
            _log.warning("what this process had could not be given back: %s", error)
