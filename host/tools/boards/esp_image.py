"""Firmware files for ESP chips: what is in one, and whether all of it is there.

A file of MicroPython's is what flash holds from some offset on: the boot loader, from 0x8000
of the flash on the partition table, from the start of the app partition on the app. Boot
loader and app are images in Espressif's form: a header, segments, a checksum, and mostly a
SHA-256 over all of it.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

from ..errors import HostError
from . import partitions

MAGIC = 0xE9
_WITHOUT_ID = "esp8266"  # a shorter header, which names no chip
# Numbers of chips in the header of an image, as esptool has them.
CHIPS = {
    0: "esp32",
    2: "esp32s2",
    5: "esp32c3",
    9: "esp32s3",
    12: "esp32c2",
    13: "esp32c6",
    16: "esp32h2",
    18: "esp32p4",
    20: "esp32c61",
    23: "esp32c5",
}
_TAKE = "take the file of the board's download page that is written to an empty chip (.bin, whole)"


@dataclass(frozen=True)
class Image:
    """A firmware file: its bytes, where in flash they go, its table, and where its app ends."""

    data: bytes
    offset: int
    table: tuple[partitions.Entry, ...]
    app_end: int

    def with_table(self, table: tuple[partitions.Entry, ...]) -> bytes:
        """The same with another partition table in it."""
        at = partitions.OFFSET - self.offset
        binary = partitions.binary(table)
        return self.data[:at] + binary + self.data[at + len(binary) :]


def read(data: bytes, name: str, chip: str, offset: int) -> Image:
    """A firmware file for `chip`, to be written at `offset`.

    Raises HostError: TSME-B033 if it is none, or not all of it; TSME-B034 if it is another chip's.
    """
    if data[:1] != bytes([MAGIC]):
        raise _bad(name, _instead(data))
    if chip == _WITHOUT_ID:
        _checked(data, 0, name, chip)
        return Image(data, offset, (), offset + len(data))
    _same_chip(data, 0, name, chip)
    end = _checked(data, 0, name, chip)
    at = partitions.OFFSET - offset
    if end > at:
        raise _bad(name, "an app alone, without boot loader and partition table")
    if len(data) <= at:
        raise _bad(name, "a boot loader alone")
    try:
        table = partitions.parse(data[at : at + partitions.SIZE])
    except ValueError as error:
        raise _bad(name, f"its partition table is not whole: {error}") from None
    app = next((entry for entry in table if entry.kind == partitions.APP), None)
    if app is None or app.offset - offset >= len(data):
        raise _bad(name, "it has no app")
    _same_chip(data, app.offset - offset, name, chip)
    end = _checked(data, app.offset - offset, name, chip)
    return Image(data, offset, table, offset + end)


def _bad(name: str, why: str) -> HostError:
    return HostError("TSME-B033", f'"{name}" is no firmware that can be written: {why}', _TAKE)


def _instead(data: bytes) -> str:
    if not data:
        return "it is empty"
    for start, what in (
        (b"UF2\n", "a UF2 file, for boards with a drive"),
        (b"\x7fELF", "an ELF file"),
    ):
        if data.startswith(start):
            return f"it is {what}"
    if data[:64].lstrip()[:1] == b"<":
        return "it is a web page, perhaps that of a download which failed"
    return f"it begins with {data[0]:02x}, an image of an ESP chip with e9"


def _same_chip(data: bytes, at: int, name: str, chip: str) -> None:
    (number,) = struct.unpack_from("<H", data.ljust(at + 24, b"\0"), at + 12)
    its = CHIPS.get(number, f"a chip with number {number}")
    if data[at : at + 1] == bytes([MAGIC]) and its != chip:
        hint = f"take that for {chip}, or name the board that it is for"
        raise HostError("TSME-B034", f'"{name}" is firmware for {its}, not for {chip}', hint)


def _checked(data: bytes, start: int, name: str, chip: str) -> int:
    """-> where the image at `start` ends; TSME-B033 if its checksum or hash says otherwise."""
    if data[start : start + 1] != bytes([MAGIC]):
        raise _bad(name, f"at {start:#x} no image begins")
    head = 8 if chip == _WITHOUT_ID else 24
    at = start + head
    total = 0xEF
    for _ in range(data[start + 1]):
        if at + 8 > len(data):
            raise _bad(name, "it is cut off")
        (size,) = struct.unpack_from("<I", data, at + 4)
        at += 8
        if at + size > len(data):
            raise _bad(name, "it is cut off")
        total ^= int.from_bytes(_folded(data[at : at + size]), "little")
        at += size
    at = start + (at - start | 15)  # the checksum is the last of 16 bytes
    if at >= len(data):
        raise _bad(name, "it is cut off")
    if data[at] != total:
        raise _bad(name, f"the checksum of the image at {start:#x} is wrong: it is damaged")
    at += 1
    if head == 24 and data[start + 23] == 1:
        if at + 32 > len(data):
            raise _bad(name, "it is cut off")
        if hashlib.sha256(data[start:at]).digest() != data[at : at + 32]:
            raise _bad(name, f"the hash of the image at {start:#x} is wrong: it is damaged")
        at += 32
    return at


def _folded(data: bytes) -> bytes:
    """All bytes of it XORed, as one byte: halves onto one another, so that it takes no loop of
    bytes."""
    while len(data) > 1:
        half = (len(data) + 1) // 2
        low = int.from_bytes(data[:half], "little") ^ int.from_bytes(data[half:], "little")
        data = low.to_bytes(half, "little")
    return data or b"\0"
