"""A board over a cable: the Simple Management Protocol on lines of bytes (SPEC 8)."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from ..engine.board import Board
from .log import Log

class Stream(Protocol):
    """A line of bytes.  One that has an attribute `session`, an int, changes it with each new
    peer; one that has `console` is also where the program prints.
    """

    def read_into(self, buf: Any, /) -> int | None:
        """Put what is there at the beginning of `buf`, never waiting: how many bytes that is."""

    def write(self, buf: Any, /) -> object:
        """Send all of `buf` as it is; waits a second at most."""

class Line:
    """A stream, and the session of who is at its other end."""

    stream: Stream
    def __init__(self, stream: Stream) -> None: ...
    def begin(self) -> None:
        """A new session: locked, if there is a key."""

class Link:
    """Answers requests that come on some lines, and runs the board meanwhile.

    `board`: what it serves; None in safe mode, if there is none.  `streams`: stdin and stdout if
    left out.  `key`: of the lock; without one whoever has the cable may do everything.  `files`:
    the folder below which files may be read and written.  `about`: what status says of the
    board: board, mode ("safe": nothing runs), boots, failures.

    `reset`: a function to call in place of machine.reset().
    """

    board: Board | None
    log: Log
    reset: Callable[[], object] | None
    safe: bool
    def __init__(
        self,
        board: Board | None,
        *streams: Stream,
        key: str | bytes | None = None,
        files: str = "/",
        about: Mapping[str, Any] | None = None,
    ) -> None: ...
    async def run(self) -> None:
        """Serve for ever; runs the board whenever something is under way, unless somebody does."""

    async def serve(self, line: Line) -> bool:
        """Answer at most one request of a line, also if run() is not under way: what is asked of
        executions is then durable, and nothing runs.  Whether anything came.
        """
