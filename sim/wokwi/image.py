"""UF2 files with a file system in them, since wokwi-cli gives a board no files.

UF2 as its specification has it (github.com/microsoft/uf2): blocks of 512 bytes, each with 256
bytes for one place of the flash.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

BLOCK = 4096
_PAYLOAD = 256
_HEAD = struct.Struct("<8I")
_MAGIC = (0x0A324655, 0x9E5D5157)
_END = 0x0AB16F30
_FAMILY_GIVEN = 0x2000


def to_uf2(parts: Mapping[int, bytes], family: int) -> bytes:
    """A UF2 file that writes each of these parts to its address, in the order of addresses."""
    pages = [
        (at + done, data[done : done + _PAYLOAD])
        for at, data in sorted(parts.items())
        for done in range(0, len(data), _PAYLOAD)
    ]
    out = bytearray()
    for number, (at, data) in enumerate(pages):
        head = (*_MAGIC, _FAMILY_GIVEN, at, _PAYLOAD, number, len(pages), family)
        out += _HEAD.pack(*head) + data.ljust(476, b"\0") + struct.pack("<I", _END)
    return bytes(out)


def without_blank_blocks(at: int, data: bytes) -> dict[int, bytes]:
    """What of a part of the flash has to be written: its blocks that are not all FF."""
    blank = b"\xff" * BLOCK
    return {
        at + done: data[done : done + BLOCK]
        for done in range(0, len(data), BLOCK)
        if data[done : done + BLOCK] != blank
    }
