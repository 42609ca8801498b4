from collections.abc import Callable, Iterable
from typing import Any, Protocol

class Draws(Protocol):
    def draw(self) -> int: ...
    def below(self, n: int, /) -> int: ...

FUNCTIONS: list[tuple[str, int, str, str]]

def find(numbers: Iterable[int]) -> dict[int, tuple[int, Callable[..., Any], bool]]: ...
