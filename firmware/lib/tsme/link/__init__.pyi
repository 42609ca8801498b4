"""A board over a cable: the Simple Management Protocol on lines of bytes (SPEC 8)."""

from collections.abc import Callable, Mapping
from typing import Any

from ..engine.board import Board
from .packets import Line as Line
from .packets import Stream

class Log:
    """What was logged and printed, of late: a ring of bytes.

    `next`: number of the byte to come, of all that there ever were.
    """

    ring: bytearray
    next: int
    def __init__(self, size: int) -> None: ...
    def write(self, text: str) -> None:
        """Append a text; a line of it ends in a newline."""

class Link:
    """Answers requests that come on some lines, and runs the board meanwhile.

    `board`: what it serves; None in safe mode, if there is none.  `streams`: stdin and stdout if
    left out.  `key`: of the lock; without one whoever has the cable may do everything.  `files`:
    the folder below which files may be read and written.  `about`: what status says of the
    board: board, mode ("safe": nothing runs), boots, failures.

    `reset`: a function to call in place of machine.reset().
    """

    board: Board | None
    lines: list[Line]  # one for each stream
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

    def recover(self) -> None:
        """Read the journals.  run() does it too; outside an event loop there is more stack."""

    async def serve(self, line: Line) -> bool:
        """Answer at most one request of a line, also if run() is not under way: what is asked of
        executions is then durable, and nothing runs.  Whether anything came.
        """
