"""An ESP chip at a socket: esp32-mock-bootloader's ROM and stub, over a flash that the test owns.

The port takes what a board's would: whoever begins as esptool does talks to the boot loader,
whoever begins otherwise to what the chip runs (`program`, a function of the connection). `cut`
ends the line after so many bytes, as a cable does that is pulled.
"""

from __future__ import annotations

import contextlib
import socket
import threading

from esp32_mock_bootloader import server

server._CLIENT_RECV_TIMEOUT = 5.0  # on a busy machine esptool does not answer within its 50 ms


class Rom:
    def __init__(self, chip="esp32", size=4 << 20):
        self.flash = server.FlashImage()
        self.flash.data = bytearray(b"\xff" * size)
        server.protocol.MOCK_FLASH_ID = 0x4020 | (size - 1).bit_length() << 16
        self.chip = chip
        self.cut = None  # bytes from the computer until the cable is pulled
        self.program = None
        self.sessions = 0
        self._stop = threading.Event()
        self._lines = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = f"socket://127.0.0.1:{self._listening.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stop.set()
        socket.create_connection(self._listening.getsockname()).close()  # accept() comes back
        self._thread.join(20)
        for one in (self._listening, *self._lines):
            one.close()

    def _serve(self):
        while not self._stop.is_set():
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            self._lines.append(line)
            with contextlib.suppress(OSError):
                first = line.recv(1, socket.MSG_PEEK)
                if first and first != b"\xc0" and self.program:
                    self.program(line)
                elif first:
                    self.sessions += 1
                    self._boot_loader(line)

    def _boot_loader(self, line):
        """The line is relayed, so that it can be cut anywhere."""
        inner, outer = socket.socketpair()
        served = threading.Thread(target=self._answer, args=(inner,), daemon=True)
        served.start()
        back = threading.Thread(target=_relay, args=(outer, line), daemon=True)
        back.start()
        with contextlib.suppress(OSError):
            while data := line.recv(4096):
                if self.cut is not None:
                    data = data[: self.cut]
                    self.cut -= len(data)
                outer.sendall(data)
                if self.cut == 0:
                    break
        _shut(outer)
        with contextlib.suppress(OSError):
            line.shutdown(
                socket.SHUT_WR
            )  # pyserial (3.5) leaks its socket if both halves are gone
        served.join(10)
        back.join(10)
        outer.close()
        self.flash.end_defl()

    def _answer(self, inner):
        with contextlib.suppress(OSError), inner:
            connection = server.BootloaderConnection(sock=inner)
            ended = threading.Event()
            server.handle_client(
                connection, ended, self.chip, exit_on_disconnect=True, flash=self.flash
            )


def _relay(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(4096):
            target.sendall(data)


def _shut(line):
    with contextlib.suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)
