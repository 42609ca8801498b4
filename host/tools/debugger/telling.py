"""A record and a moment in words: rows of the timeline, lines of the panels."""

from __future__ import annotations

import json
from typing import Any

from tsme.journal.records import HEAD
from tsme.kernel.protocol import TASK
from tsme.values import cbor

from ..console import opaque, short
from ..journal.image import Record, duration
from ..journal.wording import said, when
from .moments import Moment

_BYTES = 16  # in a line of a dump
_VALUE = 200  # characters of a value in a line


def inputs(record: Record) -> str:
    """The input of a step in words, or what a checkpoint says."""
    return said(record, most=_VALUE)


def does(moment: Moment) -> str:
    """What a step did: states entered, actions, the end."""
    played = moment.played
    parts = [part for part in (played.route, " ".join(played.changed), *played.started) if part]
    text = ", ".join(parts)
    if played.ended:
        text = f"{text} → {played.ended}" if text else f"→ {played.ended}"
    if played.difference:
        text = f"{text} DIFFERS: {played.difference}"
    return text


def kind(record: Record) -> str:
    """The name of a step's input; checkpoint, lost."""
    return record.input or record.kind


def error_of(moment: Moment) -> list[str]:
    """Names of errors that came up in a step, its input's and its end's among them."""
    fields = moment.record.fields
    found = [str(fields["error"])] if "error" in fields else []
    found += [str(fields["refused"][0])] if fields.get("refused") else []
    found += [str(name) for name, _ in fields.get("raised", ())]
    for event in moment.events:
        if event.kind in ("error", "fail", "tolerated", "exceeded") and event.data:
            found.append(str(event.data[0]))
    after = moment.after
    if after is not None and after.status in (2, 3) and isinstance(after.result, list):
        found.append(str(after.result[0]))
    raised = error_kept(moment)
    if raised:
        found.append(str(raised[0]))
    if moment.played.difference:
        found.append("differs")
    return [name for name in dict.fromkeys(found) if name != "None"]


def error_kept(moment: Moment) -> Any:
    """(name, cause) of the error that a relational machine has had in a step, or None."""
    machine = moment.known and moment.known.machine
    if getattr(machine, "schema", None) is None:
        return None
    before, after = (
        getattr(getattr(state, "client", None), "error", None)
        for state in (moment.before, moment.after)
    )
    return after if after is not before else None


def given(moment: Moment) -> dict[str, Any]:
    """All of a record's input, and of the action that it is about."""
    record = moment.record
    out: dict[str, Any] = {"input": kind(record), "time": when(record)}
    if record.kind == "step":
        out["after"] = duration(record.dt)
    for name, value in record.fields.items():
        out[name] = bytes(value).hex() if name in ("program", "to") else value
    pending = getattr(moment.before, "pending", None) or {}
    action = pending.get(record.fields.get("action", 0))
    if action is not None:
        out["of"] = {"kind": "task" if action.kind == TASK else "timer"}
        if action.kind == TASK:
            out["of"] |= {"resource": action.resource, "payload": action.payload}
    return out


def actions(moment: Moment) -> list[tuple[str, str]]:
    """(sign, text) of each action: `+` begun in this step, `-` ended, ` ` pending as before."""
    before = getattr(moment.before, "pending", None) or {}
    after = getattr(moment.after, "pending", None) or {}
    now = getattr(moment.after, "now", 0)
    rows = [("-", _action(before[i], None)) for i in sorted(before) if i not in after]
    for i in sorted(after):
        sign = " " if i in before else "+"
        rows.append((sign, _action(after[i], now)))
    if not after:
        rows.append((" ", "no action is pending"))
    rows += [("!", f"emits {sort} {short(value, 300)}") for sort, value in moment.played.emitted]
    return rows


def _action(action: Any, now: int | None) -> str:
    """An action; of one that is over (`now` is None) no times are told."""
    number = f"{action.id:>4}"
    due = "" if action.due is None or now is None else f", due {_until(action.due - now)}"
    if action.kind != TASK:
        what = "a wait" if action.frame is not None else "TimeoutSeconds of the workflow"
        return f"{number} timer  {what}{due}"
    more = ", has begun" if action.started else ""
    beat = f", heartbeat {duration(action.heartbeat)}" if action.heartbeat else ""
    return f"{number} task   {action.resource} {short(action.payload, 300)}{due}{beat}{more}"


def _until(ms: int) -> str:
    return f"in {duration(ms)}" if ms > 0 else "now"


def plain(value: Any) -> Any:
    """A value without what a draft or an ordered dictionary has besides."""
    return cbor.decode(cbor.encode(value, True), 0, True)[0]


def pretty(value: Any) -> list[str]:
    """A value as lines of JSON."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=opaque).splitlines()


def dump(record: Record, chain: int) -> list[str]:
    """A record in hex: its head of 8 bytes, then its body, 16 bytes a line."""
    word = len(record.body) | (1 if record.kind == "step" else 2) << 24
    data = word.to_bytes(4, "little") + chain.to_bytes(4, "little") + record.body
    lines = [f"record {record.number}: block {record.block}, offset {record.offset}"]
    digest = f", digest {record.digest:08x}"
    lines.append(f"head of {HEAD} bytes, body of {len(record.body)}, crc {chain:08x}{digest}")
    for at in range(0, len(data), _BYTES):
        part = data[at : at + _BYTES]
        text = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in part)
        lines.append(f"{at:6x}  {part.hex(' '):{3 * _BYTES}} {text}")
    return lines
