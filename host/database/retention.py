"""Lets go of executions that ended long ago, and of programs that nothing needs any more."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, delete, func, select, union
from sqlalchemy.exc import IntegrityError

from .database import Database
from .queries import Filter
from .tables import executions, machines, programs, records, versions

_BATCH: Final = 200  # executions of a transaction, so that others can write in between


@dataclass(frozen=True)
class Pruned:
    """How many there were that went."""

    executions: int
    records: int
    programs: int


def prune(database: Database, wanted: Filter) -> Pruned:
    """Delete the executions that fit and have stopped, with their records, inputs and tasks, and
    then all programs that no execution and no machine needs.

    Each transaction deletes some; cut off, what is gone is gone, and the next call goes on.
    """
    went = rows = 0
    conditions = [*wanted.conditions(), executions.c.stopped.is_not(None)]
    some = select(executions.c.id).where(*conditions).order_by(executions.c.id).limit(_BATCH)
    while True:
        with database.write() as connection:
            ids = list(connection.scalars(some))
            if not ids:
                break
            own = records.c.execution.in_(ids)
            rows += connection.execute(delete(records).where(own)).rowcount
            found = connection.execute(
                delete(executions).where(
                    executions.c.id.in_(ids), executions.c.stopped.is_not(None)
                )
            )
            went += found.rowcount
    with database.write() as connection:
        return Pruned(went, rows, _programs(connection))


def expected(connection: Connection, wanted: Filter) -> int:
    """How many executions `prune` would delete."""
    statement = select(func.count()).select_from(executions)
    stopped = executions.c.stopped.is_not(None)
    return int(connection.scalar(statement.where(*wanted.conditions(), stopped)) or 0)


def _programs(connection: Connection) -> int:
    used = union(*(select(table.c.digest) for table in (executions, machines, versions)))
    needed = {bytes(digest) for digest in connection.scalars(used)}
    # An imported execution may have moved from program to program.
    notes: Any = select(executions.c.notes).where(executions.c.machine.is_(None))
    for note in connection.scalars(notes):
        needed.update(bytes.fromhex(digest) for digest in (note or {}).get("programs", ()))
    there = [bytes(digest) for digest in connection.scalars(select(programs.c.digest))]
    gone = 0
    for digest in there:
        if digest not in needed:
            # Somebody may just begin to need it, in a transaction that is not seen here.
            with suppress(IntegrityError), connection.begin_nested():
                connection.execute(delete(programs).where(programs.c.digest == digest))
                gone += 1
    return gone
