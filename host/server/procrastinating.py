"""Jobs on PostgreSQL: Procrastinate, with what one has to know of it.

Its workers end by themselves when the database was away (with a good status, too), or go on
without hearing of new jobs; a job whose worker was killed stays as it is for ever.  So a thread
begins the worker again whatever it ended with, a periodic job is always registered, since without
one a worker outlives its LISTEN, and that job sweeps up what dead workers have left.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from typing import Any, Final

import procrastinate
import psycopg
from procrastinate import exceptions, jobs
from sqlalchemy import Connection

from .duties import ATTEMPTS, EXPORT, PRUNE, WEBHOOK, Doing, wait

QUEUE: Final = "tsme"
SWEPT: Final = 30.0  # s without a heartbeat, then a worker counts as dead
_POLL: Final = 1.0  # s
_GRACE: Final = 10.0  # s that a job under way may take when the server ends
_AGAIN: Final = 1.0  # s until a worker that has ended is begun again
_LOCK: Final = 0x7473_6D65  # of who makes the tables
_log = logging.getLogger("tsme.jobs")


class _Again(procrastinate.BaseRetryStrategy):
    """When a job that failed is tried again."""

    def get_retry_decision(
        self, *, exception: BaseException, job: jobs.Job
    ) -> procrastinate.RetryDecision | None:
        attempts = job.attempts + 1
        over = attempts >= ATTEMPTS
        _log.warning(
            "job %s, attempt %d: %s%s", job.task_name, attempts, exception, "; given up" * over
        )
        if over:
            return None
        return procrastinate.RetryDecision(retry_in={"seconds": wait(attempts)})


class Procrastinated:
    """The queue on PostgreSQL; as jobs.Queue has it."""

    def __init__(self, doing: Doing) -> None:
        self._doing = doing
        url = doing.database.engine.url.set(drivername="postgresql")
        self.place = url.render_as_string(hide_password=False)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._worker: asyncio.Task[None] | None = None
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        self.begun = 0  # workers, one after the other
        # Who only defers gets a connection with each call, and needs none of its own.
        self._deferring = self._app(procrastinate.SyncPsycopgConnector(conninfo=self.place))

    def start(self) -> None:
        """Make the tables if they are not there, and begin."""
        self._tables()
        self._thread = threading.Thread(target=self._run, name="tsme-jobs", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End; a job that is under way has some seconds, and is done again elsewhere then."""
        self._over.set()
        loop, worker = self._loop, self._worker
        if loop and worker:
            with contextlib.suppress(RuntimeError):  # the loop has just ended
                loop.call_soon_threadsafe(worker.cancel)
        if self._thread:
            self._thread.join()

    def defer(self, connection: Connection, name: str, arguments: dict[str, Any]) -> None:
        """As Queue has it."""
        driver: Any = connection.connection.driver_connection
        task = self._deferring.configure_task(f"tsme.{name}", queue=QUEUE, connection=driver)
        task.defer(**arguments)

    def _app(self, connector: procrastinate.BaseConnector) -> procrastinate.App:
        app = procrastinate.App(connector=connector)

        @app.task(name=f"tsme.{WEBHOOK}", queue=QUEUE, retry=_Again())
        def webhook(event: str) -> None:
            self._doing.webhook(event)

        @app.task(name=f"tsme.{EXPORT}", queue=QUEUE, retry=_Again())
        def export(execution: int) -> None:
            self._doing.export(execution)

        @app.periodic(cron="7 * * * *")
        @app.task(name=f"tsme.{PRUNE}", queue=QUEUE, retry=_Again())
        def prune(timestamp: int) -> None:  # noqa: ARG001  when it was due
            self._doing.prune()

        @app.periodic(cron="* * * * *")
        @app.task(name="tsme.sweep", queue=QUEUE, pass_context=True)
        async def sweep(context: procrastinate.JobContext, timestamp: int) -> None:  # noqa: ARG001
            await swept(context.app)

        return app

    def _tables(self) -> None:
        """Procrastinate's own, once: nothing of its says whether they are there."""
        app = procrastinate.App(connector=procrastinate.SyncPsycopgConnector(conninfo=self.place))
        schema: Any = app.schema_manager.get_schema()
        with psycopg.connect(self.place) as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            found = connection.execute("SELECT to_regclass('procrastinate_jobs')").fetchone()
            if found and found[0] is None:
                connection.execute(schema)

    def _run(self) -> None:
        while not self._over.is_set():
            self.begun += 1
            try:
                asyncio.run(self._work())
            except Exception as error:  # whatever it is, the database may be back
                _log.warning("jobs: the worker has ended: %s: %s", type(error).__name__, error)
            self._over.wait(_AGAIN)

    async def _work(self) -> None:
        app = self._app(procrastinate.PsycopgConnector(conninfo=self.place, max_size=4))
        self._loop = asyncio.get_running_loop()
        async with app.open_async():
            await swept(app)
            self._worker = asyncio.create_task(
                app.run_worker_async(
                    queues=[QUEUE],
                    concurrency=1,
                    fetch_job_polling_interval=_POLL,
                    delete_jobs="successful",
                    install_signal_handlers=False,
                    shutdown_graceful_timeout=_GRACE,
                )
            )
            if self._over.is_set():
                self._worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._worker


async def swept(app: procrastinate.App) -> None:
    """Begin jobs again whose worker has died."""
    for job in await app.job_manager.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=SWEPT):
        with contextlib.suppress(exceptions.ConnectorException):  # somebody else did
            await app.job_manager.retry_job(job)
            _log.warning("job %s is begun again: its worker has died", job.task_name)
