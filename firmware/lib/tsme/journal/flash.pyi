"""A file that stands in for flash."""

from typing import Any

def erase(f: Any, size: int) -> None: ...

class FileFlash:
    """A file of `count` blocks of `block` bytes, made blank if it is not there; `count` is then
    needed.

    `durable`: a commit has reached the disk when it returns. Raises TsmeError, TSME-J..., for a
    file that is none of ours, or that another process has open.
    """

    path: str
    block: int
    count: int
    durable: bool
    def __init__(
        self, path: str, block: int = 4096, count: int | None = None, durable: bool = True
    ) -> None: ...
    def readblocks(self, n: int, buf: Any, off: int = 0) -> int | None:
        """Read into `buf` from byte `off` of block `n`."""

    def writeblocks(self, n: int, buf: Any, off: int = 0) -> int | None:
        """Program `buf` at byte `off` of block `n`, which is erased there; nothing is erased."""

    def ioctl(self, op: int, arg: int) -> int | None:
        """MicroPython's extended block device: 3 sync, 4 count, 5 size, 6 erase block `arg`."""

    def mine(self) -> None:
        """Raises TsmeError if another FileFlash has been opened on the file since."""

    def close(self) -> None:
        """Let the file go."""
