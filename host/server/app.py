"""The endpoint: the JSON 1.0 protocol of AWS on Starlette, and what else is mounted beside it.

POST to any path with a header `X-Amz-Target: AWSStepFunctions.<Operation>`.  A request without
that header is none of the API, so no form of a page somewhere else can make one.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Iterable
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ..tools.errors import HostError
from . import ids, shapes
from .errors import ApiError
from .guard import KEY, Guard, read
from .limits import Rate, parsed
from .server import Call, Server

_log = logging.getLogger("tsme.server")


def create_app(server: Server, routes: Iterable[BaseRoute] = ()) -> Starlette:
    """The application: `routes` (page, metrics) go before the API, which takes each POST.

    server.notes: `keys` that requests are signed with (auth.Keys), and `rate` (limits.Rate).
    """

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        server.loop = asyncio.get_running_loop()
        try:
            yield
        finally:
            server.loop = None

    async def api(request: Request) -> Response:
        return await answer(server, request)

    return Starlette(
        routes=[*routes, Route("/{path:path}", api, methods=["POST"])],
        middleware=[
            Middleware(
                Guard,
                keys=server.notes.get("keys"),
                rate=server.notes.get("rate") or Rate(0),
                refuse=lambda error: _response(error.status, error.body(), ids.new()),
            )
        ],
        lifespan=lifespan,
    )


async def answer(server: Server, request: Request) -> Response:
    """One call of the API, whatever becomes of it."""
    number = ids.new()
    try:
        name = _operation(request)
        given = parsed(await read(request))
        call = Call(
            request_id=number,
            invocation=request.headers.get("amz-sdk-invocation-id"),
            key=request.scope.get(KEY) or _access_key(request),
            gone=request.is_disconnected,
        )
        return _response(200, await server.acall(name, given, call), number)
    except ApiError as error:
        return _response(error.status, error.body(), number)
    except HostError as error:  # the database: nothing has happened, and a client may try again
        _log.error("%s %s: %s", number, error.code, error.message)
        text = f"{error.code}: {error.message}" + (f"; {error.hint}" if error.hint else "")
        return _response(503, {"__type": "ServiceUnavailableException", "message": text}, number)
    except ClientDisconnect:
        return Response(status_code=499)
    except Exception:  # a defect of ours; the client learns the number that stands in the log
        _log.exception("request %s", number)
        text = f"tsme serve failed; its log tells why, under {number}"
        return _response(500, {"__type": "InternalFailure", "message": text}, number)


def _operation(request: Request) -> str:
    service, _, name = request.headers.get("x-amz-target", "").rpartition(".")
    if service != shapes.TARGET:
        text = f"the header X-Amz-Target must be {shapes.TARGET}.<Operation>"
        raise ApiError("UnknownOperationException", text)
    return name


def _access_key(request: Request) -> str | None:
    """Who signed a request, as it says of itself: without --auth nobody checks."""
    _, found, rest = request.headers.get("authorization", "").partition("Credential=")
    return rest.partition("/")[0] if found else None


def _response(status: int, body: dict[str, Any], number: str) -> Response:
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Response(
        text.encode("utf-8", "surrogatepass"),
        status,
        {"x-amzn-RequestId": number},
        "application/x-amz-json-1.0",
    )
