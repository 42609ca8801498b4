"""Histories: worked out by replaying the records of an execution, and kept for a while."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, select

from tsme.errors import TsmeError
from tsme.journal import STEP

from ...compiler.backend.disasm import disassemble
from ...database import records
from ...database.tables import executions, programs, tasks
from ...tools.aws.events import History, Note
from ...tools.aws.history import replay_history
from ...tools.aws.redrive import Redriven
from ...tools.commands.history import as_api
from .. import arns, paging
from ..errors import ApiError
from ..server import Answer, Call, Request, Server
from ..times import present, seconds
from .table import operation

_KEPT: Final = 64  # histories
_EVENTS: Final = 100_000  # of all histories that are kept
_NOTE: Final = "histories"  # of Server.notes


class Histories:
    """The histories that were asked for last, by execution and number of records."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[int, int], History] = OrderedDict()

    def of(self, server: Server, row: Any) -> History:
        """The history of an execution, whose row this is.

        Raises ApiError if it cannot be told: a journal that does not reach back to its start, or
        a program without its debug part.
        """
        key = row.id, row.records
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        with server.database.read() as connection:
            told = _replayed(connection, row)
        with self._lock:
            self._known[key] = told
            while len(self._known) > _KEPT or len(self._known) > 1 and self._size() > _EVENTS:
                self._known.popitem(last=False)
        return told

    def _size(self) -> int:
        return sum(len(one.events) for one in self._known.values())


def history(server: Server, row: Any) -> History:
    """The history of an execution as it is in its row.  Raises ApiError."""
    known: Histories = server.notes.setdefault(_NOTE, Histories())
    return known.of(server, row)


def failure(server: Server, row: Any) -> tuple[str | None, str | None]:
    """Error and cause of an execution that has failed, in AWS's words where a history can be
    told."""
    try:
        told = history(server, row)
    except ApiError:
        return row.error, row.cause
    return told.error, told.cause


def _replayed(connection: Connection, row: Any) -> History:
    try:
        notes = _notes(connection, row.id)
        return replay_history(*program(connection, row), steps(connection, row), notes)
    except TsmeError as error:
        raise untold(row, f"{error.code}: {error.message}") from None


def program(connection: Connection, row: Any) -> tuple[bytes, bytes]:
    """The program of an execution, and its debug part.  Raises ApiError."""
    data = records.program(connection, bytes(row.digest))
    if data is None:
        raise untold(row, "its program is not there")
    size = disassemble(data).size
    return data[:size], data[size:]


def definition(connection: Connection, row: Any) -> str | None:
    """The definition that an execution runs, if it is there."""
    key = bytes(row.digest)
    found: str | None = connection.scalar(
        select(programs.c.definition).where(programs.c.digest == key)
    )
    return found


def steps(connection: Connection, row: Any) -> Iterator[bytes | Redriven]:
    """The steps of an execution, and between them where it was redriven."""
    redriven = set((row.notes or {}).get("redrives", ()))
    for number, kind, body in records.all_of(connection, row.id):
        if number >= row.records:
            return
        if kind == STEP:
            yield body
        elif number in redriven:
            yield Redriven(body)


def _notes(connection: Connection, execution: int) -> dict[int, Note]:
    """Who took which activity."""
    taken = select(tasks.c.action, tasks.c.worker).where(
        tasks.c.execution == execution, tasks.c.taken.is_not(None)
    )
    return {action: Note(worker=worker or "") for action, worker in connection.execute(taken)}


def untold(row: Any, why: str) -> ApiError:
    """The refusal of what would have to be worked out from records, and cannot be."""
    text = f"The history of '{row.arn}' cannot be told from its records: {why}"
    return ApiError("ValidationException", text)


@operation("GetExecutionHistory")
def get(server: Server, request: Request, _call: Call) -> Answer:
    """A page of the events of an execution."""
    text = request["executionArn"]
    arns.parse(text, "execution")
    backwards = request.get("reverseOrder", False)
    with server.database.read() as connection:
        found = select(executions).where(executions.c.arn == text)
        row = connection.execute(found).one_or_none()
    if row is None:
        raise ApiError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{text}'")
    after = paging.after(request, int, bool, int)
    if after and after[:2] != [row.id, backwards]:
        raise ApiError("InvalidToken", "Invalid Token: 'Input inconsistent with page token'")
    told = history(server, row)
    most = paging.size(request)
    count = len(told.events)
    if backwards:
        last = after[2] - 1 if after else count
        chosen = told.events[max(last - most, 0) : max(last, 0)][::-1]
        more = last > most
    else:
        first = after[2] if after else 0
        chosen = told.events[first : first + most]
        more = first + most < count
    out: Answer = {"events": _events(row, chosen, request.get("includeExecutionData", True))}
    if more:
        out["nextToken"] = paging.token(row.id, backwards, chosen[-1]["id"])
    return out


def _events(row: Any, chosen: list[dict[str, Any]], with_data: bool) -> list[dict[str, Any]]:
    out = as_api(History(events=chosen), with_data)["events"]
    for event, told in zip(out, chosen, strict=True):
        event["timestamp"] = seconds(told["time"])
        if told["type"] == "ExecutionStarted":
            event["executionStartedEventDetails"] |= present(
                roleArn=(row.notes or {}).get("machine", {}).get("role"),
                stateMachineVersionArn=row.version,
                stateMachineAliasArn=row.alias,
            )
    return out
