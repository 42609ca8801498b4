"""Executions as their rows, records and inputs have them, many in a few queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection

from tsme.journal import CHECKPOINT
from tsme.values.cbor import decode

from .leases import Leases

_ROWS: Final = (
    "SELECT id, arn, machine, name, digest, status, owner, epoch, given, records, checkpoint, due,"
    " broken"
    " FROM tsme_executions WHERE id IN ({}) ORDER BY id"
)
_RECORDS: Final = (
    "SELECT r.execution, r.kind, r.body FROM tsme_executions e"
    " JOIN tsme_records r ON r.execution = e.id AND r.number >= e.checkpoint"
    " WHERE e.id IN ({}) ORDER BY r.execution, r.number"
)
_INPUTS: Final = (
    "SELECT execution, number, kind, fields, received FROM tsme_inputs"
    " WHERE execution IN ({}) ORDER BY execution, number"
)

Input = tuple[int, int, tuple[Any, ...], int]  # its number, kind, fields, and when it came


class Found(NamedTuple):
    """One execution.  `row`: its columns.  `steps`: those behind the newest checkpoint."""

    row: Any
    checkpoint: bytes | None
    steps: list[bytes]
    inputs: list[Input]


def find(
    leases: Leases, connection: Connection, executions: Sequence[int], helping: bool = False
) -> dict[int, Found]:
    """Those that are there, locked, and that nobody else has locked; records and inputs of those
    that run and that others have not, or of those, too, if they are to be helped.

    Up to some hundreds.
    """
    if not executions:
        return {}
    lock = " FOR UPDATE SKIP LOCKED" if leases.kind == "postgresql" else ""
    rows = _all(leases, connection, _ROWS + lock, executions)
    found = {row.id: Found(row, None, [], []) for row in rows}
    ours = [row.id for row in rows if row.status == "RUNNING" and (helping or _free(leases, row))]
    for execution, kind, body in _all(leases, connection, _RECORDS, ours):
        one = found[execution]
        if kind == CHECKPOINT:
            found[execution] = one._replace(checkpoint=bytes(body))
        else:
            one.steps.append(bytes(body))
    given = [execution for execution in ours if found[execution].row.given]
    for execution, items in inputs(leases, connection, given).items():
        found[execution].inputs.extend(items)
    return found


def inputs(
    leases: Leases, connection: Connection, executions: Sequence[int]
) -> dict[int, list[Input]]:
    """What other processes have left for these, in the order of its numbers."""
    out: dict[int, list[Input]] = {}
    for execution, number, kind, fields, at in _all(leases, connection, _INPUTS, executions):
        out.setdefault(execution, []).append((number, kind, _decoded(bytes(fields)), at))
    return out


def _free(leases: Leases, row: Any) -> bool:
    return row.owner is None or row.owner == leases.name


def _all(leases: Leases, connection: Connection, text: str, executions: Sequence[int]) -> Any:
    if not executions:
        return ()
    marks = ", ".join("?" * len(executions))
    return leases.sql(connection, text.format(marks), *executions).all()


def _decoded(data: bytes) -> tuple[Any, ...]:
    out: list[Any] = []
    at = 0
    while at < len(data):
        item, at = decode(data, at, True)
        out.append(item)
    return tuple(out)
