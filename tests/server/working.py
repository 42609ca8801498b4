"""A runner with work, and executions that it runs to their end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

from tsme_host.compiler.compile import compile_text
from tsme_host.database.database import Database
from tsme_host.database.records import keep_program
from tsme_host.server.runner import Runner
from tsme_host.server.terms import NewExecution
from tsme_host.server.work.router import Router

LIMIT = 120  # seconds after which a test has failed
_numbers = count(1)


class Running:
    """Executions of a database, as long as `running` lasts."""

    def __init__(self, database: Database, runner: Runner) -> None:
        self.database = database
        self.runner = runner

    def begin(self, flow: dict[str, Any], value: Any = None) -> int:
        """-> the number of a new execution"""
        text = json.dumps(flow)
        program = compile_text(text).data
        key = self.runner.submit(lambda c: keep_program(c, program, text)).result(LIMIT)
        name = f"e{next(_numbers)}"
        arn = f"arn:aws:states:us-east-1:000000000000:execution:m:{name}"
        machine = "arn:aws:states:us-east-1:000000000000:stateMachine:m"
        new = NewExecution(arn, name, key, json.dumps(value), machine=machine)
        return self.runner.begin(new).result(LIMIT)

    def end(self, execution: int) -> Any:
        """-> its row: status, output, error, cause"""
        return self.runner.wait(execution).result(LIMIT)

    def run(self, flow: dict[str, Any], value: Any = None) -> Any:
        return self.end(self.begin(flow, value))


@contextmanager
def running(url: str, *ways: Any) -> Iterator[Running]:
    with Database.open(url) as database, Router(ways) as router:
        runner = Runner(database, router)
        router.connect(runner)
        runner.start()
        try:
            yield Running(database, runner)
        finally:
            runner.stop()


def task(resource: str, **fields: Any) -> dict[str, Any]:
    """A workflow of one task."""
    state = {"Type": "Task", "Resource": resource, "End": True} | fields
    return {"StartAt": "T", "States": {"T": state}}
