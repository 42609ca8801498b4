"""Three workers on one PostgreSQL database, of which each second one is killed or frozen.

Frozen means SIGSTOP past its lease, then SIGCONT.  Each worker begins executions, does their
tasks, and answers what any of them asks.  In the end all that was said to be durable has to be
there, and the ledger has to agree with it (workers.py).  How late timers were, their records say.
"""

from __future__ import annotations

import random
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from tests.database.postgres import PostgresServer
from tests.server.running import PATIENCE, chain, done, new, running, task, wait
from tests.server.workers import Ledger, Noting, Worker, prepare, unfinished
from tsme import Program, core
from tsme.journal import STEP
from tsme.kernel.protocol import SUCCEEDED, TIMER
from tsme.kernel.replay import Replay, read_step
from tsme_host.database import records
from tsme_host.database.database import Database
from tsme_host.server.leases import LEASE
from tsme_host.server.runner import Runner
from tsme_host.server.terms import Ended, NotPending
from tsme_host.tools.errors import HostError

STRIKES = "kills", "freezes"  # each of which has to happen
LATE = 1_000  # ms that a timer may be late
_BEGIN = 0.15  # seconds between executions that one worker begins
_LEARN = 500  # ms in which workers find a database again that has come back
_WORK, _STALL = 3, 10  # ms of work, and how much later it is done because of others

_INTERRUPTED = [{"ErrorEquals": ["TSME.Interrupted"], "ResultPath": None, "Next": "B2"}]
_TIMED_OUT = [{"ErrorEquals": ["States.Timeout"], "ResultPath": "$.slow", "Next": "S4"}]
_ASKS = {"StartAt": "A0", "States": {"A0": task("ask", End=True)}}
_WAITS = {
    "StartAt": "B0",
    "States": {
        "B0": {**wait(1), "Next": "B1"},
        "B1": task("once", Catch=_INTERRUPTED, Next="B2"),
        "B2": {"Type": "Pass", "Result": 0, "End": True},
    },
}
MACHINE = chain(
    task("idempotent"),
    task("transactional"),
    {"Type": "Parallel", "Branches": [_ASKS, _WAITS], "ResultPath": "$.both"},
    # Its owner, who may be gone, has the task as well as the timer.
    task("never", TimeoutSeconds=1, Catch=_TIMED_OUT),
    task("transactional"),
)
_TRANSACTIONS = 2  # of one execution


