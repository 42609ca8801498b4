"""What was logged and printed, of late."""

from typing import Any

class Log:
    """A ring of bytes in RAM.  `next`: number of the byte to come, of all that there ever were."""

    next: int
    def __init__(self, size: int) -> None: ...
    def write(self, text: str) -> None:
        """Append a text; a line of it ends in a newline."""

    def read(self, start: int, most: int) -> tuple[int, str]:
        """(first byte, text) from byte `start` on, or from the oldest that is still there."""

    def listen(self, tasks: Any) -> None: ...
    def take_prints(self) -> Any: ...
