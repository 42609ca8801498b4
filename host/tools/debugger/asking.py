"""What people write to go somewhere: numbers and times."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from ..errors import HostError
from .track import Track

_SPAN = re.compile(r"([+-])(\d+(?:\.\d+)?)(ms|s|min|h|d)")
# What the line at the bottom shows before somebody writes into it.
PROMPTS: Final = {
    "go": "go to: 120, +10, -10, #12, +5min, 14:00, 2026-11-28 14:00:05",
    "search": "search: words, kind:failed, state:Water, error:Boom, path:$.soil",
    "filter": "show only: kind:failed,timer  state:Water  error:Boom  path:$.soil  canceled:any",
}
_UNITS = {"ms": 1, "s": 1000, "min": 60_000, "h": 3_600_000, "d": 86_400_000}


def place(track: Track, text: str, here: int) -> int:
    """The record that is meant, seen from the record `here`.

    `120` its number, `+10` or `-10` records on; `#12` a step of its execution;
    `+5min`, `-2h` (ms, s, min, h, d) by time;
    `2026-11-28 14:00[:05[.250]]` or `14:00` of this day, in UTC.  Raises HostError, TSME-H091.
    """
    text = text.strip()
    if re.fullmatch(r"[+-]?\d+", text):
        number = int(text) + (here if text[0] in "+-" else 0)
        return min(max(number, track.first), track.next - 1)
    now = track.time(here)
    if re.fullmatch(r"#\d+", text):
        return _step(track, int(text[1:]), here)
    span = _SPAN.fullmatch(text)
    if span and now is not None:
        ms = int(float(span[2]) * _UNITS[span[3]])
        return track.at_time(now + ms if span[1] == "+" else now - ms)
    found = _moment(text, now)
    if found is None:
        hint = "write 120, +10, -10, #12, +5min, 14:00, or 2026-11-28 14:00:05"
        raise HostError("TSME-H091", f'"{text}" is neither a record nor a time', hint)
    return track.at_time(found)


def _step(track: Track, step: int, here: int) -> int:
    """A step of the execution that the record `here` is of."""
    moment = track.moment(here)
    execution = moment.after.execution if moment and moment.after else 0
    found = track.at_step(execution, step) if execution else None
    if found is None:
        message = f"step {step} of execution {execution or '?'} is not in this journal"
        raise HostError("TSME-H091", message, "g and a number goes to a record")
    return found


def _moment(text: str, now: int | None) -> int | None:
    """ms since 1970."""
    if re.fullmatch(r"\d{1,2}:\d\d(:\d\d(\.\d+)?)?", text):
        day = datetime.fromtimestamp((now or 0) / 1000, UTC)
        text = f"{day:%Y-%m-%d} {text.zfill(5) if len(text) < 6 else text}"
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    found = found.replace(tzinfo=UTC) if found.tzinfo is None else found
    return round(found.timestamp() * 1000)
