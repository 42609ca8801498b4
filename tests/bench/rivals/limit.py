"""What a database can do at most, one row a transaction: limit.py URL.

SQLite as ours is set (WAL, FULL), one prepared insert; PostgreSQL in one round trip, committed.
"""

from __future__ import annotations

import sqlite3
import sys

from tests.bench.rivals.rounds import serve

TABLE = "create table plain (execution int, record int, body {}, primary key (execution, record))"
BODY = b"x" * 60


def sqlite(path: str) -> None:
    """In a file."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma journal_mode=wal")
    connection.execute("pragma synchronous=full")
    connection.execute(TABLE.format("blob"))
    numbers = iter(range(1 << 30))

    def one(count: int) -> int:
        for _ in range(count):
            connection.execute("insert into plain values (1, ?, ?)", (next(numbers), BODY))
        return count

    serve({"one": one})


def postgres(url: str) -> None:
    """On a server."""
    import psycopg

    connection = psycopg.connect(url, autocommit=True)
    connection.execute(TABLE.format("bytea"))
    numbers = iter(range(1 << 30))

    def one(count: int) -> int:
        for _ in range(count):
            connection.execute(
                "insert into plain values (1, %s, %s)", (next(numbers), BODY), prepare=True
            )
        return count

    serve({"one": one})


if sys.argv[1].startswith("postgresql"):
    postgres(sys.argv[1])
else:
    sqlite(sys.argv[1].removeprefix("sqlite:///"))
