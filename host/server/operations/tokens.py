"""Task tokens: what others complete, and the activities that workers poll for."""

from __future__ import annotations

import asyncio
import re
import time
from typing import Any, Final

from sqlalchemy import Connection, select, update

from tsme.errors import TsmeError
from tsme.kernel.protocol import FAILED, HEARTBEAT, SUCCEEDED
from tsme.values.copies import handed

from ...database.tables import executions, tasks
from ...tools.errors import HostError
from ...tools.quick_json import value_of
from .. import noting
from ..errors import ApiError
from ..server import ENDING, Answer, Call, Request, Server
from ..terms import Ended, NotPending
from .activities import activity
from .executions import LARGEST
from .table import operation

POLL: Final = 60.0  # seconds that GetActivityTask waits for a task
_LOOK: Final = 0.5  # seconds after which it looks again, should nobody tell
_TOKEN: Final = re.compile(r"(\d{1,18})-(\d{1,18})")
_HOLDER: Final = "SELECT execution, action FROM tsme_tasks WHERE token = ?"
_NOTE: Final = "activity polls"  # of Server.notes


class Polls:
    """Polls of this process that wait for a task: all are woken by whatever becomes durable."""

    def __init__(self, server: Server) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: set[asyncio.Event] = set()
        server.runner.listen(self._told)

    def of(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Whether they are of this loop."""
        return loop is self._loop

    def _told(self, told: Any) -> None:
        if self._waiting and told.pending and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        for event in self._waiting:
            event.set()

    async def wait(self, event: asyncio.Event, most: float) -> None:
        """Until something may be there, or `most` seconds."""
        self._waiting.add(event)
        try:
            await asyncio.wait_for(event.wait(), most)
        except TimeoutError:
            pass
        finally:
            self._waiting.discard(event)
            event.clear()


@operation("GetActivityTask")
async def take(server: Server, request: Request, call: Call) -> Answer:
    """The oldest task of an activity; waits for one up to 60 s, and then answers without.

    A worker that was killed while it polled is given none: its connection is gone.
    """
    arn, worker = request["activityArn"], request.get("workerName")
    polls = server.notes.get(_NOTE)
    if polls is None or not polls.of(asyncio.get_running_loop()):
        polls = server.notes[_NOTE] = Polls(server)
    end = time.monotonic() + POLL
    event = asyncio.Event()
    await asyncio.to_thread(_known, server, arn)
    while True:
        if call.gone and await call.gone():
            return {}
        if await asyncio.to_thread(_waits, server, arn):
            write = asyncio.to_thread(server.write, lambda c: _taken(c, arn, worker, server.now()))
            found = await write
            if found is not None:
                return found
        left = end - time.monotonic()
        if left <= 0 or server.notes.get(ENDING):
            return {}
        await polls.wait(event, min(left, _LOOK))


def _known(server: Server, arn: str) -> None:
    with server.database.read() as connection:
        activity(connection, arn)


def _open(arn: str) -> Any:
    """The tasks that nobody has taken."""
    return (
        select(tasks.c.token, tasks.c.input)
        .join(executions, executions.c.id == tasks.c.execution)
        .where(tasks.c.activity == arn, tasks.c.taken.is_(None), executions.c.status == "RUNNING")
        .order_by(tasks.c.scheduled, tasks.c.execution, tasks.c.action)
        .limit(1)
    )


def _waits(server: Server, arn: str) -> bool:
    with server.database.read() as connection:
        return connection.execute(_open(arn)).first() is not None


def _taken(connection: Connection, arn: str, worker: str | None, now: int) -> Answer | None:
    found = _open(arn).add_columns(tasks.c.execution, tasks.c.action)
    if connection.dialect.name == "postgresql":
        found = found.with_for_update(skip_locked=True, of=tasks)
    row = connection.execute(found).first()
    if row is None:
        return None
    mine = update(tasks).where(tasks.c.token == row.token, tasks.c.taken.is_(None))
    if not connection.execute(mine.values(taken=now, worker=worker)).rowcount:
        return None
    noting.put(connection, row.execution, row.action, noting.STARTED, now, worker or "")
    return {"taskToken": row.token, "input": row.input}


@operation("SendTaskSuccess")
async def succeed(server: Server, request: Request, _call: Call) -> Answer:
    """A task has this result."""
    token = request["taskToken"]
    try:
        value = _output(request["output"])
    except ApiError:
        await server.look(_holder, server, token)  # a wrong token goes first
        raise
    return await _give(server, token, SUCCEEDED, value)


def _output(text: str) -> Any:
    """The value that a text is.  Raises ApiError InvalidOutput."""
    try:
        if len(text.encode()) <= LARGEST:
            return handed(value_of(text, "output"))  # members keep their order
        why = f"output exceeds the maximum number of bytes allowed ({LARGEST})"
    except (HostError, TsmeError) as error:
        why = error.message
    raise ApiError("InvalidOutput", f"Invalid Output: '{why}'")


@operation("SendTaskFailure")
async def fail(server: Server, request: Request, _call: Call) -> Answer:
    """A task has failed."""
    error, cause = request.get("error"), request.get("cause")
    return await _give(server, request["taskToken"], FAILED, error, cause)


@operation("SendTaskHeartbeat")
async def beat(server: Server, request: Request, _call: Call) -> Answer:
    """HeartbeatSeconds of a task begin again."""
    return await _give(server, request["taskToken"], HEARTBEAT)


async def _give(server: Server, token: str, kind: int, *fields: Any) -> Answer:
    execution, action = await server.look(_holder, server, token)
    try:
        await server.waited(server.runner.feed(execution, kind, action, *fields))
    except NotPending:
        text = "Task Timed Out: 'Provided task does not exist anymore'"
        raise ApiError("TaskTimedOut", text) from None
    except Ended:
        text = "Task Timed Out: 'Provided task does not exist anymore'"
        raise ApiError("TaskTimedOut", text) from None
    return {}


def _holder(server: Server, token: str) -> tuple[int, int]:
    """The task that a token stands for.  Raises ApiError InvalidToken."""
    if _TOKEN.fullmatch(token):
        found = server.database.look(_HOLDER, token)
        if found is not None:
            return found[0], found[1]
    raise ApiError("InvalidToken", "Invalid Token: 'Invalid token'")
