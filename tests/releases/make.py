"""Journals as this release writes them: `python -m tests.releases.make FOLDER`.

Made once for each behaviour of the engine and kept for ever: what executions of earlier releases
lead to must stay what it was, or be refused by name (docs/SPEC.md, 3.5).  For each case there are
NAME.asl.json (or machine.py), NAME.tsm and NAME.bin, the journal of a device that lost its power.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import tsme
from tests.releases.machine import Meter
from tsme_host.compiler.compile import compile_text

EPOCH = 1767225600000  # 2026-01-01
BLOCK, BLOCKS = 512, 16

RETRY: Any = {
    "StartAt": "Read",
    "TimeoutSeconds": 86400,
    "States": {
        "Read": {
            "Type": "Task",
            "Resource": "read",
            "ResultPath": "$.soil",
            "Assign": {"tries.$": "States.MathAdd($$.State.RetryCount, 1)"},
            "Retry": [{"ErrorEquals": ["Busy"], "JitterStrategy": "FULL", "MaxAttempts": 3}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.e", "Next": "Rest"}],
            "Next": "Rest",
        },
        "Rest": {"Type": "Wait", "Seconds": 3600, "Next": "Dry?"},
        "Dry?": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.soil", "NumericLessThan": 300, "Next": "Read"}],
            "Default": "Done",
        },
        "Done": {"Type": "Pass", "Parameters": {"id.$": "States.UUID()"}, "End": True},
    },
}
WAITS = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 60, "End": True}}}
READS = {
    "StartAt": "T",
    "States": {
        "T": {"Type": "Task", "Resource": "read", "ResultPath": "$.v", "Next": "S"},
        "S": {"Type": "Wait", "SecondsPath": "$.s", "End": True},
    },
}
TREE: Any = {
    "StartAt": "Both",
    "States": {
        "Both": {
            "Type": "Parallel",
            "Assign": {"all.$": "$"},
            "Branches": [
                WAITS,
                {
                    "StartAt": "Each",
                    "States": {
                        "Each": {
                            "Type": "Map",
                            "ItemsPath": "$.items",
                            "MaxConcurrency": 2,
                            "ItemSelector": {"s.$": "$$.Map.Item.Value", "of.$": "$.name"},
                            "ItemProcessor": READS,
                            "End": True,
                        }
                    },
                },
            ],
            "End": True,
        }
    },
}
VALUES: dict[str, Any] = {"retry": {"n": 1}, "tree": {"items": [30, 90, 150], "name": "bed"}}


class Cut(Exception):
    """The power has gone."""


class Board:
    """An engine in virtual time, whose power goes after so many ms."""

    def __init__(self, folder: Path, name: str, program: Any) -> None:
        self.busy = name != "tree"
        self.now = EPOCH
        self.until = EPOCH
        self.calls = 0
        flash = tsme.FileFlash(str(folder / f"{name}.bin"), BLOCK, BLOCKS)
        tasks = tsme.Tasks()
        tasks.task("read")(self.read)
        journal = tsme.Journal(flash, buffer=256)
        self.engine = tsme.Engine(program, journal, self.clock, self.sleep, lambda: 7, tasks)

    def clock(self) -> int:
        return self.now

    def read(self, payload: Any) -> Any:
        self.calls += 1
        self.now += 250
        if self.busy and self.calls % 3:
            raise tsme.TaskError("Busy", "the sensor is busy")
        return 280 + 5 * self.calls

    def sleep(self, ms: int) -> None:
        if self.now + ms > self.until:
            raise Cut
        self.now += ms

    def run(self, value: Any, ms: int) -> None:
        """Run until the execution ends, or for so long."""
        self.until = self.now + ms
        with suppress(Cut):
            self.engine.run_sync(value)

    def checkpoint(self) -> None:
        engine = self.engine
        assert engine.journal
        engine.journal.checkpoint(engine.kernel.checkpoint(engine.state))


def make(folder: Path) -> None:
    """Write all cases into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.bin"):
        old.unlink()
    for name, flow in (("retry", RETRY), ("tree", TREE)):
        text = json.dumps(flow, indent=1) + "\n"
        compiled = compile_text(text, f"{name}.asl.json")
        (folder / f"{name}.asl.json").write_text(text)
        (folder / f"{name}.tsm").write_bytes(compiled.data)
        board = Board(folder, name, tsme.Program(compiled.program))
        if name == "retry":
            board.run(VALUES[name], 1 << 40)  # one that has ended
            board.run(VALUES[name], 4000_000)  # and one in its second hour
        else:
            board.run(VALUES[name], 20_000)
            board.checkpoint()
            board.run(VALUES[name], 70_000)
    board = Board(folder, "machine", Meter)
    board.run({"every": 60_000}, 150_000)
    board.checkpoint()
    board.run(None, 100_000)


if __name__ == "__main__":
    make(Path(sys.argv[1]))
