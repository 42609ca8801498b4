"""Which process runs an execution: its owner, who is alive, and what becomes of the dead's.

A process is a row of `workers` whose `seen` it renews.  An execution has an owner while it has
tasks that its owner does; whatever only waits has none, and anybody goes on with it.  Every write
checks the epoch and the number of records, so who was frozen and taken over from writes nothing.

On PostgreSQL a thread of its own says that a process lives and looks who does not (pulse.py), so
that a killed process is known at once, and timers of a frozen one do not wait for its lease.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from typing import Any, Final

from sqlalchemy import Connection

LEASE: Final = 6_000  # ms without a renewal after which a process is dead
RENEW: Final = 1_500  # ms between renewals on SQLite
SLOW: Final = 400  # ms without a sign of life after which others see to the timers of a process
_PART: Final = 200  # executions that are taken over in one transaction
_LOOK: Final = 1_500  # ms between looks for what has no living owner
_ASK: Final = 400  # the same on SQLite: with each poll of the runner, not with each step

# ms since 1970 on PostgreSQL: the time, and since when the server runs.
NOW_AND_UP: Final = (
    "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint,"
    " (extract(epoch FROM pg_postmaster_start_time()) * 1000)::bigint"
)


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
        self.turned = 0.0  # when the runner last began a turn
        self.frozen: tuple[str, ...] = ()  # processes that give no sign of life
        self.gone: dict[str, int] = {}  # those that have ended without a word, and when last seen
        self.alarm = False  # there is something to look for at once
        self._looked = 0.0
        self._mark = "?" if kind == "sqlite" else "%s"

    def sql(self, connection: Connection, text: str, *values: Any) -> Any:
        """Run a statement whose parameters are written as `?`."""
        return connection.exec_driver_sql(text.replace("?", self._mark), values)

    def _now(self, connection: Connection) -> tuple[int, int]:
        """(the time, since when the database is there: nobody could say before that he lives)"""
        # One clock for all: that of the database's machine.
        if self.kind == "sqlite":
            return time.time_ns() // 1_000_000, 0
        now, up = connection.exec_driver_sql(NOW_AND_UP).one()
        return int(now), int(up)

    def rejoin(self, connection: Connection) -> None:
        """Be alive again, under a new name."""
        self.name = new_name(self.given_name)
        self.join(connection)

    def join(self, connection: Connection) -> None:
        """Be alive from now on."""
        now, _ = self._now(connection)
        text = "INSERT INTO tsme_workers (name, started, seen) VALUES (?, ?, ?)"
        self.sql(connection, text, self.name, now, now)
        self.renewed = time.monotonic()

    def renew(self, connection: Connection) -> bool:
        """Be alive for another while.  -> False if others have taken over what was ours"""
        now, _ = self._now(connection)
        done = self.sql(
            connection, "UPDATE tsme_workers SET seen = ? WHERE name = ?", now, self.name
        )
        self.renewed = time.monotonic()
        return bool(done.rowcount)

    def late(self) -> bool:
        """Whether it is time to renew, as nothing else has."""
        often = RENEW if self.kind == "sqlite" else SLOW
        return (time.monotonic() - self.renewed) * 1000 >= often

    def looks(self) -> bool:
        """Whether it is time to look for what the dead have left."""
        # On SQLite whether a process has ended is asked of the system.
        often = _ASK if self.kind == "sqlite" else _LOOK
        now = time.monotonic()
        if not self.alarm and (now - self._looked) * 1000 < often:
            return False
        self.alarm, self._looked = False, now
        return True

    def take_over(self, connection: Connection) -> list[int]:
        """Some executions of processes that are dead, which are ours now.  -> their ids"""
        now, up = self._now(connection)
        # Owners first: who is one now has a row by then, or it has been declared dead.
        text = "SELECT DISTINCT owner FROM tsme_executions WHERE owner IS NOT NULL"
        owners = set(self.sql(connection, text).scalars())
        text = "SELECT name, seen FROM tsme_workers"
        seen = dict(tuple(row) for row in self.sql(connection, text))
        dead = {name for name, at in seen.items() if self._dead(name, max(at, up), now)}
        dead |= {name for name, at in self.gone.items() if seen.get(name) == at}
        dead = (dead | owners - seen.keys()) - {self.name}
        taken: list[int] = []
        for name in sorted(dead):
            taken += self._take(connection, name)
            # From here on it can renew nothing, and what is left of it has no living owner.
            self.sql(connection, "DELETE FROM tsme_workers WHERE name = ?", name)
        self.alarm |= len(taken) >= _PART  # there is more
        return taken

    def _dead(self, name: str, at: int, now: int) -> bool:
        return at < now - LEASE or self._gone(name)

    def _take(self, connection: Connection, dead: str) -> list[int]:
        part = "SELECT id FROM tsme_executions WHERE owner = ? ORDER BY due LIMIT ?"
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
