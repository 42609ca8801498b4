"""A board, and all that can be asked of it, whatever it hangs on; `opening` opens one.

Whatever goes wrong is a HostError in one line: TSME-N030 to N059 are the link's, and what the
board refuses has the board's own code.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from .answers import (
    Description,
    Execution,
    JournalInfo,
    LogText,
    Records,
    Signaled,
    Status,
    StoredProgram,
)

# Called with the bytes that are done and the bytes in all.
Progress = Callable[[int, int], None]
# Called with text of the board that came between its answers.
OnText = Callable[[str], None]


class Client(ABC):
    """A board that answers.  All texts and sizes are as SPEC 8 has them; times are ms."""

    port: str
    reconnected: int  # how often the line was lost and found again

    @abstractmethod
    def close(self) -> None:
        """Give the port back."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()

    @abstractmethod
    def ask(self, command: str, fields: dict[str, Any]) -> dict[str, Any]:
        """What answers a question of group 65 that has no name below."""

    # --- the board ---

    @abstractmethod
    def status(self) -> Status:
        """What runs there, and how it is."""

    @abstractmethod
    def echo(self, text: str) -> str:
        """The same text, from the board."""

    @abstractmethod
    def reset(self) -> None:
        """Begin anew, as after power-up; comes back when the board has said that it will."""

    @abstractmethod
    def time(self) -> int:
        """The board's clock."""

    @abstractmethod
    def set_time(self, now: int) -> None:
        """Set the board's clock: ms since 1970."""

    @abstractmethod
    def log(self, start: int) -> LogText:
        """A piece of the log from byte `start` on, or from the oldest that is left."""

    @abstractmethod
    def unlock(self, key: bytes) -> None:
        """Prove that the key is known, for this session; it never goes over the line."""

    # --- programs ---

    @abstractmethod
    def programs(self) -> list[StoredProgram]:
        """The programs in the store."""

    @abstractmethod
    def load(self, program: bytes, progress: Progress | None = None) -> str:
        """Put a .tsm file into the store: whole, its SHA-256 checked and verified, or not at all.
        -> its digest"""

    @abstractmethod
    def remove(self, digest: str) -> None:
        """Drop a program; refused while an execution needs it."""

    # --- executions ---

    @abstractmethod
    def executions(self) -> list[Execution]:
        """All of them, by name."""

    @abstractmethod
    def describe(self, name: str) -> Description:
        """All about one."""

    @abstractmethod
    def start(self, name: str, program: str, value: Any = None, blocks: int | None = None) -> int:
        """Begin an execution with a program of the store.  `blocks`: of its region, if that is
        new.  -> its number"""

    @abstractmethod
    def stop(self, name: str, error: str | None = None, cause: str | None = None) -> None:
        """End it."""

    @abstractmethod
    def signal(self, name: str, value: Any) -> Signaled:
        """A signal to a state machine.  -> what became of it"""

    @abstractmethod
    def success(self, token: str, output: Any) -> None:
        """The task with this token has this result."""

    @abstractmethod
    def failure(self, token: str, error: str, cause: str | None = None) -> None:
        """The task with this token has failed."""

    @abstractmethod
    def heartbeat(self, token: str) -> None:
        """The task with this token is alive."""

    @abstractmethod
    def migrate(self, name: str, program: str, plan: bytes) -> None:
        """Go on with another program of the store, by a plan of `tsme migrate -o`."""

    @abstractmethod
    def retire(self, name: str) -> None:
        """Give up its region."""

    # --- journals ---

    @abstractmethod
    def journal(self, name: str) -> JournalInfo:
        """What there is of a journal."""

    @abstractmethod
    def records(self, name: str, start: int, skip: int = 0) -> Records:
        """A piece of a journal, from record `start` on without its first `skip` bytes."""

    @abstractmethod
    def checkpoint(self, name: str) -> None:
        """Write a checkpoint now."""

    @abstractmethod
    def image(self, name: str | None = None, progress: Progress | None = None) -> bytes:
        """The bytes of a region as they are, or of the whole partition."""

    # --- files ---

    @abstractmethod
    def upload(self, path: str, data: bytes, progress: Progress | None = None) -> None:
        """Write a file there; its SHA-256 is compared at the end."""

    @abstractmethod
    def download(self, path: str, progress: Progress | None = None) -> bytes:
        """A file from there; its SHA-256 is compared at the end."""

    @abstractmethod
    def drop(self, path: str) -> None:
        """Remove a file there, if there is one."""

    @abstractmethod
    def digest(self, path: str) -> tuple[bytes, int]:
        """SHA-256 and size of a file there; TSME-N043 if there is none."""
