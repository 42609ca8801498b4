"""Executions: begun, waited for, stopped, described and listed."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any, Final, NamedTuple

from sqlalchemy import select

from tsme.errors import TsmeError
from tsme.kernel.protocol import STOP

from ...database import queries
from ...database.tables import executions
from ...tools.errors import HostError
from ...tools.quick_json import value_of
from .. import arns, ids, paging
from ..errors import ApiError, invalid
from ..server import Answer, Call, Request, Server
from ..terms import Ended, Exists, NewExecution
from ..times import present, seconds
from . import children, finding, histories, map_runs, redrivable
from .found import existing
from .table import operation

LARGEST: Final = 262_144  # bytes of an input, in UTF-8
_INCLUDED: Final = {"included": True}
_CALLS: Final = bytes.fromhex("6f6f2c1e5d4c4c0e9d531f2b7f3f8a11")  # names made of calls
_BILLED: Final = 100  # ms, that AWS rounds up to
_MEMORY: Final = 64  # MB


@operation("StartExecution")
async def start(server: Server, request: Request, call: Call) -> Answer:
    """Begins an execution; it is durable when the answer comes.

    The same name and input again give the same execution as long as it runs, and the same call
    of an SDK (its invocation id) always.
    """
    target = await _target(server, request)
    started = server.now()
    new = _new(server, target, request, call, started)
    try:
        await server.waited(server.runner.begin(new))
    except Exists:
        return await asyncio.to_thread(_again, server, new, call)
    except TsmeError as error:
        raise _refused(error.message) from None
    return {"executionArn": new.arn, "startDate": seconds(started)}


async def _target(server: Server, request: Request) -> finding.Target:
    text, case = _case(server, request)
    found = await server.look(finding.quick, server.database, text)
    if found is None:  # a version, an alias, or an error to be told
        found = await asyncio.to_thread(_slow_target, server, text)
    if case and not server.notes["mocks"].has(found.name, case):
        raise invalid(
            f"There is no test case '{case}' of '{found.name}' in the mock configuration"
        )
    return found


def _slow_target(server: Server, text: str) -> finding.Target:
    with server.database.read() as connection:
        return finding.target(connection, text)


def _case(server: Server, request: Request) -> tuple[str, str]:
    """-> (the ARN of a machine, a test case): ARN#CASE, where mocks are configured"""
    text: str = request["stateMachineArn"]
    if server.notes.get("mocks") is None:
        return text, ""
    arn, _, case = text.partition("#")
    return arn, case


def _new(
    server: Server,
    target: finding.Target,
    request: Request,
    call: Call,
    started: int | None = None,
) -> NewExecution:
    text = request.get("input", "{}")
    value = _value(text)
    name = request.get("name")
    unique = ids.new()
    if call.invocation:  # the same in every try of a call, so it finds what the first one made
        unique = ids.named(_CALLS, "\n".join((call.invocation, target.arn, text)))
    if name is None:
        name = unique
    else:
        arns.check_name(name)
    if target.type == "EXPRESS":
        arn = server.place.express(target.name, name, unique)
    else:
        arn = server.place.execution(target.name, name)
    notes: dict[str, Any] = {"machine": target.note()} | present(invocation=call.invocation)
    return NewExecution(
        arn=arn,
        name=name,
        digest=target.digest,
        input=text,
        value=value,
        machine=target.arn,
        machine_name=target.name,
        version=target.version,
        alias=target.alias,
        type=target.type,
        role=target.role,
        trace=call.trace or request.get("traceHeader"),
        started=started,
        settings={"mock_case": case} if (case := _case(server, request)[1]) else {},
        notes=notes,
    )


def _value(text: str) -> Any:
    if len(text.encode()) > LARGEST:
        limit = f"input exceeds the maximum number of bytes allowed ({LARGEST})"
        raise _refused(limit)
    try:
        return value_of(text, "input")
    except (HostError, TsmeError) as error:
        raise _refused(error.message) from None


