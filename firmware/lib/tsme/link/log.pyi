"""What was logged and printed, of late."""

class Log:
    """A ring of bytes in RAM.  `next`: number of the byte to come, of all that there ever were."""

    ring: bytearray
    next: int
    def __init__(self, size: int) -> None: ...
    def write(self, text: str) -> None:
        """Append a text; a line of it ends in a newline."""
