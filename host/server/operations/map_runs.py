"""Map Runs: what became of the items of a distributed Map, from the history of its execution."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from typing import Any, Final

from sqlalchemy import select

from ...database.tables import executions
from ...tools.aws.events import History, MapRun
from .. import arns, paging
from ..errors import ApiError
from ..server import Answer, Call, Request, Server
from ..times import present, seconds
from . import histories
from .executions import existing
from .table import operation

_NUMBER: Final = re.compile(r"([0-9]{1,18})-[0-9]+")  # of an execution and an event
_SETTINGS: Final = {
    "maxConcurrency": ("MaxConcurrency", int),
    "toleratedFailureCount": ("ToleratedFailureCount", int),
    "toleratedFailurePercentage": ("ToleratedFailurePercentage", float),
}


@operation("ListMapRuns")
def all_of(server: Server, request: Request, _call: Call) -> Answer:
    """A page of the Map Runs of an execution, in the order in which they began."""
    with server.database.read() as connection:
        row = existing(connection, request["executionArn"])
    most = paging.size(request)
    after = paging.after(request, int, int)
    if after and (after[0] != row.id or after[1] < 0):
        raise ApiError("InvalidToken", "Invalid Token: 'Input inconsistent with page token'")
    first = after[1] if after else 0
    told = histories.history(server, row)
    chosen = told.map_runs[first : first + most]
    items = [
        {
            "executionArn": row.arn,
            "mapRunArn": run.arn,
            "stateMachineArn": row.machine or server.place.machine(arns.parse(row.arn).name),
            **_times(run, told),
        }
        for run in chosen
    ]
    out: Answer = {"mapRuns": items}
    if first + most < len(told.map_runs):
        out["nextToken"] = paging.token(row.id, first + most)
    return out


def _times(run: MapRun, told: History) -> Answer:
    stopped = run.stopped
    if stopped is None and told.status != "RUNNING":
        stopped = told.events[-1]["time"]
    return {"startDate": seconds(run.began)} | present(
        stopDate=None if stopped is None else seconds(stopped)
    )


@operation("DescribeMapRun")
def describe(server: Server, request: Request, _call: Call) -> Answer:
    """A Map Run: how it stands, and what became of its items."""
    text = request["mapRunArn"]
    row, told, run = _found(server, text)
    status = run.status
    if status == "RUNNING" and told.status != "RUNNING":
        status = "ABORTED"
    with server.database.read() as connection:
        definition = histories.definition(connection, row)
    return {
        "mapRunArn": text,
        "executionArn": row.arn,
        "status": status,
        **_times(run, told),
        **_settings(definition, run.state),
        "itemCounts": _counts(run, status, run.sizes),
        "executionCounts": _counts(run, status, [1] * len(run.sizes)),
        "redriveCount": 0,
    }


def _found(server: Server, text: str) -> tuple[Any, History, MapRun]:
    arn = arns.parse(text, "mapRun")
    number = _NUMBER.fullmatch(arn.rest[0])
    if number is None:
        # One with a ResultWriter, whose ARN has a random name.
        message = "DescribeMapRun of a Map with a ResultWriter is not in this version"
        raise ApiError("UnsupportedOperation", f"{message} of tsme serve: '{text}'")
    with server.database.read() as connection:
        found = select(executions).where(executions.c.id == int(number[1]))
        row = connection.execute(found).one_or_none()
    if row is not None:
        told = histories.history(server, row)
        for run in told.map_runs:
            if run.arn == text:
                return row, told, run
    raise ApiError("ResourceNotFound", f"Resource not found: '{text}'", resourceName=text)


def _counts(run: MapRun, status: str, sizes: list[int]) -> Answer:
    def sum_of(numbers: Collection[int]) -> int:
        return sum(sizes[number] for number in numbers)

    under_way = sum_of(run.started - run.succeeded - run.failed)
    running = status == "RUNNING"
    return {
        "pending": sum(sizes) - sum_of(run.started),
        "running": under_way if running else 0,
        "succeeded": sum_of(run.succeeded),
        "failed": sum_of(run.failed),
        "timedOut": 0,
        "aborted": 0 if running else under_way,
        "total": sum(sizes),
        "resultsWritten": 0,
        "failuresNotRedrivable": 0,
        "pendingRedrive": 0,
    }


def _settings(definition: str | None, name: str) -> Answer:
    """As the definition has them; 0 for what it works out when it runs."""
    states = _states(json.loads(definition or "{}"))
    state = next((fields for found, fields in states if found == name), {})
    out: Answer = {}
    for member, (field, kind) in _SETTINGS.items():
        value = state.get(field)
        plain = isinstance(value, (int, float)) and not isinstance(value, bool)
        out[member] = kind(value) if plain else kind(0)
    return out


def _states(machine: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The states of a machine and of those within it; names are unique."""
    for name, state in machine.get("States", {}).items():
        yield name, state
        for inner in (*state.get("Branches", ()), state.get("ItemProcessor", {})):
            yield from _states(inner)
        yield from _states(state.get("Iterator", {}))
