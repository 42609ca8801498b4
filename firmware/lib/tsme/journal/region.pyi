from typing import Any

from .blocks import Device

class Region:
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
    def readblocks(self, n: int, buf: Any, off: int = 0) -> int | None: ...
    def writeblocks(self, n: int, buf: Any, off: int = 0) -> int | None: ...
    def ioctl(self, op: int, arg: int) -> int | None: ...

def partition(label: str = "tsme") -> Any: ...
