"""Emulated boards: real firmware on an emulated chip, with a flash that outlives it in a file.

`tsme emulate` and tests use them alike.  The port is this process's own, so that it stays the same
while the board has no power; what a client says meanwhile waits.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import shutil
import signal
import socket
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from ..errors import HostError
from .board_file import Board
from .board_file import folder as boards_folder

_PDEATHSIG = 1  # of prctl(2)
FOLDER = ".tsme"  # beside a project's files: what its emulated boards keep
# Where the class of a kind is.
KINDS = {
    "qemu": "qemu:Qemu",
    "rp2040js": "rp2040js_port:Rp2040js",
    "unix": "unix_process:UnixProcess",
}


def build_folder() -> Path:
    """The folder that setup builds firmware into."""
    return Path(os.environ.get("TSME_BUILD") or boards_folder().parents[1] / "build")


class Emulated(ABC):
    """A board in an emulator; off at first.  A context manager, which takes the power away.

    `folder` keeps its flash.  `listener` is a socket that listens on 127.0.0.1; left out, one on
    `number`, 0 for any free port.  Raises HostError TSME-B020 if its firmware is not built,
    TSME-B021 if the emulator is not installed, TSME-B022 if the port is taken, TSME-B025 if the
    flash is another one's.
    """

    keeps: tuple[str, ...] = ("flash.bin",)  # what is gone when it is new

    def __init__(self, board: Board, folder: Path, number: int = 0) -> None:
        self.board = board
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        self.check()
        self._lock = _locked(board, folder)
        try:
            self.listener = _listener(number)
        except HostError:
            self._lock.close()
            raise

    @property
    def address(self) -> str:
        """The port as --port takes it."""
        return f"socket://127.0.0.1:{self.listener.getsockname()[1]}"

    @property
    def flash(self) -> Path:
        """The file that its flash is kept in."""
        return self.folder / "flash.bin"

    @abstractmethod
    def check(self) -> None:
        """Raise HostError if something is missing here to run it."""

    def said(self) -> str:
        """What the emulator complained of."""
        return ""

    @abstractmethod
    def launch(self) -> subprocess.Popen[bytes]:
        """Start the emulator on `flash` and `listener`."""

    def renew(self) -> None:
        """A flash that nobody has used, the next time it has power."""
        for name in self.keeps:
            path = self.folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def power_on(self) -> None:
        """The board begins.  Nothing happens if it is on."""
        if not self.is_on():
            self.process = self.launch()

    def cut(self) -> None:
        """The power is gone, at whatever instruction it was; the flash stays as it was then."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def is_on(self) -> bool:
        """Has it power, and does it run?"""
        return self.process is not None and self.process.poll() is None

    def wait(self, seconds: float | None = None) -> bool:
        """Wait for the emulator to end, which only a fault makes it do; False: it goes on."""
        if self.process is None:
            return True
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def close(self) -> None:
        """Take the power away, and give the port back."""
        self.cut()
        self.listener.close()
        self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def emulated(board: Board, folder: Path, number: int = 0) -> Emulated:
    """The emulator of a board, which is off.  Raises HostError TSME-B023 if it has none."""
    if board.emulator is None or board.emulator.kind not in KINDS:
        from .board_file import chosen  # noqa: PLC0415

        there = chosen(lambda one: one.emulator is not None and one.emulator.kind in KINDS)
        hint = "there are " + ", ".join(one.name for one in there)
        raise HostError("TSME-B023", f'the board "{board.name}" has no emulator here', hint)
    module, _, name = KINDS[board.emulator.kind].partition(":")
    kind: Callable[[Board, Path, int], Emulated] = getattr(
        import_module(f"..{module}", __name__), name
    )
    return kind(board, folder, number)


def built_firmware(board: Board, name: str = "firmware.elf") -> Path:
    """The firmware that `make firmware` builds.  Raises HostError TSME-B020 if it has not."""
    path = build_folder() / "firmware" / board.name / name
    if not path.is_file():
        raise HostError(
            "TSME-B020",
            f"the firmware of {board.name} is not built",
            f"in the clone of tsme: make firmware BOARD={board.name}",
        )
    return path


def _locked(board: Board, folder: Path) -> IO[bytes]:
    """A file that is locked as long as it is open: a flash is in one board only."""
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / "lock").open("wb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        raise HostError(
            "TSME-B025",
            f'the flash of {board.name} in "{folder}" is in use',
            "it runs already: tsme ports; or keep another one with --folder",
        ) from None
    return file


def _listener(number: int) -> socket.socket:
    try:
        made = socket.create_server(("127.0.0.1", number), backlog=4)
    except OSError as error:
        raise HostError(
            "TSME-B022",
            f"port {number} of this computer cannot be had: {error.strerror}",
            "take another one, or leave --listen out",
        ) from None
    made.set_inheritable(True)
    return made


def die_with_us() -> None:
    """For a child between fork and exec: when we are gone, however, it goes, too."""
    ctypes.CDLL(None).prctl(_PDEATHSIG, signal.SIGKILL)
