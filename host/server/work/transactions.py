"""Handlers that write an application's tables in the transaction that commits their result."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from tsme.engine.tasks import Task, Tasks
from tsme.errors import TsmeError

EFFECT: Final = "transactional"
Handler = TypeVar("Handler", bound=Callable[..., Any])


def transactional(tasks: Tasks, name: str) -> Callable[[Handler], Handler]:
    """A decorator: the function below does the task `name` exactly once.

    It takes (payload, connection): an open SQLAlchemy connection to the database of the server,
    within the transaction of the task's result.  It is called in the thread that writes, so it
    only reads and writes that database, never commits, and is soon done.  If it raises, nothing
    of it is written, and the task fails.

    Raises TsmeError TSME-T004 for a second handler of a name.
    """

    def register(function: Handler) -> Handler:
        if name in tasks.handlers:
            raise TsmeError("TSME-T004", f'two handlers are named "{name}"')
        tasks.handlers[name] = Task(function, EFFECT, False, None)  # type: ignore[arg-type]
        return function

    return register
