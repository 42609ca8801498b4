"""Activities: what workers outside poll for.  GetActivityTask is with the tasks."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select

from ...database.tables import activities
from .. import arns, paging
from ..errors import ApiError
from ..server import Answer, Call, Request, Server
from ..times import seconds
from . import encryption, taggings
from .table import operation


def activity(connection: Connection, arn: str) -> Any:
    """The row of an activity.  Raises ApiError InvalidArn or ActivityDoesNotExist."""
    arns.parse(arn, "activity")
    row = connection.execute(select(activities).where(activities.c.arn == arn)).one_or_none()
    if row is None:
        raise ApiError("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'")
    return row


@operation("CreateActivity")
def create(server: Server, request: Request, _call: Call) -> Answer:
    """Makes an activity, or finds the one of that name, if it is encrypted alike."""
    name = request["name"]
    arns.check_name(name)
    settings = {"encryption": encryption.checked(request.get("encryptionConfiguration"))}
    given = taggings.checked(request.get("tags"))
    arn = server.place.activity(name)
    now = server.now()

    def write(connection: Connection) -> int:
        row = connection.execute(select(activities).where(activities.c.arn == arn)).one_or_none()
        if row is not None:
            if row.settings != settings:
                raise ApiError("ActivityAlreadyExists", f"Activity Already Exists: '{arn}'")
            return int(row.created)
        taggings.put(connection, arn, given)
        made = insert(activities).values(arn=arn, name=name, settings=settings, created=now)
        connection.execute(made)
        return now

    return {"activityArn": arn, "creationDate": seconds(server.write(write))}


@operation("DescribeActivity")
def describe(server: Server, request: Request, _call: Call) -> Answer:
    """An activity as it was made."""
    with server.database.read() as connection:
        row = activity(connection, request["activityArn"])
    return _item(row) | {"encryptionConfiguration": row.settings["encryption"]}


@operation("DeleteActivity")
def remove(server: Server, request: Request, _call: Call) -> Answer:
    """Deletes an activity; what is pending for it stays pending, and times out."""
    arn = request["activityArn"]
    arns.parse(arn, "activity")

    def write(connection: Connection) -> None:
        connection.execute(delete(activities).where(activities.c.arn == arn))
        taggings.remove(connection, arn)

    server.write(write)
    return {}


@operation("ListActivities")
def all_of(server: Server, request: Request, _call: Call) -> Answer:
    """A page of the activities, by name."""
    most = paging.size(request)
    after = paging.after_in(request, "activities", str)
    query = select(activities).order_by(activities.c.name).limit(most + 1)
    if after is not None:
        query = query.where(activities.c.name > after)
    with server.database.read() as connection:
        rows = connection.execute(query).all()
    return paging.page("activities", rows, [_item(row) for row in rows], _name, most)


def _item(row: Any) -> Answer:
    return {
        "activityArn": row.arn,
        "name": row.name,
        "creationDate": seconds(row.created),
    }


def _name(row: Any) -> Any:
    return row.name
