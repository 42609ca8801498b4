"""Executions out of a database and into one, as images of journals (docs/SPEC.md, 4).

What is exported is a journal that `tsme replay` and `tsme history` read; a journal pulled from a
board is imported with its programs, and looked at like any other execution.  Nobody runs it: it
has no machine, and is never due.  Of a machine (a class) the database has the records and what its
digest is of, so whoever replays them needs the class.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, insert, select, update

from tsme.errors import TsmeError
from tsme.journal import CHECKPOINT, STEP
from tsme.journal.records import crc32
from tsme.kernel.protocol import STATUS
from tsme.values import cbor

from ..compiler.backend.disasm import disassemble
from ..tools.aws.causes import compact
from ..tools.aws.history import replay_history
from ..tools.errors import HostError
from ..tools.journal.archive import Archive
from ..tools.journal.image import Log, Record, log_of
from ..tools.journal.replayer import Known, Player
from ..tools.journal.store import keep
from ..tools.limits import no_limits
from ..tools.outputs import SCHEMA_START, not_writable
from .records import (
    DIGEST,
    Row,
    all_of,
    append,
    is_program,
    keep_machine,
    keep_program,
    program,
)
from .tables import executions

_BLOCK: Final = 4096  # bytes, of an image, as `tsme run` makes them
_SLOT: Final = 32
_ARN: Final = "arn:aws:states:us-east-1:000000000000:execution:imported:"
_NAME: Final = re.compile(r"[^0-9A-Za-z_-]+")
_LONGEST: Final = 80  # characters of a name
_STATUS: Final = {
    "running": "RUNNING",
    "succeeded": "SUCCEEDED",
    "failed": "FAILED",
    "stopped": "ABORTED",
}


@dataclass(frozen=True)
class Exported:
    """An execution as files: its journal, and the .tsm files of its programs.  `machines`: names
    and versions of the machines that it has run."""

    name: str
    journal: Archive
    programs: list[bytes]
    machines: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Imported:
    """An execution that is in the database now.  `added`: records of it that came just now."""

    id: int
    arn: str
    status: str
    records: int
    added: int


def find(connection: Connection, which: str) -> int:
    """The id of an execution: by its ARN, its id, or a name that no other has.

    Raises HostError, TSME-S010, if it is not there, or there are several.
    """
    c = executions.c
    fits: ColumnElement[bool] = (c.arn == which) | (c.name == which)
    if which.isascii() and which.isdecimal() and len(which) < 19:
        fits |= c.id == int(which)
    found = connection.execute(select(c.id, c.arn).where(fits).order_by(c.id).limit(10)).all()
    exact = [row for row in found if row.arn == which] or found
    if len(exact) == 1:
        return int(exact[0].id)
    if not exact:
        raise HostError("TSME-S010", f'there is no execution "{which}" in the database')
    hint = "name one by its ARN: " + ", ".join(row.arn for row in exact)
    raise HostError("TSME-S010", f'"{which}" is the name of several executions', hint)


def journal_of(rows: Iterable[tuple[int, int, bytes]]) -> Archive:
    """The journal that holds these records: (number, kind, body), in a row."""
    archive: Archive | None = None
    for number, kind, body in rows:
        if archive is None:
            archive = Archive(number, 0, _BLOCK, _SLOT, [])
        word = struct.pack("<I", kind << 24 | len(body))
        chained = crc32(body, crc32(word, archive.tail))
        archive.add(word + struct.pack("<I", chained) + body)
    return archive or Archive(0, 0, _BLOCK, _SLOT, [])


def export(connection: Connection, execution: int) -> Exported:
    """An execution with its programs; one that was redriven, or whose Map Run was altered, from
    there on.

    Raises HostError, TSME-S010, if it is not there, or has no records yet, and S016 if a program
    of its is gone.
    """
    row = connection.execute(
        select(executions.c.arn, executions.c.name, executions.c.digest, executions.c.notes).where(
            executions.c.id == execution
        )
    ).one_or_none()
    if row is None:
        raise HostError("TSME-S010", f"there is no execution {execution} in the database")
    # Redriven, or altered, it goes on at a checkpoint that the steps before do not lead to.
    first = max(
        [n for name in ("redrives", "altered") for n in (row.notes or {}).get(name, ())] or [0]
    )
    rows = [record for record in all_of(connection, execution) if record[0] >= first]
    if not rows:
        raise HostError("TSME-S010", f'the execution "{row.arn}" has no records')
    journal = journal_of(rows)
    key = bytes(row.digest)  # may be longer than the digest that journals have (records.py)
    others = [d for d in _programs(row.arn, journal) if d != key[:DIGEST]]
    found = Exported(row.name, journal, [])
    for digest in (key, *others):
        data = program(connection, digest)
        if data is None:
            raise _lacking(f'the execution "{row.arn}"', digest)
        if is_program(data):
            found.programs.append(data)
        else:
            found.machines.append(_machine(data))
    return found


def _machine(data: bytes) -> str:
    """The name and version of a machine of which `keep_machine` has these bytes."""
    if data.startswith(SCHEMA_START):
        _, name, version, *_ = cbor.decode(data, 0, True)[0]
        return f"{name} {version}"
    return data.decode("utf-8", "replace")


def _programs(name: str, journal: Archive) -> list[bytes]:
    try:
        return list(log_of(name, journal.image()).programs)
    except HostError as error:
        if error.code != "TSME-H042":
            raise
        return []  # a record cannot be read: `tsme replay` says which


def keep_programs(journal: str, found: Exported) -> None:
    """Put the programs of what is exported to the file `journal` beside that."""
    try:
        Path(journal).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise not_writable(journal, error) from None
    for data in found.programs:
        keep(journal, data)


def _lacking(what: str, digest: bytes) -> HostError:
    message = f"{what} needs the program {digest.hex()}, which is not there"
    hint = "add --program and the workflow that ran, or FILE.py:CLASS for a machine"
    return HostError("TSME-S016", message, hint)


@dataclass
class _Part:
    """The records of one execution in a journal."""

    number: int
    records: list[Record] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Do they reach back to its start?"""
        return self.records[0].kind == "step"

    def digests(self) -> list[bytes]:
        """Of the programs that it has run."""
        named = [r.fields.get("program", r.fields.get("to")) for r in self.records]
        return list(dict.fromkeys(bytes(digest) for digest in named if digest is not None))


