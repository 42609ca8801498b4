"""Tasks that start executions of other machines of the same server, and may wait for their end."""

from __future__ import annotations

import asyncio
import re
import uuid
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import select

from tsme.engine.tasks import TaskError
from tsme.values.json import dumps, loads

from ...database.tables import executions
from .. import noting
from ..errors import ApiError
from ..server import Server
from .pending import PendingTask
from .router import PENDING

_RESOURCE = re.compile(
    r"arn:[a-z-]+:states:[^:]*:[^:]*:(aws-sdk:sfn|states):startExecution"
    r"(\.sync:2|\.sync|\.waitForTaskToken)?"
)
_NAMES: Final = uuid.UUID("0b7c2f2a-52a1-4f0e-8d0c-6f1d1f0a5c77")
_DATES: Final = ("StartDate", "StopDate", "RedriveDate")
_CUT: Final = (
    "The Task state in AWS Step Functions execution [%s] which was managing this resource was "
    "aborted"
)


class Nested:
    """A way: `states:startExecution`, also `.sync`, `.sync:2` and `.waitForTaskToken`.

    Without a name the execution has one made of its parent and the task, so that a task that is
    started again after a restart finds the execution that it has started.
    """

    def __init__(self) -> None:
        self.server: Server | None = None
        self._stops: set[asyncio.Task[Any]] = set()
        self.leaving = False  # the server ends, and its executions go on with the next start

    def connect(self, runner: Any) -> None:
        """Executions end where the runner of `server` says so."""

    def has(self, task: PendingTask) -> bool:
        return _RESOURCE.fullmatch(task.resource.partition(" ")[0]) is not None

    def effect(self, resource: str) -> str | None:  # noqa: ARG002  names make it idempotent
        return None

    async def do(self, task: PendingTask) -> Any:
        match = _RESOURCE.fullmatch(task.resource.partition(" ")[0])
        assert match is not None
        sdk, pattern = match[1] != "states", match[2]
        try:
            started = await self._begin(task, sdk)
        except ApiError as error:
            raise refused(error, sdk) from None
        if pattern is None:
            return started
        assert self.server is not None
        await noting.submitted(self.server.runner, task.execution, task.action, started)
        if pattern == ".waitForTaskToken":
            return PENDING
        return await self._ended(task, started["ExecutionArn"], parsed=pattern == ".sync:2")

    def ending(self) -> None:
        """Executions that it has started go on, and are found again."""
        self.leaving = True

    async def leave(self) -> None:
        """What it waits for goes on by itself."""

    def close(self) -> None:
        """Nothing is open."""

    async def _call(self, name: str, request: dict[str, Any]) -> dict[str, Any]:
        """An operation, away from the router's loop: it may have the server's own."""
        assert self.server is not None
        return await asyncio.to_thread(self.server.call, name, request)

    async def _begin(self, task: PendingTask, sdk: bool) -> dict[str, Any]:
        given = task.payload if isinstance(task.payload, dict) else {}
        request = {name[:1].lower() + name[1:]: value for name, value in given.items()}
        if not isinstance(request.get("input", ""), str):
            request["input"] = dumps(request["input"])
        own = "name" not in request
        if own:
            request["name"] = str(uuid.uuid5(_NAMES, f"{task.arn}/{task.action}"))
        try:
            return _upper(await self._call("StartExecution", request), sdk)
        except ApiError as error:
            if not own or error.code != "ExecutionAlreadyExists":
                raise
            # Started before a restart, and ended meanwhile.
            machine = request["stateMachineArn"].split(":")
            arn = ":".join([*machine[:5], "execution", machine[6], request["name"]])
            found = _upper(await self._call("DescribeExecution", {"executionArn": arn}), sdk)
            return {name: found[name] for name in ("ExecutionArn", "StartDate")}

    async def _ended(self, task: PendingTask, arn: str, parsed: bool) -> Any:
        assert self.server is not None
        try:
            number = await asyncio.to_thread(self._number, arn)
            await asyncio.shield(asyncio.wrap_future(self.server.runner.wait(number)))
        except asyncio.CancelledError:
            if not self.leaving:
                self._stop(task, arn)
            raise
        found = _upper(await self._call("DescribeExecution", {"executionArn": arn}))
        if found["Status"] != "SUCCEEDED":
            raise TaskError("States.TaskFailed", dumps(found))
        if parsed:
            for name in ("Input", "Output"):
                found[name] = loads(found[name])
        return found

    def _number(self, arn: str) -> int:
        assert self.server is not None
        with self.server.database.read() as connection:
            query = select(executions.c.id).where(executions.c.arn == arn)
            return int(connection.execute(query).scalar_one())

    def _stop(self, task: PendingTask, arn: str) -> None:
        """Nobody waits for it any more: it ends, as AWS ends it."""
        assert self.server is not None
        request = {"executionArn": arn, "error": _CUT % task.arn}
        stopped = asyncio.get_running_loop().create_task(self._call("StopExecution", request))
        self._stops.add(stopped)
        stopped.add_done_callback(self._stops.discard)


def _upper(answer: dict[str, Any], sdk: bool = False) -> dict[str, Any]:
    """An answer as tasks see it: SDK names, and times in ms, of SDK integrations as text."""
    found = {name[:1].upper() + name[1:]: value for name, value in answer.items()}
    for name in ("InputDetails", "OutputDetails"):
        if name in found:
            found[name] = {"Included": found[name]["included"]}
    for name in _DATES:
        if name in found:
            ms = round(found[name] * 1000)
            found[name] = when(ms) if sdk else ms
    return dict(sorted(found.items()))


def refused(error: ApiError, sdk: bool) -> TaskError:
    """What a task fails with whose call is refused, in AWS's words.  `sdk`: by an SDK."""
    name = error.code if error.code.endswith("Exception") else f"{error.code}Exception"
    if sdk:
        about = f"(Service: Sfn, Status Code: {error.status}, Request ID: {uuid.uuid4()})"
        return TaskError(f"Sfn.{name}", f"{error.message} {about} (SDK Attempt Count: 1)")
    about = f"Service: AWSStepFunctions; Status Code: {error.status}; Error Code: {error.code}"
    about += f"; Request ID: {uuid.uuid4()}; Proxy: null"
    return TaskError(f"StepFunctions.{name}", f"{error.message} ({about})")


def when(ms: int) -> str:
    """A time as the SDK's results have it."""
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
