"""What a debugger opens: images in files, exports of a database, a board over its link."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ..errors import HostError
from ..files import Loaded, read_program
from ..inputs import read_bytes
from ..journal import store
from ..journal.partition import TABLE, choose, geometry, parts_of, region
from ..journal.replayer import Known, find, know, with_earlier
from .index import Bytes
from .track import Track
from .views import Sources

_LARGE: Final = 1 << 24  # bytes


@dataclass
class Opened:
    """A track, its sources, and how it is looked whether it has grown; `again` gives its bytes as
    they are now, None if nothing has changed.  `folder`: where exports go."""

    track: Track
    sources: Sources
    folder: Path
    loaded: list[Loaded] = field(default_factory=list)
    again: Callable[[], Bytes | None] | None = None
    note: str = ""  # what is to be said of it first
    looking: bool = False  # somebody does just now

    def learn(self, loaded: Sequence[Loaded]) -> None:
        """Programs that have turned up since."""
        for one in loaded:
            known = know(one)
            if self.track.program(bytes(known.program.digest)) is None:
                self.loaded.append(one)
                self.track.programs.append(known)
                self.sources = Sources(self.loaded, self.folder)


def open_files(
    path: str, programs: Sequence[str], name: str = "", alone: bool = True
) -> list[Opened]:
    """The tracks of a file: of a partition that is cut into regions those of all its journals that
    have records, unless --region names one.  As open_file()."""
    data = mapped(path)
    parts = parts_of(path, _whole(data)) if _cut(data) and region() is None else None
    if parts is None:
        return [open_file(path, programs, name, alone)]
    found = []
    for part in parts:
        if part.kind == "journal" and part.data.count(0xFF) < len(part.data):
            with suppress(HostError):  # claimed, and nothing in it yet
                found.append(open_file(path, programs, part.name, False, part.name))
    if not found:
        raise HostError("TSME-H044", f'the journals in "{path}" hold no records')
    return found


def open_file(
    path: str, programs: Sequence[str], name: str = "", alone: bool = True, of: str | None = None
) -> Opened:
    """The track of an image in a file.  `alone`: programs that are given must be of this one.
    `of`: the region that is meant.

    Raises HostError: TSME-H010 .. for a file that cannot be read, H040, H041, H044 for what is no
    journal or an empty one, H043 if programs are given and none of them has run last.
    """

    def read() -> Bytes:
        data = mapped(path)
        if of is not None:
            parts = parts_of(path, _whole(data)) or []
            return next((part.data for part in parts if part.name == of), data)
        return choose(path, _whole(data)) if _cut(data) else data

    track = Track(name or Path(path).name, read(), [])
    opened = Opened(track, Sources((), Path(path).parent), Path(path).parent)
    give(opened, path, programs, alone)
    stamp = [_stamp(path)]

    def again() -> Bytes | None:
        now = _stamp(path)
        if now == stamp[0]:
            return None
        stamp[0] = now
        opened.learn(store.kept(path))
        return read()

    opened.again = again
    return opened


def _cut(data: Bytes) -> bool:
    """May it be a partition that is cut into regions?"""
    found = geometry(data)  # type: ignore[arg-type]  # of bytes it asks no more than Bytes has
    return region() is not None or (found is not None and found[1] == TABLE)


def _whole(data: Bytes) -> bytes:
    return data if isinstance(data, bytes) else data[:]


def mapped(path: str) -> Bytes:
    """A file as bytes; what is large is mapped into memory.  Raises HostError as read_bytes."""
    if _stamp(path)[1] < _LARGE:  # what is mapped must not become shorter meanwhile
        return read_bytes(path)
    try:
        with Path(path).open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):  # not there, empty, or no file that can be mapped
        return read_bytes(path)


def _stamp(path: str) -> tuple[int, int]:
    try:
        found = Path(path).stat()
    except OSError:
        return (0, 0)
    return found.st_mtime_ns, found.st_size


def give(opened: Opened, path: str, programs: Sequence[str], alone: bool = True) -> None:
    """Give a track what has run: what --program names, and what is kept beside the journal."""
    known: list[Known] = []
    for one in programs:
        if ".py" in one:
            known += with_earlier(find(one))
            continue
        loaded = read_program(one)
        opened.loaded.append(loaded)
        known.append(know(loaded))
    for loaded in store.kept(path):
        opened.loaded.append(loaded)
        known.append(know(loaded))
    opened.track.programs = known
    opened.sources = Sources(opened.loaded, opened.folder)
    if alone and programs:
        _fits(opened.track, path)


def _fits(track: Track, path: str) -> None:
    """What ran last must be one of the programs given, or kept beside."""
    newest = track.newest_program()
    if newest is None or track.program(newest) or not any(newest):
        return
    names = ", ".join(f'"{one.name}" ({one.program.digest.hex()})' for one in track.programs)
    message = f'the journal "{path}" belongs to another program ({newest.hex()}), not to {names}'
    raise HostError("TSME-H043", message, "give the program that ran on the device")


def open_image(
    name: str, image: bytes, known: Sequence[Known], loaded: Sequence[Loaded], folder: Path
) -> Opened:
    """The track of an image in memory, and what has run.  `loaded`: whose texts are shown."""
    track = Track(name, image, list(known))
    return Opened(track, Sources(loaded, folder), folder, list(loaded))
