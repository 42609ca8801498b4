"""Children of Map Runs, described, and their histories, as if they were executions of their own.

A history is a replay of all records of the execution that has the run; the last few are kept.
"""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import Any, Final

from tsme.errors import TsmeError
from tsme.values.json import dumps

from ...tools.aws.children import ChildView
from ...tools.aws.events import NOTHING, Event, MapRun
from ..errors import ApiError
from ..server import Answer, Server
from ..times import present
from . import histories, runs
from .found import of_map_run
from .redrivable import deleting, status

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


def described(server: Server, text: str, with_data: bool) -> Answer:
    """A child as DescribeExecution has it.  Raises ApiError ExecutionDoesNotExist."""
    row, _, run, number = runs.child_of(server, text)
    child = run.children[number]
    express = runs.express(server, row, run)
    out = _standing(server, run, number, express)
    if with_data:
        out |= {"input": dumps(child.value), "inputDetails": {"included": True}}
        if child.output is not NOTHING:
            out |= {"output": dumps(child.output), "outputDetails": {"included": True}}
    out |= _redrivable(server, row, run, out["status"], express)
    error, cause = child.error, child.cause
    if cause is not None:  # it may name an event of its own history
        with suppress(ApiError):
            events = history(server, text)[1]
            cause = events[-1].get("details", {}).get("cause")
    return out | present(error=error, cause=cause)


def stopped(server: Server, text: str) -> Answer:
    """StopExecution of a child that has ended, which stays as it is.

    Raises ApiError: ExecutionDoesNotExist, UnsupportedOperation of one that runs.
    """
    _, _, run, number = runs.child_of(server, text)
    out = _standing(server, run, number)
    if out["status"] == "RUNNING":
        raise of_map_run(text, "stop the whole, or let its task fail")
    return {"stopDate": out["stopDate"]}


def not_redriven(server: Server, text: str) -> ApiError:
    """Why RedriveExecution does nothing for a child.  Raises ApiError ExecutionDoesNotExist."""
    row, _, run, number = runs.child_of(server, text)
    standing = _standing(server, run, number)["status"]
    why = _redrivable(server, row, run, standing, runs.express(server, row, run))
    if why["redriveStatus"] == "NOT_REDRIVABLE":
        reason = why["redriveStatusReason"]
        return ApiError("ExecutionNotRedrivable", f"Execution Not Redrivable: '{reason}'")
    return of_map_run(text, "redrive the execution that has the Map Run")


def _standing(server: Server, run: MapRun, number: int, express: bool = False) -> Answer:
    """What is known of a child without its data."""
    out = runs.item(server, run, number, express)
    del out["itemCount"]
    return out


def _redrivable(server: Server, row: Any, run: MapRun, standing: str, express: bool) -> Answer:
    """Whether a redrive of the whole redrives a child; if not why, in AWS's words."""
    with server.database.read() as connection:
        can, why = status(row, server.now(), deleting(connection, row))
    if standing in ("RUNNING", "SUCCEEDED"):
        can, why = False, f"Execution is {standing} and cannot be redriven"
    elif run.status == "SUCCEEDED":  # without this one, which it tolerated
        can, why = False, "Map Run is SUCCEEDED and cannot be redriven"
    if not can:
        return {"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": why}
    return {"redriveStatus": "REDRIVABLE_BY_MAP_RUN" if express else "REDRIVABLE"}


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