def _refused(text: str) -> ApiError:
    message = f"Invalid State Machine Execution Input: '{text}'"
    return ApiError("InvalidExecutionInput", message)


def _again(server: Server, new: NewExecution, call: Call) -> Answer:
    """The execution that is there already, if it is the one that this request asks for."""
    with server.database.read() as connection:
        row = connection.execute(select(executions).where(executions.c.arn == new.arn)).one()
    known = call.invocation is not None and row.notes.get("invocation") == call.invocation
    if row.input != new.input or not (known or row.status == "RUNNING"):
        raise ApiError("ExecutionAlreadyExists", f"Execution Already Exists: '{new.arn}'")
    return {"executionArn": new.arn, "startDate": seconds(row.started)}


@operation("StartSyncExecution")
async def start_sync(server: Server, request: Request, call: Call) -> Answer:
    """Runs an express execution to its end."""
    target = await _target(server, request)
    if target.type != "EXPRESS":
        raise _unsupported()
    new = _new(server, target, request, call)
    try:
        number = await server.waited(server.runner.begin(new))
    except Exists:
        number = (await asyncio.to_thread(_row, server, new.arn)).id
    except TsmeError as error:
        raise _refused(error.message) from None
    await server.waited(server.runner.wait(number))
    row = await asyncio.to_thread(_row, server, new.arn)
    with_data = request.get("includedData") != "METADATA_ONLY"
    outcome = await asyncio.to_thread(_outcome, server, row, with_data)
    took = max(row.stopped - row.started, 1)
    outcome["status"] = "FAILED" if row.status == "ABORTED" else row.status
    return {
        "executionArn": row.arn,
        "stateMachineArn": row.machine,
        "name": row.name,
        "billingDetails": {
            "billedMemoryUsedInMB": _MEMORY,
            "billedDurationInMilliseconds": -(-took // _BILLED) * _BILLED,
        },
        **outcome,
    }


def _unsupported() -> ApiError:
    text = "This operation is not supported by this type of state machine"
    return ApiError("StateMachineTypeNotSupported", text)


def _row(server: Server, text: str) -> Any:
    with server.database.read() as connection:
        return existing(connection, text, "execution", "express")


class _Quick(NamedTuple):
    """The columns of an execution that DescribeExecution tells, as long as it has no error."""

    arn: str
    name: str
    machine: str | None
    version: str | None
    alias: str | None
    type: str
    status: str
    started: int
    stopped: int | None
    input: str
    output: str | None
    trace: str | None
    redrives: int
    redriven: int | None
    error: None = None
    cause: None = None


_LOOK: Final = f"SELECT {', '.join(_Quick._fields[:-2])} FROM tsme_executions WHERE arn = ?"  # noqa: S608


@operation("DescribeExecution")
async def describe(server: Server, request: Request, _call: Call) -> Answer:
    """An execution: how it stands, what came in and what went out."""
    text = request["executionArn"]
    found = None if "\0" in text else await server.look(server.database.look, _LOOK, text)
    quick = _Quick(*found) if found else None
    if quick and quick.type == "STANDARD" and quick.status in ("RUNNING", "SUCCEEDED"):
        return _described(server, request, quick)
    return await asyncio.to_thread(_slow_describe, server, request)


def _slow_describe(server: Server, request: Request) -> Answer:
    # The words of an error are those of its history, which is a replay.
    if arns.parse(request["executionArn"], "execution").label:
        with_data = request.get("includedData") != "METADATA_ONLY"
        return children.described(server, request["executionArn"], with_data)
    with server.database.read() as connection:
        row = existing(connection, request["executionArn"])
        deleted = redrivable.deleting(connection, row)
    return _described(server, request, row, deleted)


def _described(server: Server, request: Request, row: Any, deleted: bool = False) -> Answer:
    with_data = request.get("includedData") != "METADATA_ONLY"
    can, reason = redrivable.status(row, server.now(), deleted)
    return {
        "executionArn": row.arn,
        "stateMachineArn": row.machine or server.place.machine(arns.parse(row.arn).name),
        "name": row.name,
        **_outcome(server, row, with_data),
        "redriveCount": row.redrives,
        "redriveStatus": "REDRIVABLE" if can else "NOT_REDRIVABLE",
        **present(
            redriveStatusReason=reason or None,
            redriveDate=None if row.redriven is None else seconds(row.redriven),
            stateMachineVersionArn=row.version,
            stateMachineAliasArn=row.alias,
        ),
    }


def _outcome(server: Server, row: Any, with_data: bool) -> Answer:
    """Times, status, values and error; the words of an error are those of the history."""
    out: Answer = {"status": row.status, "startDate": seconds(row.started)}
    if row.stopped is not None:
        out["stopDate"] = seconds(row.stopped)
    error, cause = row.error, row.cause
    if row.status == "FAILED":
        error, cause = histories.failure(server, row)
    elif row.status == "TIMED_OUT":
        error = cause = None
    if with_data:
        out |= {"input": row.input, "inputDetails": dict(_INCLUDED)}
        if row.output is not None:
            out |= {"output": row.output, "outputDetails": dict(_INCLUDED)}
    return out | present(error=error, cause=cause, traceHeader=row.trace)


@operation("ListExecutions")
def all_of(server: Server, request: Request, _call: Call) -> Answer:
    """A page of the executions of a machine, a version or an alias, the newest first."""
    text = request.get("stateMachineArn")
    if (text is None) == ("mapRunArn" not in request):
        raise invalid("Must specify exactly one of stateMachineArn and mapRunArn")
    if text is None:
        return map_runs.children(server, request)
    arn = finding.unlabelled(text)
    redriven = {"REDRIVEN": True, "NOT_REDRIVEN": False}.get(request.get("redriveFilter", ""))
    wanted = queries.Filter(
        statuses=(request["statusFilter"],) if "statusFilter" in request else (),
        machine=arn.machine,
        version=text if arn.version is not None else None,
        alias=text if arn.alias is not None else None,
        redriven=redriven,
    )
    with server.database.read() as connection:
        machine = finding.existing(connection, arn)
        if machine.type == "EXPRESS":
            raise _unsupported()
        try:
            page = queries.page(
                connection, wanted, limit=paging.size(request), token=request.get("nextToken")
            )
        except HostError as error:
            if error.code != "TSME-S015":
                raise
            message = "Invalid Token: 'Input inconsistent with page token'"
            raise ApiError("InvalidToken", message) from None
    items = [_item(row) for row in page.rows]
    return {"executions": items} | present(nextToken=page.token)


def _item(row: Any) -> Answer:
    return {
        "executionArn": row.arn,
        "stateMachineArn": row.machine,
        "name": row.name,
        "status": row.status,
        "startDate": seconds(row.started),
        "redriveCount": row.redrives,
        **present(
            stopDate=None if row.stopped is None else seconds(row.stopped),
            redriveDate=None if row.redriven is None else seconds(row.redriven),
            stateMachineVersionArn=row.version,
            stateMachineAliasArn=row.alias,
        ),
    }


@operation("StopExecution")
async def stop(server: Server, request: Request, _call: Call) -> Answer:
    """Ends an execution; one that has ended stays as it is."""
    text = request["executionArn"]
    if arns.parse(text, "execution").label:
        return await asyncio.to_thread(children.stopped, server, text)
    row = await asyncio.to_thread(_standard, server, text)
    error, cause = request.get("error"), request.get("cause")
    if row.status == "RUNNING":
        with contextlib.suppress(Ended):
            await server.waited(server.runner.feed(row.id, STOP, error, cause))
        await server.waited(server.runner.wait(row.id))
        row = await asyncio.to_thread(_standard, server, row.arn)
    return {"stopDate": seconds(row.stopped)}


def _standard(server: Server, text: str) -> Any:
    with server.database.read() as connection:
        return existing(connection, text)
