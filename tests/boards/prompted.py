"""A board that has nothing but MicroPython's prompt: the unix port with a raw REPL, its root a
littlefs in a file, behind a socket. It begins anew when it ends, as a board does after a
reset; `pull` cuts the line after so many bytes, as a cable does."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import socket
import subprocess
import sys
import termios
import threading
from pathlib import Path

MICROPYTHON = Path(sys.executable).with_name("micropython")
START = Path(__file__).with_name("at_prompt.py")
BLOCK = 4096
BOOTED = b"its files are mounted\n"


class Prompted:
    def __init__(self, folder: Path, blocks: int = 352):
        self.image = folder / "flash.bin"
        if not self.image.exists():
            self.image.write_bytes(b"\xff" * (BLOCK * blocks))
        self.blocks = blocks
        self.starts = 0
        self.pull = None  # bytes from the computer until the cable is pulled
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = f"socket://127.0.0.1:{self._listening.getsockname()[1]}"
        self._ended = threading.Event()
        self._master = -1
        self._process = None
        self._booting = b""  # what it has said in its boot, None after that
        self._line = None
        self._dropped: list[socket.socket] = []
        self._begin()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join(20)
        self._end()
        for line in (self._listening, *self._dropped):
            line.close()

    def _begin(self):
        self._master, slave = pty.openpty()
        mode = termios.tcgetattr(slave)
        mode[0] = mode[1] = mode[3] = 0
        mode[3] = termios.ISIG  # Ctrl-C interrupts what runs; the prompt takes it by itself
        termios.tcsetattr(slave, termios.TCSANOW, mode)
        self._booting = b""
        said = BOOTED.decode().strip()
        command = [MICROPYTHON, "-i", START, self.image, str(self.blocks), said]
        self._process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            preexec_fn=_terminal,  # noqa: PLW1509  # no thread holds what it needs
        )  # fmt: skip
        os.close(slave)
        self.starts += 1

    def _end(self):
        self._process.kill()
        self._process.wait()
        os.close(self._master)

    def _serve(self):
        while not self._ended.is_set():
            # A Ctrl-C in the middle of its boot would leave it without its files.
            hears = self._line and self._booting is None
            places = [self._listening, self._master] + ([self._line] if hears else [])
            for place in select.select(places, [], [], 0.05)[0]:
                if place is self._listening:
                    self._next()
                elif place is self._line:
                    self._from_computer()
                elif place == self._master:
                    self._from_board()
            if self._process.poll() is not None:
                self._end()
                self._begin()
        self._drop()

    def _next(self):
        # What the one before has sent goes to the board first: a serial line loses nothing.
        while self._line and self._booting is None and select.select([self._line], [], [], 0)[0]:
            self._from_computer()
        self._drop()
        self._line = self._listening.accept()[0]

    def _from_computer(self):
        try:
            data = self._line.recv(4096)
        except OSError:
            data = b""
        if data and self.pull is not None:
            data = data[: self.pull]
            self.pull -= len(data)
        if data:
            os.write(self._master, data)
        if not data or self.pull == 0:
            self._drop()

    def _from_board(self):
        with contextlib.suppress(OSError):  # EIO: it has ended
            data = os.read(self._master, 4096)
            if self._booting is not None:
                self._booting += data
                if BOOTED not in self._booting:
                    return
                data = self._booting.partition(BOOTED)[2]
                self._booting = None
            if self._line and data:
                self._line.sendall(data)

    def _drop(self):
        # Only our half of it: pyserial (3.5) leaks its socket where the other half is gone, too.
        if self._line:
            with contextlib.suppress(OSError):
                self._line.shutdown(socket.SHUT_WR)
            self._dropped.append(self._line)
            self._line = None


def _terminal():
    import fcntl

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
