"""Executions run in a database: begun, fed, committed together, found again."""

from __future__ import annotations

import threading
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import Connection, exc, text

from tests.server.running import (
    LATER,
    PATIENCE,
    Doing,
    chain,
    counted,
    done,
    new,
    running,
    task,
    wait,
)
from tsme.kernel.protocol import STOP, SUCCEEDED
from tsme_host.database.database import Database
from tsme_host.database.records import all_of
from tsme_host.server import leases
from tsme_host.server.clocks import Accelerated
from tsme_host.server.room import PROCESS
from tsme_host.server.terms import Ended, Exists, NotPending, Told
from tsme_host.tools.errors import HostError
from tsme_host.tools.limits import limited


def echo(payload: Any) -> Any:
    return payload


def refuse(payload: Any) -> Any:
    raise ValueError(f"not {payload}")


def test_an_execution_runs_to_its_end(database_url: str) -> None:
    with running(database_url, Doing({"echo": echo})) as runner:
        row = done(runner.wait(done(runner.begin(new(runner, chain(task("echo")), value=3)))))
        assert (row.status, row.output, row.error) == ("SUCCEEDED", "3", None)


def test_a_task_that_fails_fails_its_execution(database_url: str) -> None:
    with running(database_url, Doing({"refuse": refuse})) as runner:
        row = done(runner.wait(done(runner.begin(new(runner, chain(task("refuse")), value=3)))))
        assert (row.status, row.error, row.cause) == ("FAILED", "ValueError", "not 3")


def test_a_name_is_used_once(database_url: str) -> None:
    with running(database_url, Doing({})) as runner:
        one = new(runner, chain({"Type": "Pass"}))
        done(runner.begin(one))
        with pytest.raises(Exists, match="TSME-S020"):
            done(runner.begin(one))


def test_what_is_not_pending_takes_no_result(database_url: str) -> None:
    with running(database_url, Doing({"later": lambda _: LATER})) as runner:
        execution = done(runner.begin(new(runner, chain(task("later")))))
        with pytest.raises(NotPending, match="TSME-S021"):
            done(runner.feed(execution, SUCCEEDED, 7, None))
        done(runner.feed(execution, SUCCEEDED, 1, "x"))
        with pytest.raises(Ended, match="TSME-S022"):
            done(runner.feed(execution, SUCCEEDED, 1, "x"))
        with pytest.raises(HostError, match="TSME-S010"):
            done(runner.feed(99, SUCCEEDED, 1, "x"))


def test_a_stopped_execution_is_aborted_and_its_task_cancelled(database_url: str) -> None:
    work = Doing({"later": lambda _: LATER})
    with running(database_url, work) as runner:
        execution = done(runner.begin(new(runner, chain(task("later")))))
        done(runner.feed(execution, STOP, "Why", "because"))
        row = done(runner.wait(execution))
        assert (row.status, row.error, row.cause) == ("ABORTED", "Why", "because")
        assert work.cancelled == [(execution, 1)]


def test_a_workflow_whose_time_is_up_has_timed_out(database_url: str) -> None:
    machine = {**chain(wait(100)), "TimeoutSeconds": 20}
    with running(database_url, Doing({}), Accelerated()) as runner:
        row = done(runner.wait(done(runner.begin(new(runner, machine)))))
        assert (row.status, row.error) == ("TIMED_OUT", "States.Timeout")
        assert 20_000 <= row.stopped - row.started < 100_000


def test_an_accelerated_clock_jumps_over_waits(database_url: str) -> None:
    with running(database_url, Doing({"echo": echo}), Accelerated()) as runner:
        machine = chain(wait(1_000_000), task("echo"), wait(1_000_000))
        row = done(runner.wait(done(runner.begin(new(runner, machine)))))
        assert row.status == "SUCCEEDED"
        assert row.stopped - row.started >= 2_000_000_000


def test_many_share_transactions(database_url: str) -> None:
    with running(database_url, Doing({"echo": echo})) as runner:
        machine = chain(task("echo"), task("echo"))
        many = [new(runner, machine, f"n{i}", i) for i in range(100)]
        hold, held = threading.Event(), threading.Event()

        def slow(_: Connection) -> None:
            held.set()
            hold.wait()

        first = runner.submit(slow)
        held.wait()
        begun = [runner.begin(one) for one in many]
        before = runner.transactions
        hold.set()
        done(first)
        waits = [runner.wait(done(one)) for one in begun]
        rows = [done(one) for one in waits]
        assert [row.output for row in rows] == [str(i) for i in range(100)]
        assert runner.transactions - before < 60  # and not 400


