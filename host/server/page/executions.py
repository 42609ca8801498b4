"""An execution as the page shows it: its row, its events, its records, its workflow as a graph.

Events are those of GetExecutionHistory, from any of them on.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import Row, select

from tsme.journal import CHECKPOINT, STEP
from tsme.kernel.protocol import INPUTS
from tsme.kernel.replay import read_step
from tsme.values import cbor

from ...compiler.frontend.check import find_problems
from ...database.records import all_of
from ...database.tables import executions, programs
from ...tools.aws.events import History
from ...tools.commands.history import as_api
from ...tools.diagram import Cluster, diagram
from ..operations.histories import failure, history
from ..server import Server

_RECORDS: Final = 500  # of an answer
_EVENTS: Final = 1000
_NOW: Final = 4  # where a checkpoint has its time (docs/SPEC.md, 5)
Answer = dict[str, Any]


def summary(row: Row[Any]) -> Answer:
    """A line of the list.  `broken`: why it cannot go on, if it cannot."""
    return {
        "broken": row.broken if row.status == "RUNNING" else None,
        "arn": row.arn,
        "name": row.name,
        "machine": row.machine,
        "version": row.version,
        "alias": row.alias,
        "type": row.type,
        "status": row.status,
        "started": row.started,
        "stopped": row.stopped,
        "error": row.error,
        "redrives": row.redrives,
        "records": row.records,
    }


def about(server: Server, arn: str, brief: int) -> Answer | None:
    """All that is known of an execution but its events and records; `brief` is not 0: also not
    what never changes, the definition and its graph."""
    with server.database.read() as connection:
        found = connection.execute(
            select(executions, programs.c.definition)
            .join(programs, programs.c.digest == executions.c.digest)
            .where(executions.c.arn == arn)
        ).one_or_none()
        if found is None:
            return None
        parent = None
        if found.parent is not None:
            parent = connection.scalar(
                select(executions.c.arn).where(executions.c.id == found.parent)
            )
    error, cause = found.error, found.cause
    if error is not None:
        error, cause = failure(server, found)
    fixed = {"definition": found.definition, "graph": graph(found.definition)}
    return (
        summary(found)
        | ({} if brief else fixed)
        | {
            "error": error,
            "input": found.input,
            "output": found.output,
            "cause": cause,
            "redriven": found.redriven,
            "due": found.due or None,
            "owner": found.owner,
            "program": bytes(found.digest).hex(),
            "parent": parent,
            "now": server.now(),
        }
    )


def events(server: Server, arn: str, after: int) -> Answer | None:
    """The events behind event `after`, at most 1,000, and how many there are.

    Raises ApiError if the records cannot be replayed: the first of them are gone, or the program
    has no debug part.
    """
    with server.database.read() as connection:
        row = connection.execute(select(executions).where(executions.c.arn == arn)).one_or_none()
    if row is None:
        return None
    told = history(server, row).events
    found = as_api(History(events=told[after : after + _EVENTS]))["events"]
    return {"events": found, "total": len(told), "records": row.records}


def records(server: Server, arn: str, after: int, given: int) -> Answer | None:
    """The records numbered from `after`, at most 500: what each holds, and its bytes in hex.

    `given`: the time of the record before them, which theirs count from.
    """
    with server.database.read() as connection:
        row = connection.execute(
            select(executions.c.id, executions.c.records, executions.c.started).where(
                executions.c.arn == arn
            )
        ).one_or_none()
        if row is None:
            return None
        found: list[Answer] = []
        now: int | None = given or None
        for number, kind, body in all_of(connection, row.id, after):
            item: Answer = {"number": number, "kind": "step" if kind == STEP else "checkpoint"}
            if kind == STEP and (now is not None or number == 0):
                digest, event = read_step(body, now or 0)
                now = event[1]
                item |= {"input": INPUTS[event[0]], "time": now, "digest": f"{digest:08x}"}
            elif kind == CHECKPOINT:
                now = cbor.decode(body, 0, True)[0][_NOW]
                item["time"] = now
            found.append(item | {"bytes": len(body), "body": body[:4096].hex()})
            if len(found) == _RECORDS:
                break
    return {"records": found, "total": row.records}


@lru_cache(maxsize=64)
def graph(definition: str | None) -> Answer | None:
    """A workflow as boxes and arrows; None if there is no definition that can be drawn."""
    if definition is None:
        return None
    machine, _ = find_problems(definition)
    return None if machine is None else _cluster(diagram(machine))


def _cluster(cluster: Cluster) -> Answer:
    """A machine: its states in their order, and in `frames` those of its Parallel and Map states.

    A frame's `owner` is the box that it belongs to.
    """
    owners = {arrow.target: arrow.source for arrow in cluster.arrows if arrow.kind == "inner"}
    frames = []
    for frame in cluster.frames:
        frames.append(_cluster(frame) | {"owner": owners[frame.boxes[0].id]})
    return {
        "id": cluster.id,
        "title": cluster.title,
        "boxes": [
            {"id": box.id, "kind": box.kind, "name": box.name, "notes": list(box.notes)}
            for box in cluster.boxes
        ],
        "arrows": [
            {"from": one.source, "to": one.target, "kind": one.kind, "label": one.label}
            for one in cluster.arrows
            if one.kind != "inner"
        ],
        "frames": frames,
    }
