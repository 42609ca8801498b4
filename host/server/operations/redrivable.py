"""Whether an execution can be redriven."""

from __future__ import annotations

from typing import Any, Final

from ...tools.aws.events import limit_of

MOST: Final = 1000  # redrives of an execution
PERIOD: Final = 14 * 86_400_000  # ms after its end in which one can be redriven


def status(row: Any, now: int) -> tuple[bool, str]:
    """Whether an execution can be redriven, and if not why, in AWS's words."""
    if row.type == "EXPRESS" or row.machine is None:
        return False, "Execution is not of a STANDARD state machine and cannot be redriven"
    if row.status in ("RUNNING", "SUCCEEDED"):
        return False, f"Execution is {row.status} and cannot be redriven"
    if row.stopped is not None and now - row.stopped > PERIOD:
        return False, "Execution has exceeded the redrivable period of 14 days"
    if (most := limit_of(row.error, row.cause)) is not None:
        return False, f"Execution has reached the maximum number of history events ({most})"
    if row.redrives >= MOST:
        return False, f"Execution has exceeded the limit of {MOST} redrives"
    return True, ""
