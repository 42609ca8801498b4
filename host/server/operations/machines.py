"""State machines: made, changed, described, listed, deleted."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

from sqlalchemy import Connection, func, insert, select, update

from ...compiler.frontend.check import find_problems
from ...compiler.frontend.references import references
from ...database.records import keep_program
from ...database.tables import executions, machines, programs
from .. import arns, ids, paging
from ..errors import ApiError, invalid
from ..server import Answer, Call, Request, Server
from ..times import present, seconds
from . import compiling, finding, runs, settings, taggings
from .table import operation
from .versions import published

MOST: Final = 100_000  # machines of a server, as AWS's quota of an account has it
_AT_ONCE = 200  # executions that are stopped together


@operation("CreateStateMachine")
def create(server: Server, request: Request, _call: Call) -> Answer:
    """Makes a machine, or finds the one that the same request has made."""
    arns.check_name(request["name"])
    arns.check_role(request["roleArn"])
    wanted = _wanted(request)
    given = taggings.checked(request.get("tags"))
    program = compiling.compiled(request["definition"], wanted["type"])
    arn = server.place.machine(request["name"])
    now = server.now()

    def write(connection: Connection) -> Answer:
        row = connection.execute(select(machines).where(machines.c.arn == arn)).one_or_none()
        if row is not None and row.status == finding.DELETING:
            if _running(connection, arn):
                raise ApiError("StateMachineDeleting", f"State Machine Is Being Deleted: '{arn}'")
            finding.purge(connection, arn)
            row = None
        if row is not None:
            if any(getattr(row, name) != value for name, value in wanted.items()):
                raise ApiError(
                    "StateMachineAlreadyExists", f"State Machine Already Exists: '{arn}'"
                )
            first = f"{arn}:1" if wanted["settings"]["publish"] else None
            return _made(arn, row.created, first)
        count = connection.scalar(select(func.count()).select_from(machines)) or 0
        if count >= MOST:
            text = f"State machine limit of {MOST} exceeded"
            raise ApiError("StateMachineLimitExceeded", text)
        key = keep_program(connection, program.data, request["definition"])
        connection.execute(
            insert(machines).values(
                arn=arn, status=finding.ACTIVE, digest=key, role=request["roleArn"],
                description=request.get("versionDescription"), created=now, **wanted,
            )
        )  # fmt: skip
        taggings.put(connection, arn, given)
        if not request.get("publish"):
            return _made(arn, now, None)
        version = published(connection, arn, request.get("versionDescription"), now)
        return _made(arn, now, version.arn)

    return server.write(write)


def _wanted(request: Request) -> dict[str, Any]:
    """What makes two requests the same: neither role nor tags."""
    description = _description(request)
    own = settings.given(request)
    own["publish"] = [description] if request.get("publish") else []
    return {
        "name": request["name"],
        "type": request.get("type", "STANDARD"),
        "definition": request["definition"],
        "settings": own,
    }


def _description(request: Request) -> str | None:
    """Of the version that is to be published."""
    text: str | None = request.get("versionDescription")
    if text is not None and not request.get("publish"):
        raise invalid("Version description can only be set when publish is true")
    return text


def _made(arn: str, created: int, version: str | None) -> Answer:
    made = {"stateMachineArn": arn, "creationDate": seconds(created)}
    return made | present(stateMachineVersionArn=version)


def _running(connection: Connection, arn: str) -> bool:
    found = select(machines.c.arn).where(machines.c.arn == arn, finding.there())
    return connection.execute(found).first() is not None


@operation("UpdateStateMachine")
def change(server: Server, request: Request, _call: Call) -> Answer:
    """Changes a machine for executions that are still to start."""
    arn = finding.unlabelled(request["stateMachineArn"])
    if arn.rest:  # a version or an alias is no machine
        raise finding.missing(arn.text)
    names = ("definition", "roleArn", "loggingConfiguration", "tracingConfiguration")
    if not any(name in request for name in (*names, "encryptionConfiguration")):
        text = (
            "Either the definition, the role ARN, the LoggingConfiguration, "
            "or the TracingConfiguration must be specified"
        )
        raise ApiError("MissingRequiredParameter", text)
    description = _description(request)
    if "roleArn" in request:
        arns.check_role(request["roleArn"])
    with server.database.read() as connection:
        kind = finding.active(connection, arn).type
    definition = request.get("definition")
    program = None if definition is None else compiling.compiled(definition, kind)
    now = server.now()

    def write(connection: Connection) -> Answer:
        row = finding.active(connection, arn)
        values: dict[str, Any] = {
            "role": request.get("roleArn", row.role),
            "settings": settings.given(request, row.settings),
        }
        if program is not None:
            values["definition"] = definition
            values["digest"] = keep_program(connection, program.data, definition)
        revision = row.revision
        if any(_differs(getattr(row, name), value) for name, value in values.items()):
            revision = ids.new()
        values |= {"revision": revision, "updated": now}
        connection.execute(update(machines).where(machines.c.arn == arn.text).values(values))
        out = {"updateDate": seconds(now)} | present(revisionId=revision)
        if request.get("publish"):
            version = published(connection, arn.text, description, now)
            out["stateMachineVersionArn"] = version.arn
        return out

    return server.write(write)


def _differs(had: Any, value: Any) -> bool:
    return bool((bytes(had) if isinstance(value, bytes) else had) != value)


@operation("DescribeStateMachine")
def describe(server: Server, request: Request, _call: Call) -> Answer:
    """A machine as it is, or one of its versions as it was published."""
    text = request["stateMachineArn"]
    arn = arns.parse(text, "stateMachine")
    with server.database.read() as connection:
        machine = finding.existing(connection, arn)
        if arn.alias is not None or arn.label and arn.label not in runs.labels(machine.definition):
            raise finding.missing(text)
        row = machine if arn.version is None else finding.version_of(connection, text)
    out = {
        "stateMachineArn": text,
        "name": machine.name,
        "status": machine.status,
        "roleArn": row.role,
        "type": machine.type,
        "creationDate": seconds(row.created),
        **settings.shown(row.settings),
        **_definition(row.definition, request),
    }
    # A description is of a version.
    description = None if arn.version is None else row.description
    return out | present(revisionId=row.revision, description=description, label=arn.label or None)


def _definition(definition: str, request: Request) -> Answer:
    if request.get("includedData") == "METADATA_ONLY":
        return {}
    machine, _ = find_problems(definition)
    read = references(machine) if machine is not None else {}
    return {"definition": definition} | present(variableReferences=read or None)


@operation("DescribeStateMachineForExecution")
def describe_for_execution(server: Server, request: Request, _call: Call) -> Answer:
    """The machine as it was when an execution began."""
    text = asked = request["executionArn"]
    label, run = arns.parse(text, "execution", "express").label, None
    if label:  # a child of a Map Run, of whose execution this is told
        of, _, run, _ = runs.child_of(server, text)
        text = of.arn
    with server.database.read() as connection:
        row = connection.execute(
            select(executions, programs.c.definition, programs.c.created)
            .join(programs, programs.c.digest == executions.c.digest)
            .where(executions.c.arn == text)
        ).one_or_none()
        if row is None or row.machine is None or row.type == "EXPRESS":
            raise ApiError("ExecutionDoesNotExist", f"Execution Does Not Exist: '{asked}'")
        now = connection.execute(
            select(machines).where(machines.c.arn == row.machine)
        ).one_or_none()
    # What an execution keeps of its machine (`machine` of its notes) goes before what is there.
    kept = (row.notes or {}).get("machine", {})
    own = kept.get("settings") or (now.settings if now is not None else settings.given({}))
    return {
        "stateMachineArn": f"{row.machine}/{label}" if label else row.machine,
        "name": arns.parse(row.machine).name,
        "roleArn": kept.get("role") or (now.role if now is not None else ""),
        "updateDate": seconds(kept.get("updated", row.created)),
        **settings.shown(own),
        **_definition(row.definition, request),
        **present(
            revisionId=kept.get("revision"),
            label=label or None,
            mapRunArn=None if run is None else run.arn,
        ),
    }


@operation("ListStateMachines")
def all_of(server: Server, request: Request, _call: Call) -> Answer:
    """A page of the machines, by name."""
    most = paging.size(request)
    after = paging.after_in(request, "stateMachines", str)
    query = select(machines).where(finding.there()).order_by(machines.c.name).limit(most + 1)
    if after is not None:
        query = query.where(machines.c.name > after)
    with server.database.read() as connection:
        rows = connection.execute(query).all()
    items = [
        {
            "stateMachineArn": row.arn,
            "name": row.name,
            "type": row.type,
            "creationDate": seconds(row.created),
        }
        for row in rows
    ]
    return paging.page("stateMachines", rows, items, lambda row: row.name, most)


@operation("DeleteStateMachine")
async def remove(server: Server, request: Request, call: Call) -> Answer:
    """Deletes a machine with its versions and aliases; those of its executions that run are
    stopped, and it is there until they have ended."""
    arn = finding.bare(request["stateMachineArn"]).text

    def delete(connection: Connection) -> list[str]:
        if running := _run_of(connection, arn):
            gone = update(machines).where(machines.c.arn == arn).values(status=finding.DELETING)
            connection.execute(gone)
        else:
            finding.purge(connection, arn)
        return running

    def late(connection: Connection) -> list[str]:
        """Those that found the machine before it was deleted, and began after."""
        status = connection.scalar(select(machines.c.status).where(machines.c.arn == arn))
        return [] if status == finding.ACTIVE else _run_of(connection, arn)

    for look in (delete, late):
        running = await asyncio.to_thread(server.write, look)
        for first in range(0, len(running), _AT_ONCE):
            stops = [_stop(server, one, call) for one in running[first : first + _AT_ONCE]]
            await asyncio.gather(*stops)
    return {}


def _run_of(connection: Connection, arn: str) -> list[str]:
    """The executions of a machine that run."""
    running = executions.c.status.in_(("RUNNING", "PENDING_REDRIVE"))
    found = select(executions.c.arn).where(executions.c.machine == arn, running)
    return list(connection.scalars(found).all())


async def _stop(server: Server, execution: str, call: Call) -> None:
    with suppress(ApiError):  # an express one, which ends by itself; or it has ended
        await server.acall("StopExecution", {"executionArn": execution}, call)
