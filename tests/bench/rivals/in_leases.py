"""Inputs of executions that nobody has, taken by processes that lease them.

in_leases.py URL worker: a runner, until the input ends.  in_leases.py URL client: `prepare N`
begins 200 executions that wait for N tasks each, `one N` gives all results and waits until the
workers have ended them all.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

from tests.bench.rivals.rounds import serve
from tsme.kernel.protocol import SUCCEEDED
from tsme.values.cbor import encode_all
from tsme_host.compiler.compile import compile_text
from tsme_host.database.database import Database
from tsme_host.database.records import keep_program
from tsme_host.server.runner import Runner
from tsme_host.server.terms import NewExecution, NoWork, Told

EXECUTIONS = 200
TOGETHER = 20  # executions whose inputs come in one transaction
TASK = {"StartAt": "Task", "States": {"Task": {"Type": "Task", "Resource": "out", "End": True}}}
STATES = {"All": {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": TASK, "End": True}}
DEFINITION = json.dumps({"StartAt": "All", "States": STATES})
# The inputs of some executions at once, numbered per execution, as Batch.leave_input does for one.
_GIVE = """
WITH given AS (
  UPDATE tsme_executions AS e SET given = e.given + v.inputs, due = 0
  FROM unnest(%s::bigint[], %s::bigint[]) AS v(id, inputs) WHERE e.id = v.id
  RETURNING e.id, e.given - v.inputs AS first
)
INSERT INTO tsme_inputs (execution, number, kind, fields, received)
SELECT given.id, given.first + v.at, %s, v.fields, %s
FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[]) AS v(execution, at, fields)
JOIN given ON given.id = v.execution
"""


class Client:
    """Begins executions, and gives inputs to them as a process without any of them does."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.pending: dict[int, tuple[int, ...]] = {}
        self.round = 0
        with database.write() as connection:
            self.digest = keep_program(connection, compile_text(DEFINITION).program, DEFINITION)

    def prepare(self, inputs: int) -> int:
        """Executions that wait for so many tasks each, and have no owner."""
        self.round += 1
        self.pending = {}
        runner = Runner(self.database, NoWork(), name="client")
        runner.listen(self._told)
        runner.start()
        value = json.dumps({"items": list(range(inputs))})
        begun = [runner.begin(self._new(number, value)) for number in range(EXECUTIONS)]
        ids = {future.result() for future in begun}
        while not all(len(self.pending.get(one, ())) == inputs for one in ids):
            time.sleep(0.01)
        runner.stop()
        return EXECUTIONS

    def _new(self, number: int, value: str) -> NewExecution:
        name = f"e{self.round}-{number}"
        arn = f"arn:aws:states:us-east-1:000000000000:execution:bench:{name}"
        return NewExecution(arn=arn, name=name, digest=self.digest, input=value)

    def _told(self, told: Told) -> None:
        self.pending[told.execution] = told.pending

    def one(self, inputs: int) -> int:
        """The inputs of some executions in one transaction: how they come is not the subject."""
        assert inputs
        given = list(self.pending.items())
        for at in range(0, len(given), TOGETHER):
            with self.database.write() as connection:
                self._give(connection, given[at : at + TOGETHER])
                connection.exec_driver_sql("NOTIFY tsme")
        while self._running():
            time.sleep(0.02)
        return EXECUTIONS * inputs

    def _give(self, connection: Any, given: list[tuple[int, tuple[int, ...]]]) -> None:
        rows = []
        for execution, actions in given:
            for at, action in enumerate(actions):
                data = bytearray()
                encode_all(data, (action, {"at": at}), True)
                rows.append((execution, at, bytes(data)))
        executions = [execution for execution, _ in given], [len(actions) for _, actions in given]
        inputs = [list(column) for column in zip(*rows, strict=True)]
        now = time.time_ns() // 1_000_000
        connection.exec_driver_sql(_GIVE, (*executions, SUCCEEDED, now, *inputs))

    def _running(self) -> int:
        text = "SELECT count(*) FROM tsme_executions WHERE status = 'RUNNING'"
        with self.database.read() as connection:
            return int(connection.exec_driver_sql(text).scalar_one())


def main(url: str, what: str) -> None:
    """A process of one of the two kinds."""
    with Database.open(url) as database:
        if what == "client":
            client = Client(database)
            serve({"prepare": client.prepare, "one": client.one})
            return
        runner = Runner(database, NoWork(), name="worker")
        runner.start()
        serve({})
        runner.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
