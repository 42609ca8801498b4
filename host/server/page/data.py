"""What the page's scripts ask for: lists, executions and machines as JSON.

    /page/executions            a page of the list, and how many there are
    /page/executions/ARN        one of them; its workflow and its graph, unless ?brief=1
    /page/events/ARN?after=N    its events behind event N, as GetExecutionHistory has them
    /page/records/ARN?after=N&now=T     the records of its journal from N on; the one before
                                        it is of time T
    /page/map-runs/ARN          a Map Run, and what became of its children
    /page/machines              all of them, with statistics unless ?brief=1
    /page/machines/ARN          one; its workflow, graph, versions, aliases, statistics
    /page/tasks                 the tasks that wait for their token, which `tsme repl` asks for

Times are ms since 1970.  An error is {"error": code, "message": text} with a status of its own.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import anyio.to_thread
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ...database import queries
from ...tools.errors import HostError
from ..errors import ApiError
from ..server import Server
from . import executions, machines, map_runs, tasks

_STATUSES: Final = ("RUNNING", "SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "PENDING_REDRIVE")
Answer = dict[str, Any]
Ask = Callable[[Server, str, QueryParams], Answer]


class Missing(Exception):
    """There is no such thing."""


def data_routes(server: Server, headers: dict[str, str]) -> list[BaseRoute]:
    """A route for each kind of data."""
    asked: dict[str, Ask] = {
        "/page/executions": listed,
        "/page/executions/{arn:path}": one(executions.about, "brief"),
        "/page/events/{arn:path}": one(executions.events, "after"),
        "/page/records/{arn:path}": one(executions.records, "after", "now"),
        "/page/map-runs/{arn:path}": one(map_runs.about),
        "/page/machines": all_machines,
        "/page/machines/{arn:path}": one(machines.about),
        "/page/tasks": lambda server, _arn, _query: tasks.waiting(server),
    }
    return [
        Route(path, partial(_answer, server, ask, headers), methods=["GET"])
        for path, ask in asked.items()
    ]


async def _answer(server: Server, ask: Ask, headers: dict[str, str], request: Request) -> Response:
    arn = request.path_params.get("arn", "")
    try:
        found = await anyio.to_thread.run_sync(ask, server, arn, request.query_params)
    except Missing as error:
        return _json({"error": "NotFound", "message": str(error)}, 404, headers)
    except HostError as error:
        message = error.message + (f"; {error.hint}" if error.hint else "")
        status = 400 if error.code in ("TSME-S015", "TSME-S080") else 503
        return _json({"error": error.code, "message": message}, status, headers)
    except ApiError as error:  # a history that cannot be told
        return _json({"error": error.code, "message": error.message}, 422, headers)
    return _json(found, 200, headers)


def _json(value: Answer, status: int, headers: dict[str, str]) -> Response:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    content = text.encode("utf-8", "surrogatepass")
    return Response(content, status, headers, "application/json")


def one(tell: Callable[..., Answer | None], *numbers: str) -> Ask:
    """What asks for one thing by its ARN, with numbers from the query."""

    def ask(server: Server, arn: str, query: QueryParams) -> Answer:
        given = [number(query, name, 0) for name in numbers]
        found = None if "\0" in arn else tell(server, arn, *given)
        if found is None:
            raise Missing(f"there is nothing with the ARN {arn!r}")
        return found

    return ask


def all_machines(server: Server, _arn: str, query: QueryParams) -> Answer:
    """All machines; without statistics if they are to be brief."""
    return machines.listed(server, brief=bool(number(query, "brief", 0)))


def listed(server: Server, _arn: str, query: QueryParams) -> Answer:
    """A page of executions, counts of each status, and the token of the page behind it.

    Raises HostError, TSME-S080, for what is no filter.
    """
    wanted = wanted_of(query)
    limit = number(query, "limit", 50)
    sort, order = query.get("sort") or "started", query.get("order") or "down"
    if not 1 <= limit <= 1000:
        raise _wrong("limit", "a number from 1 to 1000")
    if sort not in queries.SORTS:
        raise _wrong("sort", ", ".join(queries.SORTS))
    if order not in ("up", "down"):
        raise _wrong("order", "up or down")
    token = query.get("token") or None
    # How many there would be of each status, if none were chosen.
    of_each = wanted_of(query, statuses=())
    with server.database.read() as connection:
        page = queries.page(connection, wanted, sort, order == "down", limit, token)
        counts = queries.counts(connection, of_each)
        broken = queries.broken(connection)
    return {
        "executions": [executions.summary(row) for row in page.rows],
        "broken": [{"arn": row.arn, "name": row.name} for row in broken],
        "token": page.token,
        "counts": counts,
        "now": server.now(),
    }


def wanted_of(query: QueryParams, statuses: tuple[str, ...] | None = None) -> queries.Filter:
    """The filter that a query asks for.  Raises HostError, TSME-S080."""
    if statuses is None:
        statuses = tuple(name for name in query.get("status", "").split(",") if name)
    for name in statuses:
        if name not in _STATUSES:
            raise _wrong("status", ", ".join(_STATUSES))
    texts = {name: query.get(name) or None for name in ("machine", "version", "error")}
    prefix = query.get("prefix", "")
    if any("\0" in (text or "") for text in (*texts.values(), prefix)):
        raise _wrong("filter", "text without U+0000")
    return queries.Filter(
        statuses=statuses,
        prefix=prefix,
        machine=texts["machine"],
        version=texts["version"],
        error=texts["error"],
        started_from=number(query, "from", None),
        started_to=number(query, "to", None),
        stopped_from=number(query, "ended-from", None),
        stopped_to=number(query, "ended-to", None),
    )


def number(query: QueryParams, name: str, without: Any) -> Any:
    """A number of a query, `without` if it has none.  Raises HostError, TSME-S080."""
    text = query.get(name)
    if not text:
        return without
    if not (text.isascii() and text.isdigit() and len(text) < 16):
        raise _wrong(name, "a number from 0")
    return int(text)


def _wrong(name: str, what: str) -> HostError:
    return HostError("TSME-S080", f'"{name}" of the address is not {what}', "take it away")
