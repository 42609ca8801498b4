from collections.abc import Callable
from typing import Final, TypeAlias

from .blocks import Blocks

# Number of the first damaged record, of the next readable one or None, block, offset.
OnDamage: TypeAlias = Callable[[int, int | None, int, int], object]

WHOLE: Final = 0
END: Final = 1
BAD: Final = 2

class Walk:
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
    def __init__(self, blocks: Blocks, newest: int, on_damage: OnDamage | None = None) -> None: ...
    def start(self, generation: int) -> bool: ...
    def begin(self, generation: int, off: int, number: int, chain: int) -> None: ...
    def body(self) -> memoryview: ...
    def step(self, load: bool = False) -> bool: ...
