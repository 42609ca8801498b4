"""A user's own path on each emulated board: emulate, push, cut the power, pull, replay."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.boards.emulation import QEMU, emulated
from tests.tools.shell import COMMAND, spawn

# Long enough for the power to fail in the middle of it; the Wait is one of ms, not of hours.
FLOW = """{
  "StartAt": "Measure",
  "States": {
    "Measure": {"Type": "Task", "Resource": "measure", "ResultPath": "$.soil", "Next": "Rest"},
    "Rest": {"Type": "Wait", "Seconds": 8, "Next": "Water"},
    "Water": {"Type": "Task", "Resource": "water", "ResultPath": null, "End": true}
  }
}
"""


class Emulator:
    """`tsme emulate` in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout
        self.port = process.stdout.readline().strip()
        assert self.port.startswith("socket://"), process.stderr and process.stderr.read()
        self.said()

    def said(self) -> str:
        """The next of its remarks."""
        assert self.process.stderr
        return self.process.stderr.readline()

    def cut(self) -> None:
        """The power is gone for a moment."""
        self.process.send_signal(signal.SIGUSR1)
        assert "the power was gone, and is back" in self.said()


@contextmanager
def running(folder: Path) -> Iterator[Emulator]:
    command = [str(COMMAND), "emulate"]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | {"XDG_RUNTIME_DIR": str(folder / ".run")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Emulator(process)
        finally:
            process.send_signal(signal.SIGINT)


def tsme(folder: Path, *args: str, code: int = 0) -> str:
    done = spawn(*args, cwd=folder, timeout=300, XDG_RUNTIME_DIR=str(folder / ".run"))
    assert done.returncode == code, (args, done.stdout, done.stderr)
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", QEMU)
def test_a_newcomer_cuts_the_power_of_a_board_and_replays_what_it_did(name: str, tmp_path: Path):
    with emulated(name, tmp_path / "unused"):
        pass  # the firmware is there
    tsme(tmp_path, "init", "garden", "--board", name)
    garden = tmp_path / "garden"
    (garden / ".run").mkdir(mode=0o700)
    (garden / "soil.asl.json").write_text(FLOW, encoding="utf-8")
    with running(garden) as board:
        assert board.port in tsme(garden, "ports")
        tsme(garden, "push", "soil", "--no-logs")
        assert re.search(r"soil\s+running", tsme(garden, "ps"))
        board.cut()
        # Nobody has set its clock again: it goes on from its last step.
        assert re.search(r"soil\s+running", tsme(garden, "ps"))
        tsme(garden, "start", "soil", "--wait")  # of what is under way, that is its end
        assert "water!" in tsme(garden, "logs")
        assert re.search(r"soil\s+succeeded", tsme(garden, "ps"))
        tsme(garden, "journal", "pull")
    shown = tsme(garden, "journal", "show", "soil.bin")
    assert "succeeded" in shown
    assert "identical" in tsme(garden, "replay", "soil.bin")
    effects = tsme(garden, "journal", "effects", "soil.bin", "--tasks", "tasks.py")
    assert "exactly once" in effects
    with running(garden) as board:  # the flash has kept all of it
        assert re.search(r"soil\s+succeeded", tsme(garden, "ps"))
