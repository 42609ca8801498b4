"""A cable between a board's process and a laptop's client: it counts bytes, loses some, is pulled.

The board has one end of a pty, the client another, whose name `port` stays when the cable is
pulled and put in again.
"""

from __future__ import annotations

import contextlib
import os
import pty
import select
import threading
import tty
from dataclasses import dataclass, field
from pathlib import Path

TO_BOARD, TO_LAPTOP = 0, 1


@dataclass
class Fault:
    """What happens once byte `at` of a direction has come: it and the following are lost up to
    `lost` bytes, and the cable is pulled if `pulled`."""

    way: int
    at: int
    lost: int = 0
    pulled: bool = False


@dataclass
class Cable:
    """`board`: the file descriptor that the board's process has as its line."""

    folder: Path
    faults: list[Fault] = field(default_factory=list)
    counted: list[int] = field(default_factory=lambda: [0, 0])
    pulls: int = 0

    def __post_init__(self) -> None:
        self.port = str(self.folder / "port")
        self._far, self.board = _raw_pty()
        self._near = self._held = -1
        self._stop, self._wake = os.pipe()
        self._pulled = threading.Event()
        self._plug()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        os.write(self._wake, b"q")
        self._thread.join(10)
        for handle in (self._far, self._near, self._held, self._stop, self._wake, self.board):
            with contextlib.suppress(OSError):
                os.close(handle)

    def pull(self) -> None:
        """Pull the cable and put it in again: whoever had the port has it no more."""
        self._pulled.clear()
        os.write(self._wake, b"p")
        self._pulled.wait()

    def _pull(self) -> None:
        self.pulls += 1
        old = self._near, self._held
        self._plug()  # before: a name that is free could be another cable's by then
        for handle in old:
            os.close(handle)

    def _plug(self) -> None:
        self._near, self._held = _raw_pty()
        beside = Path(self.port + "~")
        beside.symlink_to(os.ttyname(self._held))
        beside.replace(self.port)

    def _run(self) -> None:
        while True:
            ready, _, _ = select.select([self._far, self._near, self._stop], [], [])
            if self._stop in ready:
                if os.read(self._stop, 1) == b"q":
                    return
                self._pull()
                self._pulled.set()
                continue
            for way, source in ((TO_LAPTOP, self._far), (TO_BOARD, self._near)):
                if source in ready:
                    try:
                        data = os.read(source, 4096)
                    except OSError:
                        continue
                    if self._carry(way, data):
                        break  # the cable is another one now

    def _carry(self, way: int, data: bytes) -> bool:
        pulled = False
        passed = bytearray()
        for byte in data:
            at = self.counted[way]
            self.counted[way] += 1
            lost = False
            for fault in self.faults:
                if fault.way == way and fault.at <= at:
                    if at < fault.at + fault.lost:
                        lost = True
                    elif fault.pulled:
                        pulled = True
            self.faults = [
                f for f in self.faults if f.way != way or at < f.at + f.lost - (not f.pulled)
            ]
            if pulled:
                break
            if not lost:
                passed.append(byte)
        _write(self._near if way == TO_LAPTOP else self._far, bytes(passed))
        if pulled:
            self._pull()
        return pulled


def _write(handle: int, data: bytes) -> None:
    while data:
        try:
            data = data[os.write(handle, data) :]
        except BlockingIOError:
            select.select([], [handle], [], 1)
        except OSError:
            return


def _raw_pty() -> tuple[int, int]:
    """(one end, the other), of which neither changes a byte or echoes it."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    return master, slave
