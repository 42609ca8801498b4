"""What time it is for executions: the wall clock's, or one that skips what is waited for."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Milliseconds since 1970.  `virtual`: it can `jump`.  `scale`: seconds of this machine in
    one of its own."""

    virtual: bool
    scale: float

    def now(self) -> int: ...

    def jump(self, ms: int) -> None:
        """It is at least this late now: what a virtual clock does when all wait for this time."""


class Wall:
    """The clock of this machine."""

    virtual = False
    scale = 1.0

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def jump(self, ms: int) -> None:
        """Real time cannot be moved on."""


class Accelerated:
    """Goes with the wall clock, and jumps over times in which everybody waits."""

    virtual = True
    scale = 1.0

    def __init__(self, since: int = 0) -> None:
        """`since`: ms; it has been at least this late before."""
        self._ahead = 0  # ms
        self.jump(since)

    def now(self) -> int:
        return time.time_ns() // 1_000_000 + self._ahead

    def jump(self, ms: int) -> None:
        self._ahead += max(0, ms - self.now())

    def move(self, ms: int) -> None:
        """It is this late now, even if it was later: while nothing runs."""
        self._ahead += ms - self.now()


class Scaled:
    """Begins with the wall clock, or where it was before, and goes so much faster or slower.

    `scale`: above 0.  `since`: ms; it has been at least this late before.
    """

    virtual = False

    def __init__(self, scale: float, since: int = 0) -> None:
        self.scale = scale
        self._began = max(time.time_ns() // 1_000_000, since)
        self._then = time.monotonic()

    def now(self) -> int:
        return self._began + int((time.monotonic() - self._then) * 1000 / self.scale)

    def jump(self, ms: int) -> None:
        """It goes by itself."""