def _parts(log: Log) -> list[_Part]:
    parts: list[_Part] = []
    for record in log.records:
        begins = record.input == "start"
        # A checkpoint is where an execution begins whose start is gone.
        headless = record.kind == "checkpoint" and record.fields["execution"]
        if begins or (headless and (not parts or parts[-1].number != headless)):
            parts.append(_Part(record.fields["execution"]))
        if parts:
            parts[-1].records.append(record)
    return parts


def bring_in(
    connection: Connection,
    log: Log,
    programs: Sequence[bytes],
    name: str,
    machines: Sequence[Known] = (),
) -> list[Imported]:
    """Import the executions of a journal, or what is new of those imported before.

    `programs`, `machines`: .tsm files and classes, at least those that the executions ran.  An
    execution is called `NAME-NUMBER`.  Raises HostError: TSME-S016 for a program that is not among
    them, S017 for a journal that is damaged or does not replay, S018 if another execution has that
    name.
    """
    if not log.records:
        raise HostError("TSME-H044", f'the journal "{log.name}" holds no records')
    if log.damage or log.refusal:
        why = log.refusal or f"record {log.damage[0].number} cannot be read"
        raise _not_sound(
            log, f"it is damaged: {why}", "tsme journal repair keeps what can be kept"
        )
    known = {bytes(disassemble(data).digest): data for data in programs}
    classes = {bytes(one.program.digest): one for one in machines}
    out = []
    keys: dict[bytes, bytes] = {}
    for part in _parts(log):
        for digest in part.digests():
            if one := classes.get(digest):
                keys[digest] = keep_machine(connection, digest, _bytes_of(one))
                continue
            data = known.get(digest) or program(connection, digest)
            if data is None or not is_program(data):
                raise _lacking(f'execution {part.number} in "{log.name}"', digest)
            known[digest] = data
            keys[digest] = keep_program(connection, data)
        row = _row(log, part, known, classes, name)
        out.append(_put(connection, part, row | _keys(part, keys)))
    return out


def _bytes_of(known: Known) -> bytes:
    """What the digest of a machine is of."""
    definition = known.program
    return bytes(
        getattr(known.machine, "data", b"") or f"{definition.name} {definition.version}".encode()
    )


def _keys(part: _Part, keys: dict[bytes, bytes]) -> dict[str, Any]:
    """The keys of its programs, and the first of them, with which it began."""
    used = [keys[digest] for digest in part.digests()]
    return {"digest": used[0], "notes": {"programs": [key.hex() for key in used]}}


