"""Tags of machines and activities, as rows and as the API has them."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select

from ...database.tables import tags
from ..errors import ApiError, invalid

MOST: Final = 50  # of one resource


def tags_of(connection: Connection, arn: str) -> list[dict[str, str]]:
    """The tags of a resource, by key."""
    rows = connection.execute(
        select(tags.c.key, tags.c.value).where(tags.c.arn == arn).order_by(tags.c.key)
    )
    return [{"key": key, "value": value} for key, value in rows]


def checked(given: list[dict[str, Any]] | None) -> dict[str, str]:
    """Tags of a request by key.  The same tag twice is one.

    Raises ApiError for one without a key, or with two values.
    """
    out: dict[str, str] = {}
    for number, tag in enumerate(given or (), 1):
        if "key" not in tag:
            where = f"'tags.{number}.member.key'"
            raise invalid(
                f"1 validation error detected: Value null at {where} failed to satisfy "
                "constraint: Member must not be null"
            )
        key = tag["key"]
        if out.get(key, tag.get("value", "")) != tag.get("value", ""):
            raise invalid(f"Duplicate tag key: {key}")
        if key.lower().startswith("aws:"):
            raise invalid("Tag keys must not start with aws:")
        out[key] = tag.get("value", "")
    return out


def put(connection: Connection, arn: str, given: dict[str, str]) -> None:
    """Adds tags, in place of those with the same keys.  Raises ApiError TooManyTags."""
    kept = {tag["key"] for tag in tags_of(connection, arn)}
    if len(kept | set(given)) > MOST:
        text = f"Too many tags: a resource has at most {MOST}: '{arn}'"
        raise ApiError("TooManyTags", text, resourceName=arn)
    remove(connection, arn, list(given))
    if given:
        rows = [{"arn": arn, "key": key, "value": value} for key, value in given.items()]
        connection.execute(insert(tags), rows)


def remove(connection: Connection, arn: str, keys: list[str] | None = None) -> None:
    """Takes tags away, all without `keys`."""
    gone = delete(tags).where(tags.c.arn == arn)
    connection.execute(gone if keys is None else gone.where(tags.c.key.in_(keys)))
