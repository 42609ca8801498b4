"""What the runner of executions and those around it tell each other: executions to begin, tasks to
do, and what has become durable."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Connection

from ..tools.errors import HostError


class Exists(HostError):
    """There is an execution of this ARN already; nothing has happened."""

    def __init__(self, arn: str) -> None:
        hint = "choose another name, or describe the one there is"
        super().__init__("TSME-S020", f'there is an execution "{arn}" already', hint)


class NotPending(HostError):
    """The task that an input is about is not pending: it has ended, or timed out."""

    def __init__(self, execution: int, action: Any) -> None:
        message = f"task {action} of execution {execution} is not pending"
        super().__init__("TSME-S021", message, "it has ended, or its time was up")


class Ended(HostError):
    """The execution is over, and takes no input."""

    def __init__(self, execution: int) -> None:
        message = f"execution {execution} is not running"
        super().__init__("TSME-S022", message, "see how it ended in its row or history")


@dataclass(frozen=True)
class NewExecution:
    """An execution to begin.

    `digest`: the key of its program, as keep_program gave it.  `input`: JSON text.  `role`: the
    ARN that `$$.Execution.RoleArn` tells.  `started`: ms since 1970; None: now.
    """

    arn: str
    name: str
    digest: bytes
    input: str = "{}"
    machine: str | None = None
    machine_name: str | None = None
    version: str | None = None
    alias: str | None = None
    type: str = "STANDARD"
    role: str | None = None
    trace: str | None = None
    parent: int | None = None
    started: int | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)


class PendingTask(NamedTuple):
    """A task that an execution has asked for.

    `payload`: a value as the kernel has it (tsme.values.copies.handed gives a copy for handlers).
    `deadline`: ms since 1970 at which it times out, or None; `heartbeat`: ms, 0 for none.
    `interrupted`: it is a `once` task that had begun before a restart, so only its check can say
    whether it has happened: `Runner.not_happened` if it has not.
    """

    execution: int
    arn: str
    action: int
    resource: str
    payload: Any
    attempt: int
    deadline: int | None
    heartbeat: int
    interrupted: bool = False

    @property
    def token(self) -> str:
        """What `$$.Task.Token` is for it."""
        return f"{self.execution}-{self.action}"


class Told(NamedTuple):
    """What has become durable: the state of an execution after a transaction.

    `status`: as AWS's API has it.  `records`: how many it has.  `pending`: ids of actions.
    """

    execution: int
    arn: str
    status: str
    records: int
    pending: tuple[int, ...]


class Work(Protocol):
    """Who does tasks.  The runner's thread calls all of these, so none may take long."""

    def wanted(self, resource: str) -> bool:
        """Whether this process does tasks of this resource, and `start` is to be called."""

    def effect(self, resource: str) -> str:
        """"pure", "idempotent", "once" or "transactional" (docs/SERVER.md, "Running
        executions")."""

    def scheduled(self, connection: Connection, tasks: list[PendingTask]) -> None:
        """These tasks are asked for by steps that the transaction of this connection makes
        durable.  What has to be on record with them is written here."""

    def start(self, task: PendingTask) -> None:
        """Begin a task; its step is durable.  The result comes back by `Runner.feed`."""

    def transact(self, connection: Connection, task: PendingTask) -> Any:
        """Do a task of effect `transactional` within the transaction that commits its result,
        which is what this gives.  TaskError, or any other exception, undoes what it has written.
        """

    def cancel(self, execution: int, action: int) -> None:
        """A task that was started is not pending any more."""


class NoWork:
    """Nobody does tasks here: they wait for other processes, or for their timeouts."""

    def wanted(self, resource: str) -> bool:  # noqa: ARG002
        return False

    def effect(self, resource: str) -> str:  # noqa: ARG002
        return "idempotent"

    def scheduled(self, connection: Connection, tasks: list[PendingTask]) -> None:
        """Nothing is kept of them."""

    def start(self, task: PendingTask) -> None:
        raise AssertionError(f"nobody wanted {task.resource}")

    def transact(self, connection: Connection, task: PendingTask) -> Any:
        raise AssertionError(f"nobody wanted {task.resource}")

    def cancel(self, execution: int, action: int) -> None:
        """Nothing was started."""
