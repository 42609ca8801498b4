"""Numbers that nobody else has, as UUIDs.  They are no secrets."""

from __future__ import annotations

import hashlib
import random
from typing import Final

# Of the process's own generator, which the system has seeded: asking the system each time lets go
# of the interpreter, and with other threads at work it takes milliseconds to get it back.
_random = random.Random(random.SystemRandom().getrandbits(256))  # noqa: S311
_VARIANT: Final = 0x8000_0000_0000_0000  # of RFC 9562


def new() -> str:
    """A random UUID, as text."""
    return _text(_random.getrandbits(128), 4)


def named(space: bytes, name: str) -> str:
    """The UUID, as text, that a name always has in a space, 16 bytes (uuid.uuid5)."""
    digest = hashlib.sha1(space + name.encode(), usedforsecurity=False).digest()
    return _text(int.from_bytes(digest[:16], "big"), 5)


def _text(bits: int, version: int) -> str:
    # uuid.UUID takes ten times as long, and each request needs one or two.
    bits = bits & ~(0xF000 << 64) & ~(0xC000 << 48) | version << 76 | _VARIANT
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
