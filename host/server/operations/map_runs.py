"""Map Runs: what became of the items of a distributed Map, from the history of its execution."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import Connection, select, update

from tsme.journal import CHECKPOINT

from ...database import records
from ...database.records import insert_missing
from ...database.tables import executions, map_runs
from ...tools.aws.events import MapRun
from .. import arns, paging
from ..errors import ApiError, invalid
from ..server import Answer, Call, Request, Server
from ..times import present, seconds
from . import histories, runs
from .found import existing
from .table import operation

_AT_ONCE: Final = 40  # children, if nobody says how many (docs/SPEC.md, 2.11)
_MOST, _MORE = 5, 6  # of what a Map's frame knows of its children


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
            **_times(runs.standing(run, told)),
        }
        for run in chosen
    ]
    out: Answer = {"mapRuns": items}
    if first + most < len(told.map_runs):
        out["nextToken"] = paging.token(row.id, first + most)
    return out


def _times(run: MapRun) -> Answer:
    return {"startDate": seconds(run.began)} | present(
        stopDate=None if run.stopped is None else seconds(run.stopped)
    )


@operation("DescribeMapRun")
def describe(server: Server, request: Request, _call: Call) -> Answer:
    """A Map Run: how it stands, and what became of its items."""
    text = request["mapRunArn"]
    row, _, run = runs.found(server, text)
    written = run.status == "SUCCEEDED" and runs.written(server, row, run)
    return {
        "mapRunArn": text,
        "executionArn": row.arn,
        "status": run.status,
        **_times(run),
        **runs.settings(server, row, run),
        "itemCounts": _counts(run, run.sizes, written),
        "executionCounts": _counts(run, [1] * len(run.sizes), written),
        "redriveCount": run.redrives,
        **present(redriveDate=None if run.redriven is None else seconds(run.redriven)),
    }


def _counts(run: MapRun, sizes: list[int], written: bool) -> Answer:
    def sum_of(numbers: Collection[int]) -> int:
        return sum(sizes[number] for number in numbers)

    under_way = sum_of(run.started - run.succeeded - run.failed)
    running = run.status == "RUNNING"
    return {
        "pending": sum(sizes) - sum_of(run.started),
        "running": under_way if running else 0,
        "succeeded": sum_of(run.succeeded),
        "failed": sum_of(run.failed),
        "timedOut": 0,
        "aborted": 0 if running else under_way,
        "total": sum(sizes),
        "resultsWritten": sum_of(run.succeeded | run.failed) if written else 0,
        "failuresNotRedrivable": 0,
        "pendingRedrive": 0,
    }


@operation("UpdateMapRun")
def change(server: Server, request: Request, _call: Call) -> Answer:
    """Gives a Map Run that runs other limits; they count from the next child that ends."""
    text = request["mapRunArn"]
    given = {name: request[name] for name in runs.SETTINGS if name in request}
    runs.found(server, text)

    def write(connection: Connection) -> None:
        number = runs.found(server, text)[0].id
        found = select(executions).where(executions.c.id == number).with_for_update()
        row = connection.execute(found).one()
        run = next(one for one in histories.history(server, row).map_runs if one.arn == text)
        if row.status != "RUNNING" or run.status != "RUNNING":
            raise invalid(f"Map Run is not running and cannot be updated: '{text}'")
        if not given:
            return
        settings = runs.settings(server, row, run, connection) | given
        about = {"arn": text, "execution": row.id, "state": run.state, "started": run.began}
        insert_missing(connection, map_runs, [about | {"settings": {}}])
        own = update(map_runs).where(map_runs.c.arn == text)
        connection.execute(own.values(settings=settings))
        _alter(connection, row, run, settings, given)

    server.write(write)
    server.runner.poke()
    return {}


def _alter(connection: Connection, row: Any, run: MapRun, settings: Answer, given: Answer) -> None:
    """Writes a checkpoint in which a Map has these limits; its execution goes on from it."""
    core, state = histories.replayed(connection, row)
    join = state.client[run.frame].join
    if join is None:  # its ItemReader, or its ResultWriter, is at work
        if not run.sizes:
            raise invalid(f"Map Run has not read its items and cannot be updated yet: '{run.arn}'")
        return
    if "maxConcurrency" in given:
        join[_MOST] = given["maxConcurrency"] or _AT_ONCE
    if len(given) > ("maxConcurrency" in given):
        join[_MORE:] = [max(0, _tolerated(settings, run) - len(run.failed))]
    number = row.records
    notes = row.notes | {"altered": [*row.notes.get("altered", ()), number]}
    body = bytes(core.checkpoint(state))
    records.append(connection, [records.Row(row.id, number, CHECKPOINT, body)])
    connection.execute(
        update(executions)
        .where(executions.c.id == row.id, executions.c.records == number)
        .values(records=number + 1, checkpoint=number, epoch=row.epoch + 1, due=0, notes=notes)
    )


def _tolerated(settings: Answer, run: MapRun) -> int:
    """How many children may fail: 0 of either setting says nothing."""
    count = settings["toleratedFailureCount"]
    part = int(settings["toleratedFailurePercentage"] * len(run.sizes) / 100)
    both = [n for n, s in ((count, count), (part, settings["toleratedFailurePercentage"])) if s]
    return min(both, default=0)


def children(server: Server, request: Request) -> Answer:
    """ListExecutions of a Map Run: its children, the newest first."""
    row, _, run = runs.found(server, request["mapRunArn"])
    most = paging.size(request)
    after = paging.after(request, int, int, int)
    if after and (after[0] != row.id or after[1] != run.began):
        raise ApiError("InvalidToken", "Invalid Token: 'Input inconsistent with page token'")
    wanted = request.get("statusFilter")
    redriven = {"REDRIVEN": True, "NOT_REDRIVEN": False}.get(request.get("redriveFilter", ""))
    chosen = [
        number
        for number in sorted(run.children, reverse=True)
        if (not after or number < after[2])
        and wanted in (None, run.standing(number))
        and redriven in (None, bool(run.children[number].redrives))
    ]
    express = bool(run.redrives) and runs.express(server, row, run)
    items = [runs.item(server, run, number, express) for number in chosen[:most]]
    out: Answer = {"executions": items}
    if len(chosen) > most:
        out["nextToken"] = paging.token(row.id, run.began, chosen[most - 1])
    return out
