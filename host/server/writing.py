"""How a transaction writes what live executions have made, in as few statements as can be."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import psycopg
from sqlalchemy import exc

from ..database import records
from ..database.writer import Transaction
from ..tools.errors import HostError
from ..tools.quick_json import text_of
from .live import Live
from .terms import NewExecution

# Of SQLite, and of lone steps of PostgreSQL.  A column that an index has is written only if it
# changes: that is one page less.
_FENCE: Final = " WHERE id = ? AND epoch = ? AND records = ? AND (owner IS NULL OR owner = ?)"
_STEP: Final = "UPDATE tsme_executions SET records = ?, checkpoint = ?" + _FENCE  # noqa: S608
_MOVE: Final = (
    "UPDATE tsme_executions SET records = ?, checkpoint = ?, owner = ?,"  # noqa: S608
    " due = CASE WHEN given > ? THEN 0 ELSE CAST(? AS bigint) END" + _FENCE
)
_END: Final = (
    "UPDATE tsme_executions SET records = ?, checkpoint = ?, owner = NULL, due = NULL,"  # noqa: S608
    " status = ?, stopped = ?, output = ?, error = ?, cause = ?" + _FENCE
)
_GONE: Final = "DELETE FROM tsme_inputs WHERE execution = ?"
_TAKEN: Final = "DELETE FROM tsme_inputs WHERE execution = ? AND number < ?"
_RECORD: Final = "INSERT INTO tsme_records (execution, number, kind, body) VALUES (?, ?, ?, ?)"

# Of PostgreSQL: all of it is one statement, however many executions there are.  It divides by zero
# if one of them is not what it was.  What is asked of v.id and v.records holds always; it lets the
# planner expect few rows, and look them up by their key.
_ALL: Final = """
WITH done AS (
  UPDATE tsme_executions AS e SET records = v.records, checkpoint = v.checkpoint, owner = v.owner,
    due = CASE WHEN e.given > v.taken AND v.status = 'RUNNING' THEN 0 ELSE v.due END,
    status = v.status, stopped = v.stopped, output = v.output, error = v.error, cause = v.cause
  FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
      %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
    AS v(id, records, checkpoint, due, taken, epoch, before, stopped, owner, status, output,
      error, cause)
  WHERE v.id > 0 AND v.records > 0 AND e.id = v.id AND e.epoch = v.epoch
    AND e.records = v.before AND (e.owner IS NULL OR e.owner = %s)
  RETURNING e.id
), written AS (
  INSERT INTO tsme_records (execution, number, kind, body)
  SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::smallint[], %s::bytea[])
){gone}
SELECT 1 / (count(*) = %s)::int FROM done
"""
_STEPS_ALL: Final = _ALL.format(gone="")
_ENDS_ALL: Final = _ALL.format(
    gone=", gone AS (DELETE FROM tsme_inputs WHERE execution = ANY(%s::bigint[]))"
)
# A lone step is more often than all else, and this takes half the time: it writes the record of an
# execution that is what it was, or none.
_LONE: Final = (
    "WITH done AS ({update} RETURNING id) INSERT INTO tsme_records (execution, number, kind, body)"
    " SELECT id, %s::bigint, %s::smallint, %s::bytea FROM done"
)
_LONE_STEP: Final = _LONE.format(update=_STEP.replace("?", "%s"))
_LONE_MOVE: Final = _LONE.format(update=_MOVE.replace("?", "%s"))
_TAKEN_ALL: Final = """
DELETE FROM tsme_inputs AS i USING unnest(%s::bigint[], %s::bigint[]) AS v(execution, number)
WHERE v.execution > 0 AND v.number > 0 AND i.execution = v.execution AND i.number < v.number
"""
_NEW: Final = (
    "arn, name, machine, version, alias, type, input, trace, settings, notes, started, parent,"
    " digest"
)
_INSERT: Final = (
    f"INSERT INTO tsme_executions ({_NEW}, owner, status, epoch, due)"  # noqa: S608
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'RUNNING', 1, 0)"
    " ON CONFLICT (arn) DO NOTHING"
)
_INSERT_ALL: Final = f"""
INSERT INTO tsme_executions ({_NEW}, owner, status, epoch, due)
SELECT arn, name, machine, version, alias, type, input, trace, settings::json, notes::json,
  started, parent, digest, %s, 'RUNNING', 1, 0
