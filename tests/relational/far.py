"""A process with relational machines at a TCP port, for tests; its flash outlives it."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import interpreters
from tests.link.wire import Wire

SCRIPT = interpreters.ROOT / "tests" / "relational" / "remote_device.py"
PATIENCE = 60.0  # s, on a loaded machine


class Far:
    """A process with the machines `relay` and `many`, at a TCP port; its flash outlives it."""

    def __init__(self, folder: Path, on: str = "cpython", *options: str) -> None:
        interpreters.require(on)
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.number = s.getsockname()[1]
        self.port = f"tcp://127.0.0.1:{self.number}"
        self.on = on
        for name in ("files", "programs"):
            (folder / name).mkdir(exist_ok=True)
        words: list[str | Path] = [folder, f"tcp={self.number}", "clients=3", *options]
        self.command = interpreters.command(on, SCRIPT, words)
        self.power()

    def power(self) -> None:
        self.process = subprocess.Popen(
            self.command, env=interpreters.environment(self.on), stdout=subprocess.PIPE
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == b"listening\n"

    def cut(self) -> None:
        self.process.kill()
        self.process.communicate()

    @contextmanager
    def wire(self) -> Iterator[Wire]:
        """Another client, that knows SPEC alone."""
        with socket.create_connection(("127.0.0.1", self.number), PATIENCE) as s:
            yield Wire(s.fileno())
