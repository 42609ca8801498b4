"""Server-sent events: what has changed, told as soon as it is durable.

    /page/live                  {"counts": {status: n}, "newest": id}
    /page/live?execution=ARN    {"status": .., "records": n, "redrives": n}

The runner of this process says when there is something to tell; what other processes did is
found by looking once a second, and only while somebody watches.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from functools import partial
from typing import Any, Final

import anyio.to_thread
from sqlalchemy import func, select
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from ...database import queries
from ...database.tables import executions
from ...tools.errors import HostError
from ..server import ENDING, Server

_MOST: Final = 200  # watchers at once
_POLL: Final = 1.0  # seconds
_PAUSE: Final = 0.1  # seconds between two things told
_ALIVE: Final = 15  # looks without a change, before a comment says that the line is open


class Live:
    """Everybody who watches, and what wakes them."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.watchers: set[asyncio.Event] = set()
        self._told = False  # a call of _wake is on its way
        if server.runner is not None and hasattr(server.runner, "listen"):
            server.runner.listen(self.changed)

    def changed(self, *_about: Any) -> None:
        """Something is durable; from any thread."""
        loop = self.server.loop
        if self.watchers and not self._told and loop is not None:
            self._told = True
            try:
                loop.call_soon_threadsafe(self._wake)
            except RuntimeError:  # the loop is closed: nobody watches any more
                self._told = False

    def _wake(self) -> None:
        self._told = False
        for event in self.watchers:
            event.set()

    async def stream(self, arn: str | None) -> AsyncIterator[str]:
        """What one watcher is told."""
        event = asyncio.Event()
        self.watchers.add(event)
        last, still = "", 0
        try:
            while not self.server.notes.get(ENDING):
                event.clear()
                try:
                    found = await anyio.to_thread.run_sync(partial(look, self.server, arn))
                except HostError as error:
                    found = {"error": error.code, "message": error.message}
                text = json.dumps(found, separators=(",", ":"))
                if text != last:
                    last, still = text, 0
                    yield f"data: {text}\n\n"
                else:
                    still += 1
                if still == _ALIVE:
                    still = 0
                    yield ": \n\n"
                await asyncio.sleep(_PAUSE)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(event.wait(), _POLL - _PAUSE)
        finally:
            self.watchers.discard(event)


def look(server: Server, arn: str | None) -> dict[str, Any]:
    """How things stand: of all executions, or of one."""
    e = executions.c
    with server.database.read() as connection:
        if arn is None:
            newest = connection.scalar(select(func.max(e.id)))
            return {"counts": queries.counts(connection), "newest": newest or 0}
        row = connection.execute(
            select(e.status, e.records, e.redrives).where(e.arn == arn)
        ).one_or_none()
    if row is None:
        return {"status": None}
    return {"status": row.status, "records": row.records, "redrives": row.redrives}


def live_routes(live: Live, headers: dict[str, str]) -> list[BaseRoute]:
    """The one route."""

    async def watch(request: Request) -> Response:
        if len(live.watchers) >= _MOST:
            return Response("too many watch already\n", 503, headers, "text/plain")
        arn = request.query_params.get("execution") or None
        if arn is not None and "\0" in arn:
            return Response("no ARN has U+0000\n", 400, headers, "text/plain")
        return StreamingResponse(
            live.stream(arn), headers=headers | {"X-Accel-Buffering": "no"},
            media_type="text/event-stream",
        )  # fmt: skip

    return [Route("/page/live", watch, methods=["GET"])]
