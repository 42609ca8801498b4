"""Statements that a session of PostgreSQL keeps prepared, by libpq itself.

What every step runs has texts and numbers alone for values, so there is nothing that psycopg has
to find out about them, and nobody else for whom the thread could wait meanwhile.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, cast

import psycopg
from psycopg import pq

_DONE: Final = (pq.ExecStatus.COMMAND_OK, pq.ExecStatus.TUPLES_OK)


class Prepared:
    """The statements of one of psycopg's connections, which is used by one thread."""

    def __init__(self, driver: psycopg.Connection[Any]) -> None:
        self._driver = driver
        self._names: dict[str, bytes] = {}
        encoding = driver.info.encoding
        self._encoding = "utf-8" if encoding == "ascii" else encoding  # as psycopg has it

    def run(self, text: str, values: Sequence[str | int | None]) -> int:
        """Run a statement whose values are marked by `%s`, and that has no other `%`.  -> how many
        rows it has written or found

        Raises psycopg.Error, as psycopg's own execute() does.
        """
        given = [None if v is None else str(v).encode(self._encoding) for v in values]
        if any(value and b"\0" in value for value in given):  # libpq would take what is before it
            raise psycopg.DataError("texts of PostgreSQL cannot have a NUL")
        session = self._driver.pgconn
        name = self._names.get(text)
        if name is None:
            name = b"tsme_%d" % len(self._names)
            self._check(session.prepare(name, _numbered(text).encode(self._encoding)))
            self._names[text] = name
        # It takes None for NULL, whatever its type says.
        done = session.exec_prepared(name, cast("list[bytes]", given))
        self._check(done)
        return done.command_tuples or 0

    def _check(self, result: pq.abc.PGresult) -> None:
        if result.status in _DONE:
            return
        error = psycopg.errors.error_from_result(result, self._encoding)
        if error.sqlstate is None:  # it is libpq that says so: the server is gone
            raise psycopg.OperationalError(str(error))
        raise error


def _numbered(text: str) -> str:
    first, *others = text.split("%s")
    return first + "".join(f"${at}{part}" for at, part in enumerate(others, 1))
