"""Journals as files: their geometry, and every record as plain data (docs/SPEC.md, 4 and 5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tsme.errors import TsmeError
from tsme.journal import CHECKPOINT, Journal
from tsme.kernel.protocol import INPUTS, STATUS
from tsme.kernel.replay import read_step
from tsme.values import cbor

from ..errors import HostError
from ..inputs import read_bytes
from .partition import Image, choose, geometry, parts_of

_FIELDS = {
    "continue": "",
    "start": "execution program seed input context behaviour",
    "succeeded": "action result",
    "failed": "action error cause",
    "heartbeat": "action",
    "timer": "action",
    "stop": "error cause",
    "started": "action",
    "signal": "value",
    "sleep": "",
    "migrate": "to plan",
}
_CHECKPOINT = (
    "behaviour steps execution status now next_id rng digest start_time input context actions "
    "result program client"
).split()
_RAW = 2
# They may have one more.
_BOUNDED = {"continue", "start", "succeeded", "failed", "timer", "signal"}


@dataclass(frozen=True)
class Record:
    """One record.  `now` is None where the time is not known (older records are gone)."""

    number: int
    kind: str  # "step" or "checkpoint"
    body: bytes
    block: int
    offset: int
    now: int | None
    event: tuple[Any, ...] = ()  # of a step: kind, now or dt, fields ...
    digest: int = 0
    fields: dict[str, Any] = field(default_factory=dict)

    @property
    def input(self) -> str:
        """The name of a step's input."""
        return INPUTS[self.event[0]] if self.event else ""

    @property
    def dt(self) -> int:
        """Time since the step before, in ms."""
        body = cbor.decode(self.body, 5, True)[0]
        return int(body) if self.input != "start" else 0


@dataclass(frozen=True)
class Damage:
    """A record that is not whole, though later ones are there."""

    number: int
    until: int | None  # the next one that can be read
    block: int
    offset: int


@dataclass
class Log:
    """All of a journal that can be read, oldest record first."""

    name: str
    blocks: int
    block_size: int
    slot: int
    records: list[Record]
    damage: list[Damage]
    torn: bool = False
    refusal: str = ""  # why a device would not recover from it
    retired: tuple[int, ...] = ()  # blocks that have failed, and are not used any more
    cut: int | None = None  # bytes of the file, if these are fewer or more than it should have

    @property
    def programs(self) -> list[bytes]:
        """Digests of the programs whose executions are in it, the newest last."""
        names = [r.fields.get("program", r.fields.get("to")) for r in self.records]
        found = [bytes(name) for name in names if name is not None]
        return list(dict.fromkeys(reversed(found)))[::-1]

    @property
    def ended(self) -> bool:
        """Does the newest record itself say that its execution has ended?"""
        last = self.records[-1] if self.records else None
        return bool(last and last.kind == "checkpoint" and last.fields["status"] != "running")


def image_of(path: str, data: bytes) -> Image:
    """A journal as its device has it; what a file lacks at its end is blank.

    Of a partition that is cut into regions that of the region asked for.
    """
    return _image(path, choose(path, data))


def _image(path: str, data: bytes) -> Image:
    found = geometry(data)
    if found is None:
        raise HostError("TSME-H040", f'"{path}" is not a journal')
    slot, count, size, once = found
    image = Image(size, count, slot, once)
    there = min(len(data), len(image.data))
    if data[there:].count(0xFF) + data[there:].count(0) != len(data) - there:
        message = f'"{path}" has {len(data)} bytes; its journal has {count} blocks of {size}'
        raise HostError("TSME-H041", message, "pull the journal from the device, and nothing else")
    image.data[:there] = data[:there]
    return image


def read_log(path: str) -> Log:
    """Read the image of a journal: a file made by `tsme run`, or pulled from a device."""
    return log_of(path, choose(path, read_bytes(path)))


def read_logs(path: str) -> list[Log]:
    """All journals of a partition that is cut into regions; else the one."""
    data = read_bytes(path)
    parts = parts_of(path, data)
    if parts is None:
        return [log_of(path, data)]
    return [log_of(path, part.data) for part in parts if part.kind == "journal"]


def log_of(path: str, data: bytes) -> Log:
    """What the bytes of an image hold.  `path`: how errors name it."""
    if data and data.count(0xFF) == len(data):
        return Log(path, 0, 0, 0, [], [])
    flash = _image(path, data)
    journal = Journal(flash, flash.slot)
    damage: list[Damage] = []
    found = list(journal.records(lambda *what: damage.append(Damage(*what))))
    log = Log(path, flash.count, flash.block, flash.slot, read_records(found), damage)
    log.retired = journal.retired
    if len(data) != len(flash.data):
        log.cut = len(data)
    try:
        log.torn = journal.recover(_ignore, _ignore).torn
    except TsmeError as error:
        log.refusal = str(error)
    return log


