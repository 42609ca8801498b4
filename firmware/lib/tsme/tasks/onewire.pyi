"""Thermometers on a 1-Wire bus: "onewire:scan", "onewire:temperatures" (docs/TASKS.md)."""

from ..engine.tasks import Tasks

def register(tasks: Tasks) -> None:
    """Register them.  Raises TsmeError, TSME-G001, where the firmware has no ds18x20."""
