"""Pulse width modulation: "pwm:set", "pwm:stop" (docs/TASKS.md)."""

from ..engine.tasks import Tasks

def register(tasks: Tasks) -> None:
    """Register them.  Raises TsmeError, TSME-G001, where the firmware has no machine.PWM."""
