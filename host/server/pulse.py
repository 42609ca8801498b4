"""On PostgreSQL: says that this process lives, and looks who does not.

A process has a session that holds an advisory lock of its name.  If it is killed, the server lets
go of the lock at once; if it is frozen, it keeps the lock and stops to renew its row.  What the
first had is taken over.  The second one keeps its tasks until its lease is over, but others see to
its timers (Batch.help), and a transaction in which it was frozen is ended, since that holds up
whoever needs the same rows.
"""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Callable
from typing import Any, Final

import psycopg

from .leases import LEASE, SLOW, Leases

BEAT: Final = 0.2  # seconds between signs of life
_MISSED: Final = 250  # ms without a sign of life after which it is asked whether the lock is there
_GONE: Final = 1_000  # ms without a sign of life, and without its lock, after which one has ended
_GRACE: Final = 3_000  # ms that processes have to come back after a start of the database
_CLASS: Final = int.from_bytes(b"tsme", "big")  # of our advisory locks

_BEAT: Final = (
    "WITH now AS (SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS ms),"
    " beat AS (UPDATE tsme_workers SET seen = now.ms FROM now WHERE %s AND name = %s RETURNING 1)"
    " SELECT name, seen, now.ms, (SELECT count(*) FROM beat),"
    " (extract(epoch FROM pg_postmaster_start_time()) * 1000)::bigint FROM tsme_workers, now"
)
_LOCKS: Final = (
    "SELECT l.objid::bigint, coalesce(a.application_name, '') FROM pg_locks l"
    " LEFT JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.classid::bigint = %s AND l.objsubid = 2"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
# A session that waits for its process in the middle of a transaction.
_CUT: Final = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE application_name = ANY(%s) AND usename = current_user AND datname = current_database()"
    " AND state <> 'idle' AND wait_event_type = 'Client'"
    " AND state_change < clock_timestamp() - interval '0.5 s'"
)
_OWN: Final = re.compile("tsme .*/[0-9]+/[0-9a-f]{8}")  # of one process alone (Database.session)


def _key(name: str) -> int:
    return zlib.crc32(name.encode())


def _signed(key: int) -> int:
    return key - (1 << 32) if key >= 1 << 31 else key


class Pulse:
    """Of one process, over the session that it listens with.  `alarm`: called when somebody else
    has to be looked after."""

    def __init__(self, leases: Leases, alarm: Callable[[], object]) -> None:
        self._leases = leases
        self._alarm = alarm
        self._locked: str | None = None  # the name whose lock this session has
        self._beat = 0.0

    def begin(self) -> None:
        """A new session, which has no lock yet."""
        self._locked = None

    def beat(self, connection: psycopg.Connection[Any]) -> None:
        """Say that this process lives, if it does, and look at the others; each BEAT seconds."""
        now = time.monotonic()
        if now - self._beat < BEAT:
            return
        self._beat = now
        leases = self._leases
        name = leases.name
        if name != self._locked:
            connection.execute("SELECT pg_advisory_unlock_all()")
            text = "SELECT pg_try_advisory_lock(%s, %s)"
            got = connection.execute(text, (_CLASS, _signed(_key(name)))).fetchone()
            self._locked = name if got and got[0] else None
        # A runner that hangs is no better than one that is frozen.
        lives = (now - leases.turned) * 1000 < LEASE
        rows = connection.execute(_BEAT, (lives, name)).fetchall()
        if rows and lives:
            if rows[0][3]:
                leases.renewed = now
            elif name == leases.name:  # it was taken over; the runner finds out and begins anew
                leases.renewed = 0.0
                self._alarm()
        late = [row for row in rows if row[0] != name and max(row[1], row[4]) < row[2] - _MISSED]
        self._look_after(connection, late)

    def _look_after(self, connection: psycopg.Connection[Any], late: list[Any]) -> None:
        leases = self._leases
        held = dict(connection.execute(_LOCKS, (_CLASS,)).fetchall()) if late else {}
        frozen, sessions = [], []
        gone: dict[str, int] = {}
        for name, seen, now, _, up in late:
            session = held.get(_key(name))
            if session is None:
                frozen.append(name)
                if up < now - _GRACE and seen < now - _GONE:
                    gone[name] = seen
            elif max(seen, up) < now - SLOW:
                frozen.append(name)
                sessions.append(session)
        ours = [session for session in sessions if _OWN.fullmatch(session)]
        if ours:
            connection.execute(_CUT, (ours,))
        leases.frozen, leases.gone = tuple(frozen), gone
        leases.alarm |= bool(gone)
        if frozen:
            self._alarm()
