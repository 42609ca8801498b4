"""What tests of the runner share: machines, and somebody who does their tasks."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Connection, event

from tsme.kernel.protocol import FAILED, SUCCEEDED
from tsme_host.compiler.compile import compile_text
from tsme_host.database.database import Database
from tsme_host.database.records import keep_program
from tsme_host.server import runner as runner_module
from tsme_host.server.clocks import Clock
from tsme_host.server.leases import Leases
from tsme_host.server.runner import Runner
from tsme_host.server.terms import NewExecution
from tsme_host.server.work.pending import PendingTask

ARN = "arn:aws:states:us-east-1:000000000000"
PATIENCE = 120  # seconds after which a test has failed


class Doing:
    """Does tasks at once, in the runner's thread, by what `handlers` say for their resources; a
    resource without one is left pending.  `effects`: by resource."""

    def __init__(
        self, handlers: dict[str, Callable[..., Any]], effects: dict[str, str] | None = None
    ) -> None:
        self.handlers = handlers
        self.effects = effects or {}
        self.started: list[PendingTask] = []
        self.cancelled: list[tuple[int, int]] = []
        self.runner: Runner | None = None

    def wanted(self, resource: str) -> bool:
        return resource in self.handlers

    def effect(self, resource: str) -> str:
        return self.effects.get(resource, "idempotent")

    def start(self, task: PendingTask) -> None:
        assert self.runner
        self.started.append(task)
        if task.again:
            error = "TSME.Interrupted"
            self.runner.feed(task.execution, FAILED, task.action, error, "it was begun before")
            return
        try:
            result = self.handlers[task.resource](task.payload)
        except Exception as error:
            name = type(error).__name__
            self.runner.feed(task.execution, FAILED, task.action, name, str(error))
            return
        if result is not LATER:
            self.runner.feed(task.execution, SUCCEEDED, task.action, result)

    def transact(self, connection: Connection, task: PendingTask) -> Any:
        return self.handlers[task.resource](connection, task.payload)

    def cancel(self, execution: int, action: int) -> None:
        self.cancelled.append((execution, action))

    def close(self) -> None:
        """Nothing is under way."""


LATER = object()  # of a handler whose result comes by another way


@contextmanager
def running(url: str, work: Doing, clock: Clock | None = None, **more: Any) -> Iterator[Runner]:
    with Database.open(url) as database:
        runner = Runner(database, work, clock, **more)
        work.runner = runner
        runner.start()
        try:
            yield runner
        finally:
            runner.stop()


def new(
    runner: Runner, definition: dict[str, Any], name: str = "one", value: Any = None
) -> NewExecution:
    """An execution of a machine, whose program is kept in the database first."""
    text = json.dumps(definition)
    data = compile_text(text).data
    digest = done(runner.submit(lambda connection: keep_program(connection, data, text)))
    return NewExecution(
        arn=f"{ARN}:execution:m:{name}",
        name=name,
        digest=digest,
        input=json.dumps(value),
        machine=f"{ARN}:stateMachine:m",
        machine_name="m",
    )


def counted(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """From now on the runner does what it is asked alone.  -> the threads that begin transactions
    of SQLAlchemy, one for each: these take as long as a step, and two round trips besides."""
    monkeypatch.setattr(runner_module, "_POLL", 1_000_000)
    monkeypatch.setattr(Leases, "late", lambda _: False)
    monkeypatch.setattr(Leases, "looks", lambda _: False)
    begun: list[str] = []
    event.listen(database.engine, "begin", lambda _: begun.append(threading.current_thread().name))
    return begun


def done(future: Future[Any]) -> Any:
    return future.result(PATIENCE)


def chain(*states: dict[str, Any]) -> dict[str, Any]:
    """A machine of these states, one after the other."""
    names = [f"S{i}" for i in range(len(states))]
    out = {}
    for i, state in enumerate(states):
        last = i + 1 == len(states)
        out[names[i]] = {**state, **({"End": True} if last else {"Next": names[i + 1]})}
    return {"StartAt": names[0], "States": out}


def task(resource: str, **more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": resource, **more}


def wait(seconds: int) -> dict[str, Any]:
    return {"Type": "Wait", "Seconds": seconds}
