"""Replay: a journal's records run through the kernel again, every digest compared."""

from typing import Any

from ..journal import Store
from ..journal.records import Buffer
from . import Kernel, State

def read_step(body: Buffer, now: int) -> tuple[int, tuple[Any, ...]]:
    """(digest, event) of a step's record; `now`: time of the step before it, in ms since 1970.

    Raises TsmeError, TSME-R002, for what is no such record.
    """

def reread(journal: Store, kernel: Kernel) -> tuple[State, int, int | None]:
    """After recover(): the state that a store leads to, transitions since its newest checkpoint,
    and the kind of its newest step, if no checkpoint follows it."""

class Replay:
    """Feeds records to a kernel, oldest first; raises TsmeError, TSME-R..., where they differ."""

    kernel: Any
    state: Any
    number: int
    last: int | None
    checkpoints: int
    transitions: int
    def __init__(self, kernel: Kernel) -> None: ...
    def checkpoint(self, body: Buffer) -> None: ...
    def step(self, body: Buffer) -> Any:
        """(event, Step) of a step's record."""

    def take(self, digest: int, event: tuple[Any, ...]) -> Any:
        """The Step that this input makes."""