class Asking(Noting):
    """Keeps what executions ask in a table, for any worker to answer."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self.handlers["transactional"] = self.transact_one
        self.handlers["never"] = self.work

    def transact_one(self, connection: Connection, payload: Any) -> Any:
        connection.execute(text("INSERT INTO done (name) VALUES (:n)"), {"n": payload["name"]})
        return payload

    def scheduled(self, batch: Any, tasks: list[Any]) -> None:
        for one in tasks:
            if one.resource == "ask":
                query = "INSERT INTO asked (execution, action) VALUES (:e, :a)"
                batch.connection.execute(text(query), {"e": one.execution, "a": one.action})

    def start(self, task: Any) -> None:
        if task.resource != "never":
            super().start(task)


def lasting(pipe: Pipe, url: str, path: Path, name: str) -> None:
    """A worker of the soak: it begins executions until it hears "enough", and runs what there is
    until it hears "end"."""
    ledger = Ledger(path)
    with _started(url, ledger) as runner:
        machine = None
        while machine is None:  # the database may be away
            with suppress(HostError):
                machine = new(runner, MACHINE)
        ending, enough = threading.Event(), threading.Event()
        answers = threading.Thread(target=_answer, args=(runner, ledger, name, ending))
        answers.start()
        pipe.send("started")
        number = 0
        try:
            while not ending.is_set():
                if pipe.poll(_BEGIN):
                    (ending if pipe.recv() == "end" else enough).set()
                elif not enough.is_set():
                    own = f"{name}-{number}"
                    number += 1
                    one = replace(machine, arn=own, name=own, input=f'{{"name": "{own}"}}')
                    with suppress(HostError):
                        done(runner.begin(one))
                        ledger.note("begun", own)
        finally:
            ending.set()
            answers.join()
    pipe.send("ended")


@contextmanager
def _started(url: str, ledger: Ledger) -> Iterator[Runner]:
    """A runner, once the database is not away."""
    with ExitStack() as stack:
        while True:
            try:
                runner = stack.enter_context(running(url, Asking(ledger)))
                break
            except HostError:
                time.sleep(0.1)
        yield runner


def _answer(runner: Runner, ledger: Ledger, name: str, ending: threading.Event) -> None:
    """Answer what any execution asks, whoever runs it; what was taken is not asked again."""
    number = 0
    while not ending.wait(0.1):
        with suppress(HostError):
            with runner.database.read() as connection:
                query = "SELECT execution, action FROM asked ORDER BY random() LIMIT 5"
                asked = connection.execute(text(query)).all()
            for execution, action in asked:
                answer = f"{name}:{number}"
                number += 1
                ledger.note("answering", execution, answer)
                try:
                    done(runner.feed(execution, SUCCEEDED, action, answer, patient=False))
                    ledger.note("answered", execution, answer)
                except (Ended, NotPending):
                    pass
                gone = text("DELETE FROM asked WHERE execution = :e AND action = :a")
                values = {"e": execution, "a": action}
                done(runner.submit(lambda connection: connection.execute(gone, values).rowcount))  # noqa: B023


@dataclass
class Times:
    """When the database was away, and when this machine let nobody run: ms since 1970."""

    away: list[tuple[float, float]] = field(default_factory=list)
    stalled: list[tuple[float, float]] = field(default_factory=list)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Note when the machine is late itself."""
        ending = threading.Event()

        def watch() -> None:
            before = time.time() * 1000
            while not ending.wait(0.02):
                used = time.thread_time()
                while time.thread_time() - used < _WORK / 1000:
                    pass
                now = time.time() * 1000
                if now - before > 20 + _WORK + _STALL:
                    self.stalled.append((before + 20 + _WORK, now))
                before = now

        thread = threading.Thread(target=watch)
        thread.start()
        try:
            yield
        finally:
            ending.set()
            thread.join()

    def late(self, due: float, fired: float) -> float:
        """How late a timer was of what could be helped."""
        for _, back in self.away:
            if due < back + _LEARN < fired or due < back <= fired:
                due = max(due, min(fired, back + _LEARN))
        stalls = sum(max(0, min(fired, b) - max(due, a)) for a, b in self.stalled)
        return fired - due - stalls


@dataclass
class Soak:
    """What a soak has done, and found."""

    happened: Counter[str] = field(default_factory=Counter)
    lateness: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        told = [f"{name} {number}" for name, number in self.happened.items()]
        late = sorted(self.lateness)
        told.append(f"timers {len(late)}")
        told.append(f"late at most {late[-1]:.0f} ms, P99 {late[len(late) * 99 // 100]:.0f} ms")
        return ", ".join(told)


