"""Histories: worked out by replaying the records of an execution, and kept for a while."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, Final

from sqlalchemy import Connection, select

from tsme.errors import TsmeError
from tsme.journal import STEP
from tsme.kernel import Kernel, replay
from tsme.program import interpreter

from ...compiler.backend.disasm import disassemble
from ...database import records
from ...database.tables import notes, programs
from ...tools.aws.events import History, Note, Seen
from ...tools.aws.history import Telling
from ...tools.aws.redrive import Altered, Redriven
from ...tools.aws.view import ExecutionView
from ...tools.journal.listing import listing
from ..errors import ApiError
from ..noting import ABSENT, SUBMITTED
from ..server import Server

_KEPT: Final = 64  # histories
_EVENTS: Final = 100_000  # of all histories that are kept
_NOTE: Final = "histories"  # of Server.notes


class Kept:
    """A history that was asked for, and how far it is."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.telling: Any = None  # a Telling, once something was told
        self.notes: dict[int, Note] = {}
        self.seen: set[tuple[int, str]] = set()
        self.records = 0  # that were told
        self.events = 0


class Histories:
    """The histories that were asked for last; each goes on from where it was."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[int, Kept] = OrderedDict()

    def of(self, server: Server, row: Any) -> History:
        """The history of an execution, whose row this is, or what it has become meanwhile.

        Raises ApiError if it cannot be told: a journal that does not reach back to its start, or
        a program without its debug part.
        """
        with self._lock:
            kept = self._known.setdefault(row.id, Kept())
            self._known.move_to_end(row.id)
        with kept.lock:
            try:
                with server.database.read() as connection:
                    told = _told(connection, row, kept)
            except BaseException:
                with self._lock:
                    self._known.pop(row.id, None)
                raise
            kept.events = len(told.events)
        with self._lock:
            while len(self._known) > _KEPT or len(self._known) > 1 and self._size() > _EVENTS:
                self._known.popitem(last=False)
        return told

    def _size(self) -> int:
        return sum(kept.events for kept in self._known.values())


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


def _told(connection: Connection, row: Any, kept: Kept) -> History:
    """Goes on with a history up to the records that the row speaks of."""
    try:
        if kept.telling is None or kept.records < row.records or row.status == "RUNNING":
            go_on(connection, row, kept)
        told: History = kept.telling.history
        return told
    except TsmeError as error:
        raise untold(row, f"{error.code}: {error.message}") from None


def go_on(
    connection: Connection,
    row: Any,
    kept: Kept,
    view: Callable[..., ExecutionView] = ExecutionView,
) -> None:
    """Tells what is new in the database of an execution.  Raises TsmeError, ApiError."""
    if kept.telling is None:
        kept.telling = Telling(*program(connection, row), kept.notes, view=view)
    rows = list(steps(connection, row, kept.records))
    found = connection.execute(select(notes).where(notes.c.execution == row.id)).all()
    kept.notes |= {one.action: Note(absent=True) for one in found if one.kind == ABSENT}
    fresh = [
        one for one in found if one.kind != ABSENT and (one.action, one.kind) not in kept.seen
    ]
    fresh.sort(key=lambda one: (one.record, one.seen, one.action, one.kind))
    for number, record in rows:
        while fresh and fresh[0].record <= number:
            _see(kept, fresh.pop(0))
        kept.telling.take(record)
        kept.records = number + 1
    for one in fresh:
        if one.record <= max(kept.records, row.records):
            _see(kept, one)


def _see(kept: Kept, one: Any) -> None:
    assert kept.telling
    kept.seen.add((one.action, one.kind))
    body = json.loads(one.body) if one.kind == SUBMITTED else one.body
    kept.telling.take(Seen(one.action, one.kind, body, one.seen))


def program(connection: Connection, row: Any) -> tuple[bytes, bytes]:
    """The program of an execution, and its debug part.  Raises ApiError."""
    data = records.program(connection, bytes(row.digest))
    if data is None:
        raise untold(row, "its program is not there")
    if not records.is_program(data):
        raise untold(row, "a machine ran it, not a workflow; tsme store export, tsme journal show")
    size = disassemble(data).size
    return data[:size], data[size:]


def replayed(connection: Connection, row: Any) -> tuple[Kernel, Any]:
    """-> (a kernel with the program of an execution, the state that its records come to)

    Raises ApiError, TsmeError.
    """
    core = Kernel(interpreter.Interpreter(listing(*program(connection, row)).program))
    so_far = replay.Replay(core)
    checkpoint, behind = records.load(connection, row.id)
    if checkpoint is not None:
        so_far.checkpoint(checkpoint)
    for step in behind:
        so_far.step(step)
    return core, so_far.state


def definition(connection: Connection, row: Any) -> str | None:
    """The definition that an execution runs, if it is there."""
    key = bytes(row.digest)
    found: str | None = connection.scalar(
        select(programs.c.definition).where(programs.c.digest == key)
    )
    return found


def steps(
    connection: Connection, row: Any, first: int = 0
) -> Iterator[tuple[int, bytes | Redriven | Altered]]:
    """(number, step) of an execution, and between them where it was redriven or altered."""
    redriven = set((row.notes or {}).get("redrives", ()))
    altered = set((row.notes or {}).get("altered", ()))
    for number, kind, body in records.all_of(connection, row.id, first):
        if number >= row.records:
            return
        if kind == STEP:
            yield number, body
        elif number in redriven:
            yield number, Redriven(body)
        elif number in altered:
            yield number, Altered(body)


def untold(row: Any, why: str) -> ApiError:
    """The refusal of what would have to be worked out from records, and cannot be."""
    text = f"The history of '{row.arn}' cannot be told from its records: {why}"
    return ApiError("ValidationException", text)
