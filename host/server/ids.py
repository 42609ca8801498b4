"""Numbers that nobody else has, as UUIDs.  They are no secrets."""

from __future__ import annotations

import random
import uuid

# Of the process's own generator, which the system has seeded: asking the system each time lets go
# of the interpreter, and with other threads at work it takes milliseconds to get it back.
_random = random.Random(random.SystemRandom().getrandbits(256))  # noqa: S311


def new() -> str:
    """A random UUID, as text."""
    return str(uuid.UUID(int=_random.getrandbits(128), version=4))
