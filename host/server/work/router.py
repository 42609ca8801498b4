"""Whose a task is: each goes to the first way that has it, and its result back to the runner.

Everything here runs on one event loop, in a thread of its own; what blocks has threads beside it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import logging
import threading
from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

from sqlalchemy import Connection, delete, select

from tsme.engine.tasks import TaskError, is_activity, is_callback, names
from tsme.kernel.protocol import FAILED, SUCCEEDED
from tsme.values.copies import handed
from tsme.values.json import dumps

from ...database.records import insert_missing
from ...database.tables import activities, notes
from ...database.tables import tasks as rows
from .. import noting
from ..live import Connected
from ..terms import Ended, NotPending
from .emitting import Emitting
from .pending import PendingTask
from .taking import leave

PENDING: Final = object()  # of a way: the result comes from somebody else, by the task's token
NEVER: Final = object()  # of a way: no result comes, so a clock that jumps need not wait for one
_log = logging.getLogger("tsme.work")


class Way(Protocol):
    """One of the ways in which tasks are done."""

    def connect(self, runner: Any) -> None:
        """What it tells beside results goes to this runner."""

    def has(self, task: PendingTask) -> bool:
        """Whether this task is done in this way."""

    def effect(self, resource: str) -> str | None:
        """pure, idempotent, once or transactional; None: nothing is known of this resource."""

    async def do(self, task: PendingTask) -> Any:
        """The result, or PENDING.  Raises TaskError, or anything, which fails the task."""

    def ending(self) -> None:
        """What is cancelled from now on goes on with the next start of the server."""

    async def leave(self) -> None:
        """Ends what it has on the loop."""

    def close(self) -> None:
        """Ends what else it keeps open."""


class Router:
    """A `Work` (pending.py) that asks `ways` in their order.

    An activity is for who polls it, and a callback for who has its token: both have a row of the
    table `tasks`, written in the transaction that schedules them.  `leave`: so has a task that no
    way here does: it is left for a worker that does (taking.py).  Then no way may be a mock, which
    depends on the execution.
    """

    def __init__(self, ways: Sequence[Way] = (), leave: bool = False) -> None:
        self.ways = ways
        self.leave = leave
        self.idle: Callable[[], object] = lambda: None  # told when a task is no more under way
        self.runner: Any = None
        self._emitting = Emitting(way.tasks for way in ways if hasattr(way, "tasks"))
        self._under_way: dict[tuple[int, int], concurrent.futures.Future[None]] = {}
        self._polled: set[tuple[int, int]] = set()  # tasks that somebody may poll for
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tsme-work")
        self._thread.start()

    def connect(self, runner: Any) -> None:
        """Results go to this runner.  Before it starts."""
        self.runner = runner
        for way in self.ways:
            way.connect(runner)

    def serve(self, server: Any) -> None:
        """Executions that tasks start are those of this server.  Before the runner starts."""
        for way in self.ways:
            if hasattr(way, "server"):
                way.server = server

    # What the runner asks.

    def wanted(self, resource: str) -> bool:
        # What is nobody's fails, and says so.
        return not self.leave or self.does(resource)

    def does(self, resource: str) -> bool:
        """Whether some way here does tasks of this resource."""
        return self._way(PendingTask(0, "", 0, resource, None)) is not None

    def under_way(self) -> int:
        """How many tasks are being done here."""
        return len(self._under_way)

    def effect(self, resource: str) -> str:
        """What a restart in the middle of such a task means."""
        found = (way.effect(resource) for way in self.ways)
        return next((effect for effect in found if effect), "idempotent")

    def scheduled(self, batch: Connected, tasks: Sequence[PendingTask]) -> None:
        """In the transaction that schedules them: rows of what is completed by a token."""
        now = self.runner.clock.now()
        left = [task for task in tasks if not self.wanted(task.resource)]
        wanted = [_row(task, now) for task in tasks if _by_token(task.resource) or task in left]
        if not wanted:
            return
        connection = batch.connection
        insert_missing(connection, rows, wanted)
        leave(connection, [task for task in left if not is_activity(task.resource)])
        for task in tasks:
            if is_activity(task.resource) and not self._there(connection, task):
                noting.put(connection, task.execution, task.action, noting.ABSENT, now)
                if self.leave:  # nobody starts it
                    self._check(task)

    def found(self, connection: Connection, tasks: Sequence[PendingTask]) -> None:
        """In the transaction of who took over an execution: what it does not do is left again."""
        # Activities have their rows; who polls may have one locked, and wait for the execution.
        left = [task for task in tasks if not is_activity(task.resource)]
        now = self.runner.clock.now()
        insert_missing(connection, rows, [_row(task, now) for task in left])
        leave(connection, left)

    def _there(self, connection: Connection, task: PendingTask) -> bool:
        """Whether somebody could poll for a task, or does it in another way."""
        found = select(activities.c.arn).where(activities.c.arn == task.resource)
        return self._way(task) is not None or connection.execute(found).first() is not None

    def _way(self, task: PendingTask) -> Way | None:
        return next((way for way in self.ways if way.has(task)), None)

    def transact(self, connection: Connection, task: PendingTask) -> Any:
        """The result of a transactional task, written in the transaction of its result."""
        for way in self.ways:
            if way.effect(task.resource) == "transactional":
                call: Any = getattr(way, "transact")  # noqa: B009  one way alone has these
                return call(connection, task)
        raise TaskError("TSME.NoHandler", _nobody(task.resource))

    def start(self, task: PendingTask) -> None:
        key = (task.execution, task.action)
        way = self._way(task)
        if is_activity(task.resource):
            self._polled.add(key)
        if way is None and is_activity(task.resource):
            self._check(task)
            return  # whoever polls gets it
        future = asyncio.run_coroutine_threadsafe(self._do(task, way), self._loop)
        self._under_way[key] = future
        future.add_done_callback(lambda _: self._over(key))

    def _over(self, key: tuple[int, int]) -> None:
        self._under_way.pop(key, None)
        self.idle()

    def _check(self, task: PendingTask) -> None:
        self.runner.submit(lambda connection: self._absent(connection, task))

    def _absent(self, connection: Connection, task: PendingTask) -> None:
        """A task of an activity that was not there when it was scheduled fails, as at AWS."""
        found = select(notes.c.kind).where(
            notes.c.execution == task.execution,
            notes.c.action == task.action,
            notes.c.kind == noting.ABSENT,
        )
        if connection.execute(found).first() is not None:
            cause = f"The activity {task.resource} does not exist."
            self._give(task, FAILED, "States.Runtime", cause)

    def emit(self, execution: int, kind: str, payload: Any) -> None:
        """A durable step says this: log, metric or publish."""
        live = self.runner.lives.at.get(execution)
        self._emitting.emit(live.name if live else str(execution), kind, payload)

    def cancel(self, execution: int, action: int) -> None:
        future = self._under_way.pop((execution, action), None)
        if future:
            future.cancel()
        if (execution, action) not in self._polled:
            return
        # Nobody polls for it any more; who has taken it is in the history.
        self._polled.discard((execution, action))
        gone = delete(rows).where(
            rows.c.execution == execution,
            rows.c.action == action,
            rows.c.activity.is_not(None),
            rows.c.taken.is_(None),
        )
        self.runner.submit(lambda connection: connection.execute(gone).rowcount)

    def __enter__(self) -> Router:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends what is under way: it starts again with the next start of the server."""
        for way in self.ways:
            way.ending()
        for future in list(self._under_way.values()):
            future.cancel()
        asyncio.run_coroutine_threadsafe(self._quiet(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._emitting.close()
        for way in self.ways:
            way.close()

    async def _quiet(self) -> None:
        """Waits for what was cancelled."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)
        for way in self.ways:
            await way.leave()

    # One task.

    async def _do(self, task: PendingTask, way: Way | None) -> None:
        try:
            if way is None:
                raise TaskError("TSME.NoHandler", _nobody(task.resource))
            result = await way.do(task)
        except asyncio.CancelledError:
            raise
        except TaskError as error:
            self._give(task, FAILED, error.error, error.cause)
        except BaseException as error:  # a handler may leave, and this thread does not
            self._give(task, FAILED, type(error).__name__, str(error))
        else:
            if result is NEVER:
                self._forsake(task)
            elif result is not PENDING:
                self._give(task, SUCCEEDED, handed(result))  # members stay in their order

    def _forsake(self, task: PendingTask) -> None:
        """Nothing is under way for a task that nobody will ever complete."""
        lives = self.runner.lives

        def forget(_: Connection) -> None:
            here = lives.under_way.get(task.execution, set())
            here.discard(task.action)
            if not here:
                lives.under_way.pop(task.execution, None)

        self.runner.submit(forget)

    def _give(self, task: PendingTask, kind: int, *fields: Any) -> None:
        """A result.  Whether anybody still waits for it is the runner's to know."""
        self._under_way.pop((task.execution, task.action), None)

        def told(given: concurrent.futures.Future[Any]) -> None:
            error = given.exception()
            if error is not None and not isinstance(error, (NotPending, Ended)):
                _log.error("%s, task %s: %s", task.arn, task.action, error)

        self.runner.feed(task.execution, kind, task.action, *fields).add_done_callback(told)


def _by_token(resource: str) -> bool:
    return is_activity(resource) or is_callback(resource)


def _row(task: PendingTask, now: int) -> dict[str, Any]:
    activity = is_activity(task.resource)
    return {
        "token": f"{task.execution}-{task.action}",
        "execution": task.execution,
        "action": task.action,
        "activity": task.resource if activity else None,
        "input": dumps(task.payload) if activity else None,
        "scheduled": now,
    }


def _nobody(resource: str) -> str:
    return f"nobody does {names(resource)[-1]}: tsme serve has no --tasks with it, nor another way"
