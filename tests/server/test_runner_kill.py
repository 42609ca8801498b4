"""Whatever is killed, nothing is lost, nothing is done twice that must not be, and rows of the
application are there exactly once."""

from __future__ import annotations

import random
import signal
import threading
from pathlib import Path

from sqlalchemy import text

from tests.database.postgres import PostgresServer
from tests.server.killing import check, finish, killed, prepare, spawn
from tests.server.running import LATER, Doing, chain, done, new, running, task
from tsme.kernel.protocol import SUCCEEDED
from tsme_host.database.database import Database
from tsme_host.server.leases import LEASE
from tsme_host.server.terms import Told


def test_processes_killed_at_random_moments(database_url: str, tmp_path: Path) -> None:
    prepare(database_url)
    ledger = tmp_path / "ledger"
    count = 60
    assert killed(database_url, ledger, count, 3, random.Random(6)) >= 1
    finish(spawn(database_url, ledger, count))
    check(database_url, ledger, count)


def test_three_workers_one_killed_one_frozen(postgres_url: str, tmp_path: Path) -> None:
    prepare(postgres_url)
    ledger = tmp_path / "ledger"
    count = 120
    workers = [spawn(postgres_url, ledger, count // 3, i * count // 3) for i in range(3)]
    for worker in workers[:2]:
        assert worker.stdout
        assert worker.stdout.readline() == "started\n"
        assert worker.stdout.readline() == "begun\n"
    workers[0].kill()
    workers[1].send_signal(signal.SIGSTOP)
    workers[0].communicate()
    finish(workers[2])  # with all that the other two had
    workers[1].send_signal(signal.SIGCONT)
    workers[1].communicate(timeout=60)
    check(postgres_url, ledger, count)


def test_who_was_frozen_past_its_lease_writes_nothing(postgres_url: str) -> None:
    late = Doing({"later": lambda _: LATER})
    next_one = Doing({"later": lambda _: LATER})
    with running(postgres_url, late, name="late") as frozen:
        execution = done(frozen.begin(new(frozen, chain(task("later")))))
        with running(postgres_url, next_one, name="next") as other:
            # As if `frozen` had not renewed for as long as a lease lasts.
            def age(connection: object) -> None:
                connection.execute(  # type: ignore[attr-defined]
                    text("UPDATE tsme_workers SET seen = seen - :ms WHERE name = :name"),
                    {"ms": 2 * LEASE, "name": frozen.leases.name},
                )

            before = frozen.leases.name
            hold, held = threading.Event(), threading.Event()

            def freeze(_: object) -> None:
                held.set()
                hold.wait()

            frozen.listen(freeze)
            frozen.begin(new(other, chain(task("later")), "two"))
            held.wait()
            done(other.submit(age))
            taken = threading.Event()

            def look(told: Told) -> None:
                if told.execution == execution:
                    taken.set()

            other.listen(look)
            assert taken.wait(60)
            frozen.feed(execution, SUCCEEDED, 1, "late")
            hold.set()
            # What it had is another's: its input goes there, by the table.
            assert done(other.wait(execution)).output == '"late"'
            assert done(frozen.submit(lambda _: frozen.leases.name)) != before
    with Database.open(postgres_url) as database, database.read() as connection:
        owners = connection.execute(text("SELECT epoch, owner FROM tsme_executions")).all()
        assert max(row.epoch for row in owners) >= 2


def test_a_database_that_is_restarted(own_postgres: PostgresServer, tmp_path: Path) -> None:
    url = own_postgres.database()
    prepare(url)
    ledger = tmp_path / "ledger"
    worker = spawn(url, ledger, 200)
    assert worker.stdout
    assert worker.stdout.readline() == "started\n"
    assert worker.stdout.readline() == "begun\n"
    for kill in (True, False, True):
        own_postgres.restart(kill=kill)
    finish(worker)
    check(url, ledger, 200)
