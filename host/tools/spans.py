"""Spans of time as users write them: 30d, 12h, 90min, 45s."""

from __future__ import annotations

import re
from typing import Final

from .errors import HostError

_SPAN: Final = re.compile(r"(\d{1,9})(ms|s|min|h|d)", re.ASCII)
_UNITS: Final = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}


def milliseconds(option: str, span: str) -> int:
    """Raises HostError TSME-H002, which names the option, for what is no span."""
    found = _SPAN.fullmatch(span)
    if not found:
        message = f'{option} "{span}" is no time'
        raise HostError("TSME-H002", message, "write 30d, 12h, 90min or 45s")
    return int(found[1]) * _UNITS[found[2]]
