"""Journals with whole executions in them, made by the kernel itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.tools.shell import DATA
from tsme.journal import CHECKPOINT, STEP, Journal
from tsme.journal.ram_flash import RamFlash
from tsme.kernel import Kernel, State
from tsme.kernel.protocol import START, SUCCEEDED, TIMER
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme_host.compiler.compile import compile_text

EPOCH = 1767225600000  # 2026-01-01
TEXT = (DATA / "flow.asl.json").read_text(encoding="utf-8")
PLAIN = json.dumps(
    {
        "StartAt": "Both",
        "States": {
            "Both": {
                "Type": "Parallel",
                "Branches": [
                    {"StartAt": n, "States": {n: {"Type": "Wait", "Seconds": s, "End": True}}}
                    for n, s in (("Left", 1), ("Right", 2))
                ],
                "End": True,
            }
        },
    }
)


class Device:
    """Runs executions of a program, its journal in a file."""

    def __init__(self, path: Path, text: str = TEXT, blocks: int = 8) -> None:
        self.path = path
        self.flash = RamFlash(4096, blocks)
        self.journal = Journal(self.flash)
        self.journal.format()
        self.kernel = Kernel(Interpreter(Program(compile_text(text).program)))
        self.state = State()

    def feed(self, kind: int, dt: int, *fields: Any) -> None:
        now = dt if kind == START else self.state.now + dt
        step = self.kernel.step(self.state, (kind, now, *fields))
        assert step is not None
        self.state = step.state
        self.journal.commit(STEP, step.record)

    def start(self, value: Any) -> None:
        digest = self.kernel.client.program.digest
        self.feed(START, EPOCH, self.state.execution + 1, digest, 7, value, None, 1)

    def run(self, day: int, checkpoint: bool = False) -> None:
        """One execution: four steps."""
        self.start({"day": day})
        self.feed(SUCCEEDED, 250, 1, {"moisture": 12.5})
        if checkpoint:
            self.journal.commit(CHECKPOINT, self.kernel.checkpoint(self.state))
        self.feed(SUCCEEDED, 20000, 2, "opened")
        self.feed(TIMER, 60000, 3)

    def save(self, change: dict[int, int] | None = None) -> Path:
        image = bytearray(self.flash.data)
        for at, mask in (change or {}).items():
            image[at] ^= mask
        self.path.write_bytes(image)
        return self.path
