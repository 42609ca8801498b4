"""Times: the API has seconds since 1970 with milliseconds behind the point, the database ms."""

from __future__ import annotations

from typing import Any


def seconds(ms: int) -> float:
    return ms / 1000


def present(**members: Any) -> dict[str, Any]:
    """The members of an answer that are something."""
    return {name: value for name, value in members.items() if value is not None}
