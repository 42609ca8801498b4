"""A board at its MicroPython prompt, through mpremote: what it is, its files, written and
compared.

No soft reset: it runs boot.py, and on some boards ends the connection. Ctrl-C ends what runs;
a program that takes the heap with it is asked to give it back.
"""

from __future__ import annotations

import ast
import contextlib
import io
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from ..errors import HostError
from ..link import failures

PATIENCE = 20.0  # seconds that a board may take to boot, or its port to come back
_ANSWER = 30.0  # seconds for one command
_CHUNK = 1024
_AGAIN = "plug the board in again; the same command goes on from there"

# What the board is.  Everything is asked for carefully: small boards have half of it.
_FACTS = """\
import sys, gc
gc.collect()
i = sys.implementation
d = {'name': i[0], 'version': tuple(i[1])[:3], 'platform': sys.platform}
d['mpy'] = getattr(sys.implementation, '_mpy', 0)
d['machine'] = getattr(sys.implementation, '_machine', '')
d['heap'] = (gc.mem_free() + gc.mem_alloc()) if hasattr(gc, 'mem_free') else 0
try:
    import os
    s = os.statvfs('/')
    d['files'] = (s[0], s[2], s[3])
except Exception as e:
    d['files'] = None
d['frozen'] = 0
try:
    import tsme
    d['frozen'] = int(getattr(tsme, '__file__', '')[:1] not in '/l')
    d['tsme'] = tsme.__version__
except Exception as e:
    d['tsme'] = ''
p = sys.path[:]
try:
    sys.path[:] = []
    import tsme_core
    d['core'] = int(not hasattr(tsme_core, '__file__'))
except Exception:
    d['core'] = 0
sys.path[:] = p
try:
    import rp2
    f = rp2.Flash()
    d['flash'] = (f.ioctl(4, 0), f.ioctl(5, 0))
except Exception:
    try:
        from esp32 import Partition
        d['partitions'] = [p.info()[2:5] for p in Partition.find(Partition.TYPE_DATA)]
    except Exception:
        pass
print(d)
"""
_HASHES = """\
import hashlib, binascii
def h(n):
    try:
        f = open(n, 'rb')
    except OSError:
        return ''
    s = hashlib.sha256()
    b = bytearray(256)
    m = memoryview(b)
    while 1:
        k = f.readinto(b)
        if not k:
            break
        s.update(m[:k])
    f.close()
    return binascii.hexlify(s.digest()).decode()
print([h(n) for n in %r])
"""
_FOLDERS = """\
import os
for n in %r:
    try:
        os.mkdir(n)
    except OSError:
        pass
"""


@dataclass(frozen=True)
class Facts:
    """What a board says of itself. `mpy`: sys.implementation._mpy; `files`: bytes of a block of
    its file system, blocks, free ones; `core`: 1 if the C core is in its firmware; `flash`: blocks
    and their bytes of rp2.Flash; `partitions`: offset, size, label of ESP32's data."""

    name: str
    version: tuple[int, ...]
    platform: str
    mpy: int = 0
    machine: str = ""
    heap: int = 0
    files: tuple[int, int, int] | None = None
    frozen: int = 0
    tsme: str = ""
    core: int = 0
    flash: tuple[int, int] | None = None
    partitions: tuple[tuple[int, int, str], ...] = ()

    @property
    def free(self) -> int:
        """Bytes that the file system has free. littlefs counts twice what an open file has written
        anew, and what is full then is said to have less than none."""
        if self.files is None or not 0 <= self.files[2] <= self.files[1]:
            return 0
        return self.files[0] * self.files[2]


