"""Tasks that call an operation of this server: `aws-sdk:sfn:sendTaskSuccess` and the like."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from tsme.values.json import dumps

from .. import shapes
from ..errors import ApiError
from ..server import Answer, Request, Server
from .nested import refused, when
from .pending import PendingTask

_RESOURCE = re.compile(r"arn:[a-z-]+:states:[^:]*:[^:]*:aws-sdk:sfn:([a-z][A-Za-z]*)")


class OwnApi:
    """A way: `aws-sdk:sfn:OPERATION`, but for startExecution, which is `Nested`'s.

    Fields and answers have the names of SDKs, which begin with a capital; times are texts.
    """

    def __init__(self) -> None:
        self.server: Server | None = None

    def connect(self, runner: Any) -> None:
        """What it calls has the runner of `server`."""

    def has(self, task: PendingTask) -> bool:
        return _operation(task.resource) is not None

    def effect(self, resource: str) -> str | None:  # noqa: ARG002  as an SDK: at least once
        return None

    async def do(self, task: PendingTask) -> Any:
        name = _operation(task.resource)
        assert name is not None
        about = shapes.model()["operations"][name]
        given = task.payload if isinstance(task.payload, dict) else {}
        try:
            answer = await self._call(name, _given(about["input"]["shape"], given))
        except ApiError as error:
            raise refused(error, True) from None
        return _told(about["output"]["shape"], answer)

    async def _call(self, name: str, request: Request) -> Answer:
        """On the loop that serves, if there is one: some operations wait there for others."""
        assert self.server is not None
        called = self.server.acall(name, request)
        loop = self.server.loop
        if loop is None:
            return await called
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(called, loop))

    def ending(self) -> None:
        """What it calls can be called again."""

    async def leave(self) -> None:
        """Nothing is open."""

    def close(self) -> None:
        """Nothing is open."""


def _operation(resource: str) -> str | None:
    """The operation that a Resource names, if there is one."""
    match = _RESOURCE.fullmatch(resource.partition(" ")[0])
    name = match[1][:1].upper() + match[1][1:] if match else ""
    return name if name in shapes.model()["operations"] else None


def _given(shape: str, value: Any) -> Any:
    """A request from what a task has; values where a text belongs are written as JSON."""
    about = shapes.model()["shapes"][shape]
    if about["type"] == "structure" and isinstance(value, dict):
        names = {name[:1].upper() + name[1:]: name for name in about["members"]}
        return {
            names[name]: _given(about["members"][names[name]]["shape"], item)
            for name, item in value.items()
            if name in names and item is not None
        }
    if about["type"] == "list" and isinstance(value, list):
        return [_given(about["member"]["shape"], item) for item in value]
    if about["type"] == "string" and not isinstance(value, str):
        return dumps(value)
    return value


def _told(shape: str, value: Any) -> Any:
    """An answer as a task has it."""
    about = shapes.model()["shapes"][shape]
    if about["type"] == "structure":
        members = sorted((name[:1].upper() + name[1:], name) for name in value)
        return {
            told: _told(about["members"][name]["shape"], value[name]) for told, name in members
        }
    if about["type"] == "list":
        return [_told(about["member"]["shape"], item) for item in value]
    if about["type"] == "map":
        return {name: _told(about["value"]["shape"], item) for name, item in value.items()}
    return when(round(value * 1000)) if about["type"] == "timestamp" else value
