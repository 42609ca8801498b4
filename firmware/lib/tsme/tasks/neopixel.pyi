"""Addressable LEDs: "neopixel:write", "neopixel:fill" (docs/TASKS.md)."""

from ..engine.tasks import Tasks

def register(tasks: Tasks) -> None:
    """Register them.  Raises TsmeError, TSME-G001, where the firmware has no neopixel."""
