"""A board that has nothing but MicroPython's prompt: the same commands, slower.

mpremote's raw REPL carries files; for all else the board's own link is called by the prompt, a
message at a time, so that what it answers is what it would answer over its line.  Meanwhile
nothing runs there; at the end the board begins anew with its main.py.
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import io
import os
import sys
from collections.abc import Iterator
from typing import Any

from mpremote.transport import TransportError, TransportExecError
from mpremote.transport_serial import SerialTransport
from smp.packet import encode
from smpclient.transport import SMPTransportDisconnected

from ..errors import HostError
from . import failures
from .client import OnText, Progress
from .session import Session
from .smp_board import SmpBoard
from .stream import LINE, Lines, Transport, opened, url_of

_CHUNK = 256
_FAREWELL = 3  # s
_JOURNAL = "journal.bin"  # as README's main.py has it
# On the board: a line that is two byte strings, and one request over it.
_BEGIN = """
import asyncio
from tsme.boot import made
from tsme.link import Line
class _Wire:
    def read_into(self, buf):
        n = min(len(buf), len(self.come))
        buf[:n] = self.come[:n]
        self.come = self.come[n:]
        return n
    def write(self, buf):
        self.gone += bytes(buf)
_wire = _Wire()
_wire.come = _wire.gone = b""
_link = made()[0]
if _link.board:
    _link.board.recover()
_line = Line(_wire)
async def _serve():
    while _wire.come and not _wire.gone:
        await _link.serve(_line)
def _ask(data):
    _wire.come = data
    _wire.gone = b""
    asyncio.run(_serve())
    print("=", _wire.gone)
"""
# Whoever resets a board has mended it, perhaps: earlier failures count no more.
_FORGET = """
from tsme.boot.kept import Kept
Kept().forget("\\n")
"""


class PromptTransport(Transport):
    """smpclient's transport by calls in a raw REPL that is open."""

    def __init__(self, repl: SerialTransport, on_text: OnText | None) -> None:
        super().__init__(on_text)
        self._repl = repl
        self._answer = b""

    async def connect(self, address: str, timeout_s: float) -> None:  # noqa: ARG002  # as smpclient calls it
        """Make the board's link there.  Raises HostError: TSME-N046 if it has none, TSME-N033."""
        try:
            with _quiet():
                self._repl.exec(_BEGIN)
        except TransportExecError as error:
            raise failures.needs_tsme(_last(error)) from None
        except (TransportError, OSError) as error:
            raise failures.gone(address, str(error)) from None

    async def disconnect(self) -> None:
        """Nothing: the port is somebody else's."""

    @property
    def open(self) -> bool:
        return True

    async def send(self, data: bytes) -> None:
        lines = b"".join(encode(data, LINE))
        try:
            with _quiet():
                said = self._repl.exec(f"_ask({lines!r})").decode(errors="replace")
        except TransportExecError as error:
            raise failures.needs_tsme(_last(error)) from None
        except (TransportError, OSError) as error:
            raise SMPTransportDisconnected(str(error)) from None
        text, _, answer = said.rpartition("= ")
        self.tell(text.encode())
        try:
            self._answer = ast.literal_eval(answer.strip())
        except SyntaxError as error:  # cut off; what is no value is a ValueError already
            raise ValueError(str(error)) from None

    async def receive(self) -> bytes:
        for message in Lines().feed(self._answer):
            return message
        raise TimeoutError("it did not answer")

    async def send_and_receive(self, data: bytes) -> bytes:
        await self.send(data)
        return await self.receive()

    async def read(self) -> bytes:
        return b""


