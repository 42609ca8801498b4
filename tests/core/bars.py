"""The core's instruction counts that have bars, on a Cortex-M3 in QEMU; code by part; memory.

Counted are two builds: `fast`, for chips with flash to spare (-O2, 4 KiB of table for the CRC),
which has the plain names, and `.small`, at -Os with a table of 64 bytes.

A *transition* is one of the loop of Pass and Choice (workload a). A *task* is two steps, each with
its record: a timer's that enters a Task and starts it, and that of its result, which goes on to
a Wait; what its handler does is not in it. Records are encoded, have their CRC, and are handed
over; `.journal` commits them to a journal in memory instead, with all that it reads back.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.laws.drive import start_event
from tsme.kernel.protocol import SUCCEEDED, TIMER
from tsme.program import Program
from tsme_host.compiler.compile import compile_text

from . import kernel, machine, model, programs, tsm

BUILDS = {"": "m3-fast", ".small": "m3"}
PARTS = {
    "engine": "step frames run vm flow arena delta partial listed limits check crc",
    "children": "tree join",
    "data": "value number call compare time rng context text_functions functions arrays pattern "
    "query filter json base64 hash sha256 format",
    "install": "load verify query_check words",
    "checkpoint": "checkpoint restore places",
    "journal": "journal",
    "trace": "trace",
    "jsonata": "expr outside machine calls things sorter paths operate operators bodies binary64 "
    "signature small native native_arrays native_numbers native_texts",
}
ARCHES = {
    "armv6m": "arm-none-eabi -mcpu=cortex-m0plus -mthumb",
    "armv7m": "arm-none-eabi -mcpu=cortex-m3 -mthumb",
    "rv32imc": "riscv64-unknown-elf --specs=picolibc.specs -march=rv32imac -mabi=ilp32",
    "xtensawin": "xtensa-lx106-elf -mabi=windowed -include WINDOWED",
}
HEAP = ("malloc", "calloc", "realloc", "free", "m_malloc", "gc_alloc")


def chain(tasks: int) -> tuple[bytes, list[Any]]:
    """A program of so many tasks, a Wait behind each, and its inputs."""
    states: dict[str, Any] = {}
    for n in range(tasks):
        task = {"Type": "Task", "Resource": "measure", "Next": f"W{n}"}
        states[f"T{n}"] = task
        states[f"W{n}"] = {"Type": "Wait", "Seconds": 1, "Next": f"T{n + 1}"}
    states[f"T{tasks}"] = {"Type": "Succeed"}
    program = compile_text(json.dumps({"StartAt": "T0", "States": states})).program
    events = [start_event(Program(program), {"room": 7})]
    for n in range(tasks):
        now = machine.START + 1000 * n
        events.append((SUCCEEDED, now + 5, 2 * n + 1, {"celsius": 21}))
        events.append((TIMER, now + 1005, 2 * n + 2))
    return program, events


def task(target: str, folder: Path, name: str) -> float:
    """Instructions of one of many tasks, by two chains of them."""

    def ran(count: int) -> int:
        program, events = chain(count)
        fields, then = kernel.fields_of(events[0]), kernel.packed(events[1:])
        start: int = events[0][1]
        given = {"memory": 8192, "then": then, "start": start, "journal": True}
        ran = machine.run(target, program, fields, folder, **given)  # type: ignore[arg-type]
        assert (ran.error, ran.numbers["steps"]) == ("", 2 * count + 1)
        return ran.numbers[name]

    return (ran(30) - ran(10)) / 20


def transition(target: str, folder: Path, budget: int, name: str = "instructions") -> float:
    definition, value = programs.WORKLOADS["a"]
    program = compile_text(json.dumps(definition()), budget=budget).program
    fields = model.start_fields(program, value)
    ran = machine.run(target, program, fields, folder, journal=True)
    return ran.numbers[name] / ran.numbers["transitions"]


def dispatch(target: str, folder: Path) -> float:
    """Of the six instructions of a transition, each without work of its own."""

    def ran(count: int) -> int:
        program = tsm.assemble("ENTER 0\n" + "DROP 0\n" * count + "END", budget=4096)
        fields = model.start_fields(program, {"i": 0})
        return machine.run(target, program, fields, folder, 8192).numbers["instructions"]

    return 6 * (ran(200) - ran(0)) / 200


def instructions(folder: Path) -> dict[str, float]:
    out: dict[str, float] = {}
    kept = "journal_instructions"
    for end, target in BUILDS.items():
        out[f"m3.dispatch_insns{end}"] = dispatch(target, folder)
        out[f"m3.loop_transition_insns{end}"] = transition(target, folder, 256)
        out[f"m3.journaled_transition_insns{end}"] = transition(target, folder, 1)
        out[f"m3.journaled_transition_insns{end}.journal"] = transition(target, folder, 1, kept)
        out[f"m3.task_insns{end}"] = task(target, folder, "instructions")
        out[f"m3.task_insns{end}.journal"] = task(target, folder, kept)
    return {name: round(n, 1) for name, n in out.items()}


def memory(folder: Path) -> dict[str, float]:
    """RAM besides frames and values, in 2 KiB: the engine, the operands, what collecting needs;
    and what a step takes from a heap."""
    program, events = chain(1)
    fields = kernel.fields_of(events[0])
    numbers = machine.run("m3", program, fields, folder, 2048).numbers
    symbols = [str(machine.BUILD / "core-m3.elf")]
    named = subprocess.run(
        ["arm-none-eabi-nm", *symbols], check=True, capture_output=True, text=True
    )
    allocating = {line.split()[-1] for line in named.stdout.splitlines()} & set(HEAP)
    assert not allocating, allocating  # nobody could take a byte
    return {
        "ram_bytes": numbers["engine_bytes"] + numbers["fixed_bytes"],
        "m3.heap_bytes_per_step": 0,
    }


def part_of(source: Path) -> str:
    name = source.stem.removeprefix("tsme_")
    for part, names in PARTS.items():
        if name in names.split() or name.startswith(f"{part}_"):
            return part
    return "data"


def size_of(arch: str, source: Path, folder: Path) -> int:
    """Bytes of code and constants of a file at -Os."""
    windowed = str(machine.SOURCE.parent / "natmod" / "windowed.h")
    cross, *flags = ARCHES[arch].replace("WINDOWED", windowed).split()
    made = folder / "part.o"
    command = [f"{cross}-gcc", *flags, "-std=c99", "-Os", "-ffreestanding", "-c"]
    subprocess.run([*command, "-o", str(made), str(source)], check=True, capture_output=True)
    told = subprocess.run([f"{cross}-size", str(made)], check=True, capture_output=True, text=True)
    return int(told.stdout.splitlines()[1].split()[0])


def sources(part: str) -> list[Path]:
    """The files of a part; of all, with no name."""
    found = sorted(machine.SOURCE.glob("tsme_*.c"))
    return [source for source in found if part in ("", part_of(source))]


def sizes(folder: Path) -> dict[str, float]:
    """Bytes of code and constants at -Os, by processor and part."""
    out: dict[str, float] = {}
    for arch in ARCHES:
        for source in sources(""):
            size = size_of(arch, source, folder)
            for name in (f"size.{arch}", f"size.{arch}.{part_of(source)}"):
                out[name] = out.get(name, 0) + size
    return out


def measure(folder: Path) -> dict[str, float]:
    return instructions(folder) | memory(folder) | sizes(folder)