@dataclass
class Execution:
    """An execution in a journal.  `steps`: the bodies of its records from its start on, none if
    that is gone.  `broken`: more followed them, but records are damaged in between."""

    number: int
    program: bytes
    steps: list[bytes] = field(default_factory=list)
    broken: bool = False


def executions(log: Log) -> list[Execution]:
    """The executions in a journal, in the order of their starts."""
    found: dict[int, Execution] = {}
    now: Execution | None = None  # whose records follow
    before = -1
    for record in log.records:
        if record.number != before + 1 and now:
            now.broken = bool(now.steps)
            now = None  # something between is lost
        before = record.number
        if record.input == "start":
            number = record.fields["execution"]
            now = found[number] = Execution(number, bytes(record.fields["program"]))
            now.steps = [record.body]
        elif record.kind == "step" and now and now.steps:
            now.steps.append(record.body)
        elif record.kind == "checkpoint" and record.fields["execution"]:
            number = record.fields["execution"]
            found.setdefault(number, Execution(number, bytes(record.fields["program"])))
    return list(found.values())


def _ignore(_: object) -> None:
    pass


def read_records(
    found: Iterable[tuple[int, int, bytes, int, int]], now: int | None = None, before: int = -1
) -> list[Record]:
    """Records as plain data, of (number, kind, body, block, offset) each.

    `now`: ms since 1970 at record `before`, if they follow that one.  Raises HostError, TSME-H042,
    for one that cannot be understood.
    """
    records = []
    for number, kind, body, block, offset in found:
        if number != before + 1:
            now = None  # records are missing in between
        before = number
        try:
            if kind == CHECKPOINT:
                record = _checkpoint(number, body, block, offset)
            else:
                record = _step(number, body, block, offset, now)
        except (TsmeError, IndexError, ValueError, TypeError) as error:
            message = f"record {number} cannot be understood: {error}"
            raise HostError("TSME-H042", message) from None
        now = record.now
        records.append(record)
    return records


def _step(number: int, body: bytes, block: int, offset: int, now: int | None) -> Record:
    digest, event = read_step(body, now or 0)
    kind = INPUTS[event[0]]
    names = _FIELDS[kind].split()
    values = event[_RAW:]
    if kind == "start" and len(values) - isinstance(values[-1], list) < len(names):
        values = (*values[: len(names) - 1], 0, *values[len(names) - 1 :])  # not yet numbered
    if kind in _BOUNDED and len(values) == len(names) + 1:
        more = values[-1]
        if isinstance(more, list) and isinstance(more[0], list):  # of a relational machine
            names.append("raised")
            values = (*values[:-1], [more[one] if isinstance(one, int) else one for one in more])
        elif kind != "signal":
            names.append("refused" if isinstance(more, list) else "most")
    if len(values) != len(names):
        raise ValueError(f"the input {kind} has {len(values)} fields")
    known = now is not None or kind == "start"
    fields = dict(zip(names, values, strict=True))
    return Record(
        number, "step", body, block, offset, event[1] if known else None, event, digest, fields
    )


def _checkpoint(number: int, body: bytes, block: int, offset: int) -> Record:
    item, _ = cbor.decode(body, 0, True)
    if len(item) == len(_CHECKPOINT) - 1:  # not yet numbered
        item = [0, *item]
    fields = dict(zip(_CHECKPOINT, item, strict=True))
    fields["status"] = STATUS[fields["status"]]
    digest = fields["digest"]
    return Record(number, "checkpoint", body, block, offset, fields["now"], (), digest, fields)


def timestamp(ms: int) -> str:
    """A time as people write it, in UTC, with milliseconds."""
    try:
        moment = datetime.fromtimestamp(ms // 1000, UTC)
    except (OverflowError, OSError, ValueError):
        return f"{ms} ms"
    return f"{moment:%Y-%m-%d %H:%M:%S}.{ms % 1000:03}"


def duration(ms: int) -> str:
    """A span of time in its largest fitting unit."""
    for unit, size in (("d", 86400000), ("h", 3600000), ("min", 60000), ("s", 1000)):
        if ms >= size:
            text = f"{ms / size:.3f}".rstrip("0").rstrip(".")
            return f"{text} {unit}"
    return f"{ms} ms"


def plain(record: Record) -> dict[str, Any]:
    """A record in an open form: names instead of numbers, values as they are."""
    out: dict[str, Any] = {"record": record.number, "kind": record.kind}
    if record.kind == "step":
        out |= {"input": record.input, "time": record.now, "dt": record.dt}
        out |= {"digest": f"{record.digest:08x}"}
    fields = dict(record.fields)
    for name in ("program", "to"):
        if name in fields:
            fields[name] = bytes(fields[name]).hex()
    if record.kind == "checkpoint":
        fields["digest"] = f"{record.digest:08x}"
    return out | {"block": record.block, "offset": record.offset, "fields": fields}
