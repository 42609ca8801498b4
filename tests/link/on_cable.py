"""A real board process at the far end of a cable, and what a laptop knows of it otherwise."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests import interpreters
from tests.link.relay import Cable, Fault
from tsme import FileFlash, Regions
from tsme.journal import Journal
from tsme_host.compiler.compile import compile_text
from tsme_host.tools.link.smp_board import SmpBoard

DEVICE = Path(__file__).with_name("device.py")
BLOCK, BLOCKS = 4096, 64  # as device.py has it
PATIENCE = 60.0  # s, on a loaded machine
QUICK = 0.5  # s after which a lost answer is asked for again


class Board:
    """A board in a process; `options` as device.py takes them."""

    def __init__(self, folder: Path, interpreter: str, options: tuple[str, ...]) -> None:
        self.folder = folder
        for name in ("files", "programs"):
            (folder / name).mkdir(exist_ok=True)
        self.interpreter = interpreter
        self.options = options
        self.cable = Cable(folder)
        self.power()

    @property
    def port(self) -> str:
        return self.cable.port

    def power(self) -> None:
        """Power on."""
        self.process = subprocess.Popen(
            interpreters.command(self.interpreter, DEVICE, [self.folder, *self.options]),
            stdin=self.cable.board,
            stdout=self.cable.board,
            stderr=subprocess.PIPE,
            env=interpreters.environment(),
        )

    def cut(self) -> str:
        """Take the power away: what the board said on stderr."""
        if self.process.stderr is None or self.process.stderr.closed:
            return ""
        self.process.kill()
        return self.process.communicate()[1].decode()

    def client(self, timeout: float = PATIENCE, patience: float = PATIENCE) -> SmpBoard:
        made = SmpBoard(self.port, PATIENCE, patience)
        made.session.timeout = timeout
        return made

    def faulty(self, faults: list[Fault]) -> None:
        """These happen from here on."""
        counted = self.cable.counted
        for fault in faults:
            fault.at += counted[fault.way]
        self.cable.faults = faults

    def records(self, name: str) -> list[tuple[int, int, bytes]]:
        """(number, kind, body) of what is in its flash."""
        flash = FileFlash(str(self.folder / "flash.bin"), BLOCK, BLOCKS, False)
        try:
            found = Journal(Regions(flash).open(name)).records()
            return [(number, kind, body) for number, kind, body, _, _ in found]
        finally:
            flash.close()


@contextmanager
def board(folder: Path, interpreter: str = "micropython", *options: str) -> Iterator[Board]:
    interpreters.require(interpreter)
    made = Board(folder, interpreter, options)
    try:
        yield made
    finally:
        said = made.cut()
        made.cable.close()
    assert not said, said


def records_of(path: str) -> list[tuple[int, int, bytes]]:
    """(number, kind, body) of an image."""
    from tsme_host.tools.journal.image import image_of

    flash = image_of(path, Path(path).read_bytes())
    damage: list[Any] = []
    found = list(Journal(flash, flash.slot).records(lambda *what: damage.append(what)))
    assert not damage
    return [(number, kind, body) for number, kind, body, _, _ in found]


# As many steps as items, and a bit.
MANY = """{"StartAt": "Each", "States": {"Each": {"Type": "Map", "MaxConcurrency": 1, "End": true,
  "ItemProcessor": {"StartAt": "Greet", "States": {"Greet": {
    "Type": "Task", "Resource": "greet", "End": true}}}}}}"""
WAIT = """{"StartAt": "Wait", "States": {
  "Wait": {"Type": "Wait", "Seconds": 86400, "End": true}}}"""


def program(text: str) -> bytes:
    return bytes(compile_text(text, "flow.asl.json").data)
