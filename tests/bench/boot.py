"""What a boot costs beside an install: a program whose CRC is known is not verified again.

For `NAME`, an interpreter with the package as .mpy in its heap, and the coldchain example:
`boot.NAME.time_ratio` is the time of a boot's load by that of an install's, the middle of runs in
turns; `boot.NAME.least_heap_kb` and `install.NAME.least_heap_kb` the smallest heap that does it.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
from binascii import crc32
from pathlib import Path

from tests import interpreters
from tests.bench.speeds import cross_compile
from tsme_host.compiler.compile import compile_text

DEVICE = Path(__file__).with_name("boot_device.py")
FLOW = interpreters.ROOT / "examples" / "coldchain" / "coldchain.asl.json"
BOARDS = ("micropython", "micropython32")
LOADS = 20


class Board:
    """An interpreter, the package as .mpy, and a program."""

    def __init__(self, name: str, folder: Path) -> None:
        self.command = [str(interpreters.find(name)), "-X"]
        self.environment = os.environ | {"MICROPYPATH": f"{folder / 'lib'}:.frozen"}
        self.program = folder / "program.tsm"
        data = compile_text(FLOW.read_text(encoding="utf-8")).program
        self.program.write_bytes(data)
        self.how = {"install": [], "boot": [str(crc32(data))]}

    def run(self, how: str, count: int, heap: int = 1024) -> int | None:
        """Microseconds of so many loads; None if the heap, in KB, is too small."""
        words = [f"heapsize={heap}k", str(DEVICE), str(self.program), str(count), *self.how[how]]
        done = subprocess.run(
            [*self.command, *words], env=self.environment, capture_output=True, check=False
        )
        return int(done.stdout) if done.returncode == 0 else None

    def least_heap(self, how: str) -> int:
        """The smallest heap, in KB, in which one load goes well."""
        least, most = 8, 256
        while least < most:
            middle = (least + most) // 2
            if self.run(how, 1, middle) is None:
                least = middle + 1
            else:
                most = middle
        return least


def measure(repeat: int) -> dict[str, float]:
    numbers: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        cross_compile(Path(folder))
        for name in BOARDS:
            board = Board(name, Path(folder))
            ratios = []
            for _ in range(repeat):
                boot, install = board.run("boot", LOADS), board.run("install", LOADS)
                assert boot is not None
                assert install is not None
                ratios.append(boot / install)
            numbers[f"boot.{name}.time_ratio"] = round(statistics.median(ratios), 3)
            for how in board.how:
                numbers[f"{how}.{name}.least_heap_kb"] = board.least_heap(how)
    return numbers
