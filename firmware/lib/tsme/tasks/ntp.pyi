"""The time of day, by SNTP (RFC 4330): "ntp:sync", and sync() for main.py (docs/TASKS.md)."""

from collections.abc import Callable

from ..engine.tasks import Tasks

class Silent(Exception):
    """No server gave the time."""

def register(
    tasks: Tasks,
    host: str = "pool.ntp.org",
    port: int = 123,
    set: Callable[[int], object] | None = None,
) -> None:
    """Register it.  `set`: a function of ms since 1970, in place of machine.RTC."""

def sync(
    host: str = "pool.ntp.org",
    port: int = 123,
    seconds: float = 5,
    set: Callable[[int], object] | None = None,
) -> int:
    """Set the clock before anything runs; gives ms since 1970.

    Raises Silent when no server gave the time within `seconds`, OSError when none can be reached.
    """

async def put(now: Callable[[], int], set: Callable[[int], object] | None = None) -> None: ...
async def ask(host: str, port: int, seconds: float) -> tuple[Callable[[], int], int, int]: ...
