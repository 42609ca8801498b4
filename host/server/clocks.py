"""What time it is for executions: the wall clock's, or one that skips what is waited for."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Milliseconds since 1970.  `virtual`: nothing but `jump` moves it on."""

    virtual: bool

    def now(self) -> int: ...

    def jump(self, ms: int) -> None:
        """It is at least this late now: what a virtual clock does when all wait for this time."""


class Wall:
    """The clock of this machine."""

    virtual = False

    def now(self) -> int:
        return time.time_ns() // 1_000_000

    def jump(self, ms: int) -> None:
        """Real time cannot be moved on."""


class Accelerated:
    """Goes with the wall clock, and jumps over times in which everybody waits."""

    virtual = True

    def __init__(self) -> None:
        self._ahead = 0  # ms

    def now(self) -> int:
        return time.time_ns() // 1_000_000 + self._ahead

    def jump(self, ms: int) -> None:
        self._ahead += max(0, ms - self.now())
