"""Voltages: "adc:read" (docs/TASKS.md)."""

from ..engine.tasks import Tasks

def register(tasks: Tasks) -> None:
    """Register it.  Raises TsmeError, TSME-G001, where the firmware has no machine.ADC."""
