"""Machines, versions and aliases by their ARNs, and which of them an execution is to run."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, delete, exists, or_, select

from ...database.database import Database
from ...database.tables import aliases, executions, machines, versions
from .. import arns
from ..errors import ApiError, invalid
from . import taggings

ACTIVE: Final = "ACTIVE"
DELETING: Final = "DELETING"
_QUICK: Final = (
    "SELECT name, type, digest, role, coalesce(updated, created), revision"
    " FROM tsme_machines WHERE arn = ? AND status = 'ACTIVE'"
)


@dataclass(frozen=True)
class Target:
    """What StartExecution starts.  `digest`: the key of its program."""

    arn: str  # of the machine
    name: str
    type: str  # STANDARD, EXPRESS
    digest: bytes
    role: str
    since: int  # ms; when it became what it is
    revision: str | None = None
    version: str | None = None  # ARN
    alias: str | None = None  # ARN

    def note(self) -> dict[str, Any]:
        """What an execution's `notes` keep as `machine`, which may be another one by then."""
        note: dict[str, Any] = {"role": self.role, "updated": self.since}
        return note | ({"revision": self.revision} if self.revision else {})


def target(
    connection: Connection, text: str, chance: Callable[[], float] = random.random
) -> Target:
    """What an ARN of a machine, a version or an alias stands for.

    `chance`: a number from 0 to 1, by which an alias with two versions decides.  Raises ApiError
    InvalidArn, StateMachineDoesNotExist, StateMachineDeleting, or ValidationException for the
    label of a Map.
    """
    arn = unlabelled(text)
    row = existing(connection, arn)
    if row.status == DELETING:
        raise ApiError("StateMachineDeleting", f"State Machine Is Being Deleted: '{row.arn}'")
    found = _target(row, row)
    version, alias = arn.version, None
    if arn.alias is not None:
        alias = text
        version = arns.parse(_routed(alias_of(connection, text), chance)).version
    if version is None:
        return found
    named = f"{arn.machine}:{version}"
    return replace(_target(row, version_of(connection, named)), version=named, alias=alias)


def quick(database: Database, text: str) -> Target | None:
    """The same for the ARN of a machine itself, in one look; None where it takes more."""
    row = None if "\0" in text else database.look(_QUICK, text)
    return Target(text, row[0], row[1], bytes(row[2]), *row[3:]) if row else None


def _target(machine: Any, row: Any) -> Target:
    return Target(
        arn=machine.arn,
        name=machine.name,
        type=machine.type,
        digest=bytes(row.digest),
        role=row.role,
        since=getattr(row, "updated", None) or row.created,
        revision=row.revision,
    )


def _routed(alias: Any, chance: Callable[[], float]) -> str:
    number = chance() * 100
    for arn, weight in alias.routing:
        number -= weight
        if number < 0:
            return str(arn)
    return str(alias.routing[-1][0])


def unlabelled(text: str) -> arns.Arn:
    """The ARN of a machine, a version or an alias, but none of a Map state."""
    arn = arns.parse(text, "stateMachine")
    if arn.label:
        message = f"State machine ARN with a Map state label is not supported here: '{text}'"
        raise invalid(message, reason="API_DOES_NOT_SUPPORT_LABELED_ARNS")
    return arn


def bare(text: str) -> arns.Arn:
    """The ARN of a machine itself.  Raises ApiError InvalidArn for a version or an alias."""
    arn = unlabelled(text)
    if arn.rest:
        message = "Resource type not valid in this context: a version or an alias"
        raise ApiError("InvalidArn", f"Invalid Arn: '{message}'")
    return arn


def existing(connection: Connection, arn: arns.Arn) -> Any:
    """The row of a machine.  Raises ApiError StateMachineDoesNotExist."""
    row = connection.execute(
        select(machines).where(machines.c.arn == arn.machine, there())
    ).one_or_none()
    if row is None:
        raise missing(arn.text)
    return row


def active(connection: Connection, arn: arns.Arn) -> Any:
    """The same, of a machine that may be changed.  Raises ApiError StateMachineDeleting."""
    row = existing(connection, arn)
    if row.status == DELETING:
        raise ApiError("StateMachineDeleting", f"State Machine Is Being Deleted: '{row.arn}'")
    return row


def version_of(connection: Connection, text: str) -> Any:
    """The row of a version."""
    row = connection.execute(select(versions).where(versions.c.arn == text)).one_or_none()
    if row is None:
        raise missing(text)
    return row


def alias_of(connection: Connection, text: str) -> Any:
    """The row of an alias."""
    row = connection.execute(select(aliases).where(aliases.c.arn == text)).one_or_none()
    if row is None:
        raise missing(text)
    return row


def missing(text: str) -> ApiError:
    return ApiError("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{text}'")


def resource_missing(text: str) -> ApiError:
    return ApiError("ResourceNotFound", f"Resource not found: '{text}'", resourceName=text)


def there() -> ColumnElement[bool]:
    """A machine that is being deleted is there as long as one of its executions runs."""
    running = exists().where(
        executions.c.machine == machines.c.arn,
        executions.c.status.in_(("RUNNING", "PENDING_REDRIVE")),
    )
    return or_(machines.c.status == ACTIVE, running)


def purge(connection: Connection, arn: str) -> None:
    """Forgets a machine with its versions, aliases and tags."""
    for table in (aliases, versions):
        connection.execute(delete(table).where(table.c.machine == arn))
    connection.execute(delete(machines).where(machines.c.arn == arn))
    taggings.remove(connection, arn)
