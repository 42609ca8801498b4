"""The tasks that wait for their token, as prompts show them."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import select

from ...database.tables import executions, tasks
from ..server import Server

_MOST: Final = 1000


def waiting(server: Server) -> dict[str, Any]:
    """The oldest 1,000: callbacks and activities of executions that run, taken by a worker or not.
    `activity` is None of a callback; `input`: JSON text, of an activity."""
    query = (
        select(tasks, executions.c.arn, executions.c.name)
        .join(executions, executions.c.id == tasks.c.execution)
        .where(executions.c.status == "RUNNING")
        .order_by(tasks.c.scheduled, tasks.c.execution, tasks.c.action)
        .limit(_MOST)
    )
    with server.database.read() as connection:
        rows = connection.execute(query).all()
    return {
        "tasks": [
            {
                "token": row.token,
                "execution": row.name,
                "arn": row.arn,
                "activity": row.activity,
                "input": row.input,
                "worker": row.worker,
                "scheduled": row.scheduled,
                "taken": row.taken,
            }
            for row in rows
        ]
    }