class Prompt:
    """The prompt at a port. HostError: TSME-N030 to N041 if the port cannot be opened, TSME-B047
    if no prompt answers, TSME-B037 if it goes away, TSME-B038 if a command fails there."""

    def __init__(self, port: str, patience: float = PATIENCE) -> None:
        self.port = port
        self._line: Any = None
        until = time.monotonic() + patience
        while True:
            try:
                self._open()
                return
            except HostError as error:
                self.close()
                if error.code not in ("TSME-B047", "TSME-N030", "TSME-N041"):
                    raise
                if time.monotonic() > until:
                    raise
                time.sleep(0.3)

    def _open(self) -> None:
        from mpremote.transport import TransportError  # noqa: PLC0415
        from mpremote.transport_serial import SerialTransport  # noqa: PLC0415
        from serial import SerialException  # noqa: PLC0415

        try:
            self._line = _line(SerialTransport, self.port)
        except (SerialException, OSError, TransportError, ValueError):
            raise failures.of_opening(self.port, _reason(self.port)) from None
        try:
            with contextlib.redirect_stdout(
                io.StringIO()
            ):  # mpremote prints what it did not expect
                self._line.enter_raw_repl(soft_reset=False, timeout_overall=3)
        except (SerialException, OSError, TransportError):
            hint = "press RESET; if main.py of another program never ends: tsme flash with --erase"
            what = f"no MicroPython prompt answers at {self.port}"
            raise HostError("TSME-B047", what, hint) from None

    def __enter__(self) -> Prompt:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the port back."""
        if self._line is not None:
            with contextlib.suppress(Exception):
                self._line.serial.write(b"\r\x02")
            with contextlib.suppress(Exception):
                self._line.close()
            self._line = None

    def run(self, code: str) -> str:
        """Run code there; what it prints."""
        from mpremote.transport import TransportError  # noqa: PLC0415
        from serial import SerialException  # noqa: PLC0415

        try:
            with contextlib.redirect_stdout(io.StringIO()):
                said, wrong = self._line.exec_raw(code, timeout=_ANSWER)
        except (SerialException, OSError, TransportError, TypeError) as error:
            what = f"the connection to {self.port} was lost: {error}"
            raise HostError("TSME-B037", what, _AGAIN) from None
        if wrong:
            text = wrong.decode("utf-8", "replace").strip().rpartition("\n")[2].strip()
            if "28" in text and "OSError" in text:
                raise _no_space(text)
            hint = "press RESET, then the same command"
            raise HostError("TSME-B038", f"the board could not do it: {text}", hint)
        return str(said.decode("utf-8", "replace"))

    def value(self, code: str) -> Any:
        """What code prints, as a value."""
        said = self.run(code)
        try:
            return ast.literal_eval(said.strip().rpartition("\n")[2])
        except (ValueError, SyntaxError):
            what = f"the board's answer cannot be understood: {said[:80]!r}"
            raise HostError("TSME-B038", what, "press RESET, then the same command") from None

    def facts(self) -> Facts:
        """What the board is."""
        found = self.value(_FACTS)
        found["partitions"] = tuple(tuple(one) for one in found.get("partitions", ()))
        return Facts(**found)

    def hashes(self, paths: Iterable[str]) -> dict[str, str]:
        """SHA-256 of files there, in hex; "" of one that is not there."""
        names = list(paths)
        found: dict[str, str] = {}
        for at in range(0, len(names), 16):  # a list of all is more than a small heap has
            part = names[at : at + 16]
            found |= zip(part, self.value(_HASHES % (part,)), strict=True)
        return found

    def folders(self, paths: Iterable[str]) -> None:
        """Make folders that are not there."""
        self.run(_FOLDERS % (list(paths),))

    def write(self, path: str, data: bytes, done: Callable[[int], None] | None = None) -> None:
        """Write a file: beside it first, and renamed when it is whole."""
        part = path + ".part"
        # FAT does not rename over a file that is there.
        end = (
            f"f.close()\nimport os\ntry:\n os.rename({part!r}, {path!r})\nexcept OSError:\n"
            f" os.remove({path!r})\n os.rename({part!r}, {path!r})"
        )
        code = f"f = open({part!r}, 'wb')\nw = f.write\n"
        for at in range(0, len(data), _CHUNK):  # most files are one command
            code += f"w({data[at : at + _CHUNK]!r})\n"
            if at + _CHUNK < len(data):
                self.run(code)
                code = ""
            if done:
                done(len(data[at : at + _CHUNK]))
        self.run(code + end)

    def remove(self, path: str) -> None:
        """Remove a file, if it is there."""
        self.run(f"import os\ntry:\n    os.remove({path!r})\nexcept OSError:\n    pass")

    def leave(self, code: str) -> None:
        """Run code that ends the connection."""
        from mpremote.transport import TransportError  # noqa: PLC0415

        with contextlib.suppress(OSError, TransportError):
            self._line.exec_raw_no_follow(code)
            time.sleep(0.3)  # what is on the way is not cut off by closing the port

    def restart(self) -> None:
        """Reset the board as its button does; without machine.reset(), as Ctrl-D does."""
        from mpremote.transport import TransportError  # noqa: PLC0415

        has = self.run(
            "try:\n import machine\n print(hasattr(machine, 'reset'))\nexcept ImportError: pass"
        )
        if "True" in has:
            self.leave("machine.reset()")
        else:
            with contextlib.suppress(OSError, TransportError):
                self._line.serial.write(b"\r\x02\r\x04")
                self._line.serial.flush()


def _reason(port: str) -> Exception:
    """Why a port cannot be opened, which mpremote keeps to itself."""
    import serial  # noqa: PLC0415

    try:
        serial.serial_for_url(port, exclusive=True).close()
    except (OSError, ValueError) as error:
        return error
    return OSError(0, "it could not be opened a moment ago")


def _no_space(text: str) -> HostError:
    hint = "remove files there: mpremote fs rm :NAME; mpremote fs ls -r shows them"
    return HostError("TSME-B049", f"the board's file system is full: {text}", hint)


def _line(transport: Any, port: str) -> Any:
    """mpremote's transport, with reads that end."""
    with contextlib.redirect_stdout(io.StringIO()):
        return transport(port, baudrate=115200, timeout=10)
