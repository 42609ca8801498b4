"""Programs on the C core, where there is one; else, and for whatever it lacks, on Python."""

from collections.abc import Callable
from typing import Any

from ..kernel import Client
from ..program import Program

core: Any  # the module tsme_core, or None

def runs(program: Program) -> Client:
    """What runs a program: a client for kernel(), or of the Python kernel."""

def booted(data: bytes, crc: int) -> Client:
    """The same for the bytes of a program that was verified before, whose CRC-32 was kept."""

def kernel(
    client: Client | None,
    room: int | None = None,
    find: Callable[[bytes], Client | None] | None = None,
) -> Any:
    """A kernel (tsme.kernel.Kernel) for what runs() gave, on the core if that can; for any other
    client the one in Python.  `find(digest)`: what runs() gives for another program."""
