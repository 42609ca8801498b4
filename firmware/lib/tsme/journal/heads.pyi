from typing import Final

from .blocks import Blocks
from .records import Buffer

MARKED: Final = 1
USED: Final = 2

# version, slot, count, generation, size, before, retired, once
def read_mark(part: Buffer) -> tuple[int, int, int, int, int, int, int, bool] | None: ...
def read_place(part: Buffer, head: Buffer) -> tuple[int, int, int, int, int, int] | None: ...

class Heads:
    blocks: Blocks
    part: bytearray
    other: list[int]
    generation: int
    before: int
    retired: int
    first: int
    number: int
    chain: int
    checkpoint: int
    def __init__(self, blocks: Blocks) -> None: ...
    def look(self, block: int) -> int: ...
    def sealed(self, block: int) -> bool: ...
    def used(self, generation: int) -> bool: ...
