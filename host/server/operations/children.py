"""Histories of the children of Map Runs, as if they were executions of their own.

Each is a replay of all records of the execution that has the run; the last few are kept.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from tsme.errors import TsmeError

from ...tools.aws.children import ChildView
from ...tools.aws.events import Event
from ..errors import ApiError
from ..server import Server
from . import histories, runs

_KEPT: Final = 8
_NOTE: Final = "histories of children"  # of Server.notes


def history(server: Server, text: str) -> tuple[Any, list[Event]]:
    """-> the row of the execution that has a child, and the child's events

    Raises ApiError: ExecutionDoesNotExist, UnsupportedOperation of one that has Map Runs itself.
    """
    row, told, run, number = runs.child_of(server, text)
    known: dict[tuple[str, int], list[Event]] = server.notes.setdefault(_NOTE, {})
    key = (text, row.records)
    events = known.get(key) or _told(server, row, run.arn, number)
    if told.status != "RUNNING":  # else something may be seen between two records
        if len(known) >= _KEPT:
            known.clear()
        known[key] = events
    return row, events


def _told(server: Server, row: Any, arn: str, number: int) -> list[Event]:
    kept = histories.Kept()
    try:
        with server.database.read() as connection:
            histories.go_on(connection, row, kept, partial(ChildView, arn, number))
    except TsmeError as error:
        raise histories.untold(row, f"{error.code}: {error.message}") from None
    view: ChildView = kept.telling.view
    if view.nested:
        message = f"Not supported for a child that has Map Runs itself by tsme serve: '{arn}'"
        raise ApiError("UnsupportedOperation", message)
    return view.own
