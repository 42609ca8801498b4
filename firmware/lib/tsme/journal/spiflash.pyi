"""SPI NOR flash with the usual commands, for a journal."""

from collections.abc import Callable
from typing import Any

class SpiFlash:
    """A chip: `spi` as machine.SPI, `cs(0)` selects it.

    `block`: bytes erased at once, 4096, 32768 or 65536. `size`: bytes of the chip, if it does
    not say them right. Raises TsmeError, TSME-J012, if no chip answers.
    """

    spi: Any
    cs: Callable[[int], object]
    block: int
    count: int
    def __init__(
        self, spi: Any, cs: Callable[[int], object], block: int = 4096, size: int | None = None
    ) -> None: ...
    def readblocks(self, n: int, buf: Any, off: int = 0) -> int | None:
        """Read into `buf` from byte `off` of block `n`."""

    def writeblocks(self, n: int, buf: Any, off: int = 0) -> int | None:
        """Program `buf` at byte `off` of block `n`, which is erased there; nothing is erased."""

    def ioctl(self, op: int, arg: int) -> int | None:
        """MicroPython's extended block device: 3 sync, 4 count, 5 size, 6 erase block `arg`."""
