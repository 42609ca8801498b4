"""A second reader of programs and journals, written from docs/SPEC.md alone.

Nothing here or in `second_machine` comes from the package: where the two do not agree with what
the engine writes, either the engine or the page is wrong.  Sections of the page stand in comments.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SPEC = Path(__file__).parents[2] / "docs" / "SPEC.md"
HEAD = 8  # bytes before a record's body
ERASED = 0xFFFFFFFF
STEP, CHECKPOINT = 1, 2


# 2.14, read off the page
WORDS = (
    re.search(r"are words:\n\n((?:    .*\n)+)", SPEC.read_text())[1]  # type: ignore[index]
    .replace("    ", "")
    .replace("\n", "")
    .replace("·", " ")
    .split("|")
)


class Bad(Exception):
    """The bytes are not what the page says."""


class Undefined:
    """F7: nothing here."""

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED = Undefined()
_SIMPLE = {0xF4: False, 0xF5: True, 0xF6: None, 0xF7: UNDEFINED}
_FLOATS = ((0xF9, ">e"), (0xFA, ">f"), (0xFB, ">d"))


# --- values (1) ---


def encode(v: Any) -> bytes:
    """Deterministic CBOR, members in their order."""
    for first, simple in _SIMPLE.items():
        if v is simple:
            return bytes([first])
    match v:
        case int():
            return _head(0, v) if v >= 0 else _head(1, -1 - v)
        case float():
            return _float(v)
        case str():
            data = v.encode()
            return _head(3, len(data)) + data
        case bytes():
            return _head(2, len(v)) + v
        case list():
            return _head(4, len(v)) + b"".join(map(encode, v))
        case dict():
            return _head(5, len(v)) + b"".join(encode(k) + encode(x) for k, x in v.items())
    raise Bad(f"{v!r} is no value")


def _head(major: int, n: int) -> bytes:
    if n < 24:
        return bytes([major << 5 | n])
    for info, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if n < 1 << 8 * size:
            return bytes([major << 5 | info]) + n.to_bytes(size, "big")
    raise Bad(f"{n} has more than 64 bits")


def _float(v: float) -> bytes:
    for first, form in _FLOATS:
        try:
            data = struct.pack(form, v)
        except OverflowError:
            continue
        if struct.unpack(form, data)[0] == v:
            return bytes([first]) + data
    raise Bad(f"{v!r} is no value")


def decode(b: bytes, at: int = 0) -> tuple[Any, int]:
    """The item at `at`, and where the next one begins; refuses what is not deterministic."""
    first = b[at]
    major, info = first >> 5, first & 31
    at += 1
    if major == 7:
        if first in _SIMPLE:
            return _SIMPLE[first], at
        form = dict(_FLOATS).get(first)
        if form is None:
            raise Bad(f"the byte {first:02x} begins no value")
        size = struct.calcsize(form)
        v = struct.unpack_from(form, b, at)[0]
        if encode(v) != b[at - 1 : at + size]:
            raise Bad("a float is not in its shortest form")
        return v, at + size
    n = info
    if info >= 24:
        size = 1 << info - 24
        n = int.from_bytes(b[at : at + size], "big")
        at += size
        if info > 27 or n < (24, 1 << 8, 1 << 16, 1 << 32)[info - 24]:
            raise Bad("a head is not in its shortest form")
    return _body(b, at, major, n)


def _body(b: bytes, at: int, major: int, n: int) -> tuple[Any, int]:
    if major < 2:
        return (n if major == 0 else -1 - n), at
    if major < 4:
        part = bytes(b[at : at + n])
        if len(part) < n:
            raise Bad("the data end in a string")
        return (part if major == 2 else part.decode()), at + n
    if major == 4:
        items = []
        for _ in range(n):
            v, at = decode(b, at)
            items.append(v)
        return items, at
    if major == 6:
        raise Bad("a tag")
    members: dict[str, Any] = {}
    for _ in range(n):
        k, at = decode(b, at)
        v, at = decode(b, at)
        if not isinstance(k, str) or k in members:
            raise Bad(f"the name {k!r} is no text, or there twice")
        members[k] = v
    return members, at


def sequence(b: bytes) -> list[Any]:
    """The items of a CBOR sequence."""
    at, out = 0, []
    while at < len(b):
        v, at = decode(b, at)
        out.append(v)
    return out


# --- programs (2) ---


class Program:
    """A `.tsm` file, its digest checked."""

    def __init__(self, data: bytes) -> None:
        item, end = decode(data)
        version, self.digest, self.needs, limits, self.code, index, consts = item
        if version != 2 or data[0] != 0x87:
            raise Bad("no program of version 2")
        body = data[1 + len(encode(version)) + len(encode(self.digest)) : end]
        if hashlib.sha256(body).digest()[:8] != self.digest:
            raise Bad("the program's digest does not fit")
        self.slots, self.stack, self.counters, self.budget, self.timeout = limits[:5]
        self.largest, self.step_bytes, self.items = limits[5:]
        self.budget = self.budget or 256
        self.largest = self.largest or 262144
        self.step_bytes = self.step_bytes or 24576
        self.items = self.items or 1000
        form = "<B" if len(consts) < 256 else "<H" if len(consts) < 65536 else "<I"
        offsets = [i for (i,) in struct.iter_unpack(form, index)]
        if offsets != self._read(consts):
            raise Bad("index and constants do not fit")
        self.debug = None
        if end < len(data):
            self.debug, end = decode(data, end)
            if self.debug[0] != 2 or self.debug[1] != self.digest or end != len(data):
                raise Bad("the debug part is of another program")

    def _read(self, data: bytes) -> list[int]:
        """The constants, those in parts put together (2.14); where each begins."""
        offsets: list[int] = []
        self.consts: list[Any] = []
        parts: dict[int, bool] = {}
        at = 0
        while at < len(data):
            offsets.append(at)
            if data[at] in (0xC6, 0xC7):
                parts[len(self.consts)] = data[at] == 0xC7
                at += 1
                if data[at] >> 5 != 2:
                    raise Bad("a constant in parts is no byte string")
            value, at = decode(data, at)
            self.consts.append(value)
        whole = {n: self._joined(n, text, parts) for n, text in parts.items()}
        for n, value in whole.items():
            self.consts[n] = value
        return offsets

    def _joined(self, number: int, text: bool, parts: dict[int, bool]) -> Any:
        found = [WORDS[n - 192] if n >= 192 else self.consts[n] for n in self.consts[number]]
        kinds = (str,) if text else (str, int)
        nested = any(n in parts for n in self.consts[number])
        if nested or any(type(v) not in kinds for v in found):
            raise Bad("a part that is none")
        return "".join(found) if text else found

    def fetch(self, pc: int) -> tuple[int, int, int]:
        """The operation at `pc`, its operand, and the index behind it."""
        op, a = self.code[2 * pc : 2 * pc + 2]
        if op:
            return op, a, pc + 1
        op, low = self.code[2 * pc + 2 : 2 * pc + 4]
        return op, a << 8 | low, pc + 2


# --- journals (4) ---


@dataclass(frozen=True)
class Block:
    """A block of the ring: where it is, and what its two slots say."""

    start: int
    before: int
    retired: int
    first: int
    number: int
    chain: int
    checkpoint: int


@dataclass(frozen=True)
class Record:
    number: int
    kind: int
    body: bytes
    generation: int  # of the block in which it begins


class Image:
    """A journal's bytes.  `records()` checks every chain and head on its way."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.count, self.size, self.slot, once = self._geometry()
        self.end = self.size - self.slot if once else self.size
        self.once = once
        self.ring = self._ring()
        self.torn = False

    def _mark(self, at: int) -> tuple[int, ...] | None:
        """A valid first slot: version, log2 of slot, N, generation, bytes of a block, generation
        of the block before, the retired."""
        b = self.data[at : at + 28]
        if len(b) < 28 or b[:4] != b"TSMJ" or u32(b, 24) != zlib.crc32(b[:24]):
            return None
        return struct.unpack_from("<BBHIIII", b, 4)

    def _geometry(self) -> tuple[int, int, int, bool]:
        for at in range(0, len(self.data), 256):
            mark = self._mark(at)
            if mark:
                version, log2, count, _, size = mark[:5]
                if version != 1 or at % size or count * size != len(self.data):
                    raise Bad("the image is not all of a journal of version 1")
                return count, size, 1 << (log2 & 31), log2 >= 32
        raise Bad("no journal")

    def _ring(self) -> dict[int, Block]:
        """Blocks by generation: the greatest, and from each the one that it says is before it."""
        found: dict[int, Block] = {}
        self.retired: set[int] = set()
        for start in range(0, len(self.data), self.size):
            mark = self._mark(start)
            at = start + self.slot
            if not mark or not mark[3]:
                continue
            if (1 << (mark[1] & 31), mark[1] >= 32, mark[2], mark[4]) != (
                self.slot,
                self.once,
                self.count,
                self.size,
            ):
                raise Bad("a head of another journal")
            block = start // self.size
            self.retired |= {(block - 1 - i) % self.count for i in range(32) if mark[6] >> i & 1}
            place = self.data[at : at + 28]
            if zlib.crc32(place[:24], u32(self.data, start + 24)) != u32(place, 24):
                continue
            if place[16:24] != bytes(8):
                raise Bad("the second slot has more than this version knows")
            found[mark[3]] = Block(start, *mark[5:], *struct.unpack_from("<IIII", place, 0))
        ring: dict[int, Block] = {}
        generation = newest = max(found, default=0)
        while generation in found and generation > newest - self.count:
            ring[generation] = found[generation]
            if found[generation].before >= generation:
                raise Bad("the block before is not older")
            generation = found[generation].before
        first = [block.start // self.size - g for g, block in ring.items()]
        if any((n - first[0]) % self.count for n in first):
            raise Bad("generations are not in the order of the blocks")
        return ring

    def _after(self, generation: int) -> int:
        """The next generation of the ring; 0 if there is none."""
        return min((g for g in self.ring if g > generation), default=0)

    def records(self) -> Iterator[Record]:
        """All that are there, oldest first."""
        starts = [g for g in sorted(self.ring) if self.ring[g].first]
        if not starts:
            return
        generation = starts[0]
        block = self.ring[generation]
        last = block.before
        at, number, chain = block.first, block.number, block.chain
        while True:
            found = self._record(generation, at, chain)
            after = self._after(generation)
            if self._begins(after, number, chain):
                again = self._record(after, 2 * self.slot, chain)
                if again or not found:  # what is here was never committed
                    generation, at = after, 2 * self.slot
                    found = again
                    if not found:
                        continue
            if found is None:
                if any(self._sealed(g) for g in self.ring if g >= last):
                    raise Bad("a seal says that there was one more record")
                self.torn = self._dirty(generation, at) or generation < max(self.ring)
                return
            record, end, crc = found
            yield Record(number, record[0], record[1], generation)
            last = end[0]
            self._check_heads(generation, end, number, crc)
            number, chain = number + 1, crc
            generation, at = end

    def _record(
        self, generation: int, at: int, chain: int
    ) -> tuple[tuple[int, bytes], tuple[int, int], int] | None:
        """(kind, body), (generation, offset) behind it, and its crc; None if none is whole."""
        if at >= self.end:
            return None
        start = self.ring[generation].start + at
        head = self.data[start : start + HEAD]
        if u32(head, 0) == ERASED or head[3] not in (STEP, CHECKPOINT):
            return None
        left = int.from_bytes(head[:3], "little")
        body = b""
        at += HEAD
        while left:
            if at == self.end:
                generation, at = self._after(generation), 2 * self.slot
                if not generation:
                    return None
            n = min(left, self.end - at)
            start = self.ring[generation].start + at
            body += self.data[start : start + n]
            at, left = at + n, left - n
        crc = zlib.crc32(head[:4] + body, chain)
        if crc != u32(head, 4):
            return None
        return (head[3], body), (generation, -(-at // self.slot) * self.slot), crc

    def _begins(self, generation: int, number: int, chain: int) -> bool:
        """Does this block begin with that very record?"""
        block = self.ring.get(generation)
        return block is not None and (block.first, block.number, block.chain) == (
            2 * self.slot,
            number,
            chain,
        )

    def _check_heads(self, begin: int, end: tuple[int, int], number: int, crc: int) -> None:
        """What the second slots of the blocks say that a record has run into."""
        for generation in (g for g in sorted(self.ring) if begin < g <= end[0]):
            block = self.ring[generation]
            if block.first == 2 * self.slot:
                raise Bad("a record runs into a block that begins with another")
            if generation == end[0] and end[1] < self.end:
                expected = (end[1], number + 1, crc)
                if (block.first, block.number, block.chain) != expected:
                    raise Bad(f"the head of generation {generation} does not fit")
            elif (block.first, block.number) != (0, number):
                raise Bad(f"the head of generation {generation} does not fit")

    def _sealed(self, generation: int) -> bool:
        """Does this block say that the next one holds a record?"""
        start = self.ring[generation].start
        if self.once:
            slot = self.data[start + self.end : start + self.size]
            return slot != b"\xff" * len(slot)
        return sum(byte != 0xFF for byte in self.data[start + 28 : start + 32]) > 1

    def _dirty(self, generation: int, at: int) -> bool:
        start = self.ring[generation].start
        rest = self.data[start + at : start + self.end]
        return rest != b"\xff" * len(rest)


def regions(data: bytes) -> dict[str, tuple[int, int]]:
    """The regions of a whole partition (4.7): first block and number of blocks, by name."""
    size = 256
    while not (table := _table(data, size)):
        size += 256
        if 4 * size > len(data):
            raise Bad("no table of regions")
    what, version, mark, _number, *entries = table
    if (what, version) != ("regions", 1):
        raise Bad("no table of version 1")
    end, found = 4, {}
    for name, start, count, kind in entries:
        if start < end or count < 1 or start + count > mark or name in found or kind < 0:
            raise Bad(f"the region {name} at {start} does not fit")
        end = start + count
        if name:
            found[name] = start, count
    if max(end, mark) * size > len(data):
        raise Bad("the regions are more than the device")
    return found


def _table(data: bytes, size: int) -> Any:
    """What the newest record in the first four blocks says, if they have this size."""
    try:
        image = Image(data[: 4 * size])
    except Bad:
        return None
    if image.size != size:
        return None
    records = list(image.records())
    if not records or any(record.kind != CHECKPOINT for record in records):
        raise Bad("a table has checkpoints alone")
    return sequence(records[-1].body)[0]


def u32(b: bytes, at: int) -> int:
    return int.from_bytes(b[at : at + 4], "little")
