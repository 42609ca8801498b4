"""Whether an execution can be redriven."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, select

from ...database.tables import machines
from ...tools.aws.events import limit_of
from .finding import ACTIVE

MOST: Final = 1000  # redrives of an execution
PERIOD: Final = 14 * 86_400_000  # ms after its end in which one can be redriven


def deleting(connection: Connection, row: Any) -> bool:
    """Whether the machine of an execution is deleted, or about to be."""
    found = connection.scalar(select(machines.c.status).where(machines.c.arn == row.machine))
    return bool(found != ACTIVE)


def status(row: Any, now: int, deleted: bool = False) -> tuple[bool, str]:
    """Whether an execution can be redriven, and if not why, in AWS's words.

    `deleted`: its machine is (`deleting`), which counts for none that runs or has succeeded.
    """
    if row.type == "EXPRESS" or row.machine is None:
        return False, "Execution is not of a STANDARD state machine and cannot be redriven"
    if row.status in ("RUNNING", "SUCCEEDED"):
        return False, f"Execution is {row.status} and cannot be redriven"
    if deleted:
        return False, "State machine is in DELETING status"
    if row.stopped is not None and now - row.stopped > PERIOD:
        return False, "Execution redrivable period exceeded"
    if limit_of(row.error, row.cause) is not None:
        return False, "Execution history event limit exceeded"
    if row.redrives >= MOST:
        return False, f"Execution has exceeded the limit of {MOST} redrives"
    return True, ""