def test_what_one_write_raises_is_its_own(database_url: str) -> None:
    with running(database_url, Doing({})) as runner:

        def fails(connection: Connection) -> None:
            connection.execute(text("DELETE FROM tsme_programs"))
            raise KeyError("mine")

        good = new(runner, chain({"Type": "Pass"}))
        bad = runner.submit(fails)
        with pytest.raises(KeyError, match="mine"):
            done(bad)
        wrong = runner.submit(lambda c: c.execute(text("SELECT nothing FROM nowhere")))
        done(runner.begin(replace(good, arn="other", name="other")))
        with pytest.raises(exc.DBAPIError, match="nowhere"):
            done(wrong)
        assert done(runner.wait(done(runner.begin(good)))).status == "SUCCEEDED"


def test_an_input_that_is_no_json_begins_nothing(database_url: str) -> None:
    with running(database_url, Doing({})) as runner:
        one = new(runner, chain({"Type": "Pass"}))
        with pytest.raises(Exception, match="JSON"):
            done(runner.begin(one.__class__(**{**one.__dict__, "input": "{"})))
        assert done(runner.wait(done(runner.begin(one)))).status == "SUCCEEDED"


def test_those_that_begin_together_are_told_each_its_own(database_url: str) -> None:
    with running(database_url, Doing({})) as runner:
        one = new(runner, chain({"Type": "Pass"}), 'a "\\" b', {"a": 'x"\\y', "b": None})
        other = replace(one, arn=f"{one.arn}2", settings={"a": ["\\", '"']})
        reached, go_on = threading.Event(), threading.Event()

        def hold_up(_: Connection) -> None:
            reached.set()
            go_on.wait(60)

        runner.submit(hold_up)
        assert reached.wait(60)
        first, again = runner.begin(one), runner.begin(one)
        wrong = runner.begin(replace(one, arn=f"{one.arn}3", input="{"))
        unknown = runner.begin(replace(one, arn=f"{one.arn}4", digest=bytes(8)))
        last = runner.begin(other)
        go_on.set()
        assert done(runner.wait(done(first))).output == one.input.replace(" ", "")
        assert done(runner.wait(done(last))).arn == other.arn
        with pytest.raises(Exists):
            done(again)
        with pytest.raises(Exception, match="JSON"):
            done(wrong)
        with pytest.raises(HostError, match="TSME-S023"):
            done(unknown)
        with runner.database.read() as connection:
            rows = connection.execute(text("SELECT name, input FROM tsme_executions")).all()
        assert [tuple(row) for row in rows] == [(one.name, one.input)] * 2


def test_listeners_hear_of_what_is_durable(database_url: str) -> None:
    told: list[Told] = []
    with running(database_url, Doing({"later": lambda _: LATER})) as runner:
        runner.listen(told.append)
        execution = done(runner.begin(new(runner, chain(task("later")))))
        done(runner.feed(execution, SUCCEEDED, 1, None))
        done(runner.wait(execution))
        heard = [(one.status, one.records, one.pending) for one in told]
        assert heard == [("RUNNING", 1, (1,)), ("SUCCEEDED", 2, ())]


def test_what_is_given_up_in_memory_goes_on(database_url: str) -> None:
    with running(database_url, Doing({"later": lambda _: LATER}), live=2) as runner:
        machine = chain(task("later"), task("later"))
        ids = [done(runner.begin(new(runner, machine, f"n{i}"))) for i in range(20)]
        for action in (1, 2):
            for execution in ids:
                done(runner.feed(execution, SUCCEEDED, action, execution))
        assert {done(runner.wait(i)).output for i in ids} == {str(i) for i in ids}
        assert len(runner.lives.at) <= 2


def test_records_are_kept_behind_a_checkpoint(database_url: str) -> None:
    with running(database_url, Doing({"later": lambda _: LATER})) as runner:
        rule = {"Variable": "$", "StringEquals": "end", "Next": "C"}
        choice = {"Type": "Choice", "Choices": [rule], "Default": "A"}
        states = {"A": task("later", Next="B"), "B": choice, "C": {"Type": "Succeed"}}
        machine = {"StartAt": "A", "States": states}
        execution = done(runner.begin(new(runner, machine)))
        for action in range(1, 300):
            done(runner.feed(execution, SUCCEEDED, action, action))
    with running(database_url, Doing({"later": lambda _: LATER})) as runner:
        done(runner.feed(execution, SUCCEEDED, 300, "x"))
    with Database.open(database_url) as database, database.read() as connection:
        kinds = [kind for _, kind, _ in all_of(connection, execution)]
        assert len(kinds) == 302  # 301 steps, and one checkpoint among them
        assert len(set(kinds)) == 2


