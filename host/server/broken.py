"""Executions that cannot go on: their records cannot be read, or no step of them can be made.

Why stands in their row, so every process, the page and `tsme store stats` know it.  They belong to
nobody and are due no more.  A process that starts tries them again, and so does any input.
StopExecution ends them as they stand: in the row alone, since no step can be on record.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from typing import Any, Final, Protocol

from sqlalchemy import Connection

from tsme.errors import TsmeError
from tsme.kernel.protocol import STOP

from ..tools.errors import HostError
from . import loading, writing
from .leases import Leases
from .live import Live
from .terms import Told

_log = logging.getLogger("tsme.runner")
_FENCE: Final = (
    " WHERE id = ? AND status = 'RUNNING' AND (owner IS NULL OR owner = ?)"
    " AND records = coalesce(?, records) RETURNING arn, records"
)
_MARK: Final = "UPDATE tsme_executions SET broken = ?, owner = NULL, due = NULL" + _FENCE  # noqa: S608
_END: Final = (
    "UPDATE tsme_executions SET broken = ?, owner = NULL, due = NULL, status = 'ABORTED',"  # noqa: S608
    " stopped = ?, error = ?, cause = ?, epoch = epoch + 1" + _FENCE
)
_GONE: Final = "DELETE FROM tsme_inputs WHERE execution = ?"
_MENDED: Final = "UPDATE tsme_executions SET broken = NULL WHERE id = ?"
_AGAIN: Final = (
    "UPDATE tsme_executions SET broken = NULL, due = 0"
    " WHERE broken IS NOT NULL AND status = 'RUNNING'"
)


class Batch(Protocol):
    """What is asked of one here (batch.py)."""

    @property
    def connection(self) -> Connection: ...
    @property
    def leases(self) -> Leases: ...
    @property
    def lives(self) -> Any: ...
    @property
    def touched(self) -> Mapping[int, Live]: ...


def why(error: Exception) -> str:
    """An error in one line."""
    if isinstance(error, (HostError, TsmeError)):
        return f"{error.code}: {error.message}"
    return f"{type(error).__name__}: {error}"


def try_again(leases: Leases, connection: Connection) -> None:
    """Let all of them be tried once more: what was in their way may have been mended."""
    leases.sql(connection, _AGAIN)


def mended(batch: Batch, executions: Collection[int]) -> None:
    """These go on."""
    for execution in executions:
        batch.leases.sql(batch.connection, _MENDED, execution)


def write(
    batch: Batch, errors: Mapping[int, Exception], stopped: Mapping[int, tuple[Any, Any]]
) -> list[Told]:
    """Say in their rows why these cannot go on, behind all else of a batch.

    `stopped`: errors and causes of those among them that are to end.  -> what they have become.
    Raises writing.Lost if another process has ended one meanwhile.
    """
    told: list[Told] = []
    for execution, error in errors.items():
        live = batch.touched.get(execution)
        fence = (execution, batch.leases.name, live.rows.number if live else None)
        words = writing.words(why(error))
        ending = stopped.get(execution) or _asked_to_stop(batch, execution)
        status = "ABORTED" if ending else "RUNNING"
        if ending:
            ends = (batch.lives.now(), *map(writing.words, ending))
            row = batch.leases.sql(batch.connection, _END, words, *ends, *fence).one_or_none()
        else:
            row = batch.leases.sql(batch.connection, _MARK, words, *fence).one_or_none()
        if row is None:
            if execution in stopped:
                raise writing.Lost
            continue
        told.append(Told(execution, row.arn, status, row.records, ()))
        if ending:
            batch.leases.sql(batch.connection, _GONE, execution)
            if batch.lives.ended:
                batch.lives.ended(batch.connection, execution)
    return told


def _asked_to_stop(batch: Batch, execution: int) -> tuple[Any, Any] | None:
    """Error and cause of a STOP that another process has left for it."""
    left = loading.inputs(batch.leases, batch.connection, [execution]).get(execution, ())
    for _, kind, fields, _ in left:
        if kind == STOP:
            return fields[-2], fields[-1]
    return None


def tell(execution: int, error: Exception) -> None:
    """To the log."""
    _log.error("execution %d cannot go on: %s", execution, why(error), exc_info=error)
