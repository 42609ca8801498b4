"""The firmware that is written: a file that is given, or the official one, downloaded once.

Nobody can know a checksum of a file offline, and the download page publishes none. board.toml may
name one; else the first download is trusted, and remembered in the list beside the files
(`firmware.lock`, lines of `sha256sum`), so that it never changes unseen.
"""

from __future__ import annotations

import hashlib
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from ..errors import HostError
from ..inputs import read_bytes
from .board_file import Board

LOCK = "firmware.lock"
_CHUNK = 1 << 16
_WAIT = 30  # seconds for the server to say anything


def cache() -> Path:
    """Where downloaded firmware is kept: TSME_CACHE, else the user's cache folder."""
    given = os.environ.get("TSME_CACHE")
    if given:
        return Path(given)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "tsme"


def firmware(
    board: Board, given: str = "", progress: Callable[[int], None] | None = None
) -> tuple[str, bytes]:
    """The name and the bytes of the firmware to be written.

    Raises HostError: TSME-B031 if it cannot be had, TSME-B032 if it is not the one it should be.
    """
    if given:
        return given, read_bytes(given)
    source = board.firmware
    if source.source != "official":
        build = source.source == "own"
        hint = (
            f"make firmware BOARD={board.name}, then FIRMWARE=file" if build else "FIRMWARE=file"
        )
        raise HostError("TSME-B031", f"{board.name} has no firmware to download", hint)
    name = source.url.rpartition("/")[2]
    folder = cache() / "firmware"
    path = folder / name
    if not path.exists():
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _download(source.url, path, progress)
        except OSError as error:
            raise _unavailable(source.url, error) from None
    data = path.read_bytes()
    _checked(name, data, source.sha256, path)
    return str(path), data


def _unavailable(url: str, error: OSError) -> HostError:
    why = getattr(error, "reason", None) or error.strerror or error
    hint = "download it yourself, and give it: FIRMWARE=file (tsme flash --firmware file)"
    return HostError("TSME-B031", f"{url} cannot be downloaded: {why}", hint)


def _download(url: str, path: Path, progress: Callable[[int], None] | None) -> None:
    part = path.with_name(path.name + ".part")
    try:
        with urllib.request.urlopen(url, timeout=_WAIT) as answer, part.open("wb") as file:  # noqa: S310
            size = int(answer.headers.get("Content-Length") or 0)
            while chunk := answer.read(_CHUNK):
                file.write(chunk)
                if progress and size:
                    progress(100 * file.tell() // size)
            if size and file.tell() != size:
                raise OSError(0, f"it ended after {file.tell()} of {size} bytes")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _checked(name: str, data: bytes, wanted: str, path: Path) -> None:
    """Compare with the checksum of board.toml, or with that of the first download."""
    found = hashlib.sha256(data).hexdigest()
    lock = path.with_name(LOCK)
    text = lock.read_text(encoding="utf-8", errors="replace") if lock.exists() else ""
    rows = [line.split(maxsplit=1) for line in text.splitlines()]
    known = {row[1]: row[0] for row in rows if len(row) == 2}
    by = "board.toml" if wanted else str(lock)
    wanted = wanted or known.get(name, "")
    if not wanted:
        with lock.open("a", encoding="utf-8") as file:
            file.write(f"{found}  {name}\n")
    elif wanted != found:
        what = (
            f'the checksum of "{path}" is {found[:16]}.., and by {by} it should be {wanted[:16]}..'
        )
        hint = "remove the file to download it again; if that does not help, do not use it"
        raise HostError("TSME-B032", what, hint)
