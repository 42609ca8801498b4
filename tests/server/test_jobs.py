"""Jobs beside executions: each is done if its transaction was, whatever dies in between."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select, update

from tests.database.postgres import PostgresServer
from tests.database.rows import add_execution
from tests.interpreters import ROOT
from tests.tools.shell import COMMAND
from tsme_host.database.database import Database
from tsme_host.database.tables import executions
from tsme_host.server.duties import JobOptions, event
from tsme_host.server.jobs import Jobs
from tsme_host.server.procrastinating import Procrastinated
from tsme_host.server.serving import Options, opened
from tsme_host.tools.errors import HostError


def now() -> int:
    return time.time_ns() // 1_000_000


def until(there: Callable[[], Any], seconds: float = 240) -> None:
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)


class Receiver:
    """Somebody's webhook: what it was told, and how it answers."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.refuses = 0
        self.hangs = threading.Event()
        self.hangs.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.told.append(json.loads(body))
                outer.hangs.wait(240)
                status = 503 if len(outer.told) <= outer.refuses else 204
                self.send_response(status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/ends"

    def names(self) -> list[str]:
        return [one["detail"]["name"] for one in self.told]

    def close(self) -> None:
        self.hangs.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@contextmanager
def working(
    database: Database, webhook: str | None = None, retention: int | None = None, at: int = 0
) -> Iterator[Jobs]:
    jobs = Jobs(database, JobOptions(retention, webhook), lambda: now() + at)
    jobs.start()
    try:
        yield jobs
    finally:
        jobs.stop()


def end(database: Database, jobs: Jobs, name: str, fails: bool = False) -> None:
    """What a runner does when an execution ends."""
    with database.write() as connection:
        number = add_execution(connection, name)
        done = {"status": "SUCCEEDED", "stopped": now(), "output": "3"}
        connection.execute(update(executions).where(executions.c.id == number).values(done))
        jobs.ended(connection, number)
        if fails:
            raise ZeroDivisionError


def test_an_end_is_told_if_it_is_durable_and_never_if_it_is_not(
    database_url: str, receiver: Receiver
):
    with Database.open(database_url) as database, working(database, receiver.url) as jobs:
        with pytest.raises(ZeroDivisionError):
            end(database, jobs, "rolled-back", fails=True)
        for n in range(5):
            end(database, jobs, f"e{n}")
        until(lambda: len(receiver.told) == 5)
        assert receiver.names() == [f"e{n}" for n in range(5)]
    told = receiver.told[0]
    assert told["detail-type"] == "Step Functions Execution Status Change"
    assert told["source"] == "aws.states"
    assert told["account"] == "000000000000"
    assert told["resources"] == [told["detail"]["executionArn"]]
    assert told["detail"]["status"] == "SUCCEEDED"
    assert told["detail"]["output"] == "3"
    assert told["detail"]["outputDetails"] == {"included": True}


def test_a_server_tells_of_each_end_of_an_execution(database_url: str, receiver: Receiver):
    states = {
        "W": {"Type": "Wait", "SecondsPath": "$.wait", "Next": "F"},
        "F": {"Type": "Fail", "Error": "Stone", "Cause": "hard"},
    }
    with opened(Options(database=database_url, webhook=receiver.url)) as server:
        given = {"name": "m", "definition": json.dumps({"StartAt": "W", "States": states})}
        role = {"roleArn": "arn:aws:iam::000000000000:role/any"}
        machine = server.call("CreateStateMachine", given | role)["stateMachineArn"]
        arns = [
            server.call(
                "StartExecution", {"stateMachineArn": machine, "name": name, "input": wait}
            )
            for name, wait in (("fails", '{"wait": 0}'), ("stops", '{"wait": 1000}'))
        ]
        until(lambda: len(receiver.told) == 1)
        server.call("StopExecution", {"executionArn": arns[1]["executionArn"], "error": "E"})
        until(lambda: len(receiver.told) == 2)
        server.call("RedriveExecution", {"executionArn": arns[0]["executionArn"]})
        until(lambda: len(receiver.told) == 3)
    details = [one["detail"] for one in receiver.told]
    assert [
        (one["name"], one["status"], one["error"], one["redriveCount"]) for one in details
    ] == [
        ("fails", "FAILED", "Stone", 0),
        ("stops", "ABORTED", "E", 0),
        ("fails", "FAILED", "Stone", 1),
    ]
    assert {one["stateMachineArn"] for one in details} == {machine}
    assert len({one["id"] for one in receiver.told}) == 3


def test_a_webhook_that_refuses_is_told_again_with_the_same_id(
    database_url: str, receiver: Receiver
):
    receiver.refuses = 1
    with Database.open(database_url) as database, working(database, receiver.url) as jobs:
        end(database, jobs, "again")
        until(lambda: len(receiver.told) == 2)
    first, second = receiver.told
    assert first == second


def test_what_was_asked_for_while_nobody_worked_is_done_later(
    database_url: str, receiver: Receiver
):
    with Database.open(database_url) as database:
        with working(database, receiver.url) as jobs:
            pass
        end(database, jobs, "later")
        assert receiver.told == []
        with working(database, receiver.url):
            until(lambda: receiver.told)
    assert receiver.names() == ["later"]


def test_what_ended_too_long_ago_goes_and_nothing_else(sqlite_url: str):
    with Database.open(sqlite_url) as database:
        with database.write() as connection:
            old, new = now() - 10_000_000, now() - 1_000
            add_execution(connection, "old", status="FAILED", stopped=old)
            add_execution(connection, "new", status="FAILED", stopped=new)
            add_execution(connection, "running", started=1)
        with working(database, retention=5_000_000):
            until(lambda: names(database) == {"new", "running"})
        with working(database):  # without retention nothing goes
            pass
        assert names(database) == {"new", "running"}


def test_retention_is_a_job_on_postgresql(postgres_url: str):
    with Database.open(postgres_url) as database, working(database, retention=5_000) as jobs:
        with database.write() as connection:
            add_execution(connection, "old", status="FAILED", stopped=now() - 10_000)
            add_execution(connection, "running", started=1)
            jobs.queue.defer(connection, "prune", {"timestamp": 0})  # as each hour
        until(lambda: names(database) == {"running"})


def names(database: Database) -> set[str]:
    with database.read() as connection:
        return set(connection.scalars(select(executions.c.name)))


# --- what dies in between -----------------------------------------------------------------------

WORKS = """
import sys, time
from tsme_host.database.database import Database
from tsme_host.server.duties import JobOptions
from tsme_host.server.jobs import Jobs
from tsme_host.server.procrastinating import Procrastinated
with Database.open(sys.argv[1]) as database:
    jobs = Jobs(database, JobOptions(webhook=sys.argv[2]), lambda: time.time_ns() // 1_000_000)
    jobs.start()
    time.sleep(600)
"""


def test_a_job_whose_process_was_killed_is_done_by_another(database_url: str, receiver: Receiver):
    with Database.open(database_url) as database:
        jobs = Jobs(database, JobOptions(webhook=receiver.url), now)
        jobs.start()
        jobs.stop()
        end(database, jobs, "once-more")
        receiver.hangs.clear()
        process = subprocess.Popen(
            [sys.executable, "-c", WORKS, database_url, receiver.url], cwd=ROOT
        )
        try:
            until(lambda: len(receiver.told) == 1)  # it is within the job
        finally:
            process.kill()
            process.wait()
        receiver.hangs.set()
        if database.kind == "postgresql":  # half a minute later
            assert isinstance(jobs.queue, Procrastinated)
            with psycopg.connect(jobs.queue.place) as connection:
                ago = "UPDATE procrastinate_workers SET last_heartbeat = now() - interval '40 s'"
                assert connection.execute(ago).rowcount == 1
        with working(database, receiver.url, at=61_000):
            until(lambda: len(receiver.told) == 2)
    assert receiver.told[0] == receiver.told[1]


def test_jobs_go_on_when_the_database_was_away(own_postgres: PostgresServer, receiver: Receiver):
    with (
        Database.open(own_postgres.database()) as database,
        working(database, receiver.url) as jobs,
    ):
        end(database, jobs, "before")
        until(lambda: receiver.names() == ["before"])
        own_postgres.restart(kill=True)
        queue = jobs.queue
        assert isinstance(queue, Procrastinated)
        until(lambda: queue.begun > 1)  # LISTEN is lost with the server
        retried(lambda: end(database, jobs, "after"))
        # What was told when the server was killed may not be on record yet: it is told once more.
        until(lambda: set(receiver.names()) == {"before", "after"})


def retried(what: Callable[[], None]) -> None:
    for _ in range(100):
        try:
            return what()
        except HostError:
            time.sleep(0.1)
    raise AssertionError("the database has not come back")


def test_servers_that_start_at_once_make_one_set_of_tables(postgres_url: str):
    with Database.open(postgres_url) as database:
        made = [Jobs(database, JobOptions(), now) for _ in range(3)]
        threads = [threading.Thread(target=jobs.start) for jobs in made]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for jobs in made:
            jobs.stop()
        with database.read() as connection:
            found = connection.scalar(select(func.to_regclass("procrastinate_jobs")))
        assert found


# --- what can be wrong --------------------------------------------------------------------------


def test_what_is_no_url_is_refused(sqlite_url: str):
    with Database.open(sqlite_url) as database:
        for url in ("", "ends", "ftp://a/b", "http://", "http://[x"):
            with pytest.raises(HostError, match="TSME-S098") as wrong:
                Jobs(database, JobOptions(webhook=url), now)
            assert wrong.value.hint == "write http://HOST/PATH"


def test_an_event_that_would_be_too_large_says_what_it_left_out(sqlite_url: str):
    with Database.open(sqlite_url) as database, database.write() as connection:
        large = json.dumps("x" * 200_000)
        number = add_execution(
            connection, "large", status="SUCCEEDED", stopped=5, input=large, output=large
        )
        row = connection.execute(select(executions).where(executions.c.id == number)).one()
    detail = event(row)["detail"]
    assert (detail["output"], detail["outputDetails"]) == (None, {"included": False})
    assert (detail["input"], detail["inputDetails"]) == (large, {"included": True})


def test_serve_takes_them_as_options(tmp_path: Path):
    for option, value, code, hint in (
        ("--retention", "soon", "TSME-H002", "write 30d, 12h, 90min or 45s"),
        ("--webhook", "ends", "TSME-S098", "write http://HOST/PATH"),
    ):
        done = subprocess.run(
            [COMMAND, "serve", "--port", "0", option, value], cwd=tmp_path,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(f"tsme: error {code}: ")
        assert done.stderr.endswith(f"; {hint}\n")


def test_a_server_lets_go_of_what_is_too_old(sqlite_url: str):
    with Database.open(sqlite_url) as database, database.write() as connection:
        add_execution(connection, "old", status="FAILED", stopped=now() - 10_000)
    with opened(Options(database=sqlite_url, retention=5_000)) as server:
        until(lambda: names(server.database) == set())
