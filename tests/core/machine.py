"""Builds the C core and runs it: on this computer, and on a Cortex-M3 in QEMU.

Under `-icount` QEMU's clock is the number of executed instructions, so the counts that a
run prints are the same on every computer and every day.
"""

import fcntl
import os
import shutil
import struct
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import interpreters

ROOT = interpreters.ROOT
SOURCE = ROOT / "native_modules" / "tsme_core"
BUILD = ROOT / "build" / "core"
TOOLS = ("make", "cc", "arm-none-eabi-gcc", "qemu-system-arm")
MACHINES = ("host", "m3", "m3-crc256", "m3-fast")
START = 1_700_000_000_000  # ms since 1970
BETWEEN = 3  # ms between steps; bare_main.c has the same

ERRORS = {
    -1: "format",
    -2: "version",
    -3: "digest",
    -4: "code",
    -5: "unsupported",
    -6: "memory",
    -7: "limit",
    -8: "input",
    -9: "write",
    -10: "call",
}


@dataclass
class Ran:
    """What a run said, and the records it wrote."""

    numbers: dict[str, int]
    refused: str
    records: bytes

    @property
    def error(self) -> str:
        return ERRORS.get(self.numbers["error"], "")

    @property
    def per_transition(self) -> float:
        return self.numbers["instructions"] / self.numbers["transitions"]


def require() -> None:
    """Skips the test where a tool is missing, or fails it where none may be."""
    missing = [tool for tool in TOOLS if shutil.which(tool) is None]
    if missing:
        text = f"the C core needs {', '.join(missing)}; make setup installs them"
        if interpreters.strict():
            pytest.fail(text)
        pytest.skip(text)


def make(target: str = "all") -> str:
    """Runs make; one process at a time."""
    BUILD.mkdir(parents=True, exist_ok=True)
    with (BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        command = ["make", f"-sj{os.cpu_count()}", "-C", str(SOURCE), f"BUILD={BUILD}", target]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def command(machine: str, arguments: list[str]) -> list[str]:
    """The command that runs the core on a machine."""
    if machine.startswith("host"):
        return [str(BUILD / f"core-{machine}"), *arguments]
    return on_m3(f"core-{machine}.elf", ["core", *arguments])


def on_m3(program: str, arguments: list[str]) -> list[str]:
    """The command that runs a program on the Cortex-M3 with these arguments."""
    given = ",".join(f"arg={a}" for a in arguments)
    return [
        *"qemu-system-arm -machine mps2-an385 -nographic -monitor none -serial none".split(),
        *"-icount shift=10,align=off,sleep=off -chardev stdio,id=out".split(),
        *("-semihosting-config", f"enable=on,target=native,chardev=out,{given}"),
        *("-kernel", str(BUILD / program)),
    ]


def packed(kind: int, now: int, fields: bytes) -> bytes:
    """An input as the program around the engine reads it."""
    return struct.pack("<BQI", kind, now, len(fields)) + fields


def talk(
    given: list[str], calls: Callable[[int, bytes], tuple[int, bytes]] | None
) -> tuple[str, int]:
    """Runs a command to its end, and answers what it asks; all that it said, and its code."""
    if not calls:
        done = subprocess.run(given, check=False, capture_output=True, text=True, timeout=120)
        return done.stdout + done.stderr, done.returncode
    lines = []
    pipe = subprocess.PIPE
    with subprocess.Popen(
        given, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, text=True
    ) as p:
        assert p.stdin
        assert p.stdout
        for line in p.stdout:
            lines.append(line)
            if line.startswith("call "):
                _, function, *data = line.split()
                error, result = calls(int(function), bytes.fromhex("".join(data)))
                p.stdin.write(f"{error} {result.hex()}\n")
                p.stdin.flush()
    return "".join(lines), p.returncode


def run(
    machine: str,
    program: bytes,
    fields: bytes,
    folder: Path,
    memory: int = 4096,
    stubborn: bool = False,
    then: bytes = b"",
    start: int = START,
    changed: int = 0,
    calls: Callable[[int, bytes], tuple[int, bytes]] | None = None,
    journal: bool = False,
) -> Ran:
    """One execution; `fields` are those of *start*, `then` the inputs after it (`packed`).

    `changed`: a byte of the program that changes between installing and booting it. `calls`: what
    the core leaves to its caller, an error and a result for a function's number and arguments.
    `journal`: it runs once more, into a journal in memory.
    """
    files = [folder / name for name in ("program.tsm", "input.bin", "records.bin")]
    files[0].write_bytes(program)
    files[1].write_bytes(packed(1, start, fields) + then)
    files[2].write_bytes(b"")
    arguments = [*map(str, files), str(memory), *(["stubborn"] if stubborn else [])]
    arguments += [f"changed{changed}"] if changed else []
    arguments += ["calls"] if calls else []
    arguments += ["journal"] if journal else []
    output, code = talk(command(machine, arguments), calls)
    said = dict(line.split("=", 1) for line in output.splitlines() if "=" in line)
    assert code in (0, 1), output
    assert "error" in said, output
    refused = said.pop("refused", "")
    return Ran({k: int(v) for k, v in said.items()}, refused, files[2].read_bytes())
