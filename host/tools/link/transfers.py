"""Programs, files and raw blocks in pieces, which go on after a line was lost at any byte.

Either side may step back: the board says which byte it wants next, and what arrived is compared
by SHA-256 (docs/SPEC.md, 8.2 and 8.3).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import HostError
from . import failures
from .client import Progress
from .messages import FILE, FILE_HASH, FILE_STATUS, FILES, room
from .session import Refusal, Session

_AGAIN = 8  # times that a transfer may go back to its beginning
_BUSY = 10  # rc of the file group: come again
_WAIT = 0.05  # s
_HASHES = 600  # times a hash is asked for
_FILE_CODES = {
    1: "something went wrong",
    2: "that is no name of a file there",
    4: "it is a folder",
    5: "it cannot be opened",
    6: "it cannot be searched in",
    7: "it cannot be read",
    8: "it cannot be shortened",
    9: "it cannot be deleted",
    10: "it cannot be written; there may be no space left",
    11: "the board has forgotten it meanwhile",
    12: "it is shorter now",
    13: "the board cannot hash it",
    14: "there is no such mount point",
    15: "its file system cannot be written to",
    16: "it is empty",
}
_NO_FILE = 3


def _offset(answer: Mapping[str, Any], what: str, most: int) -> int:
    found = answer.get("off")
    if not isinstance(found, int) or not 0 <= found <= most:
        raise failures.not_understood(what, f'"off" is {found!r}')
    return found


@dataclass
class _Sending:
    """Bytes on their way to the board.  `fixed`: members of each piece; `first`: those of the
    piece from byte 0 on, and of the one with which an earlier transfer goes on."""

    what: str
    data: bytes
    most: int  # bytes of a message
    fixed: Mapping[str, Any]
    first: Mapping[str, Any]
    progress: Progress | None

    def send(self, ask: Callable[[dict[str, Any]], dict[str, Any]], start: int = 0) -> None:
        """Send pieces from byte `start` on, until the board has them all."""
        off, again, size = start, 0, len(self.data)
        opening = True
        while True:
            fields = {**self.fixed, **(self.first if opening else {}), "off": off}
            fields["data"] = self.data[off : off + room(fields, self.most)]
            if not fields["data"] and off < size:
                raise failures.refused("", f"the name {self.what} leaves no room for data")
            got = _offset(ask(fields), self.what, size)
            if got <= off < size:
                again += 1
                if again > _AGAIN:
                    raise failures.restless(self.what)
            off, opening = got, got == 0
            if self.progress:
                self.progress(off, size)
            if off == size:
                return


def load(session: Session, program: bytes, progress: Progress | None) -> str:
    """Put a program into the store; its digest."""
    sha = hashlib.sha256(program).hexdigest()
    first = {"len": len(program), "sha": sha}
    for left in reversed(range(_AGAIN)):
        _Sending("load", program, session.most, {}, first, progress).send(
            lambda fields: session.ours("load", fields, True)
        )
        answer = session.ours("load", {"off": len(program), "sha": sha}, True)
        found = answer.get("digest")
        if isinstance(found, str):
            return found
        if not left or answer.get("off") != 0:
            break
    raise failures.not_understood("load", '"digest" is missing')


def upload(session: Session, path: str, data: bytes, progress: Progress | None) -> None:
    """Write a file, going on with what of it is there already."""
    sha = hashlib.sha256(data)
    first = {"len": len(data), "sha": sha.hexdigest()}
    start = _half_there(session, path, data)
    for _ in range(2):
        _Sending(path, data, session.most, {"name": path}, first, progress).send(
            lambda fields: _file(session, path, FILE, fields, True), start
        )
        if digest(session, path) == (sha.digest(), len(data)):
            return
        start = 0
    raise failures.unequal(f'the file "{path}"')


def _half_there(session: Session, path: str, data: bytes) -> int:
    """How many bytes of a file an earlier upload has left behind."""
    if len(data) < 2 * session.most:
        return 0  # asking takes longer
    try:
        found, size = digest(session, path + "~")
    except HostError:
        return 0
    whole = 0 < size < len(data) and hashlib.sha256(data[:size]).digest() == found
    return size if whole else 0


def download(session: Session, path: str, progress: Progress | None) -> bytes:
    """A file of the board; if it changes meanwhile it is read again."""
    for _ in range(2):
        data = _receive(
            path, lambda off: _file(session, path, FILE, {"off": off, "name": path}), progress
        )
        if digest(session, path) == (hashlib.sha256(data).digest(), len(data)):
            return data
    raise failures.unequal(f'the file "{path}"')


def image(session: Session, name: str | None, progress: Progress | None) -> bytes:
    """The bytes of a region, or of all, as they are."""
    fixed = {} if name is None else {"name": name}
    return _receive("blocks", lambda off: session.ours("blocks", {**fixed, "off": off}), progress)


def _receive(what: str, ask: Callable[[int], dict[str, Any]], progress: Progress | None) -> bytes:
    out = bytearray()
    size: int | None = None
    while size is None or len(out) < size:
        answer = ask(len(out))
        if size is None:
            size = answer.get("len")
        data = answer.get("data")
        if answer.get("off") != len(out) or not isinstance(data, bytes) or type(size) is not int:
            raise failures.not_understood(what, "it is no piece of what was asked for")
        if not data and len(out) < size:
            raise failures.restless(what)
        out += data
        if progress:
            progress(len(out), size)
    return bytes(out)


def digest(session: Session, path: str) -> tuple[bytes, int]:
    """SHA-256 and size of a file there."""
    for _ in range(_HASHES):
        try:
            fields = {"name": path, "type": "sha256"}
            answer = _file(session, path, FILE_HASH, fields)
        except _BusyError:
            time.sleep(_WAIT)
            continue
        found, size = answer.get("output"), answer.get("len")
        if not isinstance(found, bytes) or not isinstance(size, int):
            raise failures.not_understood("hash", '"output" or "len" is missing')
        return found, size
    raise failures.silent(session.port)


def size_of(session: Session, path: str) -> int:
    """Bytes of a file there."""
    found = _file(session, path, FILE_STATUS, {"name": path}).get("len")
    if not isinstance(found, int):
        raise failures.not_understood("file status", '"len" is missing')
    return found


class _BusyError(Exception):
    pass


def _file(
    session: Session, path: str, command: int, fields: Mapping[str, Any], write: bool = False
) -> dict[str, Any]:
    try:
        return session.request(FILES, command, fields, write)
    except Refusal as refusal:
        if refusal.group is None:
            if refusal.rc == _BUSY and command == FILE_HASH:
                raise _BusyError from None
            raise session.reason("a file command", refusal) from None
        if refusal.rc == _NO_FILE:
            raise failures.no_file(path) from None
        why = _FILE_CODES.get(refusal.rc, f"rc {refusal.rc}")
        raise failures.file_refused(path, why) from None
