"""Handlers of a tasks file do the tasks of a server's executions."""

from __future__ import annotations

import asyncio
import json
import threading

import pytest
from sqlalchemy import text

import tsme
from tests.server.running import chain, counted
from tests.server.working import LIMIT, running, task
from tsme_host.server import transacting
from tsme_host.server.work import transactional
from tsme_host.server.work.in_process import InProcess


def test_plain_and_async_handlers_give_results(sqlite_url):
    tasks = tsme.Tasks()

    @tasks.task("add")
    def add(payload):
        return payload["n"] + 1

    @tasks.task("later")
    async def later(payload):
        await asyncio.sleep(0)
        return {"b": 1, "a": payload}

    with running(sqlite_url, InProcess(tasks)) as here:
        assert here.run(task("add"), {"n": 1}).output == "2"
        assert json.loads(here.run(task("later"), 5).output) == {"a": 5, "b": 1}
        arn = "arn:aws:lambda:us-east-1:000000000000:function:add"
        assert here.run(task(arn), {"n": 2}).output == "3"
        invoke = task(
            "arn:aws:states:::lambda:invoke",
            Parameters={"FunctionName": "add", "Payload.$": "$"},
        )
        assert json.loads(here.run(invoke, {"n": 3}).output)["Payload"] == 4


def test_what_a_handler_raises_is_the_error_of_the_task(sqlite_url):
    tasks = tsme.Tasks()

    @tasks.task("jam")
    def jam(payload):
        raise tsme.TaskError("ValveJammed", "at 40 %")

    @tasks.task("slip")
    async def slip(payload):
        return payload["none"]

    @tasks.task("leave")
    def leave(payload):
        raise SystemExit(3)

    with running(sqlite_url, InProcess(tasks)) as here:
        row = here.run(task("jam"))
        assert (row.status, row.error, row.cause) == ("FAILED", "ValveJammed", "at 40 %")
        assert here.run(task("slip"), {}).error == "KeyError"
        assert here.run(task("leave")).error == "SystemExit"
        caught = task("jam", Catch=[{"ErrorEquals": ["ValveJammed"], "Next": "Fine"}])
        caught["States"]["Fine"] = {"Type": "Succeed"}
        assert here.run(caught).status == "SUCCEEDED"


def test_a_task_costs_the_transaction_of_its_result(database_url, monkeypatch):
    tasks = tsme.Tasks()
    seen = []

    @tasks.task("count")
    def count(payload):
        seen.append((here.runner.transactions, begun.count("tsme-runner")))

    flow = chain(*[{"Type": "Task", "Resource": "count"}] * 20)
    with running(database_url, InProcess(tasks)) as here:
        begun = counted(here.database, monkeypatch)
        assert here.run(flow).status == "SUCCEEDED"
    (first, joined), (last, joined_then) = seen[0], seen[-1]
    assert last - first <= 20  # that of who waits for the end is among them
    assert joined_then == joined


def test_a_task_that_nobody_does_fails_by_its_name(sqlite_url):
    with running(sqlite_url) as here:
        row = here.run(task("arn:aws:states:::sqs:sendMessage", Parameters={"a": 1}))
    assert (row.status, row.error) == ("FAILED", "TSME.NoHandler")
    assert row.cause.startswith("nobody does arn:aws:states:::sqs:sendMessage: tsme serve has no")


def test_handlers_run_side_by_side(sqlite_url):
    tasks = tsme.Tasks()
    both = threading.Barrier(2)

    @tasks.task("meet")
    def meet(payload):
        both.wait(LIMIT)
        return "met"

    with running(sqlite_url, InProcess(tasks)) as here:
        two = [here.begin(task("meet")) for _ in range(2)]
        assert [here.end(one).output for one in two] == ['"met"', '"met"']


def test_a_retry_counts_attempts_and_a_handler_knows_its_execution(sqlite_url):
    tasks = tsme.Tasks()
    seen = []

    @tasks.task("try", context=True)
    def attempt(payload, context):
        seen.append((context.execution, context.attempt, context.arn))
        if context.attempt < 3:
            raise tsme.TaskError("Again")
        context.heartbeat()
        return context.token

    again = {"ErrorEquals": ["Again"], "IntervalSeconds": 1, "MaxDelaySeconds": 1}
    again |= {"JitterStrategy": "FULL"}
    with running(sqlite_url, InProcess(tasks)) as here:
        number = here.begin(task("try", Retry=[again], HeartbeatSeconds=60))
        row = here.end(number)
        assert row.status == "SUCCEEDED"
        assert json.loads(row.output).startswith(f"{number}-")
    assert [attempt for _, attempt, _ in seen] == [1, 2, 3]
    assert {execution for execution, _, _ in seen} == {number}


def test_a_task_whose_time_is_up_is_cancelled(sqlite_url):
    tasks = tsme.Tasks()
    cancelled = threading.Event()

    @tasks.task("hang")
    async def hang(payload):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    with running(sqlite_url, InProcess(tasks)) as here:
        row = here.run(task("hang", TimeoutSeconds=1))
        assert (row.status, row.error) == ("FAILED", "States.Timeout")
        assert cancelled.wait(LIMIT)


def test_what_was_under_way_starts_again_and_once_asks_its_check(sqlite_url):
    tasks = tsme.Tasks()
    begun = {name: threading.Event() for name in ("free", "check", "unknown")}
    calls: list[str] = []
    hold = True

    def waits(name):
        async def handler(payload):
            calls.append(name)
            begun[name].set()
            if hold:
                await asyncio.Event().wait()
            return name

        return handler

    async def look(payload):
        return tsme.Done("it had happened")

    tasks.task("free")(waits("free"))
    tasks.task("check", effect="once", check=look)(waits("check"))
    tasks.task("unknown", effect="once")(waits("unknown"))
    with running(sqlite_url, InProcess(tasks)) as here:
        numbers = {name: here.begin(task(name)) for name in begun}
        assert all(event.wait(LIMIT) for event in begun.values())
    hold = False
    with running(sqlite_url, InProcess(tasks)) as here:
        rows = {name: here.end(number) for name, number in numbers.items()}
    assert rows["free"].output == '"free"'
    assert rows["check"].output == '"it had happened"'
    assert rows["unknown"].error == "TSME.Interrupted"
    assert sorted(calls) == ["check", "free", "free", "unknown"]


def test_a_transactional_handler_writes_with_its_result_or_not_at_all(database_url):
    tasks = tsme.Tasks()

    @transactional(tasks, "book")
    def book(payload, connection):
        connection.execute(text("INSERT INTO bookings (seat) VALUES (:seat)"), payload)
        if payload["seat"] == 13:
            raise tsme.TaskError("NoSuchSeat")
        return connection.execute(text("SELECT count(*) FROM bookings")).scalar()

    with running(database_url, InProcess(tasks)) as here:
        create = text("CREATE TABLE bookings (seat integer)")
        here.runner.submit(lambda c: c.execute(create) and None).result(LIMIT)
        assert here.run(task("book"), {"seat": 1}).output == "1"
        assert here.run(task("book"), {"seat": 13}).error == "NoSuchSeat"
        assert here.run(task("book"), {"seat": 2}).output == "2"
        with here.database.read() as connection:
            seats = connection.execute(text("SELECT seat FROM bookings ORDER BY seat")).scalars()
            assert list(seats) == [1, 2]


def test_a_transactional_handler_that_takes_long_is_named_once(sqlite_url, caplog, monkeypatch):
    tasks = tsme.Tasks()
    for name in ("book", "pay"):
        transactional(tasks, name)(lambda payload, connection: payload)
    monkeypatch.setattr(transacting, "SLOW", 3600.0)
    with running(sqlite_url, InProcess(tasks)) as here:
        here.run(task("book"))
        assert not caplog.records
        monkeypatch.setattr(transacting, "SLOW", 0.0)
        for name in ("book", "pay", "book"):
            here.run(task(name))
    told = [record.getMessage() for record in caplog.records]
    assert [line.partition(" took ")[0] for line in told] == [
        'TSME-S068: the transactional task "book"', 'TSME-S068: the transactional task "pay"',
    ]  # fmt: skip
    assert told[0].endswith("do what takes time in a task before it, and only write in this one")


def test_two_handlers_of_one_name_are_refused():
    tasks = tsme.Tasks()
    transactional(tasks, "book")(lambda payload, connection: None)
    with pytest.raises(tsme.TsmeError, match="TSME-T004"):
        transactional(tasks, "book")(lambda payload, connection: None)


def emits(**kinds):
    """A workflow that emits these, one after the other, and then gives the last."""
    names = list(kinds)
    states = {
        kind: {"Type": "Task", "Resource": f"tsme:{kind}", "Parameters": value, "Next": after}
        for (kind, value), after in zip(kinds.items(), [*names[1:], "Done"], strict=True)
    }
    return {"StartAt": names[0], "States": states | {"Done": {"Type": "Succeed"}}}


def test_what_a_workflow_emits_goes_to_handlers_else_to_the_log(sqlite_url, caplog):
    tasks = tsme.Tasks()
    told = []

    @tasks.on("log")
    def log(payload):
        told.append(payload)

    @tasks.on("publish")
    async def publish(payload):
        await asyncio.sleep(0)
        told.append(payload["topic"])
        raise KeyError("none")

    flow = emits(log={"b": 1, "a": 2}, publish={"topic": "soil"}, metric={"wet": 0.5})
    with running(sqlite_url, InProcess(tasks)) as here:
        number = here.begin(flow)
        assert here.end(number).status == "SUCCEEDED"
        with here.database.read() as connection:
            name = connection.execute(text("SELECT name FROM tsme_executions")).scalar_one()
    assert told == [{"b": 1, "a": 2}, "soil"]  # what was emitted is done before the end
    lines = [record.getMessage() for record in caplog.records if record.name == "tsme.emitted"]
    assert f'metric {name}: {{"wet":0.5}}' in lines
    failed = next(line for line in lines if line.startswith("the handler of publish"))
    assert failed.startswith("the handler of publish: KeyError: 'none' (test_work_in_process.py:")
    assert len(lines) == 2
