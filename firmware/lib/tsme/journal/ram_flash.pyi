"""Flash that forgets, for tests and for what need not last."""

from typing import Any

class RamFlash:
    """`count` blocks of `block` bytes in memory."""

    block: int
    count: int
    data: memoryview
    def __init__(self, block: int = 4096, count: int = 16) -> None: ...
    def readblocks(self, n: int, buf: Any, off: int = 0) -> int | None:
        """Read into `buf` from byte `off` of block `n`."""

    def writeblocks(self, n: int, buf: Any, off: int = 0) -> int | None:
        """Program `buf` at byte `off` of block `n`, which is erased there; nothing is erased."""

    def ioctl(self, op: int, arg: int) -> int | None:
        """MicroPython's extended block device: 3 sync, 4 count, 5 size, 6 erase block `arg`."""
