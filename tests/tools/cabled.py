"""A board on MicroPython behind a cable, for tests of commands: it restarts when it is told."""

from __future__ import annotations

import subprocess
import threading
from pathlib import Path
from typing import Any

from tests import interpreters
from tests.link.relay import Cable

DEVICE = Path(__file__).with_name("board_device.py")
RESTART = 7


class Cabled:
    """A board; `port` is what --port takes, `folder` its flash."""

    def __init__(
        self,
        folder: Path,
        interpreter: str = "micropython",
        prefix: tuple[str, ...] = (),
        **options: str,
    ) -> None:
        interpreters.require(interpreter)
        self.folder = folder
        folder.joinpath("flash").mkdir(parents=True)
        self.flash = folder / "flash"
        self.flash.joinpath("programs").mkdir()
        self.cable = Cable(folder)
        self.port = self.cable.port
        self.options = options
        self.prefix = prefix
        self.interpreter = interpreter
        self.boots = 0
        self.said = ""
        self.ended = False
        self.cuts = 0
        self.process: subprocess.Popen[bytes] | None = None
        self.thread = threading.Thread(target=self._live, daemon=True)
        self.thread.start()

    def _start(self) -> subprocess.Popen[bytes]:
        self.boots += 1
        given = [f"{name}={value}" for name, value in self.options.items()]
        command = interpreters.command(
            self.interpreter, DEVICE, [self.flash, *given, f"boots={self.boots}"]
        )
        return subprocess.Popen(
            [*self.prefix, *command], stdin=self.cable.board, stdout=self.cable.board,
            stderr=subprocess.PIPE, env=interpreters.environment(),
        )  # fmt: skip

    def _live(self) -> None:
        while not self.ended:
            self.process = self._start()
            _, said = self.process.communicate()
            self.said += said.decode()
            if self.process.returncode != RESTART and not self.cuts:
                return
            self.cuts = 0

    def cut(self) -> None:
        """The power fails, and is back at once."""
        assert self.process
        self.cuts = 1
        self.process.kill()

    def close(self) -> str:
        """Take the power away; what it had to say on stderr."""
        self.ended = True
        if self.process:
            self.process.kill()
        self.thread.join(30)
        self.cable.close()
        return self.said

    def __enter__(self) -> Cabled:
        return self

    def __exit__(self, kind: Any, *_: object) -> None:
        said = self.close()
        assert kind or not said, said
