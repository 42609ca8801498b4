from collections.abc import Callable
from typing import Final, TypeAlias

from .blocks import Blocks
from .records import Buffer

# Number of the first damaged record, of the next readable one or None, block, offset.
OnDamage: TypeAlias = Callable[[int, int | None, int, int], object]

WHOLE: Final = 0
END: Final = 1
BAD: Final = 2

OTHER: Final = 0
MARKED: Final = 1
USED: Final = 2

# version, slot, count, generation, size, before, retired
def read_mark(part: Buffer) -> tuple[int, int, int, int, int, int, int] | None: ...
def read_place(part: Buffer, mark_part: Buffer) -> tuple[int, int, int, int, int, int] | None: ...

class Heads:
    blocks: Blocks
    generation: int
    before: int
    retired: int
    first: int
    number: int
    chain: int
    checkpoint: int
    def __init__(self, blocks: Blocks) -> None: ...
    def look(self, block: int) -> int: ...
    def used(self, generation: int) -> bool: ...

class Walk:
    heads: Heads
    blocks: Blocks
    newest: int
    doomed: int
    torn: bool
    last: int
    generation: int
    off: int
    number: int
    chain: int
    kind: int
    size: int
    at: tuple[int, int, int, int]
    def __init__(
        self, heads: Heads, newest: int, oldest: int, on_damage: OnDamage | None = None
    ) -> None: ...
    def after(self, generation: int) -> int: ...
    def nothing(self) -> None: ...
    def start(self, generation: int) -> bool: ...
    def begin(self, generation: int, off: int, number: int, chain: int) -> None: ...
    def body(self) -> memoryview: ...
    def step(self, load: bool = False) -> bool: ...
