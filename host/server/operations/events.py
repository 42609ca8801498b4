"""Pages of the events of an execution, or of a child of a Map Run."""

from __future__ import annotations

from typing import Any
from zlib import crc32

from ...tools.aws.events import History
from ...tools.commands.history import as_api
from .. import arns, paging
from ..errors import ApiError
from ..server import Answer, Call, Request, Server
from ..times import present, seconds
from . import children, histories
from .found import existing
from .table import operation


@operation("GetExecutionHistory")
def get(server: Server, request: Request, _call: Call) -> Answer:
    """A page of the events of an execution."""
    backwards = request.get("reverseOrder", False)
    text = request["executionArn"]
    child = bool(arns.parse(text, "execution").label)
    if child:
        row, told = children.history(server, text)
        mark = crc32(text.encode())
    else:
        with server.database.read() as connection:
            row = existing(connection, text)
        told, mark = histories.history(server, row).events, row.id
    after = paging.after(request, int, bool, int)
    if after and after[:2] != [mark, backwards]:
        raise ApiError("InvalidToken", "Invalid Token: 'Input inconsistent with page token'")
    most = paging.size(request)
    count = len(told)
    if backwards:
        last = after[2] - 1 if after else count
        chosen = told[max(last - most, 0) : max(last, 0)][::-1]
        more = last > most
    else:
        first = after[2] if after else 0
        chosen = told[first : first + most]
        more = first + most < count
    with_data = request.get("includeExecutionData", True)
    given = row.input if with_data and not child else None
    out: Answer = {"events": _events(row, chosen, with_data, given)}
    if more:
        out["nextToken"] = paging.token(mark, backwards, chosen[-1]["id"])
    return out


def _events(
    row: Any, chosen: list[dict[str, Any]], with_data: bool, given: str | None
) -> list[dict[str, Any]]:
    """Events as the API has them.  `given`: the very text of an input that came by the API."""
    out = as_api(History(events=chosen), with_data)["events"]
    for event, told in zip(out, chosen, strict=True):
        event["timestamp"] = seconds(told["time"])
        if told["type"] == "ExecutionStarted":
            event["executionStartedEventDetails"] |= present(
                roleArn=(row.notes or {}).get("machine", {}).get("role"),
                stateMachineVersionArn=row.version,
                stateMachineAliasArn=row.alias,
                input=given,
            )
    return out
