"""Many executions in one run of the C core, on every kind of machine (bare/bare_batch.c)."""

from __future__ import annotations

import subprocess
from binascii import crc32
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from struct import pack, unpack_from

from tests import interpreters

from . import machine

LATE, FAILED = 0xFFFFFFFF, 0xFFFFFFFE
MEMORY = 0x80000  # bytes that the engine gets, at most
AGAIN = 1  # each step is undone once, and made again
RESTORE = 2  # behind each step everything is lost, and it goes on from a checkpoint
FROM = 4  # it begins with a checkpoint
ROOM = 0x60000  # bytes of a batch on the board, whose memory is small

# How each build runs, and what it needs here. Those not named run by themselves.
RUNNERS = {"powerpc": ["qemu-ppc"], "s390x": ["qemu-s390x"]}
COMPILERS = {"clang64": "clang", "clang32": "clang", "powerpc": "clang", "s390x": "clang"}
BUILDS = ("gcc64", "gcc64-stress", "clang64", "gcc32", "clang32", "powerpc", "s390x")


NUMBERS = {name: number for number, name in machine.ERRORS.items()}

# What an input leads to: the record and the actions, or the name of an error, or "late".
Outcome = tuple[bytes, bytes] | str


@dataclass
class Case:
    """A program, its inputs as they are packed, and what must come of each.

    `calls`: of functions that the core leaves to its caller, their number, arguments, error and
    result.
    """

    name: str
    program: bytes
    inputs: list[bytes]
    outcomes: list[Outcome]
    checkpoint: bytes
    calls: list[tuple[int, bytes, int, bytes]] = field(default_factory=list)
    middle: tuple[int, bytes] = (0, b"")  # a checkpoint of Python's behind so many inputs
    begins: bytes = b""  # the checkpoint that it begins with

    def for_module(self) -> bytes:
        """As generated_board.py reads it: with the CRC-32 of what must come of it."""
        crc = 0
        for one in self.outcomes:
            if one == "late":
                part = pack("<I", LATE)
            elif isinstance(one, str):
                part = pack("<Ii", FAILED, NUMBERS[one])
            else:
                part = pack("<I", len(one[0])) + one[0] + pack("<I", len(one[1])) + one[1]
            crc = crc32(part, crc)
        name = self.name.encode()
        crc = crc32(self.checkpoint, crc)
        data = pack("<I", len(name)) + name + pack("<I", crc) + self.packed(0, 0)
        return pack("<I", len(data)) + data

    def rest(self) -> Case:
        """What is left of it behind the checkpoint in its middle, which it begins with."""
        done, checkpoint = self.middle
        left = replace(self, inputs=self.inputs[done:], outcomes=self.outcomes[done:])
        left.begins = checkpoint
        return left

    def packed(self, memory: int, flags: int) -> bytes:
        """As the program reads it."""
        flags |= FROM if self.begins else 0
        parts = [pack("<III", flags, memory, len(self.program)), self.program]
        parts += [pack("<I", len(self.begins)), self.begins] if self.begins else []
        parts += [pack("<I", len(self.inputs)), *self.inputs, pack("<I", len(self.calls))]
        for number, arguments, error, result in self.calls:
            head = pack("<IIiI", number, len(arguments), error, len(result))
            parts += [head, arguments, result]
        return b"".join(parts)


@dataclass
class Answer:
    """What the core made of a case."""

    outcomes: list[Outcome]
    checkpoint: bytes
    error: str
    told: str  # what is refused, or what is wrong

    def differs(self, case: Case) -> str:
        """What is another than it must be; nothing: empty."""
        for n, (have, want) in enumerate(zip(self.outcomes, case.outcomes, strict=False)):
            if have != want:
                return f"{case.name}: step {n}: {show(have, want)} and not {show(want, have)}"
        if self.error:
            return f"{case.name}: step {len(self.outcomes)}: {self.error} {self.told}".rstrip()
        if len(self.outcomes) != len(case.outcomes):
            return f"{case.name}: {len(self.outcomes)} steps and not {len(case.outcomes)}"
        if self.checkpoint != case.checkpoint:
            have, want = self.checkpoint.hex(), case.checkpoint.hex()
            return f"{case.name}: the checkpoint is {have} and not {want}"
        return ""


def show(one: Outcome, other: Outcome) -> str:
    """The digest and what follows it, or the actions if there is the difference."""
    if isinstance(one, str):
        return one
    if one[0] == other[0]:
        return f"with the actions {one[1].hex()}"
    return f"{one[0][:4].hex()} {one[0][4:24].hex()}.."


class Reader:
    """Numbers and bytes, one behind the other."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def number(self, form: str = "<I") -> int:
        found: int = unpack_from(form, self.data, self.at)[0]
        self.at += 4
        return found

    def bytes(self, size: int) -> bytes:
        self.at += size
        return self.data[self.at - size : self.at]


def answers(data: bytes) -> Iterator[Answer]:
    """What a run of the program wrote."""
    r = Reader(data)
    while r.at < len(data):
        outcomes: list[Outcome] = []
        end = r.number() + r.at
        while r.at < end:
            size = r.number()
            if size == LATE:
                outcomes.append("late")
            elif size == FAILED:
                outcomes.append(machine.ERRORS[r.number("<i")])
            else:
                record = r.bytes(size)
                outcomes.append((record, r.bytes(r.number())))
        error = r.number("<i")
        told = r.bytes(r.number()).decode()
        yield Answer(outcomes, r.bytes(r.number()), machine.ERRORS.get(error, ""), told)


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
        whole = all(a == b for a, b in zip(answer.outcomes, case.outcomes, strict=False))
        assert whole, answer.differs(case)
        return answer.told or answer.error
    difference = answer.differs(case)
    assert not difference, difference
    return "same"
