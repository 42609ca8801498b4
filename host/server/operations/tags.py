"""Tags of machines and activities."""

from __future__ import annotations

from sqlalchemy import Connection, select

from ...database.tables import activities, machines
from .. import arns
from ..server import Answer, Call, Request, Server
from . import finding, taggings
from .table import operation


def _resource(connection: Connection, text: str) -> str:
    """The ARN of something that may have tags.  Raises ApiError InvalidArn, ResourceNotFound."""
    arn = arns.parse(text, "stateMachine", "activity")
    if arn.kind == "activity":
        found = select(activities.c.arn).where(activities.c.arn == text)
    else:
        found = select(machines.c.arn).where(machines.c.arn == text, finding.there())
    if connection.execute(found).first() is None:
        raise finding.resource_missing(text)
    return text


@operation("TagResource")
def put(server: Server, request: Request, _call: Call) -> Answer:
    """Adds tags, in place of those with the same keys."""
    given = taggings.checked(request["tags"])

    def write(connection: Connection) -> None:
        taggings.put(connection, _resource(connection, request["resourceArn"]), given)

    server.write(write)
    return {}


@operation("UntagResource")
def remove(server: Server, request: Request, _call: Call) -> Answer:
    """Takes tags away; one that is not there is no mistake."""

    def write(connection: Connection) -> None:
        arn = _resource(connection, request["resourceArn"])
        taggings.remove(connection, arn, request["tagKeys"])

    server.write(write)
    return {}


@operation("ListTagsForResource")
def all_of(server: Server, request: Request, _call: Call) -> Answer:
    """The tags of a machine or an activity."""
    with server.database.read() as connection:
        arn = _resource(connection, request["resourceArn"])
        return {"tags": taggings.tags_of(connection, arn)}
