"""A server: what operations work on, and the one way to call them.

`Server.call` answers in this process what the endpoint answers over HTTP (app.py); the page, the
command line and tests use either.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

import anyio.to_thread
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from ..database.database import Database
from . import ids, shapes
from .arns import Place
from .errors import ApiError
from .handover import Handover

T = TypeVar("T")
_TRIES = 3
ENDING = "ending"  # a note of the server: it takes no more requests
Request = dict[str, Any]
Answer = dict[str, Any]


class Clock(Protocol):
    """What time it is: milliseconds since 1970."""

    def now(self) -> int: ...


@dataclass(frozen=True)
class Call:
    """Who asks, beside the request.

    `invocation`: the header amz-sdk-invocation-id, the same in each try of one call of an SDK.
    `trace`: the header x-amzn-trace-id, which goes before a `traceHeader` of the request.
    `key`: the access key of a signed request.  `gone`: whether who asked has gone meanwhile.
    """

    request_id: str = field(default_factory=ids.new)
    invocation: str | None = None
    trace: str | None = None
    key: str | None = None
    gone: Callable[[], Awaitable[bool]] | None = None


class Operation(Protocol):
    """One operation of the API.  What blocks (the database) may be a plain function, which runs in
    a thread; what waits for long is a coroutine function, which runs on the server's loop."""

    def __call__(
        self, server: Server, request: Request, call: Call, /
    ) -> Answer | Awaitable[Answer]: ...


class Server:
    """Machines, executions and whatever else the API is about, in one database.

    `runner` runs executions (runner.py).  Without it what needs one is refused by name.
    `place`: region and account in ARNs.  `notes`: what parts of a server keep beside it, by name.
    """

    def __init__(
        self,
        database: Database,
        runner: Any,
        operations: Mapping[str, Operation],
        clock: Clock,
        place: Place | None = None,
    ) -> None:
        self.database = database
        self.runner = runner
        self.operations = operations
        self._coroutines = {name for name, one in operations.items() if _is_coroutine(one)}
        self.clock = clock
        self.place = place or Place()
        self.notes: dict[str, Any] = {}
        self.loop: asyncio.AbstractEventLoop | None = None  # of app.py, while it serves
        self._handover: Handover | None = None  # to that loop

    def now(self) -> int:
        """Milliseconds since 1970, by the server's clock."""
        return self.clock.now()

    @contextmanager
    def serving(self) -> Iterator[None]:
        """The running loop is the one that serves, as long as the block lasts."""
        self.loop = asyncio.get_running_loop()
        self._handover = Handover(self.loop)
        try:
            yield
        finally:
            self.loop = self._handover = None

    def waited(self, made: concurrent.futures.Future[T]) -> asyncio.Future[T]:
        """A future of the runner, to be awaited."""
        if self._handover is not None and asyncio.get_running_loop() is self.loop:
            return self._handover.future(made)
        return asyncio.wrap_future(made)

    async def look(self, look: Callable[..., T], *given: Any) -> T:
        """Something that looks at one row (Database.look).  A file needs no thread for that."""
        if self.database.kind == "sqlite":
            return look(*given)
        return await asyncio.to_thread(look, *given)

    def write(self, write: Callable[[Connection], T]) -> T:
        """Does something to the database in one transaction; when it returns, it is durable.

        What another process has made at the same moment is seen when it is tried again.
        """
        for _ in range(_TRIES):
            with suppress(IntegrityError):
                return self._write(write)
        return self._write(write)

    def _write(self, write: Callable[[Connection], T]) -> T:
        if self.runner is None:
            with self.database.write() as connection:
                return write(connection)
        done: concurrent.futures.Future[T] = self.runner.submit(write)
        return done.result()

    def call(self, name: str, request: Request, call: Call | None = None) -> Answer:
        """What the API answers.  Not from within a coroutine: see `acall`.

        Raises ApiError as the endpoint would answer it, HostError if the database does.
        """
        answer = self._begin(name, request, call)
        if not inspect.isawaitable(answer):
            return answer
        if self.loop is not None and self.loop.is_running():
            return asyncio.run_coroutine_threadsafe(_await(answer), self.loop).result()
        return asyncio.run(_await(answer))

    async def acall(self, name: str, request: Request, call: Call | None = None) -> Answer:
        """The same on an event loop."""
        if name in self._coroutines:
            answer = self._begin(name, request, call)
        else:
            answer = await anyio.to_thread.run_sync(self._begin, name, request, call)
        return await answer if inspect.isawaitable(answer) else answer

    def _begin(self, name: str, request: Request, call: Call | None) -> Answer | Awaitable[Answer]:
        operation = self.operations.get(name)
        if operation is None:
            raise _unknown(name)
        return operation(self, shapes.check(name, request), call or Call())


def _is_coroutine(operation: Operation) -> bool:
    return inspect.iscoroutinefunction(operation)


async def _await(answer: Awaitable[Answer]) -> Answer:
    return await answer


def _unknown(name: str) -> ApiError:
    if name in shapes.operations():
        text = f"The operation {name} is not in this version of tsme serve"
        return ApiError("UnsupportedOperation", text)
    return ApiError("UnknownOperationException", f"There is no operation {name}")
