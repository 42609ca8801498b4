"""Workflows and work for our side: tasks done at once, on the runner's own thread."""

from __future__ import annotations

import json
from concurrent.futures import Future
from contextlib import ExitStack
from typing import Any

from tsme.kernel.protocol import SUCCEEDED
from tsme.values.json import loads
from tsme_host.compiler.compile import compile_text
from tsme_host.database.database import Database
from tsme_host.database.records import keep_program
from tsme_host.server.garbage import seldom
from tsme_host.server.runner import Runner
from tsme_host.server.terms import NewExecution, Outcome
from tsme_host.server.work.pending import PendingTask

PATIENCE = 120  # seconds after which an execution has failed
STEPS = json.dumps(
    {
        "StartAt": "Add",
        "States": {
            "Add": {"Type": "Task", "Resource": "add", "Next": "Enough"},
            "Enough": {
                "Type": "Choice",
                "Choices": [
                    {
                        "Variable": "$.done",
                        "NumericLessThanPath": "$.wanted",
                        "Next": "Add",
                    }
                ],
                "Default": "Done",
            },
            "Done": {"Type": "Succeed"},
        },
    }
)


class AtOnce:
    """Does a task when it is started: as little as can be, as DBOS's step does."""

    def __init__(self) -> None:
        self.runner: Runner | None = None

    def wanted(self, resource: str) -> bool:
        """It does them all."""
        return True

    def start(self, task: PendingTask) -> None:
        """Done; its result is durable some time after this."""
        assert self.runner
        payload: Any = task.payload
        if task.resource == "add":
            payload = {"done": payload["done"] + 1, "wanted": payload["wanted"]}
        elif task.resource == "process-order":
            payload = payload | {"status": "processed", "timestamp": "2026-11-29T00:00:00"}
        self.runner.feed(task.execution, SUCCEEDED, task.action, payload)

    def cancel(self, execution: int, action: int) -> None:
        """Nothing is under way."""

    def close(self) -> None:
        """Nothing is under way."""


class Ours:
    """A database with a runner, and executions to begin in it."""

    def __init__(self, url: str, definition: str, name: str = "bench") -> None:
        self.database = Database.open(url)
        work = AtOnce()
        self.runner = work.runner = Runner(self.database, work, name=name)
        program = compile_text(definition).program
        with self.database.write() as connection:
            self.digest = keep_program(connection, program, definition)
        self.number = 0
        self._stack = ExitStack()
        self._stack.enter_context(seldom())  # as in `tsme serve`
        self.runner.start()

    def run(self, value: Any) -> Future[Outcome]:
        """-> how a new execution has ended"""
        self.number += 1
        name = f"e{self.number}"
        new = NewExecution(
            arn=f"arn:aws:states:us-east-1:000000000000:execution:bench:{name}",
            name=name,
            digest=self.digest,
            input=json.dumps(value),
        )
        ended: Future[Outcome] = Future()

        def begun(execution: Future[int]) -> None:
            self.runner.wait(execution.result()).add_done_callback(told)

        def told(outcome: Future[Outcome]) -> None:
            ended.set_result(outcome.result())

        self.runner.begin(new).add_done_callback(begun)
        return ended

    def close(self) -> None:
        """End it."""
        self.runner.stop()
        self._stack.close()
        self.database.close()


def output(ended: Future[Outcome]) -> Any:
    """That of an execution, which has to succeed."""
    outcome = ended.result(PATIENCE)
    assert outcome.output is not None, outcome
    return loads(outcome.output)
