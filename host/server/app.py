"""The endpoint: the JSON 1.0 protocol of AWS, and what else is mounted beside it.

POST to any path with a header `X-Amz-Target: AWSStepFunctions.<Operation>`.  A request without
that header is none of the API, so no form of a page somewhere else can make one.  Requests of the
API are taken as they come from the network, without Starlette's routes: most are of that kind.
"""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import AsyncIterator, Iterable
from typing import Any, Final

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from ..tools.errors import HostError
from . import ids, shapes
from .errors import ApiError
from .guard import HEADERS, KEY, Guard, read
from .limits import Rate, parsed
from .server import Call, Server

_log = logging.getLogger("tsme.server")
_TRACE: Final = 256  # characters of a trace header
_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def create_app(server: Server, routes: Iterable[BaseRoute] = ()) -> Starlette:
    """The application: `routes` (page, metrics) go before the API, which takes each other POST.

    server.notes: `keys` that requests are signed with (auth.Keys), `rate` (limits.Rate), and
    `hosts` that the server is called (hosts.Hosts).
    """

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        with server.serving():
            yield

    return Starlette(
        routes=[*routes, Route("/{path:path}", _Unaddressed(), methods=["POST"])],
        middleware=[
            Middleware(
                Guard,
                keys=server.notes.get("keys"),
                rate=server.notes.get("rate") or Rate(0),
                hosts=server.notes.get("hosts"),
                refuse=_refuse,
            ),
            Middleware(Api, server=server),
        ],
        lifespan=lifespan,
    )


class Api:
    """ASGI middleware that answers each request of the API, and passes on the others."""

    def __init__(self, app: ASGIApp, server: Server) -> None:
        self._app = app
        self._server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST":
            target = scope[HEADERS].get(b"x-amz-target")
            if target is not None:
                await self._answer(target.decode("latin-1"), scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _answer(self, target: str, scope: Scope, receive: Receive, send: Send) -> None:
        """One call of the API, whatever becomes of it."""
        number = ids.new()
        try:
            name = _operation(target)
            given = parsed(await read(receive))
            call = _call(number, scope, receive)
            status, body = 200, await self._server.acall(name, given, call)
        except ApiError as error:
            status, body = error.status, error.body()
        except HostError as error:
            # The database: nothing has happened, and a client may try again.
            _log.error("%s %s: %s", number, error.code, error.message)
            text = f"{error.code}: {error.message}" + (f"; {error.hint}" if error.hint else "")
            status, body = 503, {"__type": "ServiceUnavailableException", "message": text}
        except ClientDisconnect:
            return
        except Exception:  # a defect of ours; the client learns the number that stands in the log
            _log.exception("request %s", number)
            text = f"tsme serve failed; its log tells why, under {number}"
            status, body = 500, {"__type": "InternalFailure", "message": text}
        await _send(send, status, body, number)


def _call(number: str, scope: Scope, receive: Receive) -> Call:
    headers: dict[bytes, bytes] = scope[HEADERS]
    tried = headers.get(b"amz-sdk-invocation-id")
    return Call(
        request_id=number,
        invocation=None if tried is None else tried.decode("latin-1"),
        trace=_trace(headers.get(b"x-amzn-trace-id")),
        key=scope.get(KEY) or _access_key(headers),
        gone=Request(scope, receive).is_disconnected,
    )


def _trace(header: bytes | None) -> str | None:
    """A trace header, if it is one that an execution may have."""
    if not header or len(header) > _TRACE or not header.isascii():
        return None
    return header.decode("ascii")


class _Unaddressed:
    """The ASGI application for a POST that says of no operation that it is for it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        await _refuse(send, _unknown())


async def _refuse(send: Send, error: ApiError) -> None:
    await _send(send, error.status, error.body(), ids.new())


def _operation(target: str) -> str:
    service, _, name = target.rpartition(".")
    if service != shapes.TARGET:
        raise _unknown()
    return name


def _unknown() -> ApiError:
    text = f"the header X-Amz-Target must be {shapes.TARGET}.<Operation>"
    return ApiError("UnknownOperationException", text)


def _access_key(headers: dict[bytes, bytes]) -> str | None:
    """Who signed a request, as it says of itself: without --auth nobody checks."""
    _, found, rest = headers.get(b"authorization", b"").partition(b"Credential=")
    return rest.partition(b"/")[0].decode("latin-1") if found else None


async def _send(send: Send, status: int, body: dict[str, Any], number: str) -> None:
    content = _JSON.encode(body).encode("utf-8", "surrogatepass")
    headers = [
        (b"content-length", b"%d" % len(content)),
        (b"content-type", b"application/x-amz-json-1.0"),
        (b"x-amzn-requestid", number.encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
