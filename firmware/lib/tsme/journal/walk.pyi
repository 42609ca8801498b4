from collections.abc import Callable
from typing import TypeAlias

from .cursor import Cursor
from .heads import Heads

# Number of the first damaged record, of the next readable one or None, block, offset.
OnDamage: TypeAlias = Callable[[int, int | None, int, int], object]

class Walk(Cursor):
    doomed: int
    torn: bool
    def __init__(
        self, heads: Heads, newest: int, oldest: int, on_damage: OnDamage | None = None
    ) -> None: ...
    def nothing(self) -> None: ...
    def start(self, generation: int) -> bool: ...
    def step(self, load: bool = False) -> bool: ...
