"""Where the records of an image are (docs/SPEC.md, 4), found without reading them all.

A block's head says which record begins in it and where the newest checkpoint is, so a million
records open with as many looks as a binary search takes.  What that finds is right for a journal
that is whole; one that is not is walked as its device would walk it (`walked`).
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from tsme.journal import CHECKPOINT, STEP, Journal
from tsme.journal.heads import read_mark, read_place
from tsme.journal.records import HEAD, PART, crc32

from ..errors import HostError
from ..journal.image import Damage, image_of
from ..journal.partition import Image, geometry

_KEPT = 64  # blocks whose records are known by place
_NEAR = 9  # blocks in which one that is newer would be
_ASK = 4096  # records between two looks whether a walk is still wanted


class Bytes(Protocol):
    """An image: bytes, or a file that is mapped into memory."""

    def __len__(self) -> int: ...
    def __getitem__(self, part: slice, /) -> bytes: ...
    def find(self, what: bytes, /) -> int: ...


@dataclass(frozen=True)
class Raw:
    """A record as it is in flash: `kind` is STEP or CHECKPOINT, `chain` its crc."""

    number: int
    kind: int
    body: bytes
    block: int
    offset: int
    chain: int = 0


class Records(Protocol):
    """Records by number, from `first` to before `next`."""

    @property
    def first(self) -> int:
        """The number of the oldest."""

    @property
    def next(self) -> int:
        """One more than the number of the newest."""

    def raw(self, number: int) -> Raw:
        """One record.  Raises Unsound if the image is not whole there."""

    def anchor(self, number: int) -> int | None:
        """The newest checkpoint that is this record or before it, or record 0; None if the
        image holds neither."""

    def run(self, number: int) -> int:
        """The oldest record from which none is lost up to this one."""

    def chain(self, number: int) -> int:
        """The crc of the record before this one; 0 of record 0."""


class Unsound(Exception):
    """The image is not what a whole journal would be; it has to be walked."""


@dataclass
class _Block:
    """What a head says; `at`: of the block in the ring, the oldest first."""

    at: int
    block: int
    generation: int
    first: int
    number: int
    chain: int
    checkpoint: int


class Index:
    """The records of a journal that is whole.

    Raises Unsound if it is none: blocks have failed, or what heads say does not fit.
    """

    def __init__(self, data: Bytes) -> None:
        found = geometry(data)  # type: ignore[arg-type]  # of bytes it asks no more than Bytes has
        if found is None:
            raise Unsound("no head")
        self.first = self.next = 0
        self.slot, self.count, self.block, once = found
        if once or len(data) != self.count * self.block:
            raise Unsound("another geometry")
        self.data = data
        self._heads: dict[int, _Block | None] = {}
        self._places: OrderedDict[int, tuple[int, list[int]]] = OrderedDict()
        self._find_ring()
        start = self._at(0)
        while start.first == 0:
            if start.at + 1 == self.used:
                raise Unsound("no record begins")
            start = self._at(start.at + 1)
        self.first = start.number
        self._find_end()

    # --- the ring ---

    def _head(self, block: int) -> _Block | None:
        """What a block says of itself; None if it holds nothing."""
        if block not in self._heads:
            at = block * self.block
            part = self.data[at : at + self.slot + PART]
            mark = read_mark(part[:PART])
            found = None
            if mark and mark[3]:
                place = read_place(part[self.slot :], part[:PART])
                if mark[6]:
                    raise Unsound("blocks have failed")
                if place:
                    found = _Block(0, block, mark[3], *place[:4])
            self._heads[block] = found
        return self._heads[block]

    def _find_ring(self) -> None:
        """Which block is the newest, and which the oldest: generations go up, then begin anew."""
        start = self._head(0)
        if start is None:
            raise Unsound("block 0 is not in use")
        low, high = 0, self.count  # `low` is of the newest turn, `high` is not
        while high - low > 1:
            middle = (low + high) // 2
            head = self._head(middle)
            if head is not None and head.generation == start.generation + middle:
                low = middle
            else:
                high = middle
        newest = self._head(low)
        assert newest is not None
        self.newest = newest.generation
        self._check_newest(low)
        self.oldest = 1 if start.generation == 1 else self._oldest(low)
        self.used = self.newest - self.oldest + 1
        self.base = low - (self.used - 1)  # the block of the oldest, perhaps negative

    def _check_newest(self, block: int) -> None:
        """No later block holds a record: this one is not sealed, and what follows is not newer."""
        seal = self.data[block * self.block + PART : block * self.block + PART + 4]
        later = [self._head((block + n) % self.count) for n in range(1, min(_NEAR, self.count))]
        newer = any(head is not None and head.generation > self.newest for head in later)
        if newer or len(seal) - seal.count(0xFF) > 1:
            raise Unsound("blocks have failed")

    def _oldest(self, newest: int) -> int:
        """Of a ring that has gone round: what is behind the blocks that are being erased."""
        for step in range(1, self.count):
            head = self._head((newest + step) % self.count)
            expected = self.newest - self.count + step
            if head is not None and head.generation == expected:
                return expected
        return self.newest

    def _at(self, at: int) -> _Block:
        head = self._head((self.base + at) % self.count)
        if head is None or head.generation != self.oldest + at:
            raise Unsound(f"generation {self.oldest + at} is gone")
        head.at = at
        return head

    def _find_end(self) -> None:
        """Behind the last record of all; what is torn there was never committed."""
        head = self._at(self.used - 1)
        at = head.at
        while head.first == 0 and at:  # a record that runs through the newest block
            at -= 1
            head = self._at(at)
        number, offset, chain = head.number, head.first, head.chain
        self.next = number
        while True:
            found = self._whole(at, offset, number, chain)
            if found is None:
                break
            number, chain = number + 1, found[0]
            at, offset = found[1], found[2]
            self.next = number
        if self.next == self.first:
            raise Unsound("no record is whole")
        rest = self.data[self._offset(at) + offset : self._offset(at) + self.block]
        if rest.count(0xFF) != len(rest) or at != self.used - 1:
            raise Unsound("the end is torn")  # or damaged: a walk knows

    def _offset(self, at: int) -> int:
        return (self.base + at) % self.count * self.block

    def _whole(self, at: int, offset: int, number: int, chain: int) -> tuple[int, int, int] | None:
        """A record whose crc fits: its crc, and where the next one begins."""
        raw, after = self._read(at, offset, number)
        if raw is None:
            return None
        word = struct.pack("<I", len(raw.body) | raw.kind << 24)
        if crc32(raw.body, crc32(word, chain)) != raw.chain:
            return None
        return raw.chain, *after

    def _read(self, at: int, offset: int, number: int) -> tuple[Raw | None, tuple[int, int]]:
        """The record that begins there, if anything does, and where the next one would."""
        if offset >= self.block:
            if at + 1 >= self.used:
                return None, (at, offset)
            at, offset = at + 1, 2 * self.slot
        place = self._offset(at) + offset
        word, crc = struct.unpack("<II", self.data[place : place + HEAD])
        kind, size = word >> 24, word & 0xFFFFFF
        if kind not in (STEP, CHECKPOINT):
            return None, (at, offset)
        where, block = offset, (self.base + at) % self.count
        offset += HEAD
        parts = []
        left = size
        while True:
            start = self._offset(at) + offset
            parts.append(self.data[start : start + min(left, self.block - offset)])
            left -= len(parts[-1])
            offset += len(parts[-1])
            if not left:
                break
            if at + 1 >= self.used:
                return None, (at, where)
            at, offset = at + 1, 2 * self.slot
        raw = Raw(number, kind, b"".join(parts), block, where, crc)
        return raw, (at, (offset + self.slot - 1) & -self.slot)

    # --- records ---

    def _block_of(self, number: int) -> _Block:
        """The block in which a record begins."""
        low, high = 0, self.used
        while high - low > 1:
            middle = (low + high) // 2
            if self._at(middle).number <= number:
                low = middle
            else:
                high = middle
        head = self._at(low)
        while head.first == 0 or head.number > number:
            if not head.at:
                raise Unsound(f"record {number} is in no block")
            head = self._at(head.at - 1)
        return head

    def _records_of(self, head: _Block) -> tuple[int, list[int]]:
        """The number of the first record that begins in a block, and where each begins."""
        known = self._places.get(head.at)
        if known is not None:
            self._places.move_to_end(head.at)
            return known
        start = self._offset(head.at)
        data = self.data[start : start + self.block]
        offset, places, kept = head.first, [], self.block - HEAD
        while offset <= kept:
            word = int.from_bytes(data[offset : offset + 4], "little")
            if word >> 24 not in (STEP, CHECKPOINT):
                break
            places.append(offset)
            offset = (offset + HEAD + (word & 0xFFFFFF) + self.slot - 1) & -self.slot
        until = self.next
        if head.at + 1 < self.used:
            after = self._at(head.at + 1)
            until = after.number + (after.first == 0)  # a record that runs through it
        places = places[: until - head.number]  # one may be here that was never committed
        self._places[head.at] = head.number, places
        if len(self._places) > _KEPT:
            self._places.popitem(last=False)
        return head.number, places

    def raw(self, number: int) -> Raw:
        """One record."""
        head = self._block_of(number)
        first, places = self._records_of(head)
        if not 0 <= number - first < len(places):
            raise Unsound(f"record {number} is not where it should be")
        raw, _ = self._read(head.at, places[number - first], number)
        if raw is None:
            raise Unsound(f"record {number} has no end")
        return raw

    def _kinds(self, head: _Block, until: int) -> int | None:
        """The newest checkpoint that begins in a block, at a record up to `until`."""
        first, places = self._records_of(head)
        start = self._offset(head.at) + 3
        for n in range(min(until - first, len(places) - 1), -1, -1):
            place = start + places[n]
            if self.data[place : place + 1][0] == CHECKPOINT:
                return first + n
        return None

    def anchor(self, number: int) -> int | None:
        """The newest checkpoint up to this record, or record 0."""
        head = self._block_of(number)
        found = self._kinds(head, number)
        if found is None and head.first > 2 * self.slot and head.number > self.first:
            # Of the record that runs into this block its head does not speak.
            before = head.number - 1
            found = before if self.raw(before).kind == CHECKPOINT else None
        if found is None and head.checkpoint >= self.oldest:
            found = self._kinds(self._at(head.checkpoint - self.oldest), number)
        if found is None and self.first == 0:
            return 0
        return found

    def run(self, _number: int) -> int:
        """None is lost."""
        return self.first

    def chain(self, number: int) -> int:
        """The crc of the record before this one."""
        if number > self.first:
            return self.raw(number - 1).chain
        return self._block_of(number).chain


@dataclass
class Walked:
    """The records of an image, as a walk through all of it found them."""

    image: Image
    block: int
    slot: int
    numbers: array[int]
    places: array[int]  # block << 32 | offset
    bodies: list[bytes]
    kinds: bytearray
    damage: list[Damage]
    known: list[int] = field(default_factory=list)  # checkpoints, and record 0
    runs: list[int] = field(default_factory=list)  # records that do not follow the one before

    @property
    def first(self) -> int:
        return self.numbers[0] if self.numbers else 0

    @property
    def next(self) -> int:
        return self.numbers[-1] + 1 if self.numbers else 0

    def raw(self, number: int) -> Raw:
        """One record; of one that is lost, the next that can be read."""
        at = min(bisect_right(self.numbers, number - 1), len(self.numbers) - 1)
        block, offset = self.places[at] >> 32, self.places[at] & 0xFFFFFFFF
        start = block * self.block + offset + 4
        crc = int.from_bytes(self.image.data[start : start + 4], "little")
        return Raw(self.numbers[at], self.kinds[at], self.bodies[at], block, offset, crc)

    def anchor(self, number: int) -> int | None:
        """The newest checkpoint up to this record, or record 0, without a gap in between."""
        at = bisect_right(self.known, number) - 1
        found = self.known[at] if at >= 0 else None
        return found if found is not None and found >= self.run(number) else None

    def run(self, number: int) -> int:
        """The oldest record from which none is lost up to this one."""
        at = bisect_right(self.runs, number) - 1
        return self.runs[max(at, 0)]

    def chain(self, number: int) -> int:
        """The crc of the record before this one, or what its block says."""
        if number > self.first:
            return self.raw(number - 1).chain
        raw = self.raw(number)
        start = raw.block * self.block
        head = bytes(self.image.data[start : start + self.slot + PART])
        place = read_place(head[self.slot :], head[:PART])
        return int(place[2]) if place and place[0] == raw.offset else 0


def walked(
    path: str, data: bytes, wanted: Callable[[], bool] | None = None
) -> Walked:  # fmt: skip
    """Walk through an image, record by record.

    `wanted`: asked now and then; if it says no, what was found so far is the answer.  Raises
    HostError, TSME-H040 and H041, for what is no journal, H044 for one without records.
    """
    flash = image_of(path, data)
    journal = Journal(flash, flash.slot)
    damage: list[Damage] = []
    found = Walked(
        flash, flash.block, flash.slot, array("Q"), array("Q"), [], bytearray(), damage
    )  # fmt: skip
    for number, kind, body, block, offset in _all(journal, damage):
        if number != found.next or not found.numbers:
            found.runs.append(number)
        if kind == CHECKPOINT or not number:
            found.known.append(number)
        found.numbers.append(number)
        found.places.append(block << 32 | offset)
        found.bodies.append(body)
        found.kinds.append(kind)
        if wanted and not number % _ASK and not wanted():
            break
    if not found.numbers:
        raise HostError("TSME-H044", f'the journal "{path}" holds no records')
    return found


def _all(journal: Journal, damage: list[Damage]) -> Iterator[tuple[int, int, bytes, int, int]]:
    return journal.records(lambda *what: damage.append(Damage(*what)))


def opened(path: str, data: Bytes) -> Records:
    """The records of an image: by its heads if it is whole, else by a walk."""
    try:
        return Index(data)
    except Unsound:
        return walked(path, bytes(data[:]))
