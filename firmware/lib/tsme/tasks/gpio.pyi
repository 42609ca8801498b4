"""Pins: "gpio:read", "gpio:write", "gpio:pulse", "gpio:wait" (docs/TASKS.md)."""

from collections.abc import Mapping

from ..engine.tasks import Tasks

def register(tasks: Tasks, outputs: Mapping[int | str, int] | None = None) -> None:
    """Register the tasks of pins.  `outputs`: levels that pins get now, by number or name.

    Raises TsmeError, TSME-G001, where the firmware has no machine.Pin.
    """
