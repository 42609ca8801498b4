"""Processes that run executions until they are killed, and an outside ledger of what they did.

    python -m tests.server.killing [RUNS]           kills RUNS processes (300), on SQLite
    python -m tests.server.killing --soak SECONDS   three workers on PostgreSQL, one of them killed
                                                    or frozen each second

A run is a process of its own over one database.  A ledger is a file to which a handler appends a
line before it gives its result: what really happened, whoever remembers it.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from tests.database.postgres import PostgresServer
from tests.interpreters import ROOT
from tests.server.running import PATIENCE, Doing, chain, new, running, task, wait
from tsme_host.database.database import Database
from tsme_host.server.leases import LEASE
from tsme_host.tools.errors import HostError

MACHINE = chain(
    task("idempotent"),
    task("transactional"),
    wait(0),
    task("once", Catch=[{"ErrorEquals": ["TSME.Interrupted"], "ResultPath": None, "Next": "S4"}]),
    task("transactional"),
)
EFFECTS = {"once": "once", "transactional": "transactional"}


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


def work(url: str, ledger: str, count: int, first: int) -> None:
    """Run executions until there are `count` that have ended, and say so."""
    with running(url, Noting(Ledger(Path(ledger)))) as runner:
        print("started", flush=True)
        one = new(runner, MACHINE)
        for i in range(first, first + count):
            name = f"n{i}"
            runner.begin(replace(one, arn=name, name=name, input=str(i))).exception()
        print("begun", flush=True)
        while _running(runner.database):
            time.sleep(0.02)
        print("ended", flush=True)


def _running(database: Database) -> int:
    try:
        with database.read() as connection:
            query = "SELECT count(*) FROM tsme_executions WHERE status = 'RUNNING'"
            return int(connection.execute(text(query)).scalar_one())
    except HostError:
        return 1  # it is away


def prepare(url: str) -> None:
    with Database.open(url) as database, database.write() as connection:
        connection.execute(text("CREATE TABLE done (name TEXT)"))


def spawn(url: str, ledger: Path, count: int, first: int = 0) -> subprocess.Popen[str]:
    words = [sys.executable, "-m", "tests.server.killing"]
    words += ["--work", url, str(ledger), str(count), str(first)]
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> None:
    """Wait for the end of a process that nobody kills."""
    out, _ = process.communicate(timeout=2 * PATIENCE)
    assert process.returncode == 0, out
    assert out.endswith("ended\n"), out


def killed(url: str, ledger: Path, count: int, runs: int, rng: random.Random) -> int:
    """Kill so many processes, each some moments after it has started; each begins its own part of
    `count` executions, and goes on with what others have left.  -> how many were killed"""
    dead = 0
    part = count // runs
    for i in range(runs):
        process = spawn(url, ledger, part, i * part)
        assert process.stdout
        process.stdout.readline()
        threading.Event().wait(rng.random() * 0.3)
        process.send_signal(signal.SIGKILL)
        dead += process.wait() == -signal.SIGKILL
        process.stdout.close()
    return dead


def check(url: str, ledger: Path, count: int) -> Counter[str]:
    """Law 6, and what transactions wrote.  -> how often each effect happened"""
    with Database.open(url) as database, database.read() as connection:
        rows = connection.execute(text("SELECT name, status, error FROM tsme_executions")).all()
        written = Counter(connection.execute(text("SELECT name FROM done")).scalars())
    assert sorted(row.name for row in rows) == sorted(f"n{i}" for i in range(count))
    assert {row.status for row in rows} == {"SUCCEEDED"}, rows
    assert written == {str(i): 2 for i in range(count)}
    noted = Counter((effect, name) for effect, name, _ in Ledger(ledger).read())
    assert {name for effect, name in noted if effect == "idempotent"} == {
        f"n{i}" for i in range(count)
    }
    assert all(n == 1 for (effect, _), n in noted.items() if effect == "once"), noted
    return Counter(effect for effect, _, _ in Ledger(ledger).read())


def soak(url: str, ledger: Path, seconds: int, rng: random.Random) -> tuple[Counter[str], int]:
    """Three workers; each second one of them is killed, or frozen past its lease and continued.

    -> (what happened to workers, how many executions there were)
    """
    part, begun = 20, 0
    workers: list[subprocess.Popen[str]] = []
    frozen: list[tuple[float, subprocess.Popen[str]]] = []
    happened: Counter[str] = Counter()
    for _ in range(seconds):
        workers = [one for one in workers if one.poll() is None]
        while len(workers) < 3:
            workers.append(spawn(url, ledger, part, begun))
            begun += part
        threading.Event().wait(1)
        one = workers.pop(rng.randrange(3))
        if rng.random() < 0.5:
            one.kill()
            one.wait()
            happened["killed"] += 1
        else:
            one.send_signal(signal.SIGSTOP)
            frozen.append((time.monotonic() + 1.3 * LEASE / 1000, one))
            happened["frozen"] += 1
        while frozen and frozen[0][0] <= time.monotonic():
            _, one = frozen.pop(0)
            one.send_signal(signal.SIGCONT)
            workers.append(one)  # beside the others, until it is done
            happened["continued"] += 1
    for _, one in frozen:
        one.send_signal(signal.SIGCONT)
    for one in workers + [one for _, one in frozen]:
        one.communicate(timeout=2 * PATIENCE)
    return happened, begun


def soaked(seconds: int) -> None:
    """The soak on a PostgreSQL server of its own, which is killed and started twice besides."""
    seed = random.randrange(1 << 32)
    print(f"seed {seed}", flush=True)
    server = PostgresServer()
    server.start()
    try:
        url = server.database()
        prepare(url)

        def restart() -> None:
            for _ in range(2):
                threading.Event().wait(seconds / 3)
                server.restart(kill=True)

        restarting = threading.Thread(target=restart)
        restarting.start()
        with tempfile.TemporaryDirectory() as folder:
            ledger = Path(folder) / "ledger"
            happened, count = soak(url, ledger, seconds, random.Random(seed))
            restarting.join()
            finish(spawn(url, ledger, count))  # with what was never begun
            print(f"{dict(happened)}, {count} executions, {dict(check(url, ledger, count))}")
    finally:
        server.close()


def main(runs: int) -> None:
    """Kill processes, each execution's work spread over several of them."""
    seed = random.randrange(1 << 32)
    rng = random.Random(seed)
    print(f"seed {seed}", flush=True)
    dead = 0
    while dead < runs:
        with tempfile.TemporaryDirectory() as folder:
            url, ledger = f"sqlite:///{folder}/tsme.db", Path(folder) / "ledger"
            prepare(url)
            count = rng.randrange(10, 200)
            dead += killed(url, ledger, count, 10, rng)
            finish(spawn(url, ledger, count))
            print(f"{dead} killed, {dict(check(url, ledger, count))}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--soak"]:
        soaked(int(sys.argv[2]))
    elif sys.argv[1:2] == ["--work"]:
        work(sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
