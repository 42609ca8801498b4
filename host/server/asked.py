"""What a runner was asked for, and how who asked is told."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import NestedTransaction, exc

from ..database.failures import is_failure
from ..tools.errors import HostError
from .batch import Batch, Held
from .terms import NewExecution

_WAIT: Final = 10.0  # seconds that a request waits for a row that another process has locked
_log = logging.getLogger("tsme.runner")


@dataclass(eq=False)
class Job:
    """Something to do within a transaction.  `patient`: it is tried until the database is back."""

    run: Callable[[Batch], Any]
    patient: bool = False
    new: NewExecution | None = None  # that it begins
    tries: int = 0
    future: Future[Any] = field(default_factory=Future)
    result: Any = None
    error: BaseException | None = None
    since: float | None = None  # by time.monotonic(): it has been held since then

    def held(self, by: Held, ending: bool) -> bool:
        """Whether it waits for a row that another process has locked, or has waited enough."""
        now = time.monotonic()
        self.since = self.since or now
        if self.patient and not ending or now - self.since < _WAIT:
            return True
        message = f"another process has held execution {by.args[0]} for {_WAIT:.0f} s"
        self.error = HostError("TSME-S025", message, "end that process, or try again")
        return False


class Own(Exception):
    """What one thing raised whose savepoint is rolled back: nobody else is concerned."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def undo(savepoint: NestedTransaction, error: Exception) -> None:
    """Roll a savepoint back after an error; raises one of the database (it is full, locked or
    away), which is not of what it was asked: all is tried again."""
    if isinstance(error, exc.DBAPIError) and is_failure(error):
        raise error
    savepoint.rollback()


def ending() -> HostError:
    """What who asks too late is told."""
    return HostError("TSME-S024", "the server is ending", "ask again when it runs")


def tell(future: Future[Any], result: Any, error: BaseException | None = None) -> None:
    """Who asked may have given up."""
    with suppress(InvalidStateError):
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)


def safely(call: Callable[..., object], *args: Any) -> None:
    """What others get wrong is theirs: the runner goes on."""
    try:
        call(*args)
    except Exception:
        _log.exception("%r failed", call)


def pass_on(looked: Future[Any], done: Future[Any]) -> None:
    """The error of one is that of the other."""
    error = looked.exception()
    if error is not None:
        tell(done, None, error)
