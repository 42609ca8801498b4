"""Deep sleep: what an Engine or a Board sleeps with, and "sleep:cause" (docs/TASKS.md)."""

from collections.abc import Awaitable, Callable
from typing import Any

from ..engine.tasks import Tasks

def register(tasks: Tasks) -> None:
    """Register it.  Raises TsmeError, TSME-G001, where the firmware cannot say it."""

def deep(
    least_ms: int = 0,
    wake: Any = None,
    level: int = 1,
    before: Callable[[], object] | None = None,
) -> Callable[[int], Awaitable[None]]:
    """A function of ms for `sleep` of Engine and Board.

    `least_ms`: it waits awake for less than that.  `wake`: a pin that ends the sleep (ESP32) when
    it has this `level`.  `before`: called first.  Raises TsmeError, TSME-G001, where the firmware
    has no such sleep.
    """