def soak(server: PostgresServer, folder: Path, seconds: int, rng: random.Random) -> Soak:
    """Three workers for so long, longer where they are not ready to be struck by then, and a
    database that is killed twice meanwhile; then what is left is brought to its end, and looked
    at."""
    url = server.database()
    prepare(url)
    ledger = folder / "ledger"
    found, times = Soak(), Times()
    workers: list[Worker] = []
    frozen: list[tuple[float, Worker]] = []
    try:
        with times.watching():
            for second in range(PATIENCE):
                if second >= seconds and all(found.happened[what] for what in STRIKES):
                    break
                while len(workers) < 3:
                    found.happened["workers"] += 1
                    name = f"w{found.happened['workers']}"
                    workers.append(Worker(lasting, url, ledger, name))
                threading.Event().wait(1)
                if second in (seconds // 3, 2 * seconds // 3):
                    began = time.time() * 1000
                    server.restart(kill=True)
                    times.away.append((began, time.time() * 1000))
                    found.happened["restarts"] += 1
                else:
                    _strike(workers, frozen, found, rng)
                while frozen and frozen[0][0] <= time.monotonic():
                    _go_on(frozen.pop(0)[1], workers, found)
            for _, one in frozen:
                _go_on(one, workers, found)
            frozen.clear()
            _come_to_an_end(url, workers)
    finally:
        for one in [*workers, *(one for _, one in frozen)]:
            with one:
                pass
    _check(url, ledger, times, found)
    return found


def _strike(
    workers: list[Worker], frozen: list[tuple[float, Worker]], found: Soak, rng: random.Random
) -> None:
    """Kill or freeze one, as long as another one is at work."""
    ready = [one for one in workers if "started" in one.said()]
    if len(ready) < 2:
        found.happened["spared"] += 1
        return
    one = rng.choice(ready)
    workers.remove(one)
    if rng.random() < 0.5:
        found.happened["kills"] += one.kill()
    else:
        one.send(signal.SIGSTOP)
        frozen.append((time.monotonic() + 1.3 * LEASE / 1000, one))
        found.happened["freezes"] += 1


def _go_on(one: Worker, workers: list[Worker], found: Soak) -> None:
    one.send(signal.SIGCONT)
    workers.append(one)  # beside the others
    found.happened["went on"] += 1


def _come_to_an_end(url: str, workers: list[Worker]) -> None:
    for one in workers:
        one.tell("enough")
    deadline = time.monotonic() + PATIENCE
    with Database.open(url) as database:
        while unfinished(database):
            assert time.monotonic() < deadline, "executions do not come to their end"
            time.sleep(0.1)
    for one in workers:
        one.tell("end")
    for one in workers:
        heard, code = one.hears("ended"), one.ended()
        assert (heard, code) == (True, 0), "a worker has ended by itself"


def _check(url: str, path: Path, times: Times, found: Soak) -> None:
    """Nothing lost, nothing twice, timers in time."""
    lines = Ledger(path).read()
    begun = {name for kind, name, *_ in lines if kind == "begun"}
    sent = {(int(line[1]), line[2]) for line in lines if line[0] == "answering"}
    with Database.open(url) as database, database.read() as connection:
        query = "SELECT id, name, status, error, output, digest FROM tsme_executions"
        rows = connection.execute(text(query)).all()
        written = Counter(connection.execute(text("SELECT name FROM done")).scalars())
        for row in rows:
            answers = _replay(connection, row, times, found)
            assert [(row.id, one) for one in answers if (row.id, one) in sent] == [
                (row.id, answers[0])
            ], row
            found.happened["inputs"] += len(answers)
    names = {row.name for row in rows}
    lost = begun - names
    unfinished = [row for row in rows if row.status != "SUCCEEDED"]
    wrong = {name: written[name] for name in names if written[name] != _TRANSACTIONS}
    once = Counter(name for kind, name, *_ in lines if kind == "once")
    twice = {name: number for name, number in once.items() if number > 1}
    assert (lost, unfinished, wrong, twice) == (set(), [], {}, {})
    assert {name for kind, name, *_ in lines if kind == "idempotent"} >= names
    found.happened |= Counter(executions=len(rows), lost=0, twice=0)


def _replay(connection: Connection, row: Any, times: Times, found: Soak) -> list[Any]:
    """The records of an execution, compared; how late its timers were.  -> what tasks gave"""
    data = records.program(connection, bytes(row.digest))
    assert data
    run = Replay(core.kernel(core.runs(Program(data))))
    given = []
    for _, kind, body in records.all_of(connection, row.id):
        if kind != STEP:
            continue
        _, event = read_step(body, run.state.now)
        if event[0] == TIMER:
            due = run.state.pending[event[2]].due
            found.lateness.append(times.late(due, event[1]))
            if found.lateness[-1] > LATE:
                print(f"{row.name} was due {due}, fired {event[1]}")
        elif event[0] == SUCCEEDED and isinstance(event[3], str):
            given.append(event[3])
        run.step(body)
    return given


def soaked(seconds: int) -> None:
    """The soak on a PostgreSQL server of its own."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    server = PostgresServer()
    server.start()
    try:
        with tempfile.TemporaryDirectory() as folder:
            found = soak(server, Path(folder), seconds, random.Random(seed))
            print(found)
            assert max(found.lateness) <= LATE, "timers were late"
    finally:
        server.close()
