"""Worker processes that are killed and frozen, and an outside ledger of what they did.

Workers are forked from a process that has imported everything, so that one starts in a moment.
A ledger is a file to which a handler appends a line before it gives its result: what really
happened, whoever remembers it.
"""

from __future__ import annotations

import contextlib
import itertools
import multiprocessing
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from multiprocessing.connection import Connection as Pipe
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from tests.server.running import LATER, PATIENCE, Doing, chain, done, new, running, task, wait
from tsme.kernel.protocol import SUCCEEDED
from tsme_host.database.database import Database
from tsme_host.server import leases
from tsme_host.tools.errors import HostError

CAUGHT = [{"ErrorEquals": ["TSME.Interrupted"], "ResultPath": None, "Next": "S4"}]
MACHINE = chain(
    task("idempotent"),
    task("transactional"),
    wait(0),
    task("once", Catch=CAUGHT),
    task("transactional"),
)
EFFECTS = {"once": "once", "transactional": "transactional"}

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload(["tests.server.workers"])


class Ledger:
    """Lines of a file, each written whole by one write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(self, *words: Any) -> None:
        os.write(self.file, (" ".join(map(str, words)) + "\n").encode())

    def read(self) -> list[list[str]]:
        return [line.split() for line in self.path.read_text("utf-8").splitlines()]


class Noting(Doing):
    """Notes in a ledger what it does, from threads, a moment later."""

    def __init__(self, ledger: Ledger) -> None:
        def transact(connection: Connection, payload: Any) -> Any:
            connection.execute(text("INSERT INTO done (name) VALUES (:n)"), {"n": str(payload)})
            return payload

        handlers: dict[str, Callable[..., Any]] = {
            "idempotent": self.work,
            "once": self.work,
            "transactional": transact,
        }
        super().__init__(handlers, EFFECTS)
        self.ledger = ledger
        self.threads = ThreadPoolExecutor(8)

    def work(self, payload: Any) -> Any:
        return payload

    def start(self, task: Any) -> None:
        self.threads.submit(self.do, task)

    def do(self, task: Any) -> None:
        if not task.again:
            self.ledger.note(task.resource, task.name, task.action)
            time.sleep(random.random() * 0.02)  # what it does takes a while
        super().start(task)


class Worker:
    """A process that runs `body(pipe, *arguments)`; it ends with the one that made it.

    It says words through its pipe, as `hears` expects them.
    """

    def __init__(self, body: Callable[..., object], *arguments: Any) -> None:
        self.pipe, theirs = _forking.Pipe()
        self.process = _forking.Process(target=_alone, args=(body, theirs, arguments), daemon=True)
        self.process.start()
        theirs.close()
        self.words: list[str] = []

    def said(self) -> list[str]:
        """What it has said by now."""
        with contextlib.suppress(EOFError, OSError):
            while self.pipe.poll():
                self.words.append(self.pipe.recv())
        return self.words

    def hears(self, word: str) -> bool:
        """Wait until it says so.  -> False if it ends before"""
        with contextlib.suppress(EOFError, OSError):
            while word not in self.words:
                assert self.pipe.poll(2 * PATIENCE), f"a worker does not say {word}"
                self.words.append(self.pipe.recv())
        if word not in self.words:
            self.process.join(PATIENCE)  # it says why
        return word in self.words

    def tell(self, word: str) -> None:
        with contextlib.suppress(OSError):  # it has ended
            self.pipe.send(word)

    def send(self, number: signal.Signals) -> None:
        assert self.process.pid
        os.kill(self.process.pid, number)

    def kill(self) -> bool:
        """-> whether it was there to be killed"""
        self.process.kill()
        return self.ended() == -signal.SIGKILL

    def ended(self) -> int | None:
        """Wait for its end.  -> its exit code"""
        self.process.join(2 * PATIENCE)
        code = self.process.exitcode
        assert code is not None, "a worker does not end"
        self.pipe.close()
        return code

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.exitcode is None:
            self.kill()


def _alone(body: Callable[..., object], pipe: Pipe, arguments: tuple[Any, ...]) -> None:
    try:
        body(pipe, *arguments)
    except HostError as error:  # as `tsme worker` ends
        sys.exit(f"tsme: error {error}")
    finally:
        pipe.close()


def work(pipe: Pipe, url: str, ledger: Path, count: int, first: int) -> None:
    """Begin `count` executions, and run what there is until all have ended."""
    with running(url, Noting(Ledger(ledger))) as runner:
        pipe.send("started")
        one = new(runner, MACHINE)
        for i in range(first, first + count):
            name = f"n{i}"
            runner.begin(replace(one, arn=name, name=name, input=str(i))).exception()
        pipe.send("begun")
        while unfinished(runner.database):
            if pipe.poll(0.02):
                pipe.recv()  # raises EOFError if nobody is there any more
        pipe.send("ended")


def patient_work(pipe: Pipe, url: str, ledger: Path, count: int, first: int) -> None:
    """The same by a process for which a lease lasts for years."""
    leases.LEASE = 1 << 40  # type: ignore[misc]
    work(pipe, url, ledger, count, first)


def holding(pipe: Pipe, url: str, path: Path, machine: dict[str, Any]) -> None:
    """Has an execution whose task `later` is answered when it hears "answer"; what else it does is
    in the ledger, too."""
    ledger = Ledger(path)

    def later(_: Any) -> Any:
        ledger.note("later")
        return LATER

    def noted(payload: Any) -> Any:
        ledger.note("noted")
        return payload

    with running(url, Doing({"later": later, "noted": noted}, {"later": "once"})) as runner:
        execution = done(runner.begin(new(runner, machine)))
        pipe.send("begun")
        pipe.recv()
        row = runner.wait(execution)
        done(runner.feed(execution, SUCCEEDED, 1, "answered"))
        done(row)
        pipe.send("ended")


def freezing(pipe: Pipe, url: str, machine: dict[str, Any]) -> None:
    """Freezes in a transaction that has locked the row of a running execution, whose number it
    says first."""
    with running(url, Doing({})) as runner:
        query = "SELECT status FROM tsme_executions WHERE id = :id FOR UPDATE"

        def freeze(connection: Connection) -> bool:
            row = connection.execute(text(query), {"id": execution}).scalar_one()
            if row != "RUNNING":  # this process was too slow, and has ended it itself
                return False
            pipe.send(str(execution))
            pipe.send("begun")
            # This thread itself: of the process it might commit before it has stopped.
            signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)
            return True

        for number in itertools.count():
            execution = done(runner.begin(new(runner, machine, f"n{number}")))
            frozen = runner.submit(freeze)
            if frozen.exception() or frozen.result():
                break
        pipe.send("went on" if frozen.exception() else "locked it all the time")


def unfinished(database: Database) -> int:
    """How many executions have not ended."""
    try:
        with database.read() as connection:
            query = "SELECT count(*) FROM tsme_executions WHERE status = 'RUNNING'"
            return int(connection.execute(text(query)).scalar_one())
    except HostError:
        return 1  # it is away


def prepare(url: str) -> None:
    with Database.open(url) as database, database.write() as connection:
        connection.execute(text("CREATE TABLE done (name TEXT)"))
        connection.execute(text("CREATE TABLE asked (execution INTEGER, action INTEGER)"))


def spawn(url: str, ledger: Path, count: int, first: int = 0) -> Worker:
    return Worker(work, url, ledger, count, first)


def finish(worker: Worker) -> None:
    """Wait for the end of a process that nobody kills."""
    assert worker.hears("ended"), "a worker did not come to its end"
    assert worker.ended() == 0


def killed(
    url: str,
    ledger: Path,
    count: int,
    runs: int,
    rng: random.Random,
    crash: Callable[[], object] | None = None,
) -> Counter[str]:
    """Kill so many processes, each some moments after it has started; each begins its own part of
    `count` executions, and goes on with what others have left.  `crash`: lets the server of the
    database die and start again, in every third run besides.  -> what was killed"""
    dead: Counter[str] = Counter()
    part = count // runs
    for i in range(runs):
        with spawn(url, ledger, part, i * part) as process:
            if rng.random() < 0.9:  # else it is killed while it opens the database
                process.hears("started")
            threading.Event().wait(rng.random() * 0.3)
            if crash and rng.random() < 1 / 3:
                crash()
                dead["servers"] += 1
                threading.Event().wait(rng.random() * 0.3)
            dead["processes"] += process.kill()
    return dead


def check(url: str, ledger: Path, count: int) -> Counter[str]:
    """Law 6, and what transactions wrote.  -> how often each effect happened"""
    with Database.open(url) as database, database.read() as connection:
        rows = connection.execute(text("SELECT name, status, error FROM tsme_executions")).all()
        written = Counter(connection.execute(text("SELECT name FROM done")).scalars())
    names = [f"n{i}" for i in range(count)]
    assert sorted(row.name for row in rows) == sorted(names)
    assert {row.status for row in rows} == {"SUCCEEDED"}, rows
    assert written == {str(i): 2 for i in range(count)}
    noted = Counter((effect, name) for effect, name, _ in Ledger(ledger).read())
    assert {name for effect, name in noted if effect == "idempotent"} == set(names)
    assert all(n == 1 for (effect, _), n in noted.items() if effect == "once"), noted
    done = Counter(effect for effect, _, _ in Ledger(ledger).read())
    return done + Counter(transactional=sum(written.values()))
