"""A task that is to be done, and who does it: the seam between a runner and work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class PendingTask:
    """A tracked action whose start is durable.

    `execution`: its number in the database; `arn`, `machine`, `name`: what the API knows it by.
    `action`: the id, the same again after a restart.  `state`: the name of the state.  `payload`:
    a value, not to be changed.  `attempt`: which try of its state this is, from 1.  `deadline`:
    ms since 1970.  `heartbeat`: ms.  `again`: it was started before a restart, and may have
    happened.
    """

    execution: int
    arn: str
    action: int
    resource: str
    payload: Any
    machine: str = ""
    name: str = ""
    state: str = ""
    attempt: int = 1
    deadline: int | None = None
    heartbeat: int | None = None
    again: bool = False


# Gives an input to an execution: its number, the kind of tsme.kernel.protocol, the fields after
# the time.  It is durable when the future that comes back is done.
Feed = Callable[..., Any]


class Work(Protocol):
    """Who does tasks.  Results come back by `feed`; nothing here waits for them."""

    def wanted(self, resource: str) -> bool:
        """Whether tasks of this resource are done here.  What is nobody's fails when it starts."""

    def start(self, task: PendingTask) -> None:
        """Begins a task; it returns at once.  Called after the commit, from any thread."""

    def cancel(self, execution: int, action: int) -> None:
        """Nobody waits for this task any more."""

    def close(self) -> None:
        """Ends what is under way, and waits for it."""
