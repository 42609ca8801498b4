"""Messages on lines of bytes (SPEC 8.1)."""

from typing import Any, Protocol

class Stream(Protocol):
    """A line of bytes.  One that has an attribute `session`, an int, changes it with each new
    peer; one that has `console` is also where the program prints.
    """

    def read_into(self, buf: Any, /) -> int | None:
        """Put what is there at the beginning of `buf`, never waiting: how many bytes that is."""

    def write(self, buf: Any, /) -> object:
        """Send all of `buf` as it is; waits a second at most.  False: not all was taken."""

class Line:
    """A stream, a buffer of `limit` bytes for a packet, and the session of who is at the other
    end.
    """

    stream: Stream
    def __init__(self, stream: Stream, limit: int = 1024) -> None: ...
    def begin(self) -> None:
        """A new session: locked, if there is a key."""

    def poll(self) -> int: ...
    def answer(self, n: int) -> None: ...

def ticks() -> int: ...
def crc16(data: Any, at: int, end: int, crc: int = 0) -> int: ...
