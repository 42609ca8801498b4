"""Part of a device as a journal's own, and partitions of the ESP32."""

from typing import Any

from .blocks import Device

class Region:
    """`count` blocks of another device, from block `start` on.

    `program_size`: bytes that the device programs at once, 256 for rp2.Flash, else 32.
    `program_once`: whether a byte may be programmed once only. Raises TsmeError, TSME-J001, if
    the device has not so many.
    """

    device: Device
    start: int
    count: int
    program_size: int
    program_once: bool
    def __init__(
        self,
        device: Device,
        start: int,
        count: int,
        program_size: int | None = None,
        program_once: bool | None = None,
    ) -> None: ...
    def readblocks(self, n: int, buf: Any, off: int = 0) -> int | None:
        """Read into `buf` from byte `off` of block `n`."""

    def writeblocks(self, n: int, buf: Any, off: int = 0) -> int | None:
        """Program `buf` at byte `off` of block `n`, which is erased there; nothing is erased."""

    def ioctl(self, op: int, arg: int) -> int | None:
        """MicroPython's extended block device: 3 sync, 4 count, 5 size, 6 erase block `arg`."""

def partition(label: str = "tsme") -> Any: ...
