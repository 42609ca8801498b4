"""Executions that cannot go on: every process says so, and there is a way out."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from tests.server.executing import begin, machine
from tests.server.running import LATER, PATIENCE, Doing, chain, done, new, running, task, wait
from tests.server.served import client, refusal, served
from tests.server.test_metrics import scraped
from tests.tools.shell import tsme
from tsme.errors import TsmeError
from tsme.kernel.protocol import STOP, SUCCEEDED
from tsme_host.database import queries
from tsme_host.database.database import Database
from tsme_host.database.records import all_of
from tsme_host.database.tables import executions, records
from tsme_host.server.clocks import Accelerated
from tsme_host.server.terms import Ended


def until(there: Callable[[], Any]) -> None:
    end = time.monotonic() + PATIENCE
    while not there():
        assert time.monotonic() < end
        time.sleep(0.02)


def write(database: Database, execution: int, body: bytes) -> bytes:
    """Put something in place of the first record.  -> what was there"""
    with database.write() as connection:
        first = (records.c.execution == execution) & (records.c.number == 0)
        found: bytes = connection.execute(select(records.c.body).where(first)).scalar_one()
        connection.execute(update(records).where(first).values(body=body))
    return found


def spoil(database: Database, execution: int, due: int | None = 0) -> bytes:
    """Put something that is no record in place of the first one, and let it be looked at."""
    body = write(database, execution, b"no record")
    with database.write() as connection:
        own = update(executions).where(executions.c.id == execution)
        connection.execute(own.values(due=due))
    return body


def row(database: Database, execution: int) -> Any:
    with database.read() as connection:
        found = select(executions).where(executions.c.id == execution)
        return connection.execute(found).one()


def test_every_process_knows_what_cannot_go_on_and_may_end_it(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR, "tsme.runner")
    ends: list[int] = []
    with (
        running(database_url, Doing({}), live=0) as one,
        running(database_url, Doing({}), ended=lambda _, key: ends.append(key)) as other,
    ):
        execution = done(one.begin(new(one, chain(wait(1_000_000)))))
        sound = done(one.begin(new(one, chain(wait(1_000_000)), "sound")))
        waits = one.wait(execution)
        spoil(one.database, execution)
        until(lambda: row(one.database, execution).broken)
        found = row(other.database, execution)
        assert found.broken.startswith("TSME-R002: ")
        assert (found.status, found.owner, found.due) == ("RUNNING", None, None)
        with other.database.read() as connection:
            assert [line.broken for line in queries.broken(connection)] == [found.broken]
            assert queries.broken_count(connection) == 1
            assert [line.broken for line in queries.statistics(connection)] == [1]
        assert f"execution {execution} cannot go on: {found.broken}" in caplog.messages
        with pytest.raises(TsmeError, match="TSME-R002"):
            done(other.feed(execution, SUCCEEDED, 1, None))
        done(other.feed(execution, STOP, "Spoilt", "by\0hand"))
        for told in (done(waits), done(other.wait(execution))):
            assert (told.status, told.error) == ("ABORTED", "Spoilt")
        found = row(one.database, execution)
        assert (found.cause, found.owner, found.due) == ("by\0hand", None, None)
        assert found.stopped >= found.started
        assert ends == [execution]
        with other.database.read() as connection:
            assert queries.broken_count(connection) == 0
        with pytest.raises(Ended):
            done(one.feed(execution, STOP, None, None))
        done(one.feed(sound, STOP, None, None))
        assert done(one.wait(sound)).status == "ABORTED"


@pytest.mark.parametrize("by", ["an input", "a new process"])
def test_what_was_mended_goes_on(by: str, database_url: str) -> None:
    work = Doing({})
    with running(database_url, work, live=0) as runner:
        execution = done(runner.begin(new(runner, chain(task("later")))))
        body = spoil(runner.database, execution)
        until(lambda: row(runner.database, execution).broken)
        write(runner.database, execution, body)
        if by == "an input":
            done(runner.feed(execution, SUCCEEDED, 1, 7))
            assert done(runner.wait(execution)).output == "7"
            assert row(runner.database, execution).broken is None
    if by == "a new process":
        work = Doing({"later": lambda _: 7})
        with running(database_url, work) as runner:
            assert done(runner.wait(execution)).output == "7"
            assert row(runner.database, execution).broken is None


def test_a_stop_that_was_left_for_its_owner_ends_it(postgres_url: str) -> None:
    work = Doing({"later": lambda _: LATER})
    with running(postgres_url, work, live=0) as owner, running(postgres_url, Doing({})) as other:
        execution = done(owner.begin(new(owner, chain(task("later")))))
        assert row(owner.database, execution).owner == owner.leases.name
        spoil(owner.database, execution, None)
        done(other.feed(execution, STOP, "Spoilt", "left"))
        told = done(other.wait(execution))
        assert (told.status, told.error, told.cause) == ("ABORTED", "Spoilt", "left")


class Odd(Doing):
    """Does not know what its own task means."""

    def effect(self, resource: str) -> str:
        raise KeyError(resource)


def test_a_step_that_cannot_be_made_is_not_made_and_can_be_stopped(database_url: str) -> None:
    definition = chain(wait(10), task("odd"))
    with running(database_url, Odd({"odd": lambda payload: payload}), Accelerated()) as runner:
        first, second = (
            done(runner.begin(new(runner, definition, name, 3))) for name in ("a", "b")
        )
        until(lambda: row(runner.database, first).broken)
        until(lambda: row(runner.database, second).broken)
        assert row(runner.database, first).broken == "KeyError: 'odd'"
        done(runner.feed(first, STOP, "Odd", "it is"))
        assert done(runner.wait(first)).status == "ABORTED"
        with runner.database.read() as connection:  # and it is on record
            bodies = [body for _, _, body in all_of(connection, first)]
        assert b"it is" in bodies[-1]
    with running(database_url, Doing({"odd": lambda payload: payload}), Accelerated()) as runner:
        assert done(runner.wait(second)).output == "3"


def test_what_cannot_go_on_is_counted_and_ended_through_every_server(
    sqlite_url: str, tmp_path: Path
) -> None:
    with served(sqlite_url) as (endpoint, server), served(sqlite_url) as (beside, _):
        sfn = client(beside)
        arn = machine(sfn, {"Rest": {"Type": "Wait", "Seconds": 3600, "End": True}})
        execution = begin(sfn, arn, name="spoilt")
        spoil(server.database, 1)
        until(lambda: row(server.database, 1).broken)
        for one in (endpoint, beside):
            assert scraped(one)["tsme_broken_executions"][""] == 1
        shown = tsme("store", "stats", "--database", sqlite_url)
        assert shown.stdout.split()[-1] == "1"
        assert 'tsme: "spoilt" cannot go on: TSME-R002: ' in shown.stderr
        told = json.loads(tsme("store", "stats", "--json", "--database", sqlite_url).stdout)
        assert [line["broken"] for line in told] == [1]
        assert sfn.describe_execution(executionArn=execution)["status"] == "RUNNING"
        sfn.stop_execution(executionArn=execution, error="Spoilt", cause="by hand")
        found = sfn.describe_execution(executionArn=execution)
        assert (found["status"], found["error"], found["cause"]) == (
            "ABORTED",
            "Spoilt",
            "by hand",
        )
        for call in (sfn.get_execution_history, sfn.redrive_execution):
            code, text = refusal(call, executionArn=execution)
            assert code == "ValidationException"
            assert "cannot be told from its records: TSME-R002" in text
        assert scraped(endpoint)["tsme_broken_executions"][""] == 0
    journal = str(tmp_path / "spoilt.bin")
    out = tsme("store", "export", "spoilt", "-o", journal, "--database", sqlite_url)
    assert out.exit_code == 0, out.stderr
    assert "TSME-H042: record 0 cannot be understood: TSME-R002" in tsme("replay", journal).stderr
    gone = tsme("store", "prune", "--older-than", "0s", "--database", sqlite_url)
    assert gone.stdout.startswith("gone: 1 execution")
