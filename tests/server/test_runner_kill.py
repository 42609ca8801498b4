"""Whatever is killed, nothing is lost, nothing is done twice that must not be, and rows of the
application are there exactly once."""

from __future__ import annotations

import random
import signal
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from tests.database.postgres import PostgresServer
from tests.server.running import LATER, Doing, chain, done, new, running, task, wait
from tests.server.soaking import soak
from tests.server.workers import (
    Ledger,
    Worker,
    check,
    finish,
    freezing,
    holding,
    killed,
    patient_work,
    prepare,
    spawn,
)
from tsme.kernel.protocol import SUCCEEDED
from tsme_host.database.database import Database
from tsme_host.server import leases
from tsme_host.server.leases import LEASE
from tsme_host.server.terms import Told


def test_processes_killed_at_random_moments(database_url: str, tmp_path: Path) -> None:
    prepare(database_url)
    ledger = tmp_path / "ledger"
    count = 60
    assert killed(database_url, ledger, count, 3, random.Random(6))["processes"] >= 1
    finish(spawn(database_url, ledger, count))
    check(database_url, ledger, count)


def test_workers_killed_frozen_and_continued_while_the_database_is_restarted(
    own_postgres: PostgresServer, tmp_path: Path
) -> None:
    found = soak(own_postgres, tmp_path, 12, random.Random(8))
    happened = found.happened
    assert happened["restarts"] == 2
    assert min(happened["kills"], happened["freezes"], happened["went on"]) >= 1, str(found)


def test_what_a_killed_process_had_does_not_wait_for_its_lease(
    postgres_url: str, tmp_path: Path
) -> None:
    prepare(postgres_url)
    ledger = tmp_path / "ledger"
    worker = spawn(postgres_url, ledger, 40)
    assert worker.hears("begun")
    worker.kill()
    finish(Worker(patient_work, postgres_url, ledger, 40, 0))
    check(postgres_url, ledger, 40)


def test_timers_of_a_frozen_process_go_on_and_its_tasks_stay_its_own(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LEASE", 1 << 40)
    asks = {"StartAt": "A0", "States": {"A0": task("later", End=True)}}
    waits = {"B0": {**wait(1), "Next": "B1"}, "B1": task("noted", End=True)}
    machine = chain({"Type": "Parallel", "Branches": [asks, {"StartAt": "B0", "States": waits}]})
    ledger = tmp_path / "ledger"
    with Worker(holding, postgres_url, ledger, machine) as worker:
        assert worker.hears("begun")
        worker.send(signal.SIGSTOP)
        fired = threading.Event()
        told: list[int] = []
        with running(postgres_url, Doing({"later": lambda _: "not its own"})) as other:

            def hear(one: Told) -> None:
                told.append(one.execution)
                fired.set()

            other.listen(hear)
            assert fired.wait(60)
            worker.send(signal.SIGCONT)
            worker.tell("answer")
            finish(worker)
            row = done(other.wait(told[0]))
        assert (row.status, row.output) == ("SUCCEEDED", '["answered",null]')
    assert sorted(Ledger(ledger).read()) == [["later"], ["noted"]]


def test_a_transaction_in_which_a_process_was_frozen_holds_up_nobody(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LEASE", 1 << 40)
    never = "?options=-c%20idle_in_transaction_session_timeout%3D0"
    with Worker(freezing, postgres_url + never, chain(wait(1))) as worker:
        assert worker.hears("begun")
        with running(postgres_url, Doing({})) as other:
            assert done(other.wait(int(worker.words[0]))).status == "SUCCEEDED"
        worker.send(signal.SIGCONT)
        assert worker.hears("went on")
        assert worker.ended() == 0


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
    assert worker.hears("begun")
    for kill in (True, False, True):
        own_postgres.restart(kill=kill)
    finish(worker)
    check(url, ledger, 200)


@pytest.mark.parametrize("after", ["a task", "a wait", "the end", "a task, and another execution"])
def test_who_has_lost_an_execution_writes_no_step_of_it(
    database_url: str, after: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LEASE", 1 << 40)
    follows = {"a task": [task("later")], "a wait": [wait(1_000)], "the end": []}
    states = chain(task("later"), *follows.get(after, [task("later")]))
    with running(database_url, Doing({"later": lambda _: LATER})) as runner:
        one = done(runner.begin(new(runner, states)))
        two = done(runner.begin(new(runner, states, "two")))
        owner = leases.new_name("other")
        with runner.database.write() as connection:
            values = {"owner": owner, "id": one}
            take = "UPDATE tsme_executions SET owner = :owner, epoch = epoch + 1 WHERE id = :id"
            connection.execute(text(take), values)
            lives = "INSERT INTO tsme_workers (name, started, seen) VALUES (:owner, 1, :now)"
            connection.execute(text(lives), {"owner": owner, "now": runner.clock.now()})
        hold = threading.Event()
        runner.submit(lambda _: hold.wait())
        fed = [runner.feed(one, SUCCEEDED, 1, "late")]
        if "another" in after:
            fed.append(runner.feed(two, SUCCEEDED, 1, "in time"))
        hold.set()
        for each in fed:
            done(each)
        with runner.database.read() as connection:
            count = "SELECT execution, count(*) FROM tsme_records GROUP BY execution"
            records = sorted(map(tuple, connection.execute(text(count))))
            left = connection.execute(text("SELECT execution FROM tsme_inputs")).scalars().all()
        assert records == [(one, 1), (two, len(fed))]
        assert left == [one]
