"""The partition table of an ESP32: read, shown, and room made in it for the journal.

The table stands at 0x8000 of the flash: rows of 32 bytes (magic aa 50, type, subtype, offset,
size, label, flags), then a row with the MD5 of those before it, then FF (Espressif's
"Partition Tables").
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, replace
from itertools import pairwise

OFFSET = 0x8000
SIZE = 0xC00
SECTOR = 0x1000
APP, DATA = 0, 1
JOURNAL = 0x40  # subtype: from 0x40 on they are nobody's
_ROW = struct.Struct("<2sBBII16sI")
_MAGIC = b"\xaa\x50"
_MD5 = b"\xeb\xeb" + b"\xff" * 14
_FILES = ("vfs", "ffat", "storage")  # the labels that MicroPython mounts
_APPS = {0: "factory", 0x20: "test"}
_DATAS = {
    0: "ota",
    1: "phy",
    2: "nvs",
    3: "coredump",
    0x81: "fat",
    0x82: "spiffs",
    0x83: "littlefs",
}


@dataclass(frozen=True)
class Entry:
    """A partition; `offset` and `size` in bytes of the flash."""

    label: str
    kind: int
    subtype: int
    offset: int
    size: int
    flags: int = 0

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.offset + self.size

    @property
    def files(self) -> bool:
        """Whether MicroPython keeps its files there."""
        return self.kind == DATA and self.label in _FILES


Table = tuple[Entry, ...]


def parse(data: bytes) -> Table:
    """The table as flash has it.  Raises ValueError saying what is wrong with it."""
    entries = []
    for at in range(0, min(len(data), SIZE) - 31, 32):
        row = data[at : at + 32]
        if row == b"\xff" * 32:
            break
        if row[:16] == _MD5:
            if row[16:] != hashlib.md5(data[:at], usedforsecurity=False).digest():
                raise ValueError("its MD5 is wrong")
            break
        magic, kind, subtype, offset, size, label, flags = _ROW.unpack(row)
        if magic != _MAGIC:
            raise ValueError(f"row {at // 32} begins with {magic.hex()}, not aa50")
        name = label.rstrip(b"\0").decode("utf-8", "replace")
        entries.append(Entry(name, kind, subtype, offset, size, flags))
    if not entries:
        raise ValueError("it has no partition")
    ordered = sorted(entries, key=lambda entry: entry.offset)
    for before, after in pairwise(ordered):
        if before.end > after.offset:
            raise ValueError(f'"{before.label}" and "{after.label}" overlap')
    return tuple(entries)


def binary(table: Table) -> bytes:
    """The table as it stands in flash, SIZE bytes."""
    rows = b"".join(
        _ROW.pack(
            _MAGIC, one.kind, one.subtype, one.offset, one.size, one.label.encode(), one.flags
        )
        for one in table
    )
    md5 = hashlib.md5(rows, usedforsecurity=False).digest()
    return (rows + _MD5 + md5).ljust(SIZE, b"\xff")


def shown(table: Table, before: Table = ()) -> list[str]:
    """Lines for a person; what is not as in `before` is marked."""
    lines = []
    for one in sorted(table, key=lambda entry: entry.offset):
        names = _APPS if one.kind == APP else _DATAS
        kind = f"{'app' if one.kind == APP else 'data'} {names.get(one.subtype, hex(one.subtype))}"
        mark = ""
        if before and one not in before:
            old = next((entry for entry in before if entry.label == one.label), None)
            mark = "   new" if old is None else f"   was {old.size >> 10} KB"
        row = f"  {one.label:<10} {kind:<13} {one.offset:#08x} {one.size >> 10:>6} KB{mark}"
        lines.append(row)
    for gone in before:
        if gone.label not in [one.label for one in table]:
            lines.append(f"  {gone.label:<10} is no longer there")
    return lines


def named(table: Table, label: str) -> Entry | None:
    """The partition of that label, if there is one."""
    return next((one for one in table if one.label == label), None)


def files(table: Table) -> Entry | None:
    """The partition that MicroPython keeps its files in, if there is one."""
    return next((one for one in table if one.files), None)


def explicit(table: Table, flash: int) -> Table:
    """The table with the partition of files named that MicroPython 1.26 and later makes by
    itself, from the last one's end to that of the flash."""
    end = max(one.end for one in table)
    end += -end % SECTOR
    if files(table) is not None or not any(one.kind == APP for one in table) or end >= flash:
        return table
    return (*table, Entry("vfs", DATA, 0x81, end, flash - end))


def with_journal(table: Table, label: str, size: int, flash: int) -> Table | None:
    """The table with a partition of `size` bytes for journals: one of that label stays as it is,
    else behind all others if the flash is that large, else from the end of the files'
    partition.

    None if neither has the room: files keep at least as much as the journal takes.
    """
    if named(table, label) is not None:
        return table
    end = max(one.end for one in table)
    end += -end % SECTOR
    if end + size <= flash:
        return (*table, Entry(label, DATA, JOURNAL, end, size))
    vfs = files(table)
    if vfs is None or vfs.size < 2 * size or vfs.end > flash:
        return None
    smaller = replace(vfs, size=vfs.size - size)
    rows = tuple(smaller if one is vfs else one for one in table)
    return (*rows, Entry(label, DATA, JOURNAL, smaller.end, size))


def merged(new: Table, old: Table, label: str, app_end: int) -> Table | None:
    """The table that a new firmware comes with, and of the old one what may not move: the
    partitions of files and journals. None if both do not go together, as when the new app
    would lie over them.
    """
    kept = [one for one in old if one.files or one.label == label]
    free = [one for one in new if not one.files and one.label != label]
    for one in kept:
        for other in free:
            if other.offset < one.end and one.offset < other.end:
                if other.kind != APP or max(app_end, other.offset) > one.offset:
                    return None
                free[free.index(other)] = replace(other, size=one.offset - other.offset)
    return tuple(sorted((*free, *kept), key=lambda one: one.offset))
