"""What the runner of executions and those around it tell each other: executions to begin,
refusals, and what has become durable."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from ..tools.errors import HostError
from .work.pending import PendingTask


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


UNKNOWN: Final = object()  # no value


@dataclass(frozen=True)
class NewExecution:
    """An execution to begin.

    `digest`: the key of its program, as keep_program gave it.  `input`: JSON text.  `value`: what
    it says, where that is known already; nobody changes it.  `role`: the
    ARN that `$$.Execution.RoleArn` tells.  `started`: ms since 1970; None: now.
    """

    arn: str
    name: str
    digest: bytes
    input: str = "{}"
    value: Any = UNKNOWN
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


class Told(NamedTuple):
    """What has become durable: the state of an execution after a transaction.

    `status`: as AWS's API has it.  `records`: how many it has.  `pending`: ids of actions.
    """

    execution: int
    arn: str
    status: str
    records: int
    pending: tuple[int, ...]


class Outcome(NamedTuple):
    """How an execution has ended.  `id`: its number.  Times: ms since 1970."""

    id: int
    arn: str
    name: str
    status: str
    output: str | None
    error: str | None
    cause: str | None
    started: int
    stopped: int


class NoWork:
    """Nobody does tasks here: they wait for other processes, or for their timeouts."""

    def wanted(self, resource: str) -> bool:  # noqa: ARG002
        return False

    def start(self, task: PendingTask) -> None:
        raise AssertionError(f"nobody wanted {task.resource}")

    def cancel(self, execution: int, action: int) -> None:
        """Nothing was started."""

    def close(self) -> None:
        """Nothing is under way."""
