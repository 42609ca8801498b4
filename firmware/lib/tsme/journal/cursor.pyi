from typing import Final

from .blocks import Blocks
from .heads import Heads

WHOLE: Final = 0
BAD: Final = 2

class Cursor:
    heads: Heads
    blocks: Blocks
    newest: int
    last: int
    generation: int
    off: int
    number: int
    chain: int
    kind: int
    size: int
    at: tuple[int, int, int, int]
    def __init__(self, heads: Heads, newest: int, oldest: int) -> None: ...
    def after(self, generation: int) -> int: ...
    def begin(self, generation: int, off: int, number: int, chain: int) -> None: ...
    def body(self) -> memoryview: ...
    def forward(self, load: bool = False) -> int: ...
