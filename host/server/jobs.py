"""What is done beside executions: retention, statistics, and webhooks and exports at their end.

On PostgreSQL these are jobs of Procrastinate (procrastinating.py), which any server may do; on
SQLite a thread of the server does them, from a table.  A job is at least once: it is there as soon
as the transaction that asked for it is durable, and is tried until it is done or given up.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

import httpx
from sqlalchemy import Connection, delete, insert, select, update

from ..database.database import Database
from ..database.tables import executions, jobs
from ..tools.errors import HostError
from . import exporting
from .duties import ATTEMPTS, EXPORT, WEBHOOK, Doing, JobOptions, Refused, event, wait

EVERY: Final = 3600.0  # s between two looks at what is too old
_POLL: Final = 0.5  # s
_CLAIM: Final = 60_000  # ms that a job may take before another process tries it, too
_log = logging.getLogger("tsme.jobs")


class Queue(Protocol):
    """Who keeps jobs and does them."""

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def defer(self, connection: Connection, name: str, arguments: dict[str, Any]) -> None:
        """Ask for a job in a transaction: it is there if that is."""


class Jobs:
    """The jobs of a server, from start() to stop().

    Raises HostError: what `check` does, and S099 where PostgreSQL's package is missing.
    """

    def __init__(self, database: Database, options: JobOptions, now: Callable[[], int]) -> None:
        check(options)
        self.options = options
        doing = Doing(database, options, now)
        self.queue: Queue
        if database.kind == "sqlite":
            self.queue = Table(doing)
        else:
            try:
                from .procrastinating import Procrastinated  # noqa: PLC0415
            except ImportError as error:
                text = f"jobs on PostgreSQL need a package that is not here: {error.name}"
                raise HostError("TSME-S099", text, "pip install tsme[serve]") from None
            self.queue = Procrastinated(doing)

    def start(self) -> None:
        """Begin to do jobs."""
        self.queue.start()

    def stop(self) -> None:
        """End, after the job that is under way."""
        self.queue.stop()

    def ended(self, connection: Connection, execution: int) -> None:
        """To be called in the transaction that writes an execution's end, behind that."""
        if self.options.export is not None:
            self.queue.defer(connection, EXPORT, {"execution": execution})
        if self.options.webhook is None:
            return
        row = connection.execute(select(executions).where(executions.c.id == execution)).one()
        self.queue.defer(connection, WEBHOOK, {"event": json.dumps(event(row))})


def check(options: JobOptions) -> None:
    """Raises HostError TSME-S098 for a webhook that is no URL, H013 for a folder of exports that
    cannot be written.  Nothing is made."""
    if options.webhook is not None:
        _checked(options.webhook)
    if options.export is not None:
        exporting.check(options.export)


def _checked(url: str) -> None:
    try:
        found, asked = urlsplit(url), httpx.URL(url)
    except (ValueError, httpx.InvalidURL):
        found, asked = urlsplit(""), httpx.URL()
    if found.scheme not in ("http", "https") or not asked.host:
        text = f'"{url}" is no URL that could be told of ends'
        raise HostError("TSME-S098", text, "write http://HOST/PATH")


class Table:
    """The queue on SQLite: a table, and a thread that looks into it."""

    def __init__(self, doing: Doing) -> None:
        self._doing = doing
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin."""
        self._thread = threading.Thread(target=self._loop, name="tsme-jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, after the job that is under way."""
        self._over.set()
        if self._thread:
            self._thread.join()

    def defer(self, connection: Connection, name: str, arguments: dict[str, Any]) -> None:
        """As Queue has it."""
        given = {"name": name, "arguments": arguments, "due": self._doing.now()}
        connection.execute(insert(jobs).values(given))

    def _loop(self) -> None:
        passed = EVERY
        while not self._over.is_set():
            try:
                if passed >= EVERY:
                    passed = 0.0
                    self._doing.prune()
                if self.step():
                    continue
            except HostError as error:  # the database; the next look may find it well
                _log.warning("jobs: %s; %s", error, error.hint)
            except Refused as error:  # in an hour
                _log.warning("jobs: %s", error)
            self._over.wait(_POLL)
            passed += _POLL

    def step(self) -> bool:
        """Do the next job that is due; False: there is none."""
        now = self._doing.now()
        first = select(jobs).where(jobs.c.due <= now).order_by(jobs.c.due, jobs.c.id).limit(1)
        with self._doing.database.read() as connection:
            if connection.execute(first).first() is None:
                return False
        with self._doing.database.write() as connection:
            job = connection.execute(first).first()
            if job is None:  # another process has it
                return True
            self._set(connection, job.id, due=now + _CLAIM, attempts=job.attempts + 1)
        try:
            self._doing.do(job.name, job.arguments)
        except Refused as error:
            self._failed(job, str(error))
            return True
        with self._doing.database.write() as connection:
            connection.execute(delete(jobs).where(jobs.c.id == job.id))
        return True

    def _failed(self, job: Any, error: str) -> None:
        attempts = job.attempts + 1
        over = attempts >= ATTEMPTS
        due = None if over else self._doing.now() + 1000 * wait(attempts)
        _log.warning("job %s, attempt %d: %s%s", job.name, attempts, error, "; given up" * over)
        with self._doing.database.write() as connection:
            self._set(connection, job.id, due=due, error=error)

    @staticmethod
    def _set(connection: Connection, job: int, **values: Any) -> None:
        connection.execute(update(jobs).where(jobs.c.id == job).values(values))
