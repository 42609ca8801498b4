"""How an execution ended; and what runs a program."""

from typing import Any

class Outcome:
    """How an execution stands: `status` is running, succeeded, failed or stopped.

    `output` is the value of one that succeeded; `error` and `cause` are of one that did not.
    `print` shows all of it in one line.
    """

    execution: int
    status: str
    output: Any
    error: str | None
    cause: str | None
    def __init__(self, state: Any) -> None: ...

def client_of(program: Any, crc: int | None = None) -> Any: ...
