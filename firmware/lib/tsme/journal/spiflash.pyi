from collections.abc import Callable
from typing import Any

class SpiFlash:
    spi: Any
    cs: Callable[[int], object]
    block: int
    count: int
    def __init__(
        self, spi: Any, cs: Callable[[int], object], block: int = 4096, size: int | None = None
    ) -> None: ...
    def readblocks(self, n: int, buf: Any, off: int = 0) -> int | None: ...
    def writeblocks(self, n: int, buf: Any, off: int = 0) -> int | None: ...
    def ioctl(self, op: int, arg: int) -> int | None: ...
