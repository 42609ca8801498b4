"""The shapes of flash that the proof is made on."""

import re
from dataclasses import dataclass
from typing import TypeVar, overload

from sim.nor import Nor

Kind = TypeVar("Kind", bound=Nor)


@dataclass(frozen=True)
class Geometry:
    """A block in bytes, blocks, bytes programmed at once, and whether only once (ECC).

    As text `256x3p8`, or `256x3e8` for flash of which nothing may be programmed twice; `r256x12p8`
    if it is cut into regions.
    """

    block: int = 512
    count: int = 4
    program_size: int = 32
    program_once: bool = False
    regions: bool = False

    def __str__(self) -> str:
        kind = "pe"[self.program_once]
        return f"{'r' * self.regions}{self.block}x{self.count}{kind}{self.program_size}"

    @classmethod
    def parse(cls, text: str) -> "Geometry":
        """The geometry that `str` gave as text; ValueError if it is none."""
        found = re.fullmatch(r"(r?)(\d+)x(\d+)([pe])(\d+)", text)
        if not found:
            raise ValueError(f"{text!r} is no geometry such as 256x3p32")
        regions, block, count, kind, size = found.groups()
        return cls(int(block), int(count), int(size), kind == "e", bool(regions))

    @property
    def slot(self) -> int:
        """Bytes of a slot, in which a record begins."""
        return max(32, self.program_size if self.program_once else 0)

    @property
    def room(self) -> int:
        """Bytes of a block behind its head; the last slot may be the seal's."""
        return self.block - (3 if self.program_once else 2) * self.slot

    @property
    def spare(self) -> bool:
        """Are there blocks enough for one of them to fail?"""
        return self.count >= 4

    @overload
    def flash(self) -> Nor: ...

    @overload
    def flash(self, kind: type[Kind]) -> Kind: ...

    def flash(self, kind: type[Nor] = Nor) -> Nor:
        """New flash of this shape, which minds every misuse."""
        return kind(self.block, self.count, self.program_size, self.program_once, strict=True)


# All program sizes, flash with and without ECC, two to nine blocks. No two have equal images:
# number, size or units of the blocks differ. The even ones are as much work as the odd ones.
GEOMETRIES = [
    Geometry.parse(text)
    for text in (
        "256x3p32 256x6p8 256x9p32 256x5p16 256x2p1 256x5e4 256x4p4 256x4e8 "
        "256x3e32 512x4p32 256x2e16 2048x2e256 512x3p256 512x3e64"
    ).split()
]

# Of partitions that are cut into regions; the first four blocks are the table's.
PARTITIONS = [Geometry.parse(text) for text in ("r256x12p32", "r512x11e16", "r256x11p8")]
