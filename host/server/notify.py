"""Hears PostgreSQL's NOTIFY; a poll stands behind it, so nothing is lost while it is deaf.

Its session is also the one by which others know that this process lives (pulse.py).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

import psycopg

from ..database.database import Database
from .leases import Leases
from .pulse import BEAT, Pulse

_PAUSE: Final = 0.5  # seconds until the next try of a connection
_log = logging.getLogger("tsme.runner")


class Listener:
    """Calls back for each NOTIFY of the channel `tsme`; on SQLite, never."""

    def __init__(
        self, database: Database, heard: Callable[[], object], leases: Leases | None = None
    ) -> None:
        """`leases`: of the process that others are to know of by this session."""
        self._heard = heard
        self._pulse = Pulse(leases, heard) if leases else None
        self._ending = threading.Event()
        self._tried = threading.Event()
        self._thread: threading.Thread | None = None
        if database.kind == "postgresql":
            self._where = database.listening()
            self._thread = threading.Thread(target=self._loop, name="tsme-listen", daemon=True)

    def start(self) -> None:
        """Begin to listen, and be known to live, if the database is there."""
        if self._thread:
            self._thread.start()
            self._tried.wait()

    def stop(self) -> None:
        """End, within a moment."""
        self._ending.set()
        if self._thread and self._thread.is_alive():
            self._thread.join()

    def _loop(self) -> None:
        while not self._ending.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                _log.info("this process does not hear others: %s", error)
                self._tried.set()
                self._ending.wait(_PAUSE)  # the database is away; it is asked again
            except Exception:  # nobody expected it; without this thread others take us for dead
                self._tried.set()
                _log.exception("the listener goes on after an error of its own")
                self._ending.wait(_PAUSE)

    def _listen(self) -> None:
        with psycopg.connect(autocommit=True, **self._where) as connection:
            # A sign of life is worth nothing after a crash, so it need not wait for the disk.
            connection.execute("SET synchronous_commit = off")
            connection.execute("LISTEN tsme")
            if self._pulse:
                self._pulse.begin()
            self._heard()  # what was said before
            while not self._ending.is_set():
                if self._pulse:
                    self._pulse.beat(connection)
                self._tried.set()
                for _ in connection.notifies(timeout=BEAT, stop_after=1):
                    self._heard()
