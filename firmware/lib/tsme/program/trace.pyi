from collections.abc import Callable, Collection
from typing import Any, TypeAlias

# (kind of protocol.TRACED, frame, pc, number, data): docs/SPEC.md, 3.6
Sink: TypeAlias = Callable[[int, int, int, int, Any], object]

class Tracer:
    """Tells `sink` what an interpreter does: each event, or those of `kinds` alone.

    With `encoded` data and frames are bytes, as any interpreter can give them.  Without, they are
    the items that these bytes would hold, for who reads them at once: values in them are shared
    with the state, which is never changed; lists around them are not to be kept.
    """

    now: int  # ms since 1970, of the step under way
    def __init__(
        self,
        interpreter: Any,
        sink: Sink,
        kinds: Collection[int] | None = None,
        encoded: bool = True,
    ) -> None: ...
    def frame(self, number: int) -> Any:
        """Within sink() alone: a frame as a checkpoint has it."""
