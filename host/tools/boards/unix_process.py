"""The unix board: MicroPython in a process, its stdin and stdout as the port.

The process that Emulated starts is this module: it keeps MicroPython running, begins it anew when
it has reset itself (exit code 1), and gives one client at a time its line.
"""

from __future__ import annotations

import os
import selectors
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import tsme

from ..errors import HostError
from . import settings
from .emulators import Emulated, build_folder, die_with_us

_RESET = 1  # exit code of MicroPython when main.py resets the board


class UnixProcess(Emulated):
    """A board in a process; its files and its journal are in `folder`."""

    keeps = ("journal.bin", "boot.txt", "board.json", "programs")

    def check(self) -> None:
        """TSME-B020 without MicroPython."""
        self.program = build_folder() / "micropython" / "unix" / "micropython"
        if not self.program.is_file():
            raise HostError("TSME-B020", "MicroPython is not built", "in the clone: make setup")

    @property
    def flash(self) -> Path:
        """The journals."""
        return self.folder / "journal.bin"

    def launch(self) -> subprocess.Popen[bytes]:
        """MicroPython on the files as they are."""
        settings.install(self.board, self.folder)
        number = self.listener.fileno()
        mine = [sys.executable, "-m", __name__, str(number)]
        command = [str(self.program), "-X", f"heapsize={self.board.heap}", "main.py"]
        lib = Path(tsme.__file__).resolve().parents[1]
        paths = os.pathsep.join(path for path in sys.path if path)
        with self._log.open("wb") as log:
            return subprocess.Popen(
                [*mine, *command],
                cwd=self.folder,
                env=os.environ | {"MICROPYPATH": f"{lib}:.frozen", "PYTHONPATH": paths},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                pass_fds=(number,),
                process_group=0,
                preexec_fn=die_with_us,  # noqa: PLW1509  # no thread here holds what it needs
            )

    def said(self) -> str:
        """What MicroPython complained of."""
        return self._log.read_text(encoding="utf-8", errors="replace").strip()

    @property
    def _log(self) -> Path:
        return self.folder / "micropython.log"


def serve(listener: socket.socket, command: Sequence[str]) -> int:
    """Run the command, anew whenever it resets itself; its exit code when it ends otherwise."""
    peer: socket.socket | None = None
    while True:
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            preexec_fn=die_with_us,  # noqa: PLW1509  # no thread here holds what it needs
        ) as process:
            peer = _pass_on(listener, peer, process)
        if process.returncode != _RESET:
            return process.returncode


def _pass_on(
    listener: socket.socket, peer: socket.socket | None, process: subprocess.Popen[bytes]
) -> socket.socket | None:
    """Pass bytes on until the process ends; who is connected then, stays."""
    assert process.stdin
    assert process.stdout
    with selectors.DefaultSelector() as ready:
        ready.register(process.stdout, selectors.EVENT_READ)
        ready.register(peer or listener, selectors.EVENT_READ)
        while True:
            for key, _ in ready.select():
                if key.fileobj is process.stdout:
                    data = os.read(process.stdout.fileno(), 65536)
                    if not data:
                        return peer
                    if peer is not None:
                        _send(peer, data)
                elif key.fileobj is listener:
                    peer = listener.accept()[0]
                    ready.unregister(listener)  # one at a time
                    ready.register(peer, selectors.EVENT_READ)
                elif peer is not None:
                    if got := _received(peer):
                        _write(process, got)
                    else:
                        ready.unregister(peer)
                        peer.close()
                        peer = None
                        ready.register(listener, selectors.EVENT_READ)


def _received(peer: socket.socket) -> bytes:
    try:
        return peer.recv(65536)
    except OSError:
        return b""


def _send(peer: socket.socket, data: bytes) -> None:
    with suppress(OSError):  # that it is gone shows when it is read
        peer.sendall(data)


def _write(process: subprocess.Popen[bytes], data: bytes) -> None:
    assert process.stdin
    with suppress(OSError):  # it is about to end
        process.stdin.write(data)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as line:
        sys.exit(serve(line, sys.argv[2:]))
