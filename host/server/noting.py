"""What is seen of tasks outside of the records of their executions, for histories to tell.

A note stands between the records before and behind which it was made, so that a history that has
been told stays as it was.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

from sqlalchemy import Connection, select

from ..database.records import insert_missing
from ..database.tables import executions, notes

STARTED: Final = "started"  # an activity was taken: by whom
SUBMITTED: Final = "submitted"  # what a service answered at once
ABSENT: Final = "absent"  # the activity of a task was not there


def put(
    connection: Connection, execution: int, action: int, kind: str, now: int, body: Any = ""
) -> None:
    """Makes a note of a task, the first of its kind."""
    of_it = select(executions.c.records).where(executions.c.id == execution)
    number = connection.scalar(of_it)
    if number is None:
        return
    text = json.dumps(body, ensure_ascii=False) if kind == SUBMITTED else str(body)
    row = {"execution": execution, "action": action, "kind": kind}
    insert_missing(connection, notes, [row | {"record": number, "seen": now, "body": text}])


async def submitted(runner: Any, execution: int, action: int, answer: Any) -> None:
    """A service has answered at once, and its result comes later: that is durable now."""
    now = runner.clock.now()
    await asyncio.wrap_future(
        runner.submit(lambda c: put(c, execution, action, SUBMITTED, now, answer))
    )
