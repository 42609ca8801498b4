"""The connection of a thread that writes again and again.

It is kept, so that a transaction costs little more than its statements.  What every step writes
goes to the driver itself; SQLAlchemy's connection joins a transaction when somebody asks for it.
"""

from __future__ import annotations

import select
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic, perf_counter
from typing import Any, Final, NoReturn

import psycopg
from sqlalchemy import Connection, RootTransaction, exc

from .database import Database
from .failures import Phase, told
from .prepared import Prepared

# A plan for any values is as good as one for these, and planning takes longer than a step.  But
# tables grow, so no plan grows old.
_PLAN_ONCE: Final = "SET plan_cache_mode = force_generic_plan"
_PLAN_AGAIN: Final = "DISCARD PLANS"
_OLD: Final = 1.0  # seconds


class Transaction:
    """One transaction of a Writer.  It begins with the first statement."""

    def __init__(
        self, sql: Connection, driver: Any, phase: Phase, prepared: Prepared | None = None
    ) -> None:
        self.kind = "sqlite" if sql.dialect.name == "sqlite" else "postgresql"
        self._sql = sql
        self._driver = driver
        self._phase = phase
        self._prepared = prepared
        self._joined: RootTransaction | None = None

    @property
    def connection(self) -> Connection:
        """SQLAlchemy's connection, within this transaction."""
        if self._joined is None:
            if self.kind == "postgresql" and self._driver.autocommit:
                self._driver.autocommit = False
            self._joined = self._sql.begin()
        return self._sql

    def run(self, text: str, values: Any) -> Any:
        """Run a statement that has the driver's own marks.  -> the driver's cursor

        Raises what SQLAlchemy makes of the driver's errors.
        """
        if self.kind == "sqlite":
            return self._lite(False, text, values)
        assert self.connection  # joins
        return self._execute(text, values)

    def run_many(self, text: str, values: Sequence[tuple[Any, ...]]) -> Any:
        """Of SQLite: the same for many values."""
        if len(values) == 1:
            return self._lite(False, text, values[0])
        return self._lite(True, text, values)

    def end(self, text: str, values: Sequence[str | int | None]) -> int:
        """Of PostgreSQL: run the statement that is the last one of this transaction.  If it is the
        first as well, then it is the transaction: one round trip, and durable after it.  -> how
        many rows it has written or found"""
        if self._joined is not None:
            return int(self._execute(text, values).rowcount)
        assert self._prepared
        if not self._driver.autocommit:
            self._driver.autocommit = True
        self._phase.committing = True
        try:
            rows = self._prepared.run(text, values)
        except psycopg.Error as error:
            self._raise(text, error, psycopg.Error)
        self._phase.committing = False
        return rows

    def _lite(self, many: bool, text: str, values: Any) -> Any:
        driver = self._driver
        try:
            if not driver.in_transaction:
                driver.execute("BEGIN IMMEDIATE")
            return driver.executemany(text, values) if many else driver.execute(text, values)
        except sqlite3.Error as error:
            self._raise(text, error, sqlite3.Error)

    def _execute(self, text: str, values: Any) -> Any:
        try:
            return self._driver.execute(text, values, prepare=True)
        except psycopg.Error as error:
            self._raise(text, error, psycopg.Error)

    def _raise(self, text: str, error: Exception, base: type[Exception]) -> NoReturn:
        gone = self.kind == "postgresql" and self._driver.closed
        raise exc.DBAPIError.instance(
            text, None, error, base, connection_invalidated=gone, dialect=self._sql.dialect
        ) from None

    def commit(self) -> None:
        """What has been written is durable."""
        self._phase.committing = True
        if self._joined is not None:
            self._joined.commit()
        elif self.kind == "sqlite":
            self._driver.commit()

    def rollback(self) -> None:
        """Nothing has been written."""
        if self._joined is not None:
            self._joined.rollback()
        elif self.kind == "sqlite":
            self._driver.rollback()


class Writer:
    """The transactions of one thread, one after the other; as Database.write(), but cheaper."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sql: Connection | None = None
        self._driver: Any = None
        self._poll: Any = None
        self._prepared: Prepared | None = None
        self._planned = 0.0

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """One transaction: durable when the block ends, and as if it had never been if the block
        raises.  Raises HostError as Database.write() does."""
        with told(self._database.name) as phase:
            transaction = Transaction(self._connected(), self._driver, phase, self._prepared)
            try:
                yield transaction
                begun = perf_counter()
                transaction.commit()
            except BaseException:
                with suppress(Exception):
                    transaction.rollback()
                self.close()
                raise
        self._database.committed(perf_counter() - begun)

    def close(self) -> None:
        """Close the connection; the next transaction makes a new one."""
        sql, self._sql, self._driver, self._prepared = self._sql, None, None, None
        if sql is not None:
            with suppress(Exception):
                sql.invalidate()  # it is set up for this alone, or has failed
            sql.close()

    def _connected(self) -> Connection:
        if self._sql is not None and self._gone():
            self.close()
        if self._sql is None:
            self._sql = self._database.writing()
            self._driver = self._sql.connection.driver_connection
            if self._database.kind == "postgresql":
                self._driver.autocommit = True
                self._driver.execute(_PLAN_ONCE)
                self._prepared = Prepared(self._driver)
                self._planned = monotonic()
                self._poll = select.poll()
                self._poll.register(self._driver.fileno(), select.POLLIN)
        elif self._database.kind == "postgresql" and monotonic() - self._planned > _OLD:
            self._driver.autocommit = True
            self._driver.execute(_PLAN_AGAIN)
            self._planned = monotonic()
        return self._sql

    def _gone(self) -> bool:
        """Whether a server that nobody has asked anything says something: that it ends."""
        if self._database.kind == "sqlite":
            return False
        return self._driver.closed or bool(self._poll.poll(0))
