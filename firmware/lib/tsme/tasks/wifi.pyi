"""The wireless network: "wifi:connect", "wifi:disconnect", "wifi:status", "wifi:scan"."""

from collections.abc import Mapping

from ..engine.tasks import Tasks

def register(tasks: Tasks, networks: Mapping[str, str | None]) -> None:
    """Register them.  `networks`: keys by name, None of an open one.

    Raises TsmeError, TSME-G001, where the firmware has no network.WLAN.
    """

def off() -> None:
    """Switch the radio off, as before a deep sleep."""
