"""Sensors and chips on I2C: "i2c:scan", "i2c:read", "i2c:write", "i2c:send" (docs/TASKS.md)."""

from typing import Any

from ..engine.tasks import Tasks

def register(tasks: Tasks, buses: Any) -> None:
    """Register them.  `buses`: a machine.I2C, or several by name."""
