"""Records in words: when one was, and what its input or its checkpoint says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import console
from .image import Record, duration, timestamp

Paint = Callable[[str], str]
_RAISED = 3  # of what handlers raised in a step, how many are shown


def when(record: Record) -> str:
    """The time of a record; only how much later it is, where nobody knows more."""
    if record.now is not None:
        return timestamp(record.now)
    return f"+{duration(record.dt)}" if record.kind == "step" else "?"


def said(
    record: Record, about: str = "", most: int = 60, bad: Paint = str, faint: Paint | None = None
) -> str:
    """The input of a step, or what a checkpoint says.  `about`: what its action is; `most`:
    characters of a value; `bad`, `faint`: how errors, and what is seldom asked for, are shown; the
    latter not at all without it."""
    if record.kind == "lost":
        return "lost: damaged in flash"
    if record.kind == "checkpoint":
        return _checkpoint(record)
    text = _input(record, about, most, bad, faint)
    refused = record.fields.get("refused")
    if refused:
        return f"{text}; the state failed: {bad(': '.join(map(str, refused)))}"
    found = record.fields.get("raised", ())
    raised = list(dict.fromkeys(": ".join(map(str, one)) for one in found))
    if not raised:
        return text
    more = f" and {len(raised) - _RAISED} more" if len(raised) > _RAISED else ""
    return f"{text}; raised {bad(', '.join(raised[:_RAISED]))}{more}"


def _input(record: Record, about: str, most: int, bad: Paint, faint: Paint | None) -> str:
    fields: dict[str, Any] = record.fields
    action = f"action {fields['action']}" if "action" in fields else ""
    if action and about:
        action = f"{action} ({about})"
    match record.input:
        case "start":
            text = f"execution {fields['execution']}, input {console.short(fields['input'], most)}"
            more = f"(program {bytes(fields['program']).hex()}, seed {fields['seed']})"
            return f"{text} {faint(more)}" if faint else text
        case "succeeded":
            return f"{action}: {console.short(fields['result'], most)}"
        case "failed" | "stop":
            why = f"{fields['error']}: {fields['cause']}"
            return f"{action}: {bad(why)}" if action else why
        case "signal":
            return console.short(fields["value"], most)
        case "continue":
            return "the step before had come to its bound"
        case "migrate":
            return f"to the program {bytes(fields['to']).hex()}"
        case "sleep":
            return "nothing but time has to pass"
    return action


def _checkpoint(record: Record) -> str:
    fields = record.fields
    pending = console.count(len(fields["actions"]), "action")
    status = fields["status"]
    if status in ("failed", "stopped"):
        status += f" ({': '.join(str(part) for part in fields['result'] if part)})"
    return (
        f"execution {fields['execution']} after {console.count(fields['steps'], 'step')}: "
        f"{status}, {pending} pending, {len(record.body)} bytes"
    )
