"""Tasks that one process leaves, and another takes: `tsme serve --workers` and `tsme worker`.

A task that no way of a process does has a row of the table `tasks`, with its resource in place of
an activity, and its execution has no owner.  A worker that does such tasks leases the execution,
and with it begins the task, by the runner's own rules.  If the worker dies, who takes over from it
leaves the task again.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection, select, update

from tsme.engine.tasks import is_activity

from ...database.tables import executions
from ...database.tables import tasks as rows
from ...tools.errors import HostError
from ..notify import Listener
from ..terms import Ended
from .pending import PendingTask

_POLL: Final = 0.5  # seconds between looks, should nobody tell
_log = logging.getLogger("tsme.work")


def leave(connection: Connection, tasks: Sequence[PendingTask]) -> None:
    """These, which have rows, are for whoever does them."""
    for task in tasks:
        token = f"{task.execution}-{task.action}"
        theirs = update(rows).where(rows.c.token == token).values(activity=task.resource)
        connection.execute(theirs)
    if tasks and connection.dialect.name == "postgresql":
        connection.exec_driver_sql("NOTIFY tsme")


class Taking:
    """Takes what others have left, as long as fewer than `most` tasks are under way."""

    def __init__(self, runner: Any, router: Any, most: int) -> None:
        self._runner = runner
        self._router = router
        self._most = most
        self._wake = threading.Event()
        self._ending = False
        self._listener = Listener(runner.database, self._wake.set)
        self._thread = threading.Thread(target=self._loop, name="tsme-taking")
        router.idle = self._wake.set

    def start(self) -> None:
        """Begin.  The runner has started."""
        self._listener.start()
        self._thread.start()

    def stop(self) -> None:
        """Take nothing more."""
        self._ending = True
        self._wake.set()
        self._thread.join()
        self._listener.stop()

    def _loop(self) -> None:
        while not self._ending:
            self._wake.clear()
            try:
                if self._looked():
                    continue
            except HostError as error:
                if not self._ending:
                    _log.warning("%s", error)
            self._wake.wait(_POLL)

    def _looked(self) -> int:
        room = self._most - self._router.under_way()
        if room <= 0:
            return 0
        taken: int = self._runner.within(lambda batch: self._take(batch, room)).result()
        return taken

    def _take(self, batch: Any, most: int) -> int:
        """Leases executions with tasks that are done here.  -> how many"""
        connection = batch.connection
        waiting = select(rows.c.activity).where(rows.c.activity.is_not(None)).distinct()
        resources = [name for name in connection.execute(waiting).scalars()
                     if not is_activity(name) and self._router.does(name)]  # fmt: skip
        if not resources:
            return 0
        open_ = (
            select(executions.c.id)
            .where(
                executions.c.status == "RUNNING",
                executions.c.owner.is_(None),
                executions.c.id.in_(
                    select(rows.c.execution).where(rows.c.activity.in_(resources))
                ),
            )
            .order_by(executions.c.id)
            .limit(most)
        )
        if connection.dialect.name == "postgresql":
            open_ = open_.with_for_update(skip_locked=True)
        taken = 0
        for execution in connection.execute(open_).scalars().all():
            if execution in batch.touched:
                continue  # something else goes on with it in this very transaction
            try:
                batch.get(execution, fresh=True)
            except Ended:
                continue
            mine = update(rows).where(
                rows.c.execution == execution, rows.c.activity.in_(resources)
            )
            connection.execute(mine.values(activity=None))
            taken += 1
        return taken
