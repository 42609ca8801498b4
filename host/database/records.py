"""The records of executions, which are those of a journal (docs/SPEC.md, 4.3), and programs.

`append` and `load` are for whoever runs many executions and commits their steps together.
`SqlStore` is the seam's Store (tsme.journal) of one execution: each record is a transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from time import time
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Table, select, update
from sqlalchemy.dialects import postgresql, sqlite

from tsme.journal import CHECKPOINT, CHECKPOINT_STEPS, CHECKPOINT_TRANSITIONS, STEP

from ..compiler.backend.disasm import disassemble
from ..tools.errors import HostError
from ..tools.outputs import PROGRAM_START
from .database import Database
from .tables import executions, programs, records

OnBody = Callable[[memoryview], object]  # gets a view that is valid during the call alone

DIGEST: Final = 8  # bytes by which journals name a program
_COLUMNS: Final = "(execution, number, kind, body)"
_INSERT: Final = {
    "sqlite": f"INSERT INTO {records.name} {_COLUMNS} VALUES (?, ?, ?, ?)",  # noqa: S608
    "postgresql": f"INSERT INTO {records.name} {_COLUMNS} VALUES (%s, %s, %s, %s)",  # noqa: S608
}


class Row(NamedTuple):
    """A record: `kind` STEP or CHECKPOINT of tsme.journal, numbered from 0 in its execution."""

    execution: int
    number: int
    kind: int
    body: bytes


def append(connection: Connection, rows: Sequence[Row]) -> None:
    """Append records, within the transaction of a connection.

    Who calls sets `records` and `checkpoint` of their executions in the same transaction.  Raises
    sqlalchemy.exc.IntegrityError if a number is taken: another process has written it.
    """
    if rows:
        connection.exec_driver_sql(_INSERT[connection.dialect.name], list(rows))


def load(connection: Connection, execution: int) -> tuple[bytes | None, list[bytes]]:
    """-> (the newest checkpoint of an execution if it has one, the steps behind it)"""
    newest = select(executions.c.checkpoint).where(executions.c.id == execution)
    found = connection.execute(
        select(records.c.kind, records.c.body)
        .where(records.c.execution == execution, records.c.number >= newest.scalar_subquery())
        .order_by(records.c.number)
    ).all()
    bodies = [bytes(body) for _, body in found]
    if found and found[0].kind == CHECKPOINT:
        return bodies[0], bodies[1:]
    return None, bodies


def all_of(
    connection: Connection, execution: int, first: int = 0
) -> Iterator[tuple[int, int, bytes]]:
    """(number, kind, body) of the records of an execution that are there, from `first` on."""
    statement = select(records.c.number, records.c.kind, records.c.body)
    statement = statement.where(records.c.execution == execution)
    if first:
        statement = statement.where(records.c.number >= first)
    for number, kind, body in connection.execute(statement.order_by(records.c.number)):
        yield number, kind, bytes(body)


def insert_missing(connection: Connection, table: Table, values: Iterable[dict[str, Any]]) -> int:
    """Insert rows whose keys are not there yet.  -> how many were"""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).on_conflict_do_nothing()
    statement = statement.execution_options(preserve_rowcount=True)
    return sum(connection.execute(statement, row).rowcount for row in values)


def keep_program(connection: Connection, data: bytes, definition: str | None = None) -> bytes:
    """Keep a program, the bytes of a .tsm file, unless it is there.  -> its key

    `definition`: the ASL that it was compiled from.  The key is the digest that journals name it
    by, 8 bytes; two workflows may have one program, with other names of states or comments, and
    then those that come later have 8 bytes more.  Raises TsmeError for bytes that are no program.
    """
    digest = bytes(disassemble(data).digest)
    others = hashlib.sha256(data + b"\0" + (definition or "").encode()).digest()[:DIGEST]
    row = {"data": data, "definition": definition, "created": int(time() * 1000)}
    for key in (digest, digest + others):
        insert_missing(connection, programs, [{"digest": key, **row}])
        same = select(programs.c.data, programs.c.definition).where(programs.c.digest == key)
        found = connection.execute(same).one()
        if bytes(found.data) == data and definition in (None, found.definition):
            return key
    return digest + others


def keep_machine(connection: Connection, digest: bytes, data: bytes) -> bytes:
    """Keep what a machine's digest is of, unless it is there.  -> its key, the digest

    `data`: of a relational machine its schema, as `tsme compile` makes it; of another machine its
    name and version.
    """
    row = {"digest": digest, "data": data, "definition": None, "created": int(time() * 1000)}
    insert_missing(connection, programs, [row])
    return digest


def is_program(data: bytes) -> bool:
    """Whether what is kept is a program, not what a machine's digest is of."""
    return data.startswith(PROGRAM_START[:1])


