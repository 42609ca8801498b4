"""Eight executions on one board: what each takes of heap beyond the first, and of flash.

Heap is what heap.py counts, on a 32-bit MicroPython with tsme frozen into it; each execution is
one of workload e, and all are under way at once.  Flash is what the table of regions says, and
nothing beside it may have been written.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests import interpreters
from tests.bench.speeds import SHARED, Workload
from tests.interpreters import ROOT
from tsme_host.tools.journal.partition import TABLE, parts_of

MANY = 8
BLOCK = 4096
HEAP = "256k"  # of the whole board


def run(program: Path, workload: Workload, folder: Path, count: int) -> int:
    """The most bytes of heap in use while so many executions run."""
    flash = folder / "board.bin"
    flash.unlink(missing_ok=True)
    script = Path(__file__).with_name("heap_board.py")
    for source in (script, script.with_name("heap.py")):
        words = ["-O2", "-o", str(folder / f"{source.stem}.mpy"), str(source)]
        subprocess.run([str(interpreters.find("mpy-cross")), *words], check=True)
    names = [workload.program.name, workload.input.name, flash.name, str(count)]
    command = [str(program), "-X", f"heapsize={HEAP}", "-m", script.stem, *names]
    environment = os.environ | {"MICROPYPATH": ".:.frozen"}
    done = subprocess.run(command, capture_output=True, env=environment, cwd=folder, check=False)
    if done.returncode:
        raise SystemExit(f"bench: {count} executions on a board: {done.stderr.decode()}")
    return int(done.stdout)


def flash_of(image: bytes) -> tuple[int, int]:
    """Bytes that the table declares, its own with them; and bytes written beside them."""
    parts = parts_of("board.bin", image)
    assert parts is not None
    declared = set(range(TABLE))
    for part in parts:
        declared |= set(range(part.start, part.start + part.blocks))
    blocks = [image[at : at + BLOCK] for at in range(0, len(image), BLOCK)]
    beside = [n for n, block in enumerate(blocks) if n not in declared and block.strip(b"\xff")]
    return len(declared) * BLOCK, len(beside) * BLOCK


def measure(_: int) -> dict[str, float]:
    """Heap of one and of eight, what each takes beyond the first, and the flash of eight."""
    if not (SHARED / "bench").is_dir():
        print("bench: ../shared/bench is not here, so no boards", file=sys.stderr)
        return {}
    subprocess.run([ROOT / "setup" / "unix.sh", "unix32frozen"], check=True, stdout=sys.stderr)
    program = interpreters.BUILD / "unix32frozen" / "micropython"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        workload = Workload("e", folder)
        one = run(program, workload, folder, 1)
        many = run(program, workload, folder, MANY)
        declared, beside = flash_of((folder / "board.bin").read_bytes())
    return {
        "micropython32.frozen.board_of_1.heap_bytes": one,
        "micropython32.frozen.board_of_8.heap_bytes": many,
        "micropython32.frozen.board_of_8.heap_bytes_each": round((many - one) / (MANY - 1)),
        "micropython32.frozen.board_of_8.flash_bytes": declared,
        "micropython32.frozen.board_of_8.flash_bytes_beside": beside,
    }
