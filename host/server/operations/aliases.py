"""Aliases: names that lead to one version of a machine, or to two by weight."""

from __future__ import annotations

import json
from typing import Any, Final

from sqlalchemy import Connection, delete, func, insert, select, update

from ...database.tables import aliases, versions
from .. import arns, paging
from ..errors import ApiError, invalid
from ..server import Answer, Call, Request, Server
from ..times import present, seconds
from . import finding
from .table import operation

MOST: Final = 100  # of a machine


def _routes(given: list[dict[str, Any]]) -> list[list[Any]]:
    """[[ARN of a version, weight], ..] of a request; whether they are there is not known yet."""
    routes = [[one["stateMachineVersionArn"], one["weight"]] for one in given]
    named = [arn for arn, _ in routes]
    shown = f"[{', '.join(named)}]"
    parsed = [arns.parse(arn, "stateMachine") for arn in named]
    if any(one.version is None or one.label for one in parsed):
        raise _routing(
            f"Routing configuration must contain state machine version ARNs. Received: {shown}"
        )
    if len(set(named)) < len(named):
        raise _routing(
            "Routing configuration must contain distinct state machine version ARNs. "
            f"Received: {shown}"
        )
    if len({one.machine for one in parsed}) > 1:
        raise _routing(
            f"Routing configuration must contain versions of one state machine. Received: {shown}"
        )
    weights = [weight for _, weight in routes]
    if sum(weights) != 100:
        raise _routing(
            f"Sum of routing configuration weights must equal 100. Received: {json.dumps(weights)}"
        )
    return routes


def _routing(text: str) -> ApiError:
    return invalid(text, reason="INVALID_ROUTING_CONFIGURATION")


def _check_versions(connection: Connection, routes: list[list[Any]]) -> None:
    named = [arn for arn, _ in routes]
    found = connection.scalars(select(versions.c.arn).where(versions.c.arn.in_(named))).all()
    for arn in named:
        if arn not in found:
            raise finding.resource_missing(arn)


def _check(text: str) -> None:
    if finding.unlabelled(text).alias is None:
        raise ApiError("InvalidArn", "Invalid Arn: 'Resource type not valid in this context'")


def _alias(connection: Connection, text: str) -> Any:
    """The row of an alias.  Raises ApiError InvalidArn or ResourceNotFound."""
    _check(text)
    row = connection.execute(select(aliases).where(aliases.c.arn == text)).one_or_none()
    if row is None:
        said = "Request references a resource that does not exist."
        raise ApiError("ResourceNotFound", said, resourceName=text)
    return row


@operation("CreateStateMachineAlias")
def create(server: Server, request: Request, _call: Call) -> Answer:
    """Makes an alias, or finds the one that the same request has made."""
    name = request["name"]
    arns.check_alias(name)
    routes = _routes(request["routingConfiguration"])
    machine = arns.parse(routes[0][0])
    arn = f"{machine.machine}:{name}"
    description = request.get("description")
    now = server.now()

    def write(connection: Connection) -> Answer:
        row = connection.execute(select(aliases).where(aliases.c.arn == arn)).one_or_none()
        if row is not None:
            if row.routing != routes or row.description != description:
                text = "Failed to create alias because an alias with the same name and a "
                text += "different routing configuration already exists."
                raise ApiError("ConflictException", text)
            return _made(arn, row.created)
        finding.active(connection, machine)
        _check_versions(connection, routes)
        count = select(func.count()).where(aliases.c.machine == machine.machine)
        if (connection.scalar(count) or 0) >= MOST:
            text = f"Number of aliases per state machine limit of {MOST} exceeded"
            raise ApiError("ServiceQuotaExceededException", f"{text}: '{machine.machine}'")
        connection.execute(
            insert(aliases).values(
                arn=arn, machine=machine.machine, name=name, description=description,
                routing=routes, created=now, updated=now,
            )
        )  # fmt: skip
        return _made(arn, now)

    return server.write(write)


def _made(arn: str, created: int) -> Answer:
    return {"stateMachineAliasArn": arn, "creationDate": seconds(created)}


@operation("UpdateStateMachineAlias")
def change(server: Server, request: Request, _call: Call) -> Answer:
    """Leads an alias elsewhere, or describes it anew."""
    text = request["stateMachineAliasArn"]
    arn = finding.unlabelled(text)
    if not {"description", "routingConfiguration"} & set(request):
        said = (
            "You must specify at least one of the description or routingConfiguration parameters"
        )
        raise invalid(said, reason="MISSING_REQUIRED_PARAMETER")
    values: dict[str, Any] = present(description=request.get("description"))
    values["updated"] = now = server.now()
    routes = None
    if "routingConfiguration" in request:
        routes = values["routing"] = _routes(request["routingConfiguration"])
        if arns.parse(routes[0][0]).machine != arn.machine:
            raise _routing(
                "Routing configuration must contain versions of the alias's state machine. "
                f"Received: [{', '.join(one for one, _ in routes)}]"
            )

    def write(connection: Connection) -> Answer:
        _alias(connection, text)
        finding.active(connection, arn)
        _check_versions(connection, routes or [])
        connection.execute(update(aliases).where(aliases.c.arn == text).values(values))
        return {"updateDate": seconds(now)}

    return server.write(write)


@operation("DescribeStateMachineAlias")
def describe(server: Server, request: Request, _call: Call) -> Answer:
    """Where an alias leads."""
    with server.database.read() as connection:
        row = _alias(connection, request["stateMachineAliasArn"])
    return {
        "stateMachineAliasArn": row.arn,
        "name": row.name,
        "routingConfiguration": [
            {"stateMachineVersionArn": arn, "weight": weight} for arn, weight in row.routing
        ],
        "creationDate": seconds(row.created),
        "updateDate": seconds(row.updated),
        **present(description=row.description),
    }


@operation("DeleteStateMachineAlias")
def remove(server: Server, request: Request, _call: Call) -> Answer:
    """Deletes an alias; its versions stay.  One that is not there is gone already."""
    text = request["stateMachineAliasArn"]
    _check(text)

    def write(connection: Connection) -> None:
        connection.execute(delete(aliases).where(aliases.c.arn == text))

    server.write(write)
    return {}


@operation("ListStateMachineAliases")
def all_of(server: Server, request: Request, _call: Call) -> Answer:
    """A page of the aliases of a machine, or of those that lead to one of its versions."""
    text = request["stateMachineArn"]
    arn = finding.unlabelled(text)
    most = paging.size(request)
    after = paging.after_in(request, "stateMachineAliases" + text, str)
    query = select(aliases).where(aliases.c.machine == arn.machine).order_by(aliases.c.name)
    if after is not None:
        query = query.where(aliases.c.name > after)
    with server.database.read() as connection:
        finding.existing(connection, arn)
        if arn.version is not None:
            finding.version_of(connection, text)
        rows = [
            row
            for row in connection.execute(query)
            if arn.version is None or text in (one for one, _ in row.routing)
        ][: most + 1]
    items = [_made(row.arn, row.created) for row in rows]
    return paging.page("stateMachineAliases", rows, items, lambda row: row.name, most, text)
