"""How a transaction writes what live executions have made, in as few statements as can be."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import Connection

from tsme.values.json import dumps

from ..database import records
from .live import Live
from .terms import NewExecution

_FENCE: Final = " WHERE id = ? AND epoch = ? AND records = ? AND (owner IS NULL OR owner = ?)"
_STEP: Final = (
    "UPDATE tsme_executions SET records = ?, checkpoint = ?, owner = ?,"  # noqa: S608
    " due = CASE WHEN given > ? THEN 0 ELSE ? END" + _FENCE
)
_END: Final = (
    "UPDATE tsme_executions SET records = ?, checkpoint = ?, owner = NULL, due = NULL,"  # noqa: S608
    " status = ?, stopped = ?, output = ?, error = ?, cause = ?" + _FENCE
)
_INSERT: Final = (
    "INSERT INTO tsme_executions (arn, name, machine, version, alias, type, digest, status,"
    " started, input, trace, parent, settings, notes, owner, epoch, due)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, 'RUNNING', ?, ?, ?, ?, ?, ?, ?, 1, 0)"
    " ON CONFLICT (arn) DO NOTHING RETURNING id"
)


class Lost(Exception):
    """Another process goes on with some execution of a transaction, which so cannot commit."""


def _sql(connection: Connection, text: str) -> str:
    return text if connection.dialect.name == "sqlite" else text.replace("?", "%s")


def _words(text: str | None) -> str | None:
    # as tables.Words has them
    return None if text is None else text.replace("\x1a", "\x1a1").replace("\0", "\x1a0")


def insert(connection: Connection, new: NewExecution, started: int, owner: str) -> int | None:
    """The row of a new execution.  -> its id; None if there is one of this ARN"""
    values = (
        new.arn, new.name, new.machine, new.version, new.alias, new.type, new.digest, started,
        new.input, new.trace, new.parent, json.dumps(new.settings), json.dumps(new.notes), owner,
    )  # fmt: skip
    found = connection.exec_driver_sql(_sql(connection, _INSERT), values).scalar()
    return None if found is None else int(found)


def flush(connection: Connection, lives: Iterable[Live], owner: str) -> None:
    """Write what live executions have made since the transaction began.

    Raises Lost if one of them is not what it was when this process last saw it.
    """
    steps: list[tuple[Any, ...]] = []
    ends: list[tuple[Any, ...]] = []
    rows: list[records.Row] = []
    for live in lives:
        stores = live.rows
        fence = (stores.key, live.epoch, live.before, owner)
        if live.busy():
            live.owner = owner if live.own() else None
            steps.append(
                (stores.number, stores.newest, live.owner, live.taken, live.due(), *fence)
            )
        else:
            ends.append((stores.number, stores.newest, *_ending(live), *fence))
        rows += stores.rows
    for text, values in ((_STEP, steps), (_END, ends)):
        if values:
            done = connection.exec_driver_sql(_sql(connection, text), values)
            if done.rowcount != len(values):
                raise Lost
    if ends:
        gone = _sql(connection, "DELETE FROM tsme_inputs WHERE execution = ?")
        connection.exec_driver_sql(gone, [(end[-4],) for end in ends])
    records.append(connection, rows)


def _ending(live: Live) -> tuple[Any, ...]:
    """status, stopped, output, error, cause"""
    state = live.state
    status = live.status
    if status == "SUCCEEDED":
        return status, state.now, dumps(state.result), None, None
    error, cause = state.result
    return status, state.now, None, _words(error), _words(cause)
