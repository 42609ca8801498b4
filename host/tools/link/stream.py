"""A port as a stream of bytes, and SMP messages in it as lines of text (docs/SPEC.md, 8.1).

smpclient opens plain serial ports alone, and reads them by polling; this opens whatever pyserial
has a URL for, and waits for bytes where the port can be waited for.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import select
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import serial
from smp.packet import encode
from smpclient.transport import SMPTransport, SMPTransportDisconnected

from .failures import of_opening

BAUD = 115200
_FIRST = b"\x06\x09"
_NEXT = b"\x04\x14"
_PUSH = 5  # an operation that no request has, and no answer
LINE = 128  # as smp.packet counts: lines of 127 bytes
_WAIT = 0.02  # s
_LONGEST = 4096  # bytes of a line; what is longer is none of ours
_READ = 4096


def url_of(port: str) -> str:
    """What pyserial calls a port."""
    return "socket://" + port.removeprefix("tcp://") if port.startswith("tcp://") else port


def opened(port: str) -> Any:
    """The port, open, for us alone where the system can do that.  Raises HostError."""
    url = url_of(port)
    options = {} if "://" in url else {"exclusive": True, "write_timeout": 5}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of pyserial, about threads
            return serial.serial_for_url(url, BAUD, timeout=0, **options)
    except (OSError, ValueError, AttributeError) as error:  # also SerialException
        raise of_opening(port, error) from None


class Lines:
    """Puts messages together from whatever arrives; all else is text of the board."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._packet = bytearray()
        self._open = False  # a first line was there
        self.text = bytearray()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The messages that end in these bytes."""
        self._rest += data
        while True:
            found = [at for at in (self._rest.find(_FIRST), self._rest.find(_NEXT)) if at >= 0]
            if not found:
                keep = int(self._rest.endswith((b"\x06", b"\x04")))
                self._say(len(self._rest) - keep)
                return
            self._say(min(found))
            end = self._rest.find(b"\n")
            again = [
                at for at in (self._rest.find(_FIRST, 2), self._rest.find(_NEXT, 2)) if at > 0
            ]
            if again and (end < 0 or min(again) < end):  # the end of this line is lost
                self._open = False
                del self._rest[: min(again)]
                continue
            if end < 0:
                if len(self._rest) > _LONGEST:
                    self._say(2)
                    continue
                return
            line = bytes(self._rest[:end])
            del self._rest[: end + 1]
            message = self._line(line)
            if message is not None:
                yield message

    def _say(self, length: int) -> None:
        self.text += self._rest[:length]
        del self._rest[:length]

    def _line(self, line: bytes) -> bytes | None:
        if line.startswith(_FIRST):
            self._packet.clear()
            self._open = True
        elif not self._open:
            return None
        try:
            self._packet += base64.b64decode(line[2:].rstrip(b"\r"), validate=True)
        except binascii.Error:
            self._open = False
            return None
        size = int.from_bytes(self._packet[:2], "big") + 2
        if len(self._packet) < max(size, 4):
            return None
        self._open = False
        message = bytes(self._packet[2 : size - 2])
        crc = int.from_bytes(self._packet[size - 2 : size], "big")
        return message if len(message) >= 8 and binascii.crc_hqx(message, 0) == crc else None


class Transport(SMPTransport):
    """What a session needs of a way to a board, beside messages.

    `echoed`: the line has sent a request back, as a terminal or a prompt does.  `seen`: the last
    text of the board, which `on_text` gets, too.
    """

    def __init__(self, on_text: Callable[[str], None] | None = None) -> None:
        self._on_text = on_text
        self.on_push: Callable[[bytes], None] | None = None  # called with each push
        self.echoed = False
        self.seen = bytearray()

    @property
    def open(self) -> bool:
        """Is there a port?"""
        raise NotImplementedError

    @property
    def mtu(self) -> int:
        """Bytes of a packet, as the board has said; before, what every board takes."""
        return self._smp_server_transport_buffer_size or 128

    @property
    def max_unencoded_size(self) -> int:
        """Bytes of a message: the packet has 4 more."""
        return self.mtu - 4

    async def read(self) -> bytes:
        """What has arrived; waits a moment if that is nothing."""
        raise NotImplementedError

    async def listen(self, seconds: float, wake: int) -> None:
        """Take what is pushed, for so long, or until the file descriptor `wake` can be read."""
        raise NotImplementedError

    def tell(self, text: bytes | bytearray) -> None:
        """The board has said something that is no answer."""
        if text:
            self.seen = (self.seen + text)[-_LONGEST:]
            if self._on_text:
                self._on_text(text.decode(errors="replace"))


class PortTransport(Transport):
    """smpclient's transport over a port of `opened`.

    An answer to another request than the last is passed over: it came late.
    """

    def __init__(self, on_text: Callable[[str], None] | None = None) -> None:
        super().__init__(on_text)
        self._port: Any = None
        self._lines = Lines()
        self._waits = False  # can the port be waited for?

    async def connect(self, address: str, timeout_s: float) -> None:  # noqa: ARG002  # as smpclient calls it
        """Open the port.  Raises HostError."""
        self._lines = Lines()
        self.echoed = False
        self.seen.clear()
        self._port = opened(address)
        try:
            select.select([self._port.fileno()], [], [], 0)
            self._waits = True
        except (OSError, ValueError, AttributeError, TypeError):
            self._waits = False

    async def disconnect(self) -> None:
        """Give the port back."""
        port, self._port = self._port, None
        if port is not None:
            line = getattr(port, "_socket", None)
            with contextlib.suppress(OSError):  # it is gone
                port.close()
            if line is not None:  # pyserial leaves one open that the other side has closed
                line.close()

    @property
    def open(self) -> bool:
        return self._port is not None

    async def send(self, data: bytes) -> None:
        """Send a message.  An LF before it ends whatever of a line was lost on the way."""
        await self._do(lambda: self._port.write(b"\n" + b"".join(encode(data, LINE))))

    async def receive(self) -> bytes:
        """The next message, whichever it is."""
        while True:
            for message in self._lines.feed(await self.read()):
                return message

    async def send_and_receive(self, data: bytes) -> bytes:
        """Send a message and wait for its answer."""
        await self.send(data)
        while True:
            for message in self._lines.feed(await self.read()):
                self._tell()
                if self._pushed(message):
                    continue
                if message[0] & 1 == 0:
                    self.echoed = True
                elif message[6] == data[6] and message[4:6] == data[4:6]:
                    return message
            self._tell()

    async def listen(self, seconds: float, wake: int) -> None:
        for message in self._lines.feed(await self._read(seconds, [wake])):
            self._pushed(message)
        self._tell()

    def _pushed(self, message: bytes) -> bool:
        if message[0] & 7 != _PUSH:
            return False
        if self.on_push:
            self.on_push(message)
        return True

    async def read(self) -> bytes:
        return await self._read(_WAIT, [])

    async def _read(self, seconds: float, wakes: list[int]) -> bytes:
        await asyncio.sleep(0)  # the time limit around this can strike
        if self._waits:
            await self._do(lambda: select.select([self._port.fileno(), *wakes], [], [], seconds))
        elif not await self._do(lambda: self._port.in_waiting):
            time.sleep(0.002)  # nobody else is in this loop
        return bytes(await self._do(lambda: self._port.read(_READ)))

    async def _do(self, work: Callable[[], Any]) -> Any:
        if self._port is None:
            raise SMPTransportDisconnected("the port is closed")
        try:
            return work()
        except (OSError, TypeError, ValueError, AttributeError) as error:
            raise SMPTransportDisconnected(str(error)) from None

    def _tell(self) -> None:
        text, self._lines.text = self._lines.text, bytearray()
        self.tell(text)
