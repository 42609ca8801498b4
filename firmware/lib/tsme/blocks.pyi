from typing import Any, Final, Protocol

from .records import Buffer

OTHER: Final = 0
MARKED: Final = 1
USED: Final = 2
FF: Final[bytes]

# MicroPython's extended block device interface.
class Device(Protocol):
    def readblocks(self, n: int, buf: Any, off: int = 0, /) -> int | None: ...
    def writeblocks(self, n: int, buf: Any, off: int = 0, /) -> int | None: ...
    def ioctl(self, op: int, arg: int, /) -> int | None: ...

class Blocks:
    device: Device
    count: int
    size: int
    unit: int
    once: bool
    slot: int
    data: int
    room: int
    buf: bytearray
    view: memoryview
    base: int
    ff: memoryview
    double: bytes
    mark: memoryview
    generation: int
    first: int
    number: int
    chain: int
    checkpoint: int
    def __init__(self, device: Device, slot: int, buffer: int) -> None: ...
    def read(self, block: int, off: int, buf: bytearray | memoryview) -> None: ...
    def program(self, block: int, off: int, buf: Buffer) -> None: ...
    def erase(self, block: int) -> None: ...
    def sync(self) -> None: ...
    def of(self, generation: int) -> int: ...
    def look(self, block: int) -> int: ...
    def used(self, generation: int) -> bool: ...
    def blank(self, block: int, off: int = 0) -> bool: ...
    def claim(self) -> None: ...
    def lay_mark(self, generation: int) -> memoryview: ...
    def make_ready(self, generation: int) -> None: ...
    def padded(self, end: int) -> memoryview: ...
    def write(
        self,
        block: int,
        off: int,
        at: int,
        head: Buffer,
        body: Buffer,
        done: int,
        until: int,
    ) -> None: ...
