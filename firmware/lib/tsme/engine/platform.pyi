"""Time, and what a new execution is given from outside unless the board gives it."""

from collections.abc import Iterable
from typing import Any

def wall_clock() -> int:
    """ms since 1970."""

def seed() -> int:
    """64 random bits."""

def lag(now: int, last: int, before: int) -> int:
    """What to add to a clock that is behind the last step; `before`: what was added so far."""

async def rest(host: Any, engines: Iterable[Any], ms: int | None) -> None:
    """Sleep so many ms, or until something comes."""