def _not_sound(log: Log, why: str, hint: str) -> HostError:
    return HostError("TSME-S017", f'the journal "{log.name}" cannot be imported: {why}', hint)


def _row(
    log: Log, part: _Part, programs: dict[bytes, bytes], classes: dict[bytes, Known], name: str
) -> dict[str, Any]:
    """What `executions` says of it: what comes out if it is replayed."""
    digests = part.digests()
    first, last = part.records[0], part.records[-1]
    called = _NAME.sub("-", f"{name}-{part.number}")[-_LONGEST:]
    row: dict[str, Any] = {
        "arn": _ARN + called,
        "name": called,
        "type": "STANDARD",
        "input": compact(first.fields["input"]),
        "started": first.now if part.whole else first.fields["start_time"],
        "settings": {},
        "output": None,
        "error": None,
        "cause": None,
    }
    if part.whole and digests[0] in classes:
        row |= _played(log, part, [classes[digest] for digest in digests])
    elif part.whole:
        row |= _told(log, part, [programs[digest] for digest in digests])
    else:
        row |= _checkpointed(part)
    row["stopped"] = None if row["status"] == "RUNNING" else last.now
    return row


def _told(log: Log, part: _Part, programs: list[bytes]) -> dict[str, Any]:
    pairs = []
    for data in programs:
        size = disassemble(data).size
        pairs.append((data[:size], data[size:]))
    steps = [record.body for record in part.records if record.kind == "step"]
    try:
        with no_limits():
            history = replay_history(*pairs[0], steps, None, pairs[1:])
    except TsmeError as error:
        raise _not_sound(log, str(error), "tsme replay shows where it differs") from None
    out: dict[str, Any] = {"status": history.status or "RUNNING"}
    if history.status == "SUCCEEDED":
        out["output"] = compact(history.output)
    else:
        out |= {"error": history.error, "cause": history.cause}
    return out


def _played(log: Log, part: _Part, machines: list[Known]) -> dict[str, Any]:
    """What replay of a machine says."""
    player = Player(machines)
    with no_limits():
        for record in part.records:
            played = player.play(record)
            if played.difference or player.state is None:
                why = f"record {record.number}: {played.difference or player.why}"
                raise _not_sound(log, why, "tsme replay shows where it differs")
    state = player.state
    return _ended(STATUS[state.status or 0], state.result)


def _checkpointed(part: _Part) -> dict[str, Any]:
    """What the newest checkpoint says; of the steps behind it nobody knows what came of them."""
    newest = next(r for r in reversed(part.records) if r.kind == "checkpoint")
    return _ended(newest.fields["status"], newest.fields["result"])


def _ended(called: str, result: Any) -> dict[str, Any]:
    """The columns for a status as the kernel calls it."""
    status = _STATUS[called]
    out: dict[str, Any] = {"status": status}
    if status == "SUCCEEDED":
        out["output"] = compact(result)
    elif status != "RUNNING":
        out["error"], out["cause"] = result
    return out


def _put(connection: Connection, part: _Part, row: dict[str, Any]) -> Imported:
    """Insert an execution, or the records that were not there before."""
    kinds = {"step": STEP, "checkpoint": CHECKPOINT}
    given = [(kinds[record.kind], record.body) for record in part.records]
    checkpoints = [number for number, (kind, _) in enumerate(given) if kind == CHECKPOINT]
    there = connection.execute(
        select(executions.c.id, executions.c.status).where(executions.c.arn == row["arn"])
    ).one_or_none()
    row |= {"records": len(given), "checkpoint": checkpoints[-1] if checkpoints else 0}
    if there is None:
        made = connection.execute(insert(executions).values(row)).inserted_primary_key
        assert made
        number, before = int(made[0]), 0
    else:
        number = int(there.id)
        kept = [(kind, body) for _, kind, body in all_of(connection, number)]
        before = len(kept)
        if kept[: len(given)] != given[:before]:
            message = f'another execution was imported as "{row["name"]}" before'
            raise HostError("TSME-S018", message, "give this one another name with --name")
        if before >= len(given):
            return Imported(number, row["arn"], there.status, before, 0)
        connection.execute(update(executions).where(executions.c.id == number).values(row))
    rows = [Row(number, n, *given[n]) for n in range(before, len(given))]
    append(connection, rows)
    return Imported(number, row["arn"], row["status"], len(given), len(rows))