def test_a_transactional_task_writes_with_its_result(database_url: str) -> None:
    def pay(connection: Connection, amount: Any) -> Any:
        connection.execute(text("INSERT INTO paid (amount) VALUES (:n)"), {"n": amount})
        if amount < 0:
            raise ValueError("less than nothing")
        return amount

    with running(database_url, Doing({"pay": pay}, {"pay": "transactional"})) as runner:
        done(runner.submit(lambda c: c.execute(text("CREATE TABLE paid (amount INTEGER)"))))
        good = done(runner.begin(new(runner, chain(task("pay")), "good", 5)))
        bad = done(runner.begin(new(runner, chain(task("pay")), "bad", -5)))
        assert done(runner.wait(good)).output == "5"
        assert done(runner.wait(bad)).error == "ValueError"
        rows = done(runner.submit(lambda c: c.execute(text("SELECT amount FROM paid")).all()))
        assert [tuple(row) for row in rows] == [(5,)]


def test_work_that_fails_to_cancel_stops_nothing(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Doing):
        def cancel(self, execution: int, action: int) -> None:
            raise KeyError("cannot")

    with running(sqlite_url, Failing({"later": lambda _: LATER})) as runner:
        machine = chain(task("later"))
        for name in ("one", "two"):
            execution = done(runner.begin(new(runner, machine, name)))
            done(runner.feed(execution, STOP, None, None))
            assert done(runner.wait(execution)).status == "ABORTED"
    assert "cannot" in caplog.text


def test_what_aws_lets_an_execution_have_fits(sqlite_url: str) -> None:
    value = {"text": "x" * 250_000}
    with limited(PROCESS), running(sqlite_url, Doing({"echo": echo})) as runner:
        machine = chain(task("echo"), {"Type": "Pass"})
        machine["Comment"] = "tsme: step_bytes=16777216, items=40000"
        row = done(runner.wait(done(runner.begin(new(runner, machine, value=value)))))
        assert (row.status, row.error) == ("SUCCEEDED", None)
        assert len(row.output) > 250_000


def test_who_gives_up_holds_up_nobody(sqlite_url: str) -> None:
    with running(sqlite_url, Doing({"later": lambda _: LATER})) as runner:
        execution = done(runner.begin(new(runner, chain(task("later")))))
        hold = threading.Event()
        runner.submit(lambda _: hold.wait())
        gone = runner.wait(execution)
        fed = runner.feed(execution, SUCCEEDED, 1, 5)
        assert gone.cancel()
        assert fed.cancel()
        hold.set()
        assert done(runner.wait(execution)).output == "5"


def test_a_runner_that_ends_tells_who_waits(sqlite_url: str) -> None:
    with running(sqlite_url, Doing({"later": lambda _: LATER})) as runner:
        waiting = runner.wait(done(runner.begin(new(runner, chain(task("later"))))))
    with pytest.raises(HostError, match="TSME-S024"):
        done(waiting)
    with pytest.raises(HostError, match="TSME-S024"):
        done(runner.submit(lambda _: None))


def test_who_waits_hears_of_an_end_in_another_process(postgres_url: str) -> None:
    with running(postgres_url, Doing({}), name="one") as one:
        execution = done(one.begin(new(one, chain(wait(100)))))
        ended = one.wait(execution)
        done(one.submit(lambda _: None))
        with running(postgres_url, Doing({}), name="other") as other:
            done(other.feed(execution, STOP, "Why", "because"))
        assert done(ended) == done(one.wait(execution))
        assert done(ended).status == "ABORTED"


def test_a_task_is_told_with_its_state_and_attempt(sqlite_url: str) -> None:
    retry = [{"ErrorEquals": ["ValueError"], "MaxAttempts": 1, "IntervalSeconds": 1}]
    work = Doing({"refuse": refuse})
    with running(sqlite_url, work, Accelerated()) as runner:
        machine = chain({"Type": "Pass"}, task("refuse", Retry=retry))
        assert done(runner.wait(done(runner.begin(new(runner, machine))))).status == "FAILED"
    assert [(one.state, one.attempt) for one in work.started] == [("S1", 1), ("S1", 2)]
    assert work.started[0].name == "one"


def test_steps_are_written_by_the_driver_alone(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = Doing({"echo": echo, "later": lambda _: LATER})
    with running(database_url, work) as runner:
        machine = chain(task("later"), *[task("echo")] * 20, task("later"))
        execution = done(runner.begin(new(runner, machine)))
        begun = counted(runner.database, monkeypatch)
        last = threading.Event()
        runner.listen(lambda told: last.set() if told.pending == (22,) else None)
        done(runner.feed(execution, SUCCEEDED, 1, 5))
        assert last.wait(PATIENCE)
        assert begun.count("tsme-runner") == 0


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_who_makes_steps_does_not_look_for_the_dead_with_each(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 100.0
    monkeypatch.setattr(leases, "time", SimpleNamespace(monotonic=lambda: now))
    some = leases.Leases(kind, "some")
    assert [some.looks() for _ in range(3)] == [True, False, False]
    some.alarm = True
    assert [some.looks() for _ in range(3)] == [True, False, False]
    now += 2
    assert [some.looks() for _ in range(3)] == [True, False, False]
