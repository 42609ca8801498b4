"""Map Runs by their ARNs, and their children as executions of their own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import Connection, select

from ...database.tables import executions, map_runs
from ...tools.aws.events import History, MapRun
from .. import arns
from ..errors import ApiError
from ..server import Answer, Server
from ..times import present, seconds
from . import histories

_NUMBER: Final = re.compile(r"([0-9]{1,18})-[0-9]+")  # of an execution and an event
_NOTE: Final = "map runs"  # of Server.notes: executions, by the ARNs of their runs
_KEPT: Final = 10_000
SETTINGS: Final = {
    "maxConcurrency": ("MaxConcurrency", int),
    "toleratedFailureCount": ("ToleratedFailureCount", int),
    "toleratedFailurePercentage": ("ToleratedFailurePercentage", float),
}


def found(server: Server, text: str) -> tuple[Any, History, MapRun]:
    """The execution of a Map Run (its row), its history, and the run.

    Raises ApiError InvalidArn, ResourceNotFound.
    """
    arn = arns.parse(text, "mapRun")
    for row in _candidates(server, arn):
        told = histories.history(server, row)
        for run in told.map_runs:
            if run.arn == text:
                _known(server)[text] = row.id
                return row, told, standing(run, told)
    raise ApiError("ResourceNotFound", f"Resource not found: '{text}'", resourceName=text)


def standing(run: MapRun, told: History) -> MapRun:
    """A run as it is: one that ends with its execution has no event that says so."""
    if run.status != "RUNNING" or told.status == "RUNNING":
        return run
    return replace(run, status="ABORTED", stopped=told.events[-1]["time"])


def _known(server: Server) -> dict[str, int]:
    known: dict[str, int] = server.notes.setdefault(_NOTE, {})
    if len(known) > _KEPT:
        known.clear()
    return known


def _candidates(server: Server, arn: arns.Arn) -> Iterator[Any]:
    """The executions that may have a run: one, unless it has a ResultWriter, which names it."""
    number = _NUMBER.fullmatch(arn.rest[0])
    known = int(number[1]) if number else _known(server).get(arn.text)
    query = select(executions)
    if known is not None:
        query = query.where(executions.c.id == known)
    else:
        query = query.where(executions.c.machine == server.place.machine(arn.name))
        query = query.order_by(executions.c.started.desc(), executions.c.id.desc())
    with server.database.read() as connection:
        rows = connection.execute(query).all()
    for row in rows:
        if known is None:
            with server.database.read() as connection:
                if "ResultWriter" not in (histories.definition(connection, row) or ""):
                    continue
        yield row


def settings(
    server: Server, row: Any, run: MapRun, connection: Connection | None = None
) -> Answer:
    """Limits of a run: as the definition has them, 0 for what it works out when it runs; or as
    they were changed."""
    with nullcontext(connection) if connection else server.database.read() as reading:
        state = _state(reading, row, run)
        own = select(map_runs.c.settings).where(map_runs.c.arn == run.arn)
        changed: Answer = reading.scalar(own) or {}
    out: Answer = {}
    for member, (name, kind) in SETTINGS.items():
        value = state.get(name)
        plain = isinstance(value, (int, float)) and not isinstance(value, bool)
        out[member] = kind(value) if plain else kind(0)
    return out | changed


def express(server: Server, row: Any, run: MapRun) -> bool:
    """Whether the children of a run are express executions."""
    with server.database.read() as connection:
        return _is_express(_state(connection, row, run))


def written(server: Server, row: Any, run: MapRun) -> bool:
    """Whether the results of a run go to a ResultWriter."""
    with server.database.read() as connection:
        return "ResultWriter" in _state(connection, row, run)


def expresses(connection: Connection, row: Any) -> set[str]:
    """The names of the distributed Maps of an execution whose children are express executions."""
    return {name for name, fields in _all(connection, row) if _is_express(fields)}


def _is_express(state: dict[str, Any]) -> bool:
    config = state.get("ItemProcessor", {}).get("ProcessorConfig", {})
    return bool(config.get("ExecutionType") == "EXPRESS")


def labels(definition: str) -> set[str]:
    """The labels of the distributed Maps of a definition."""
    return {
        state.get("Label", name)
        for name, state in _states(json.loads(definition))
        if state.get("ItemProcessor", {}).get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED"
    }


def _state(connection: Connection, row: Any, run: MapRun) -> dict[str, Any]:
    """The state of a run, as the definition has it."""
    return next((fields for name, fields in _all(connection, row) if name == run.state), {})


def _all(connection: Connection, row: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The states that an execution has, as the definition has them."""
    return _states(json.loads(histories.definition(connection, row) or "{}"))


def _states(machine: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The states of a machine and of those within it; names are unique."""
    for name, state in machine.get("States", {}).items():
        yield name, state
        for inner in (*state.get("Branches", ()), state.get("ItemProcessor", {})):
            yield from _states(inner)
        yield from _states(state.get("Iterator", {}))


def item(server: Server, run: MapRun, number: int, express: bool = False) -> Answer:
    """A child as ListExecutions has it.  Its name is that of the run and its number.

    `express`: it is an express execution, of which AWS does not say when it was redriven.
    """
    arn = arns.parse(run.arn)
    name = f"{arn.rest[0]}-{number}"
    child = run.children[number]
    machine = f"{arn.name}/{arn.label}"
    stopped = child.stopped if child.stopped is not None else run.stopped
    redriven = None if express else child.redriven
    return {
        "executionArn": server.place.execution(machine, name),
        "stateMachineArn": server.place.machine(machine),
        "mapRunArn": run.arn,
        "name": name,
        "status": run.standing(number),
        "startDate": seconds(child.began),
        "redriveCount": child.redrives,
        **present(
            stopDate=None if stopped is None else seconds(stopped),
            redriveDate=None if redriven is None else seconds(redriven),
        ),
        "itemCount": run.sizes[number],
    }


def child_of(server: Server, text: str) -> tuple[Any, History, MapRun, int]:
    """The execution that has a child (its row), its history, the run, and the child's number.

    Raises ApiError ExecutionDoesNotExist.
    """
    arn = arns.parse(text, "execution")
    name, _, number = arn.rest[0].rpartition("-")
    missing = ApiError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{text}'")
    try:
        row, told, run = found(server, server.place.map_run(arn.name, arn.label, name))
    except ApiError:
        raise missing from None
    if re.fullmatch("0|[1-9][0-9]{0,8}", number) is None or int(number) not in run.children:
        raise missing
    return row, told, run, int(number)
