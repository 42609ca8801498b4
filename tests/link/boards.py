"""A board on MicroPython behind a pty, as a cable shows it."""

from __future__ import annotations

import os
import pty
import subprocess
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from smpclient import SMPClient
from smpclient.transport.serial import SMPSerialTransport

from tests import interpreters

DEVICE = Path(__file__).with_name("device.py")
PATIENCE = 60.0  # s, on a loaded machine


class Cabled:
    """A board in a process; `port` is what a client opens."""

    def __init__(self, folder: Path, interpreter: str, script: Path, *options: str) -> None:
        self.folder = folder
        for name in ("files", "programs"):
            (folder / name).mkdir(exist_ok=True)
        self.cable, board = pty.openpty()
        tty.setraw(board)
        tty.setraw(self.cable)
        # The board has the master: then a client may close and open its end as often as it likes.
        self.port = os.ttyname(board)
        self.end = board
        command = interpreters.command(interpreter, script, [folder, *options])
        self.process = subprocess.Popen(
            command,
            stdin=self.cable,
            stdout=self.cable,
            stderr=subprocess.PIPE,
            env=interpreters.environment(),
        )

    def close(self) -> str:
        """Take the power away: what it had to say on stderr."""
        self.process.kill()
        _, said = self.process.communicate()
        os.close(self.cable)
        os.close(self.end)
        return said.decode()


@contextmanager
def cabled(
    folder: Path, interpreter: str = "micropython", *options: str, script: Path = DEVICE
) -> Iterator[Cabled]:
    interpreters.require(interpreter)
    board = Cabled(folder, interpreter, script, *options)
    try:
        yield board
    finally:
        said = board.close()
    assert not said, said


def client(board: Cabled) -> SMPClient:
    return SMPClient(SMPSerialTransport(), board.port, timeout_s=PATIENCE)


async def ask(c: SMPClient, request: Any) -> Any:
    return await c.request(request, timeout_s=PATIENCE)
