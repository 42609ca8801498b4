"""Redrives: an execution that has failed goes on from the state that failed.

Its records stay, and behind them comes a checkpoint from which it goes on (tools/aws/redrive.py);
`redrives` of its notes has the numbers of these.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select, update

from tsme.errors import TsmeError
from tsme.journal import CHECKPOINT

from ...database import records
from ...database.tables import executions
from ...tools.aws import redrive
from .. import arns
from ..errors import ApiError
from ..server import Answer, Call, Request, Server
from ..times import seconds
from . import children, histories, runs
from .redrivable import deleting, status
from .table import operation


@operation("RedriveExecution")
def again(server: Server, request: Request, _call: Call) -> Answer:
    """Lets an execution go on from the state in which it ended.

    The same client token again is the same redrive.
    """
    text = request["executionArn"]
    if arns.parse(text, "execution").label:
        raise children.not_redriven(server, text)
    token = request.get("clientToken")
    now = server.now()

    def write(connection: Connection) -> int:
        own = select(executions).where(executions.c.arn == text)
        row = connection.execute(own.with_for_update()).one_or_none()
        if row is None:
            raise ApiError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{text}'")
        if token is not None and row.notes.get("redrive token") == token:
            return int(row.redriven)
        can, why = status(row, now, deleting(connection, row))
        if not can:
            raise ApiError("ExecutionNotRedrivable", f"Execution Not Redrivable: '{why}'")
        _go_on(connection, row, now, token)
        return now

    redriven = server.write(write)
    server.runner.poke()
    return {"redriveDate": seconds(redriven)}


def _go_on(connection: Connection, row: Any, now: int, token: str | None) -> None:
    try:
        parts = histories.program(connection, row)
        records_of = (record for _, record in histories.steps(connection, row))
        express = runs.expresses(connection, row)
        body = redrive.checkpoint(*parts, records_of, now, express)
    except TsmeError as error:
        raise histories.untold(row, f"{error.code}: {error.message}") from None
    number = row.records
    notes = row.notes | {"redrives": [*row.notes.get("redrives", ()), number]}
    if token is not None:
        notes["redrive token"] = token
    records.append(connection, [records.Row(row.id, number, CHECKPOINT, body)])
    connection.execute(
        update(executions)
        .where(executions.c.id == row.id, executions.c.records == number)
        .values(
            status="RUNNING", stopped=None, output=None, error=None, cause=None, due=0,
            owner=None, epoch=row.epoch + 1, records=number + 1, checkpoint=number,
            redrives=row.redrives + 1, redriven=now, notes=notes,
        )
    )  # fmt: skip