FROM unnest({"%s::text[], " * 10} %s::bigint[], %s::bigint[], %s::bytea[]) AS v({_NEW})
ON CONFLICT (arn) DO NOTHING RETURNING id, arn, started
"""  # noqa: S608


class Lost(Exception):
    """Another process goes on with some execution of a transaction, which so cannot commit."""


def lost(error: Exception) -> bool:
    """Whether it is of the transaction, not of one thing done in it."""
    gone = isinstance(error, exc.DBAPIError | exc.InvalidRequestError | Lost)
    return gone or isinstance(error, HostError) and getattr(error, "unsure", None) is not None


def words(text: str | None) -> str | None:
    """Text as tables.Words has it."""
    return None if text is None else text.replace("\x1a", "\x1a1").replace("\0", "\x1a0")


def _columns(new: NewExecution, started: int) -> tuple[Any, ...]:
    settings = json.dumps(new.settings), json.dumps(new.notes)
    machine = new.machine, new.version, new.alias, new.type
    names = new.arn, new.name, *machine, new.input, new.trace, *settings
    return *names, started, new.parent, new.digest


def insert(transaction: Transaction, new: NewExecution, started: int, owner: str) -> int | None:
    """The row of a new execution.  -> its id; None if there is one of this ARN"""
    values = (*_columns(new, started), owner)
    if transaction.kind == "sqlite":  # a row that comes back is one step of the statement more
        made = transaction.run(_INSERT, values)
        return int(made.lastrowid) if made.rowcount else None
    found = transaction.run(_INSERT.replace("?", "%s") + " RETURNING id", values).fetchone()
    return None if found is None else int(found[0])


def insert_all(
    transaction: Transaction, news: Iterable[tuple[NewExecution, int]], owner: str
) -> dict[str, tuple[int, int]]:
    """Of PostgreSQL: the same for many, with the times at which they start.

    -> (id, start) by ARN, without those whose ARN there is
    """
    *texts, started, parent, digest = zip(*[_columns(*new) for new in news], strict=True)
    values = [owner, *map(_texts, texts), _numbers(started), _numbers(parent), _bodies(digest)]
    found = transaction.run(_INSERT_ALL, values).fetchall()
    return {arn: (key, at) for key, arn, at in found}


def flush(transaction: Transaction, lives: Iterable[Live], owner: str, last: bool) -> None:
    """Write what live executions have made since the transaction began.

    `last`: nothing else is written in this transaction.  Raises Lost if one of the executions is
    not what it was when this process last saw it.
    """
    changed = []
    for live in lives:
        live.writing = live.place(owner)
        if live.rows.rows or live.writing != live.written:
            changed.append(live)
    others = {live.helped for live in changed if live.helped}
    for other in others:
        _large(transaction, [live for live in changed if live.helped == other], other, False)
    if others:
        changed = [live for live in changed if not live.helped]
    if changed and transaction.kind == "sqlite":
        _lite(transaction, changed, owner)
    elif len(changed) == 1 and changed[0].busy() and len(changed[0].rows.rows) == 1:
        _lone(transaction, changed[0], owner, last)
    elif changed:
        _large(transaction, changed, owner, last)


def _lone(transaction: Transaction, live: Live, owner: str, last: bool) -> None:
    stores = live.rows
    [row] = stores.rows
    moves = live.writing != live.written
    values = [
        *(stores.number, stores.newest),
        *(live.writing if moves else ()),
        *(stores.key, live.epoch, live.before, owner),
        *(row.number, row.kind, "\\x" + row.body.hex()),
    ]
    text = _LONE_MOVE if moves else _LONE_STEP
    written = transaction.end(text, values) if last else transaction.run(text, values).rowcount
    if written != 1:
        raise Lost


def _lite(transaction: Transaction, lives: list[Live], owner: str) -> None:
    steps: list[tuple[Any, ...]] = []
    moves: list[tuple[Any, ...]] = []
    ends: list[tuple[Any, ...]] = []
    known: list[tuple[int]] = []  # executions that have ended, and may have been given inputs
    rows: list[records.Row] = []
    for live in lives:
        stores = live.rows
        numbers = (stores.number, stores.newest)
        fence = (stores.key, live.epoch, live.before, owner)
        if not live.busy():
            ends.append((*numbers, *_ending(live), *fence))
            if live.before:
                known.append((stores.key,))
        elif live.writing == live.written:
            steps.append((*numbers, *fence))
        else:
            moves.append((*numbers, *live.writing, *fence))
        rows += stores.rows
    for text, values in ((_STEP, steps), (_MOVE, moves), (_END, ends)):
        if values and transaction.run_many(text, values).rowcount != len(values):
            raise Lost
    if known:
        transaction.run_many(_GONE, known)
    if rows:
        transaction.run_many(_RECORD, rows)


def _large(transaction: Transaction, lives: list[Live], owner: str, last: bool) -> None:
    numbers: list[tuple[Any, ...]] = []
    texts: list[tuple[Any, ...]] = []
    rows: list[records.Row] = []
    ended: list[int] = []
    for live in lives:
        stores = live.rows
        at, taken, due = live.writing
        ending: tuple[Any, ...] = ("RUNNING", None, None, None, None)
        if not live.busy():
            at, due, ending = None, None, _ending(live)
            ended.append(stores.key)
        status, stopped, *told = ending
        row = (stores.key, stores.number, stores.newest, due, taken, live.epoch, live.before)
        numbers.append((*row, stopped))
        texts.append((at, status, *told))
        rows += stores.rows
    values: list[Any] = [
        *map(_numbers, zip(*numbers, strict=True)),
        *map(_texts, zip(*texts, strict=True)),
        owner,
        _numbers([row.execution for row in rows]),
        _numbers([row.number for row in rows]),
        _numbers([row.kind for row in rows]),
        _bodies([row.body for row in rows]),
    ]
    text = _ENDS_ALL if ended else _STEPS_ALL
    if ended:
        values.append(_numbers(ended))
    values.append(len(lives))
    try:
        (transaction.end if last else transaction.run)(text, values)
    except exc.DBAPIError as error:
        if isinstance(error.orig, psycopg.errors.DivisionByZero):
            raise Lost from None
        raise


def taken(transaction: Transaction, numbers: Mapping[int, int]) -> None:
    """Let go of inputs that are in the records: of each execution those before a number."""
    if transaction.kind == "sqlite":
        transaction.run_many(_TAKEN, list(numbers.items()))
    else:
        transaction.run(_TAKEN_ALL, (_numbers(numbers), _numbers(numbers.values())))


# PostgreSQL's text of arrays.


def _numbers(values: Iterable[int | None]) -> str:
    return "{" + ",".join(["NULL" if n is None else str(n) for n in values]) + "}"


def _texts(values: Iterable[str | None]) -> str:
    return "{" + ",".join(["NULL" if text is None else _quoted(text) for text in values]) + "}"


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _bodies(values: Iterable[bytes]) -> str:
    return "{" + ",".join(['"\\\\x' + value.hex() + '"' for value in values]) + "}"


def _ending(live: Live) -> tuple[Any, ...]:
    """status, stopped, output, error, cause"""
    state = live.state
    status = live.status
    if status == "SUCCEEDED":
        return status, state.now, text_of(state.result), None, None
    error, cause = state.result
    return status, state.now, None, words(error), words(cause)
