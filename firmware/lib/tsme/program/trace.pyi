from collections.abc import Callable, Collection
from typing import Any, TypeAlias

# (kind of protocol.TRACED, frame, pc, number, data): docs/SPEC.md, 3.6
Sink: TypeAlias = Callable[[int, int, int, int, bytes], object]

class Tracer:
    """Tells `sink` what an interpreter does: each event, or those of `kinds` alone."""

    now: int
    def __init__(
        self, interpreter: Any, sink: Sink, kinds: Collection[int] | None = None
    ) -> None: ...
    def frame(self, number: int) -> bytes: ...