class PromptBoard(SmpBoard):
    """A board by its prompt.  `clean`: with a soft reset first, which leaves a heap of nothing."""

    def __init__(
        self,
        port: str,
        timeout: float,
        patience: float,
        on_text: OnText | None = None,
        clean: bool = True,
    ) -> None:
        opened(port).close()  # says best why it cannot be opened
        self.port = port
        self._timeout = timeout
        self._patience = patience
        self._on_text = on_text
        self._made: Session | None = None
        self._clean = clean
        self._repl = self._enter(clean)

    def _enter(self, clean: bool) -> SerialTransport:
        try:
            with _quiet():
                repl = SerialTransport(url_of(self.port), timeout=self._patience)
                try:
                    repl.enter_raw_repl(clean, timeout_overall=self._patience)
                except BaseException:
                    repl.close()
                    raise
        except (TransportError, OSError):
            raise failures.no_prompt(self.port) from None
        return repl

    @property
    def session(self) -> Session:
        """The board's own link, made when it is needed."""
        if self._made is None:
            transport = PromptTransport(self._repl, self._on_text)
            self._made = Session(self.port, self._timeout, self._patience, transport)
        return self._made

    def close(self) -> None:
        if self._made:
            self._made.close()
        with _quiet(), contextlib.suppress(TransportError, OSError):
            if self._repl.in_raw_repl:
                self._repl.exit_raw_repl()
                self._repl.read_until(1, b">>> ", timeout_overall=_FAREWELL)
                self._repl.serial.write(b"\x04")  # its main.py begins
                if self._clean:
                    self._repl.read_until(1, b"reboot", timeout_overall=_FAREWELL)
        with contextlib.suppress(OSError):
            self._repl.close()

    def echo(self, text: str) -> str:
        return str(self._run(f"print(repr({text!r}))"))

    def reset(self) -> None:
        """A soft reset, which leaves the prompt; main.py begins when this is closed."""
        made, self._made = self._made, None
        if made:
            made.close()
        try:
            with _quiet():
                with contextlib.suppress(TransportExecError):  # a board without tsme
                    self._repl.exec(_FORGET)
                self._repl.exit_raw_repl()
                self._repl.enter_raw_repl(True, timeout_overall=self._patience)
        except (TransportError, OSError):
            raise failures.no_prompt(self.port) from None

    def upload(self, path: str, data: bytes, progress: Progress | None = None) -> None:
        whole = hashlib.sha256(data).digest()
        for _ in range(2):
            told = _aloud(progress)
            with self._file(path):
                self._folders(path)
                self._repl.fs_writefile(path + "~", data, _CHUNK, told)
            if self.digest(path + "~") == (whole, len(data)):
                with self._file(path):
                    self._repl.exec(
                        f"import os\ntry:\n os.rename({path + '~'!r}, {path!r})\nexcept OSError:\n"
                        f" os.remove({path!r})\n os.rename({path + '~'!r}, {path!r})"
                    )
                return
        raise failures.unequal(f'the file "{path}"')

    def download(self, path: str, progress: Progress | None = None) -> bytes:
        for _ in range(2):
            told = _aloud(progress)
            with self._file(path):
                data = bytes(self._repl.fs_readfile(path, _CHUNK, told))
            if self.digest(path) == (hashlib.sha256(data).digest(), len(data)):
                return data
        raise failures.unequal(f'the file "{path}"')

    def digest(self, path: str) -> tuple[bytes, int]:
        with self._file(path):
            size = self._repl.fs_stat(path).st_size
            return bytes(self._repl.fs_hashfile(path, "sha256", _CHUNK)), int(size)

    def image(self, name: str | None = None, progress: Progress | None = None) -> bytes:
        try:
            return super().image(name, progress)
        except HostError as error:
            if error.code != "TSME-N046" or name is not None:
                raise
        return self.download(_JOURNAL, progress)  # of a main.py of one's own

    def _folders(self, path: str) -> None:
        done = ""
        for name in path.split("/")[:-1]:
            done += name + "/"
            if done != "/" and not self._repl.fs_exists(done.rstrip("/")):
                self._repl.fs_mkdir(done.rstrip("/"))

    @contextlib.contextmanager
    def _file(self, path: str) -> Iterator[None]:
        try:
            with _quiet():
                yield
        except FileNotFoundError:
            raise failures.no_file(path) from None
        except IsADirectoryError:
            raise failures.file_refused(path, "it is a folder") from None
        except TransportExecError as error:
            raise failures.file_refused(path, _last(error)) from None
        except (TransportError, OSError) as error:
            told = getattr(error, "strerror", None)  # mpremote has the board's errors name a path
            if told and path.startswith(told.rstrip("~")):
                why = os.strerror(getattr(error, "errno", 0)).lower()
                raise failures.file_refused(path, why) from None
            raise failures.gone(self.port, str(error)) from None

    def _run(self, code: str) -> Any:
        """The value whose text a piece of code prints."""
        try:
            with _quiet():
                return ast.literal_eval(self._repl.exec(code).decode().strip())
        except TransportExecError as error:
            raise failures.refused("", _last(error)) from None
        except (TransportError, OSError, ValueError, SyntaxError) as error:
            raise failures.gone(self.port, str(error)) from None


def _last(error: TransportExecError) -> str:
    """The last line of a traceback on the board."""
    lines = [line for line in str(error.error_output).splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it failed"


def _aloud(progress: Progress | None) -> Progress:
    """Where `_quiet` is not meant."""
    out = sys.stdout

    def told(done: int, size: int) -> None:
        if progress:
            with contextlib.redirect_stdout(out):
                progress(done, size)

    return told


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """mpremote prints what it could not understand."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield
