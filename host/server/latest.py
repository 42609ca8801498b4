"""How late it has been: from where a clock that is not the wall's goes on after a restart."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Connection, func, select

from tsme.errors import TsmeError

from ..database.database import Database
from ..database.tables import executions, machines
from .errors import ApiError
from .operations import histories

_MOST: Final = 1_000  # executions under way that are looked at, the newest


def latest(database: Database) -> int:
    """The latest time that machines and executions have come to, in ms; 0 if there are none.

    That of an execution under way is in its records, as what it waits for counts from there.
    """
    with database.read() as connection:
        times = [
            connection.scalar(select(func.max(column)))
            for column in (
                machines.c.created, machines.c.updated,
                executions.c.started, executions.c.stopped, executions.c.redriven,
            )
        ]  # fmt: skip
        running = select(executions).where(executions.c.status == "RUNNING")
        newest = running.order_by(executions.c.id.desc()).limit(_MOST)
        times += [_reached(connection, row) for row in connection.execute(newest).all()]
    return max(time or 0 for time in times)


def _reached(connection: Connection, row: Any) -> int:
    with suppress(ApiError, TsmeError):  # what cannot go on says so when it is its turn
        return int(histories.replayed(connection, row)[1].now)
    return 0
