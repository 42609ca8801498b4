"""Versions: what a machine was when it was published."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from ...database.tables import aliases, machines, versions
from .. import arns, paging
from ..errors import ApiError
from ..server import Answer, Call, Request, Server
from ..times import seconds
from . import finding
from .table import operation

MOST: Final = 1000  # of a machine


def published(connection: Connection, arn: str, description: str | None, now: int) -> Any:
    """The version of a machine's revision as it is, made if it is not there.  -> its row

    With another description it is another version.  Raises ApiError ServiceQuotaExceededException.
    """
    row = connection.execute(select(machines).where(machines.c.arn == arn)).one()
    same = select(versions).where(
        versions.c.machine == arn, versions.c.revision.is_not_distinct_from(row.revision)
    )
    found = connection.execute(same.order_by(versions.c.number.desc())).first()
    if found is not None and (not description or description == found.description):
        return found
    count = select(func.count()).where(versions.c.machine == arn)
    if (connection.scalar(count) or 0) >= MOST:
        text = f"Number of versions per state machine limit of {MOST} exceeded: '{arn}'"
        raise ApiError("ServiceQuotaExceededException", text)
    number = row.last_version + 1
    connection.execute(
        insert(versions).values(
            arn=f"{arn}:{number}", machine=arn, number=number, digest=row.digest,
            definition=row.definition, role=row.role, description=description,
            revision=row.revision, settings=row.settings, created=now,
        )
    )  # fmt: skip
    connection.execute(update(machines).where(machines.c.arn == arn).values(last_version=number))
    return connection.execute(same.where(versions.c.number == number)).one()


@operation("PublishStateMachineVersion")
def publish(server: Server, request: Request, _call: Call) -> Answer:
    """Publishes what a machine is now; the same revision is the same version."""
    arn = finding.bare(request["stateMachineArn"])
    now = server.now()

    def write(connection: Connection) -> Answer:
        row = finding.active(connection, arn)
        asked = request.get("revisionId")
        current = row.revision or "INITIAL"
        if asked is not None and asked != current:
            text = f"Failed to publish the State Machine version for revision {asked}. "
            text += f"The current State Machine revision is {current}."
            raise ApiError("ConflictException", text)
        made = published(connection, arn.text, request.get("description"), now)
        return {"stateMachineVersionArn": made.arn, "creationDate": seconds(made.created)}

    return server.write(write)


@operation("ListStateMachineVersions")
def all_of(server: Server, request: Request, _call: Call) -> Answer:
    """A page of a machine's versions, the newest first."""
    arn = finding.bare(request["stateMachineArn"]).text
    most = paging.size(request)
    after = paging.after_in(request, "stateMachineVersions" + arn, int)
    query = select(versions).where(versions.c.machine == arn)
    query = query.order_by(versions.c.number.desc()).limit(most + 1)
    if after is not None:
        query = query.where(versions.c.number < after)
    with server.database.read() as connection:
        rows = connection.execute(query).all()
    items = [
        {"stateMachineVersionArn": row.arn, "creationDate": seconds(row.created)} for row in rows
    ]
    return paging.page("stateMachineVersions", rows, items, lambda row: row.number, most, arn)


@operation("DeleteStateMachineVersion")
def remove(server: Server, request: Request, _call: Call) -> Answer:
    """Deletes a version that no alias leads to."""
    text = request["stateMachineVersionArn"]
    if arns.parse(text, "stateMachine").version is None:
        raise ApiError("InvalidArn", "Invalid Arn: 'Resource type not valid in this context'")

    def write(connection: Connection) -> None:
        machine = arns.parse(text).machine
        rows = connection.execute(
            select(aliases).where(aliases.c.machine == machine).order_by(aliases.c.name)
        )
        names = [row.name for row in rows if text in (arn for arn, _ in row.routing)]
        if names:
            said = "Version to be deleted must not be referenced by an alias. "
            said += f"Current list of aliases referencing this version: [{', '.join(names)}]"
            raise ApiError("ConflictException", said)
        connection.execute(delete(versions).where(versions.c.arn == text))

    server.write(write)
    return {}