def program(connection: Connection, digest: bytes) -> bytes | None:
    """The bytes of a .tsm file, or what `keep_machine` has kept; None if it is not there."""
    found = connection.scalar(select(programs.c.data).where(programs.c.digest == digest))
    return None if found is None else bytes(found)


class Found(NamedTuple):
    """What recover() says: records in all, and steps since the newest checkpoint."""

    records: int
    steps: int


class SqlStore:
    """The store of one execution, whose row is there: `key` is its id.

    Older records than the newest checkpoint are kept, since histories are made from them.
    """

    most: int | None = None
    retired: Collection[int] = ()

    def __init__(self, database: Database, key: int) -> None:
        self.key = key
        self._database = database
        self._next = 0  # the number of the next record
        self._steps = 0  # since the newest checkpoint
        self._found: tuple[bytes | None, list[bytes]] = (None, [])

    def recover(self) -> Found:
        """Find what is durable.  Raises HostError, TSME-S010, if there is no such execution."""
        with self._database.read() as connection:
            row = connection.execute(
                select(executions.c.records).where(executions.c.id == self.key)
            ).one_or_none()
            if row is None:
                raise HostError("TSME-S010", f"there is no execution {self.key} in the database")
            self._found = load(connection, self.key)
        self._next = row.records
        self._steps = len(self._found[1])
        return Found(self._next, self._steps)

    def reread(self, on_checkpoint: OnBody, on_step: OnBody) -> None:
        """Call back with the newest checkpoint, if there is one, and the steps behind it."""
        checkpoint, steps = self._found
        self._found = (None, [])
        if checkpoint is not None:
            on_checkpoint(memoryview(checkpoint))
        for body in steps:
            on_step(memoryview(body))

    def records(self) -> Iterator[tuple[int, int, bytes, int, int]]:
        """All that are there, oldest first: (number, kind, body, 0, number)."""
        with self._database.read() as connection:
            found = list(all_of(connection, self.key))
        for number, kind, body in found:
            yield number, kind, body, 0, number

    def commit(self, kind: int, body: bytes | bytearray | memoryview) -> int:
        """Append a record.  -> its number; raises HostError, TSME-S004 to S009, and TSME-S011 if
        another process has gone on with the execution."""
        number = self._next
        values = {"records": number + 1}
        if kind == CHECKPOINT:
            values["checkpoint"] = number
        with self._database.write() as connection:
            changed = connection.execute(
                update(executions)
                .where(executions.c.id == self.key, executions.c.records == number)
                .values(values)
            )
            if changed.rowcount != 1:
                message = f"execution {self.key} was gone on with by another process"
                raise HostError("TSME-S011", message, "end one of the two")
            append(connection, [Row(self.key, number, kind, bytes(body))])
        self._next = number + 1
        self._steps = self._steps + 1 if kind == STEP else 0
        return number

    def checkpoint(self, body: bytes | bytearray | memoryview) -> int:
        """Append a checkpoint; recovery begins at it."""
        return self.commit(CHECKPOINT, body)

    def needs_checkpoint(self, steps: int | None = None, transitions: int = 0) -> bool:
        """Whether recovery would have to replay more than it may."""
        if steps is None:
            steps = self._steps
        return steps >= CHECKPOINT_STEPS or transitions >= CHECKPOINT_TRANSITIONS

    def idle(self) -> bool:
        """Nothing is left for idle moments."""
        return False
