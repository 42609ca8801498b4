"""What was pulled of a journal, kept as an image that grows (docs/SPEC.md, 4.1 and 8).

A device's ring forgets; the image on the laptop does not.  It has blocks as the device's, as many
as its records need and as many again, so that no reader takes any of them for half erased.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import struct
from dataclasses import dataclass, field
from pathlib import Path

from tsme.journal import CHECKPOINT, STEP, Journal
from tsme.journal.heads import read_mark, read_place
from tsme.journal.records import HEAD, PART, crc32, mark, place

from ..errors import HostError
from ..inputs import read_bytes
from ..outputs import not_writable
from .image import image_of

_MOST_BLOCKS = 32000  # in use: half of what a head can name
_SMALL = 512  # bytes of a block, at least


class BrokenChain(ValueError):
    """A record that does not follow the one before it, or is not what was written."""


@dataclass
class Archive:
    """Records in a row, oldest first, each with its head as SPEC 4.2 has it, without padding.

    `first`: the number of the first; `chain`: the crc of the record before it.  `block`, `slot`:
    bytes, of the journal they come from.
    """

    first: int
    chain: int
    block: int
    slot: int
    records: list[bytes] = field(default_factory=list)
    tail: int = field(init=False)  # the crc of the last record

    def __post_init__(self) -> None:
        given, self.records, self.tail = self.records, [], self.chain
        for record in given:
            self.add(record)

    @property
    def next(self) -> int:
        """The number of the record that is to follow."""
        return self.first + len(self.records)

    def add(self, record: bytes) -> None:
        """Append a record; raises BrokenChain for one that is none, or is not the next."""
        word, crc = struct.unpack_from("<II", record, 0)
        whole = len(record) == HEAD + (word & 0xFFFFFF) and word >> 24 in (STEP, CHECKPOINT)
        if not whole or crc32(record[HEAD:], crc32(record[:4], self.tail)) != crc:
            raise BrokenChain(f"record {self.next} is not what was written")
        self.records.append(record)
        self.tail = crc

    def image(self) -> bytes:
        """The image of a journal that holds these records (SPEC 4.1)."""
        block = max(self.block, _SMALL, 8 * self.slot)
        room = block - 2 * self.slot
        while sum(map(len, self.records)) // room > _MOST_BLOCKS // 2:
            block, room = block * 2, block * 2 - 2 * self.slot
        return _Writer(block, self.slot, self).image()


def framed(kind: int, body: bytes, chain: int) -> bytes:
    """A record with its head (4.2); `chain`: the crc of the one before it."""
    word = struct.pack("<I", len(body) | kind << 24)
    return word + struct.pack("<I", crc32(body, crc32(word, chain))) + body


@dataclass
class _Block:
    data: bytearray
    first: int = 0  # offset at which the first record begins; 0 if none does
    number: int = 0  # of it, or of the record that runs through
    chain: int = 0
    checkpoint: int = 0


class _Writer:
    """Lays records into blocks, as SPEC 4.2 says, and then writes their heads."""

    def __init__(self, block: int, slot: int, archive: Archive) -> None:
        self.size = block
        self.slot = slot
        self.archive = archive
        self.blocks: list[_Block] = []
        self.origin = 0  # the generation in which recovery begins, before the record under way

    def image(self) -> bytes:
        chain = self.archive.chain
        for number, record in enumerate(self.archive.records, self.archive.first):
            begins = self._put(number, record, chain)
            if record[3] == CHECKPOINT or number == 0:
                self.origin = begins
            chain = struct.unpack_from("<I", record, 4)[0]
        used = len(self.blocks)
        count = max(4, 2 * used + 2)
        last = _Block(bytearray())
        for at, block in enumerate(self.blocks):
            head = mark(self.slot, count, self.size, at + 1, at)
            block.data[:PART] = head
            where = place(head, block.first, block.number, block.chain, block.checkpoint)
            block.data[self.slot : self.slot + PART] = where
            if at + 1 < used:
                block.data[PART : PART + 4] = b"\0\0\0\0"  # the seal
            last = block
        blank = b"\xff" * self.size
        if not last.data:  # no record yet: what is claimed and holds nothing
            blank = mark(self.slot, count, self.size, 0) + blank[PART:]
            return b"\xff" * (self.size * (count - 1)) + blank
        whole = (bytes(b.data.ljust(self.size, b"\xff")) for b in self.blocks)
        return b"".join([*whole, blank * (count - used)])

    def _open(self, number: int, chain: int) -> _Block:
        data = bytearray(b"\xff" * (2 * self.slot))
        self.blocks.append(_Block(data, 0, number, chain, self.origin))
        return self.blocks[-1]

    def _put(self, number: int, record: bytes, chain: int) -> int:
        """-> the generation of the block in which it begins"""
        block = self.blocks[-1] if self.blocks else None
        if block is None or len(block.data) == self.size:
            block = self._open(number, chain)
        begins = len(self.blocks)
        if not block.first:
            block.first, block.number, block.chain = len(block.data), number, chain
        done = 0
        while True:
            part = record[done : done + self.size - len(block.data)]
            block.data += part
            done += len(part)
            if done == len(record):
                break
            block = self._open(number, chain)
        block.data += b"\xff" * (-len(block.data) % self.slot)
        return begins


def read_archive(path: str) -> Archive | None:
    """What an image holds, to go on with; None if there is no file, or it is blank.

    Raises HostError, TSME-H040 or H041, for a file that is no journal, and TSME-N047 for a
    damaged one: nothing can be put behind what is missing.
    """
    if not Path(path).exists():
        return None
    data = read_bytes(path)
    if data.count(0xFF) == len(data):
        return None
    flash = image_of(path, data)
    damage: list[int] = []
    found = list(Journal(flash, flash.slot).records(lambda number, *_: damage.append(number)))
    if damage:
        raise _damaged(path, damage[0])
    if not found:
        return Archive(0, 0, flash.block, flash.slot)
    number, _, _, block, offset = found[0]
    image = bytes(flash.data)
    chain = _chain(image, flash.block, flash.slot, block, offset)
    if chain is None:
        raise _damaged(path, number)
    archive = Archive(number, chain, flash.block, flash.slot)
    for _, _, body, block, offset in found:
        at = block * flash.block + offset
        archive.add(image[at : at + HEAD] + body)
    return archive


def _damaged(path: str, number: int) -> HostError:
    message = f'"{path}" is damaged at record {number}, so nothing can be put behind it'
    return HostError("TSME-N047", message, "move it away and pull again")


def _chain(image: bytes, size: int, slot: int, block: int, offset: int) -> int | None:
    """The crc of the record before the first of a block; None of one that is not the first."""
    head = image[block * size : block * size + slot + PART]
    if read_mark(head[:PART]):
        found = read_place(head[slot:], head[:PART])
        if found and found[0] == offset:
            return int(found[2])
    return None


def replace(path: str, data: bytes, part: str = "~") -> None:
    """Give a file new bytes, all of them or none, whenever the power goes.

    `part`: what the name of the file that is written first has behind it.
    """
    there = Path(path)
    beside = there.with_name(there.name + part)
    try:
        there.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(there)
        _settle(there.parent)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise not_writable(path, error) from None


def keep(path: str) -> str:
    """Give a file a second name beside it, `j.1.bin` for `j.bin`, so that the first can become
    another one.  -> the name"""
    there = Path(path)
    number = 1
    while (name := there.with_name(f"{there.stem}.{number}{there.suffix}")).exists():
        number += 1
    try:
        os.link(there, name)
    except OSError:  # a file system without links
        shutil.copy2(there, name)
    _settle(there.parent)
    return str(name)


def _settle(folder: Path) -> None:
    """What a folder names is on disk."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
