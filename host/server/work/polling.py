"""A worker of activities: polls an endpoint for tasks, and does them by the handlers of a file.

The endpoint may be `tsme serve` or AWS's: it is asked by GetActivityTask, SendTaskHeartbeat,
SendTaskSuccess and SendTaskFailure alone, and CreateActivity, which finds an activity by its name.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any, Final

from tsme.engine.tasks import LOST, Task, TaskError, Tasks, is_activity, perform
from tsme.values.copies import handed
from tsme.values.json import dumps, loads

from ...tools.errors import HostError
from .asking import Asking, Refused, Stopping, client, refused
from .emitting import line
from .transactions import EFFECT

ERROR, CAUSE = 256, 32_768  # characters that AWS takes
_NAME: Final = re.compile(r"[^\s<>{}\[\]?*\"#%\\^|~`$&,;:/\x00-\x1f\x7f-\x9f]{1,80}")
_OVER: Final = ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken")  # nobody waits for a result
_log = logging.getLogger("tsme.worker")


@dataclass(frozen=True)
class Polling:
    """What a worker is told.

    `activities`: ARNs or names; none: all that the handlers name.  `concurrency`: tasks of each
    activity at a time.  `heartbeat`: seconds between two of a task.
    """

    endpoint: str
    activities: tuple[str, ...] = ()
    concurrency: int = 4
    heartbeat: float = 10.0
    name: str = field(default_factory=lambda: f"{socket.gethostname()}-{os.getpid()}"[:80])


def chosen(tasks: Tasks, wanted: Iterable[str]) -> dict[str, Task]:
    """The handler of each activity, by its name or ARN.

    Without `wanted` those that can be one's: named by an ARN of an activity, or as activities are.
    Raises HostError TSME-S065 for an activity that no handler is for, and if there is none.
    """
    found: dict[str, Task] = {}
    for name in wanted:
        handler = tasks.handlers.get(name) or tasks.handlers.get(name.rpartition(":")[2])
        if handler is None:
            known = ", ".join(tasks.handlers) or "none"
            message = f'no handler does the activity "{name}"; there are {known}'
            raise HostError(
                "TSME-S065", message, f'write @tasks.task("{name.rpartition(":")[2]}")'
            )
        if _needs_database(handler):
            message = f'the handler of "{name}" is transactional, which needs the database'
            raise HostError("TSME-S065", message, "tsme worker --database URL does it")
        found[name] = handler
    if not wanted:
        for name, handler in tasks.handlers.items():
            if _needs_database(handler):
                continue
            if is_activity(name) or _NAME.fullmatch(name):
                found[name] = handler
    if not found:
        message = "the tasks file has no handler that could do an activity"
        raise HostError("TSME-S065", message, 'write @tasks.task("NAME") above a function')
    return found


def _needs_database(handler: Task) -> bool:
    return str(handler.effect) == EFFECT


class Context:
    """What a handler with `context=True` may ask: `token`, `activity`, and `heartbeat()`.

    A worker is not told which execution a task is of, nor which attempt it is.
    """

    def __init__(self, token: str, activity: str, beat: Callable[[], None]) -> None:
        self.token = self.action = token
        self.activity = activity
        self._beat = beat

    def heartbeat(self) -> None:
        """Begin HeartbeatSeconds again."""
        self._beat()

    def __getattr__(self, name: str) -> Any:
        if name in ("execution", "attempt", "arn"):
            text = f'a worker of activities is not told "{name}"; give it in the input of the task'
            raise AttributeError(text)
        raise AttributeError(name)


class Held:
    """A task that a worker has, until its result is told."""

    def __init__(self, worker: Worker, token: str) -> None:
        self.token = token
        self.over = False  # nobody waits for it any more
        self._worker = worker
        self._cancel: Callable[[], object] | None = None

    def cancelled_by(self, cancel: Callable[[], object]) -> None:
        """How to end it, if it can be."""
        self._cancel = cancel

    def beat(self) -> None:
        """Says that it is under way."""
        try:
            self._worker.asking.ask("send_task_heartbeat", report=True, taskToken=self.token)
        except Refused as error:
            if error.code not in _OVER:
                _log.warning("%s", error)
                return
            self.over = True
            if self._cancel:
                self._cancel()
        except Stopping:
            pass


class Worker:
    """Polls as long as `run` does.  Raises HostError as `client` and `chosen` do."""

    def __init__(self, tasks: Tasks, options: Polling) -> None:
        self.options = options
        self.handlers = chosen(tasks, options.activities)
        threads = len(self.handlers) * options.concurrency
        self.asking = Asking(client(options.endpoint, threads + 2), options.endpoint)
        self._held: set[Held] = set()
        self._changed = threading.Condition()
        self._failed: Refused | None = None

    def run(self, ready: Callable[[Sequence[str]], object]) -> None:
        """Works until SIGTERM or Ctrl-C, and then finishes what it has; told twice, it ends at
        once.  `ready` is called with the ARNs when it polls.

        Raises HostError TSME-S064 if the endpoint refuses it.
        """
        before = {number: signal.signal(number, self._told) for number in
                  (signal.SIGTERM, signal.SIGINT)}  # fmt: skip
        try:
            arns = [self._arn(name) for name in self.handlers]
            self._begin(arns)
            ready(arns)
            self.asking.stopping.wait()
            self._finish()
        except Stopping:
            pass
        except Refused as error:
            raise refused(error, self.options.endpoint) from None
        finally:
            self.asking.stopping.set()
            for number, handler in before.items():
                signal.signal(number, handler)
        if self._failed:
            raise refused(self._failed, self.options.endpoint)

    def _told(self, _number: int, _frame: FrameType | None) -> None:
        if self.asking.stopping.is_set():
            self.asking.leaving.set()
        self.asking.stopping.set()

    def _arn(self, name: str) -> str:
        if is_activity(name):
            return name
        arn: str = self.asking.ask("create_activity", name=name)["activityArn"]
        return arn

    def _begin(self, arns: Sequence[str]) -> None:
        # Daemons: a poll that waits holds up no end.
        for name, arn in zip(self.handlers, arns, strict=True):
            for _ in range(self.options.concurrency):
                threading.Thread(target=self._work, args=(name, arn), daemon=True).start()
        threading.Thread(target=self._beat, daemon=True).start()

    def _finish(self) -> None:
        """Waits for what is under way, and for its results to be told."""
        with self._changed:
            while self._held and not self.asking.leaving.is_set():
                self._changed.wait(0.1)

    def _work(self, name: str, arn: str) -> None:
        """One thread: polls, does what it gets, tells the result."""
        try:
            with asyncio.Runner() as loop:
                while not self.asking.stopping.is_set():
                    self._poll(loop, name, arn)
        except Stopping:
            pass
        except Refused as error:
            self._failed = self._failed or error
            self.asking.stopping.set()

    def _poll(self, loop: asyncio.Runner, name: str, arn: str) -> None:
        try:
            worker = self.options.name
            found = self.asking.ask("get_activity_task", activityArn=arn, workerName=worker)
        except Refused as error:
            if error.code != "ActivityDoesNotExist" or is_activity(name):
                raise
            self._arn(name)  # it was deleted, or the database is another
            return
        if not found.get("taskToken"):
            return
        held = Held(self, found["taskToken"])
        with self._changed:
            self._held.add(held)
        try:
            self._do(loop, held, arn, self.handlers[name], found.get("input") or "null")
        finally:
            with self._changed:
                self._held.discard(held)
                self._changed.notify_all()

    def _do(self, loop: asyncio.Runner, held: Held, arn: str, handler: Task, text: str) -> None:
        context: Any = Context(held.token, arn, held.beat)

        async def work() -> Any:
            task = asyncio.current_task()
            assert task is not None
            around = asyncio.get_running_loop()
            held.cancelled_by(lambda: around.call_soon_threadsafe(task.cancel))
            return await perform(handler, arn, loads(text), context, ())  # type: ignore[arg-type]

        try:
            result = dumps(handed(loop.run(work())))
        except TaskError as error:
            self._fail(held, error.error, error.cause)
        except BaseException as error:  # a handler may leave, and this thread does not
            if not held.over:
                _log.warning("%s: %s", arn.rpartition(":")[2], line(error))
                self._fail(held, type(error).__name__, str(error))
        else:
            self._tell(held, "send_task_success", output=result)

    def _fail(self, held: Held, error: Any, cause: Any) -> None:
        self._tell(held, "send_task_failure", error=str(error)[:ERROR], cause=str(cause)[:CAUSE])

    def _tell(self, held: Held, operation: str, **what: str) -> None:
        if held.over:
            return
        try:
            self.asking.ask(operation, report=True, taskToken=held.token, **what)
        except Refused as error:
            if error.code in _OVER:
                _log.warning("a result came too late: %s", error)
            elif operation == "send_task_success":  # too large, or no JSON to it
                self._fail(held, LOST, error.message)
            else:
                raise

    def _beat(self) -> None:
        while not self.asking.leaving.wait(self.options.heartbeat):
            for held in list(self._held):
                held.beat()
