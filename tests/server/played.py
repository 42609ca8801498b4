"""Executions that a kernel runs straight into a database, for what only looks at them."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import insert, update

from tests.server.served import ROLE
from tsme import Program
from tsme.journal import CHECKPOINT, STEP
from tsme.kernel import BEHAVIOUR, Kernel, State
from tsme.kernel.protocol import CONTINUE, DONE, FAILED, RUNNING, START, STOPPED, SUCCEEDED, TIMER
from tsme.program.interpreter import Interpreter
from tsme_host.compiler.compile import compile_text
from tsme_host.database.database import Database
from tsme_host.database.records import Row, append, keep_program
from tsme_host.database.tables import executions, machines, versions

BEGIN = 1_700_000_000_000
_PLACE = "arn:aws:states:us-east-1:000000000000"


class Played:
    """One execution; every input is a step that is in the database when the call returns."""

    def __init__(
        self, database: Database, definition: Any, name: str, given: Any = None, machine: str = "m"
    ) -> None:
        self.database = database
        text = definition if isinstance(definition, str) else json.dumps(definition)
        data = compile_text(text).data
        program = Program(data)
        self.now = BEGIN
        self.records = 0
        self.kernel = Kernel(Interpreter(program))
        self.state = State()
        self.machine = f"{_PLACE}:stateMachine:{machine}"
        self.arn = f"{_PLACE}:execution:{machine}:{name}"
        with database.write() as connection:
            digest = keep_program(connection, data, text)
            about: dict[str, Any] = {"digest": digest, "definition": text, "role": ROLE}
            about |= {"settings": {}, "created": BEGIN}
            here = connection.execute(
                executions.select().where(executions.c.machine == self.machine)
            ).first()
            if here is None:
                row = about | {"arn": self.machine, "name": machine, "type": "STANDARD"}
                connection.execute(insert(machines).values(row | {"status": "ACTIVE"}))
                row = about | {"arn": f"{self.machine}:1", "machine": self.machine, "number": 1}
                connection.execute(insert(versions).values(row))
            row = {"arn": self.arn, "name": name, "machine": self.machine, "type": "STANDARD"}
            row |= {"digest": digest, "status": "RUNNING", "started": BEGIN, "settings": {}}
            made = connection.execute(
                insert(executions).values(row | {"input": json.dumps(given), "notes": {}})
            )
            self.id: int = (made.inserted_primary_key or (0,))[0]
        context = [self.arn, name, ROLE, self.machine, machine]
        digest = bytes(program.digest)
        self._step((START, self.now, 1, digest, 7, given, context, BEHAVIOUR))

    def _step(self, event: tuple[Any, ...]) -> None:
        step = self.kernel.step(self.state, event)
        assert step is not None, f"too late: {event}"
        self.state = step.state
        row: dict[str, Any] = {"records": self.records + 1}
        if self.state.status != RUNNING:
            names = {DONE: "SUCCEEDED", STOPPED: "ABORTED"}
            row |= {"status": names.get(self.state.status, "FAILED"), "stopped": self.now}
            if self.state.status == DONE:
                row["output"] = json.dumps(self.state.result)
            else:
                row["error"], row["cause"] = self.state.result
        with self.database.write() as connection:
            append(connection, [Row(self.id, self.records, STEP, bytes(step.record))])
            change = update(executions).where(executions.c.id == self.id)
            connection.execute(change.values(row))
        self.records += 1
        while self.state.status == RUNNING and self.kernel.client.runnable(self.state.client):
            self._step((CONTINUE, self.now))

    def pending(self) -> list[Any]:
        """What it waits for, in the order in which it was asked."""
        return sorted(self.state.pending.values(), key=lambda action: action.id)

    def done(self, value: Any, after: int = 40) -> None:
        """The first pending task succeeds."""
        self.now += after
        self._step((SUCCEEDED, self.now, self.pending()[0].id, value))

    def failed(self, error: str, cause: str = "", after: int = 40) -> None:
        self.now += after
        self._step((FAILED, self.now, self.pending()[0].id, error, cause))

    def due(self) -> None:
        """The time of the first timer comes."""
        first = min((one for one in self.pending() if one.due), key=lambda action: action.due)
        self.now = first.due
        self._step((TIMER, self.now, first.id))

    def checkpoint(self) -> None:
        """Its state as a record, as a runner writes one from time to time."""
        body = bytes(self.kernel.checkpoint(self.state))
        with self.database.write() as connection:
            append(connection, [Row(self.id, self.records, CHECKPOINT, body)])
            row = {"records": self.records + 1, "checkpoint": self.records}
            connection.execute(update(executions).where(executions.c.id == self.id).values(row))
        self.records += 1
