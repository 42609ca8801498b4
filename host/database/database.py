"""A database that is open: its pragmas, its transactions, and its errors in one line.

`Database.open(url)` makes the tables or brings them up to date (migrations.py), and refuses a
database that a newer release has written.
"""

from __future__ import annotations

import os
import secrets
import socket
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any, Final, Literal, Self

from sqlalchemy import Connection, Engine, create_engine, event, exc
from sqlalchemy.engine import URL, make_url

from ..tools.errors import HostError
from . import migrations
from .failures import told

_WAIT: Final = 10_000  # ms that a writer waits for another one
# Connections are made when they are needed, and kept: more than a server has threads.
_POOL: Final = {"pool_size": 45, "max_overflow": 0}
_NETWORK: Final = {  # a server whose machine is gone is noticed within some 10 s
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_WRITE: Final = "tsme_write"  # an execution option: this transaction will write


class Database:
    """Executions and what belongs to them, in SQLite or PostgreSQL.  Threads may share it."""

    kind: Literal["sqlite", "postgresql"]
    name: str  # of the database, without a password
    session: str  # what PostgreSQL knows the connections of this process by

    def __init__(self, engine: Engine, session: str = "tsme") -> None:
        """Of an engine that `open` has made."""
        self.engine = engine
        self.kind = "sqlite" if engine.dialect.name == "sqlite" else "postgresql"
        self.session = session
        self.name = engine.url.set(drivername=self.kind).render_as_string(hide_password=True)
        self._writing = engine.execution_options(**{_WRITE: True})
        snapshot = {} if self.kind == "sqlite" else {"isolation_level": "REPEATABLE READ"}
        self._reading = engine.execution_options(**snapshot)
        self._watch: Callable[[float], object] | None = None
        self._looking = threading.Lock()
        self._looks: Any = None  # SQLite's connection that `look` keeps

    @classmethod
    def open(cls, url: str, new: bool = True) -> Database:
        """Open a database by its URL, `sqlite:///FILE` or `postgresql://USER@HOST/NAME`, or by
        the path of a SQLite file, and bring its tables up to date.  `new`: a file that is not
        there is made.

        Raises HostError: TSME-S012 for what is no such URL, S013 if it cannot be opened, S014 if
        a newer release has written it, and what `failures.py` tells of full disks and the like.
        """
        where = _url(url)
        if where.drivername == "sqlite+pysqlite" and not new:
            _exists(where.database or "")
        session = f"tsme {socket.gethostname()[:30]}/{os.getpid()}/{secrets.token_hex(4)}"
        database = cls(_engine(where, session), session)
        try:
            with told(database.name, opening=True):
                if database.kind == "sqlite":
                    _log_ahead(database)
                with database._writing.begin() as connection:
                    migrations.run(connection, database.name)
        except BaseException:
            database.close()
            raise
        return database

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that may write: durable when the block ends, and as if it had never
        been if the block raises.

        Raises HostError, TSME-S004 to S009; nothing has happened then, unless it is a `Failure`
        with `unsure`.  Of SQLite one process writes at a time, so keep the block short.
        """
        with told(self.name) as phase, self._writing.connect() as connection:
            transaction = connection.begin()
            try:
                yield connection
            except BaseException:
                transaction.rollback()
                raise
            phase.committing = True
            begun = perf_counter()
            transaction.commit()
        self.committed(perf_counter() - begun)

    def writing(self) -> Connection:
        """A connection for transactions that may write, which who calls closes (writer.py)."""
        return self._writing.connect()

    def committed(self, seconds: float) -> None:
        """A commit took so long."""
        if self._watch:
            self._watch(seconds)

    def listening(self) -> dict[str, Any]:
        """What psycopg.connect() takes for a session of its own, beside those of the pool."""
        _, given = self.engine.dialect.create_connect_args(self.engine.url)
        return {**_NETWORK, "application_name": self.session, **given}

    def watch(self, tell: Callable[[float], object]) -> None:
        """From now on call back after each commit with the seconds that it took."""
        self._watch = tell

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One transaction that reads: all of it sees the database at one moment."""
        with told(self.name), self._reading.begin() as connection:
            yield connection

    def look(self, text: str, *values: Any) -> Any:
        """The first row of a SELECT, a tuple of what the database has, or None.  Parameters are
        written as `?`.  Of SQLite this takes some 20 microseconds, and waits for no writer."""
        if self.kind == "postgresql":
            with self.read() as connection:
                row = connection.exec_driver_sql(text.replace("?", "%s"), values).first()
            return None if row is None else tuple(row)
        # One statement is a transaction by itself, and sqlite3 keeps it prepared.
        try:
            with self._looking:
                if self._looks is None:
                    self._looks = self.engine.raw_connection()
                    self._looks.detach()
                rows = self._looks.dbapi_connection.execute(text, values).fetchall()
        except sqlite3.Error:
            with told(self.name):
                raise
        return rows[0] if rows else None

    def close(self) -> None:
        """Close all connections."""
        with self._looking:
            if self._looks is not None:
                self._looks.close()
                self._looks = None
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.close()


def _url(text: str) -> URL:
    """The URL of a database, or the path of a file."""
    hint = "write sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME"
    if "://" not in text:
        if not text:
            raise HostError("TSME-S012", "the name of the database is empty", hint)
        return URL.create("sqlite+pysqlite", database=text)
    try:
        url = make_url(text)
    except (exc.ArgumentError, ValueError):
        raise HostError("TSME-S012", "the URL of the database cannot be read", hint) from None
    kind = url.drivername
    if kind in ("sqlite", "sqlite+pysqlite"):
        if url.database in (None, "", ":memory:") or "uri" in url.query:
            message = "a database in memory keeps nothing when the process ends"
            raise HostError("TSME-S012", message, "name a file: sqlite:///tsme.db")
        return url.set(drivername="sqlite+pysqlite")
    if kind in ("postgresql", "postgres", "postgresql+psycopg"):
        return url.set(drivername="postgresql+psycopg")
    message = f'"{kind}" is no database that executions can be kept in'
    raise HostError("TSME-S012", message, hint)


def _exists(path: str) -> None:
    if not Path(path).exists():
        hint = "name one with --database or TSME_DATABASE; tsme serve makes it"
        raise HostError("TSME-S013", f'there is no database "{path}"', hint)


def _engine(url: URL, session: str) -> Engine:
    if url.drivername == "sqlite+pysqlite":
        engine = create_engine(url, connect_args={"timeout": _WAIT / 1000}, **_POOL)
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    # A process that is frozen within a transaction must not hold up the others for ever.
    wanted = f"-c lock_timeout={_WAIT} -c idle_in_transaction_session_timeout={_WAIT}"
    given = url.query.get("options", "")
    arguments: dict[str, Any] = {"options": f"{wanted} {given}".strip()}
    for name, value in (*_NETWORK.items(), ("application_name", session)):
        if name not in url.query:
            arguments[name] = value
    engine = create_engine(url, connect_args=arguments, pool_pre_ping=True, **_POOL)
    event.listen(engine, "connect", _set_up_postgresql)
    return engine


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    # With IMMEDIATE it waits for its turn at the start, and cannot find out later that another
    # one has written what it read.
    driver: Any = connection.connection.driver_connection
    if driver.in_transaction:  # writer.py has begun it
        return
    writes = connection.get_execution_options().get(_WRITE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _log_ahead(database: Database) -> None:
    """Switch to SQLite's log, in which a commit is one write and readers wait for nobody."""
    raw = database.engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        mode = cursor.fetchall()[0][0]
        cursor.close()
    finally:
        raw.close()
    if mode != "wal":
        message = f'the file system of "{database.name}" cannot share memory, which SQLite\'s log'
        hint = "put the file on a local disk, or use PostgreSQL"
        raise HostError("TSME-S013", f"{message} needs", hint)


def _set_up_postgresql(connection: Any, _: object) -> None:
    # A server may be set not to wait for its disk.  A step is durable before anyone sees it.
    connection.autocommit = True
    connection.execute(
        "SELECT set_config('synchronous_commit', 'on', false)"
        " WHERE current_setting('synchronous_commit') = 'off'"
    )
    connection.autocommit = False
