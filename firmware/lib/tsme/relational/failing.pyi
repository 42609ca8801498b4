"""What becomes of a handler of a relational machine that raises, or takes too long."""

from collections.abc import Callable
from typing import Any

def name_of(s: Any, entry: tuple[Callable[[Any], Any], int, int, int]) -> str:
    """Of a handler, as a plan has it: (function, sort, state, other state, or -1)."""
