"""Which process runs an execution: its owner, who is alive, and what becomes of the dead's.

A process is a row of `workers` whose `seen` it renews.  An execution has an owner while it has
tasks that its owner does; whatever only waits has none, and anybody goes on with it.  Every write
checks the epoch and the number of records, so who was frozen and taken over from writes nothing.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from typing import Any, Final

from sqlalchemy import Connection

LEASE: Final = 6_000  # ms without a renewal after which a process is dead
RENEW: Final = 1_500  # ms between renewals
_PART: Final = 200  # executions that are taken over in one transaction


def new_name(name: str) -> str:
    """The name of a process as owners have it: never the same again."""
    return f"{name}/{socket.gethostname()}/{os.getpid()}/{uuid.uuid4().hex[:8]}"


class Leases:
    """The leases of one process, within transactions that others begin."""

    def __init__(self, kind: str, name: str) -> None:
        self.kind = kind
        self.given_name = name
        self.name = new_name(name)
        self.renewed = 0.0  # by time.monotonic()
        self._mark = "?" if kind == "sqlite" else "%s"

    def sql(self, connection: Connection, text: str, *values: Any) -> Any:
        """Run a statement whose parameters are written as `?`."""
        return connection.exec_driver_sql(text.replace("?", self._mark), values)

    def _now(self, connection: Connection) -> int:
        # One clock for all: that of the database's machine.
        if self.kind == "sqlite":
            return time.time_ns() // 1_000_000
        text = "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint"
        return int(connection.exec_driver_sql(text).scalar_one())

    def join(self, connection: Connection) -> None:
        """Be alive from now on, under a new name."""
        self.name = new_name(self.given_name)
        now = self._now(connection)
        text = "INSERT INTO tsme_workers (name, started, seen) VALUES (?, ?, ?)"
        self.sql(connection, text, self.name, now, now)
        self.renewed = time.monotonic()

    def renew(self, connection: Connection) -> bool:
        """Be alive for another while.  -> False if others have taken over what was ours"""
        now = self._now(connection)
        done = self.sql(
            connection, "UPDATE tsme_workers SET seen = ? WHERE name = ?", now, self.name
        )
        self.renewed = time.monotonic()
        return bool(done.rowcount)

    def late(self) -> bool:
        """Whether it is time to renew."""
        return (time.monotonic() - self.renewed) * 1000 >= RENEW

    def take_over(self, connection: Connection) -> list[int]:
        """Some executions of processes that are dead, which are ours now.  -> their ids"""
        now = self._now(connection)
        # Owners first: who is one now has a row by then, or it has been declared dead.
        text = "SELECT DISTINCT owner FROM tsme_executions WHERE owner IS NOT NULL"
        owners = set(self.sql(connection, text).scalars())
        text = "SELECT name, seen FROM tsme_workers"
        seen = dict(tuple(row) for row in self.sql(connection, text))
        dead = {name for name, at in seen.items() if at < now - LEASE or self._gone(name)}
        dead = (dead | owners - seen.keys()) - {self.name}
        taken: list[int] = []
        for name in sorted(dead):
            taken += self._take(connection, name)
            # From here on it can renew nothing, and what is left of it has no living owner.
            self.sql(connection, "DELETE FROM tsme_workers WHERE name = ?", name)
        return taken

    def _take(self, connection: Connection, dead: str) -> list[int]:
        part = "SELECT id FROM tsme_executions WHERE owner = ? LIMIT ?"
        if self.kind == "postgresql":
            part += " FOR UPDATE SKIP LOCKED"
        rows = self.sql(
            connection,
            f"UPDATE tsme_executions SET owner = ?, epoch = epoch + 1 WHERE id IN ({part})"  # noqa: S608
            " RETURNING id",
            self.name,
            dead,
            _PART,
        )
        return [int(row[0]) for row in rows]

    def _gone(self, name: str) -> bool:
        """Whether it was a process of this machine that is not there any more."""
        parts = name.rsplit("/", 3)
        if self.kind != "sqlite" or len(parts) != 4 or parts[1] != socket.gethostname():
            return False
        try:
            os.kill(int(parts[2]), 0)
        except ProcessLookupError:
            return True
        except (OSError, ValueError):
            return False
        return False

    def leave(self, connection: Connection) -> None:
        """Give back all that is ours: others begin with it at once."""
        text = "UPDATE tsme_executions SET owner = NULL, epoch = epoch + 1, due = 0"
        self.sql(connection, f"{text} WHERE owner = ? AND status = 'RUNNING'", self.name)
        self.sql(connection, "DELETE FROM tsme_workers WHERE name = ?", self.name)
