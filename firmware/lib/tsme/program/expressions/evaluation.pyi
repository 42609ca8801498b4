"""Evaluates expressions (docs/SPEC.md, 2.16)."""

from collections.abc import Sequence
from typing import Any, Final

FUEL: Final[int]

class Evaluation:
    """One evaluation.  It changes neither `vm` nor `d`, but for random numbers."""

    fuel: int  # what is left
    made: int  # bytes of values of more than 255 each
    largest: int
    now: int
    def __init__(self, vm: Any, d: Any, f: Any, fuel: int = ..., room: int = ...) -> None: ...
    def evaluated(self, body: int, given: Sequence[Any]) -> Any:
        """What the body returns; raises ExpressionError, or StatesError for `room`."""
    def load(self, a: int) -> Any: ...
    def part(self, a: int) -> Any: ...
    def draw(self) -> int: ...
    def spend(self, units: int) -> None: ...

def evaluate(vm: Any, d: Any, f: Any, body: int, given: Sequence[Any]) -> Any:
    """The value as it leaves."""
