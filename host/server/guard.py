"""What stands before everything that is served: names, keys, sizes and rates.

A request with the header X-Amz-Target is one of the API, and signed.  Whatever else is served (the
page, metrics) takes the same keys by a signature, too, or by HTTP's Basic authentication, which
browsers ask for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .auth import SIGNED, Keys
from .errors import ApiError
from .hosts import Hosts
from .limits import LARGEST, Rate, too_large

KEY = "tsme.key"  # of a request's scope: the access key that was checked
HEADERS = "tsme.headers"  # of a request's scope: a dict of bytes
_TARGET = b"x-amz-target"


class Guard:
    """ASGI middleware.  `keys`: without, nobody is asked.  `hosts`: without, the server may have
    any name.  `refuse`: sends an error as an answer of the API."""

    def __init__(
        self,
        app: ASGIApp,
        keys: Keys | None,
        rate: Rate,
        hosts: Hosts | None,
        refuse: Callable[[Send, ApiError], Awaitable[None]],
    ) -> None:
        self._app = app
        self._keys = keys
        self._rate = rate
        self._hosts = hosts
        self._refuse = refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        # The first of each name, which is what a signature has.
        scope[HEADERS] = headers = dict(reversed(scope["headers"]))
        try:
            if self._hosts is not None:
                self._hosts.check(scope["method"], headers)
            if self._keys is not None:
                receive = await self._checked(self._keys, scope, receive)
            address = scope["client"][0] if scope.get("client") else ""
            self._rate.take(scope.get(KEY) or address)
        except ApiError as error:
            if scope["method"] == "POST":
                await self._refuse(send, error)
            else:
                text = PlainTextResponse(f"{error.message}\n", error.status)
                await text(scope, receive, send)
            return
        except _Unknown:
            asked = {"WWW-Authenticate": 'Basic realm="tsme", charset="UTF-8"'}
            answer = PlainTextResponse("An access key and its secret, please.\n", 401, asked)
            await answer(scope, receive, send)
            return
        except ClientDisconnect:
            return
        await self._app(scope, receive, send)

    async def _checked(self, keys: Keys, scope: Scope, receive: Receive) -> Receive:
        """Who asks is known from here on.  -> what gives the body, which may have been read"""
        found = scope[HEADERS]
        told = found.get(b"authorization", b"").decode("latin-1")
        key = keys.basic(told)
        if key is None and _TARGET not in found and not told.startswith(SIGNED):
            raise _Unknown
        if key is not None:
            scope[KEY] = key
            return receive
        body = await read(receive)
        headers = [(name.decode("latin-1"), value.decode("latin-1"))
                   for name, value in scope["headers"]]  # fmt: skip
        raw = (scope.get("raw_path") or b"/").decode("latin-1")
        query = scope["query_string"].decode("latin-1")
        host = found.get(b"host", b"").decode("latin-1")
        url = f"http://{host}{raw}" + (f"?{query}" if query else "")
        scope[KEY] = keys.check(url, headers, body, datetime.now(UTC), scope["method"])
        return _Again(body, receive)


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


async def read(receive: Receive) -> bytes:
    """The body.  Raises ApiError if it is too large, once that much has come."""
    parts: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        part = message.get("body", b"")
        size += len(part)
        if size > LARGEST:
            raise too_large()
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)
