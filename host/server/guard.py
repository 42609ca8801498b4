"""What stands before everything that is served: keys, sizes and rates.

A request with the header X-Amz-Target is one of the API, and signed.  Whatever else is served (the
page, metrics) takes the same keys by HTTP's Basic authentication, which browsers ask for.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .auth import Keys
from .errors import ApiError
from .limits import LARGEST, Rate, too_large

KEY = "tsme.key"  # of a request's scope: the access key that was checked


class Guard:
    """ASGI middleware.  `keys`: without, nobody is asked.  `refuse`: an error as an answer."""

    def __init__(
        self, app: ASGIApp, keys: Keys | None, rate: Rate, refuse: Callable[[ApiError], Response]
    ) -> None:
        self._app = app
        self._keys = keys
        self._rate = rate
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            if self._keys is not None:
                receive = await self._checked(self._keys, request)
            address = request.client.host if request.client else ""
            self._rate.take(scope.get(KEY) or address)
        except ApiError as error:
            await self._refuse(error)(scope, receive, send)
            return
        except _Unknown:
            headers = {"WWW-Authenticate": 'Basic realm="tsme", charset="UTF-8"'}
            answer = PlainTextResponse("An access key and its secret, please.\n", 401, headers)
            await answer(scope, receive, send)
            return
        except ClientDisconnect:
            return
        await self._app(scope, receive, send)

    async def _checked(self, keys: Keys, request: Request) -> Receive:
        """Who asks is known from here on.  -> what gives the body, which may have been read"""
        key = keys.basic(request.headers.get("authorization", ""))
        if key is None and "x-amz-target" not in request.headers:
            raise _Unknown
        if key is not None:
            request.scope[KEY] = key
            return request.receive
        body = await read(request)
        headers = [(name.decode("latin-1"), value.decode("latin-1"))
                   for name, value in request.scope["headers"]]  # fmt: skip
        raw = (request.scope.get("raw_path") or b"/").decode("latin-1")
        query = request.scope["query_string"].decode("latin-1")
        url = f"http://{request.headers.get('host', '')}{raw}" + (f"?{query}" if query else "")
        request.scope[KEY] = keys.check(url, headers, body, datetime.now(UTC))
        return _Again(body, request.receive)


class _Unknown(Exception):
    """Nobody has said who asks."""


class _Again:
    """A body that was read already, for who reads it next."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive

    async def __call__(self) -> Message:
        if self._body is None:
            return await self._receive()
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}


async def read(request: Request) -> bytes:
    """The body.  Raises ApiError if it is too large, once that much has come."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > LARGEST:
            raise too_large()
        parts.append(part)
    return b"".join(parts)
