"""Hears PostgreSQL's NOTIFY; a poll stands behind it, so nothing is lost while it is deaf."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

import psycopg

from ..database.database import Database

_PAUSE: Final = 0.5  # seconds until the next try of a connection, and of a look whether to end


class Listener:
    """Calls back for each NOTIFY of the channel `tsme`; on SQLite, never."""

    def __init__(self, database: Database, heard: Callable[[], object]) -> None:
        self._heard = heard
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        if database.kind == "postgresql":
            self._url = database.engine.url.set(drivername="postgresql").render_as_string(False)
            self._thread = threading.Thread(target=self._loop, name="tsme-listen", daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        if self._thread:
            self._thread.start()

    def stop(self) -> None:
        """End, within a moment."""
        self._ending.set()
        if self._thread and self._thread.is_alive():
            self._thread.join()

    def _loop(self) -> None:
        while not self._ending.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True, connect_timeout=5) as connection:
                    connection.execute("LISTEN tsme")
                    self._heard()  # what was said before
                    while not self._ending.is_set():
                        for _ in connection.notifies(timeout=_PAUSE, stop_after=1):
                            self._heard()
            except psycopg.Error:
                self._ending.wait(_PAUSE)  # the database is away; it is asked again
