"""Tasks in this process: the handlers of a tasks file, the same file that a board has.

Plain handlers run in threads, `async` ones on the loop of the router.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Connection

from tsme.engine.tasks import Task, TaskError, Tasks, is_callback, perform
from tsme.kernel.protocol import HEARTBEAT
from tsme.values.copies import handed

from .. import noting
from ..terms import Ended, NotPending
from .pending import PendingTask
from .router import PENDING

THREADS: Final = 32  # plain handlers at a time
_SERVICE: Final = "arn:aws:states:::"  # how a Resource begins whose callbacks are TaskSubmitted


class Context:
    """What a handler with `context=True` may ask about its task.

    `execution`, `action`, `attempt`: as on a board.  `arn`: of the execution.  `token`: who has
    it may complete the task.
    """

    def __init__(self, task: PendingTask, runner: Any) -> None:
        self.execution = task.execution
        self.action = task.action
        self.attempt = task.attempt
        self.arn = task.arn
        self.token = f"{task.execution}-{task.action}"
        self._runner = runner

    def heartbeat(self) -> None:
        """Begin HeartbeatSeconds again, durably."""
        with suppress(NotPending, Ended):  # then nobody waits for its result either
            self._runner.feed(self.execution, HEARTBEAT, self.action).result()


class InProcess:
    """A way: what `tasks` has a handler for."""

    def __init__(self, tasks: Tasks) -> None:
        self.tasks = tasks
        self.runner: Any = None
        self._local = threading.local()
        self._loops: list[asyncio.Runner] = []
        self._threads = ThreadPoolExecutor(THREADS, "tsme-task", self._begin)

    def connect(self, runner: Any) -> None:
        """Heartbeats, and what checks say, go to this runner."""
        self.runner = runner

    def has(self, task: PendingTask) -> bool:
        return self.tasks.find(task.resource) is not None

    def effect(self, resource: str) -> str | None:
        found = self.tasks.find(resource)
        return found.effect if found else None

    async def do(self, task: PendingTask) -> Any:
        found = self._found(task.resource)
        context: Any = Context(task, self.runner)
        asking = _Asking(task, self.runner)
        plain = not inspect.iscoroutinefunction(found.function)
        answers: list[Any] = []
        if is_callback(task.resource):
            found = _heard(found, answers)
        if not plain:
            result = await perform(found, task.resource, task.payload, context, asking)
        else:

            def call() -> Any:
                work = perform(found, task.resource, task.payload, context, asking)
                return self._local.runner.run(work)

            result = await asyncio.get_running_loop().run_in_executor(self._threads, call)
        if not is_callback(task.resource):
            return result
        if answers and task.resource.startswith(_SERVICE) and _is_json(answers[0]):
            await noting.submitted(self.runner, task.execution, task.action, answers[0])
        return PENDING

    def transact(self, connection: Connection, task: PendingTask) -> Any:
        """The result of a transactional handler: what it writes is durable with it."""
        return self._found(task.resource).function(handed(task.payload), connection)

    def ending(self) -> None:
        """What it does can be done again."""

    async def leave(self) -> None:
        """Async handlers have ended with what was under way."""

    def close(self) -> None:
        """Waits for the handlers in threads, and ends these."""
        self._threads.shutdown()
        for loop in self._loops:
            loop.close()

    def _begin(self) -> None:
        """A thread begins: with a loop of its own, for a plain function that gives a coroutine."""
        self._local.runner = asyncio.Runner()
        self._local.runner.get_loop()
        self._loops.append(self._local.runner)

    def _found(self, resource: str) -> Task:
        found = self.tasks.find(resource)
        if found is None:
            raise TaskError("TSME.NoHandler", f"no handler for {resource}")
        return found


def _heard(task: Task, answers: list[Any]) -> Task:
    """The task of a callback, whose handler's answer is kept: histories tell it."""

    def function(*given: Any) -> Any:
        answer = task.function(*given)
        if inspect.isawaitable(answer):
            return waited(answer)
        answers.append(answer)
        return answer

    async def waited(answer: Any) -> Any:
        answers.append(await answer)
        return answers[0]

    return Task(function, task.effect, task.context, task.check)


def _is_json(answer: Any) -> bool:
    try:
        json.dumps(answer, ensure_ascii=False, allow_nan=False).encode()
    except (TypeError, ValueError, RecursionError):
        return False
    return True


class _Asking(list[int]):
    """Whether a task may have happened before a restart; its check says if it has not."""

    def __init__(self, task: PendingTask, runner: Any) -> None:
        super().__init__([task.action] if task.again else [])
        self._task = task
        self._runner = runner

    def remove(self, action: int) -> None:
        super().remove(action)
        self._runner.not_happened(self._task.execution, action)
