"""Which emulated boards run on this computer, so that commands find their ports.

Each has a small file, in a folder of this user alone, locked as long as its emulator lives: one
that was killed leaves a file that nobody has locked, and whoever looks removes it.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Running:
    """An emulated board: its name, its port as --port takes it, the process of its emulator, the
    folder that its flash is in."""

    board: str
    port: str
    process: int
    folder: str = ""


def _folder() -> Path:
    given = os.environ.get("XDG_RUNTIME_DIR")
    if given and Path(given).is_dir() and os.access(given, os.W_OK):
        return Path(given) / "tsme"
    return Path(tempfile.gettempdir()) / f"tsme-{os.getuid()}"


def _ours(folder: Path) -> bool:
    """Nobody else's: what it names is opened."""
    try:
        seen = folder.lstat()
    except OSError:
        return False
    return folder.is_dir() and not folder.is_symlink() and seen.st_uid == os.getuid()


@contextmanager
def announced(board: str, port: str, flash: str = "") -> Iterator[None]:
    """While the block runs, `tsme ports` lists this emulated board, and --board finds it; first
    from the project that its flash lies in."""
    folder = _folder()
    with suppress(OSError):
        folder.mkdir(mode=0o700, exist_ok=True)
    if not _ours(folder):  # it runs all the same; --port names it
        yield
        return
    told = Running(board, port, os.getpid(), str(Path(flash or ".").absolute()))
    path = folder / f"{board}-{os.getpid()}-{abs(hash(port)) % 10**8}.json"
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # before anybody can see it
        json.dump(vars(told), file)
        file.flush()
        part.replace(path)
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def boards() -> list[Running]:
    """Those that run, in the order of their names."""
    folder = _folder()
    if not _ours(folder):
        return []
    return [one for path in sorted(folder.glob("*.json")) if (one := _look(path))]


def _look(path: Path) -> Running | None:
    try:
        with path.open(encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:  # its emulator has it
                return Running(**json.load(file))
        path.unlink(missing_ok=True)
    except (OSError, ValueError, TypeError):
        pass
    return None
