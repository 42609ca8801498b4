"""Many executions in one run of the C core, on every kind of machine (bare/bare_batch.c)."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from struct import pack, unpack_from

from tests import interpreters

from . import machine

LATE = 0xFFFFFFFF
MEMORY = 0x80000  # bytes that the engine gets, at most
AGAIN = 1  # each step is undone once, and made again
ROOM = 0x60000  # bytes of a batch on the board, whose memory is small

# How each build runs, and what it needs here. Those not named run by themselves.
RUNNERS = {"powerpc": ["qemu-ppc"], "s390x": ["qemu-s390x"]}
COMPILERS = {"clang64": "clang", "clang32": "clang", "powerpc": "clang", "s390x": "clang"}
BUILDS = ("gcc64", "gcc64-stress", "clang64", "gcc32", "clang32", "powerpc", "s390x")


@dataclass
class Case:
    """A program, its inputs as they are packed, and the records that must come of them.

    `records`: None for an input that comes too late. `calls`: of functions that the core leaves to
    its caller, their number, arguments, error and result.
    """

    name: str
    program: bytes
    inputs: list[bytes]
    records: list[bytes | None] = field(default_factory=list)
    calls: list[tuple[int, bytes, int, bytes]] = field(default_factory=list)

    def packed(self, memory: int, flags: int) -> bytes:
        parts = [pack("<III", flags, memory, len(self.program)), self.program]
        parts += [pack("<I", len(self.inputs)), *self.inputs, pack("<I", len(self.calls))]
        for number, arguments, error, result in self.calls:
            head = pack("<IIiI", number, len(arguments), error, len(result))
            parts += [head, arguments, result]
        return b"".join(parts)


@dataclass
class Answer:
    """What the core made of a case."""

    records: list[bytes | None]
    error: str
    refused: str

    def differs(self, case: Case) -> str:
        """What is another than it must be; nothing: empty."""
        for n, (have, want) in enumerate(zip(self.records, case.records, strict=False)):
            if have != want:
                return f"{case.name}: step {n}: {show(have)} and not {show(want)}"
        if self.error:
            return f"{case.name}: step {len(self.records)}: {self.error} {self.refused}".rstrip()
        if len(self.records) != len(case.records):
            return f"{case.name}: {len(self.records)} steps and not {len(case.records)}"
        return ""


def show(record: bytes | None) -> str:
    """The digest and what follows it."""
    return "too late" if record is None else f"{record[:4].hex()} {record[4:24].hex()}.."


def answers(data: bytes) -> Iterator[Answer]:
    """What a run of the program wrote."""
    at = 0
    while at < len(data):
        end = at + 4 + unpack_from("<I", data, at)[0]
        at += 4
        records: list[bytes | None] = []
        while at < end:
            size = unpack_from("<I", data, at)[0]
            at += 4
            records.append(None if size == LATE else data[at : at + size])
            at += 0 if size == LATE else size
        error, size = unpack_from("<iI", data, at)
        at += 8
        told = data[at : at + size].decode()
        at += size
        yield Answer(records, machine.ERRORS.get(error, ""), told)


def require(build: str) -> None:
    """Skips the test where a tool of this build is missing, or fails it where none may be."""
    machine.require()
    for tool in (*RUNNERS.get(build, []), COMPILERS.get(build, "gcc")):
        interpreters.require(tool)


def command(build: str, files: list[str]) -> list[str]:
    """The command that runs a build."""
    if build == "m3":
        return machine.on_m3("batch-m3.elf", ["batch", *files])
    return [*RUNNERS.get(build, []), str(machine.BUILD / f"batch-{build}"), *files]


def run(
    build: str, cases: Sequence[Case], folder: Path, memory: int = MEMORY, flags: int = 0
) -> list[Answer]:
    """What a build makes of all cases."""
    out: list[Answer] = []
    parts: list[bytes] = []
    room = ROOM if build == "m3" else 1 << 25

    def flush() -> None:
        given, written = folder / "cases.bin", folder / "answers.bin"
        given.write_bytes(b"".join(parts))
        written.write_bytes(b"")
        line = command(build, [str(given), str(written)])
        done = subprocess.run(line, check=False, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, (build, done.stdout[-2000:], done.stderr[-6000:])
        out.extend(answers(written.read_bytes()))
        parts.clear()

    for case in cases:
        part = case.packed(memory, flags)
        if parts and sum(map(len, parts)) + len(part) > room:
            flush()
        parts.append(part)
    flush()
    assert len(out) == len(cases)
    return out


def judge(case: Case, answer: Answer) -> str:
    """How it ended: same, memory, or what it refuses; anything else is a failure."""
    if answer.error in ("unsupported", "memory"):
        whole = all(a == b for a, b in zip(answer.records, case.records, strict=False))
        assert whole, answer.differs(case)
        return answer.refused or answer.error
    difference = answer.differs(case)
    assert not difference, difference
    return "same"
