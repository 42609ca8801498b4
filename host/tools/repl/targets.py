"""What `tsme repl` is attached to: a board, or an endpoint of Step Functions, by the same words.

Statuses are in lower case: new, running, succeeded, failed, stopped, broken; of an endpoint also
aborted, timed_out and pending_redrive.  Times are ms since 1970.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from ..errors import HostError, did_you_mean
from ..link.answers import Signaled
from .states import Event, States

Told = dict[str, Any]


@dataclass(frozen=True)
class Execution:
    """One line of a list.  `execution`: its number on a board; `arn`: of an endpoint's; `program`:
    a digest, or the name of a machine; `started`, `stopped`: None where nobody says."""

    name: str
    status: str
    program: str = ""
    execution: int = 0
    arn: str = ""
    started: int | None = None
    stopped: int | None = None

    @property
    def plain(self) -> Told:
        """What applies of it."""
        always = ("name", "status", "program")
        return {key: value for key, value in vars(self).items() if value or key in always}


@dataclass(frozen=True)
class Waiting:
    """A task that somebody outside has to complete.  `resource`: of an activity its ARN."""

    token: str
    execution: str
    resource: str = ""
    payload: Any = None


@dataclass(frozen=True)
class Started:
    """`execution`: its number on a board; `begun`: just now, else it was under way already."""

    name: str
    execution: int = 0
    arn: str = ""
    begun: bool = True


@dataclass(frozen=True)
class Moment:
    """A relational machine after a transition.  `record`: of its journal, None if it was not
    looked into; `now`: ms since 1970; `clock`: the tick of each state, in their order;
    `execution`: its number."""

    record: int | None
    now: int
    clock: dict[str, int]
    execution: int

    def active(self, state: str) -> bool:
        """Is this state active?"""
        return self.clock[state] % 2 == 1


class Following(ABC):
    """How an execution goes on, for who asks again and again.  `told`: what `describe` has just
    said of it."""

    @abstractmethod
    def states(self, told: Told) -> States:
        """Which states it has been in by now."""

    @abstractmethod
    def moments(self, told: Told, states: Sequence[str] = ()) -> Sequence[Moment]:
        """What a relational machine has come through since this was asked last; the first time
        how it stands.  `states`: those that matter, all if none.  Raises HostError TSME-H017 of
        what is none, TSME-H043 if its class is not known and it has ended, TSME-H084 of an
        endpoint."""


class Target(ABC):
    """Whatever goes wrong is a HostError.  One that is away is tried again at the next call."""

    kind: str  # "board" or "endpoint"
    address: str
    returns: int  # how often it was lost and is there again

    @abstractmethod
    def close(self) -> None:
        """Give the line back."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @abstractmethod
    def executions(self, status: str | None = None, most: int = 1000) -> list[Execution]:
        """What is there: all of a board, the newest `most` of an endpoint."""

    def active(self, found: Sequence[Execution]) -> dict[str, list[str]]:  # noqa: ARG002
        """The active states of those among them that are relational machines, by name."""
        return {}

    @abstractmethod
    def describe(self, name: str) -> Told:
        """All about one: `name` and `status` always; `output`, or `error` and `cause`."""

    @abstractmethod
    def start(self, what: str, other: str | None, value: Any) -> Started:
        """On a board the execution `what` begins with the workflow `other`; at an endpoint an
        execution of the machine `what` begins, called `other`."""

    @abstractmethod
    def stop(self, name: str, error: str | None, cause: str | None) -> None:
        """End it."""

    @abstractmethod
    def send(self, name: str, value: Any) -> Signaled:
        """A signal to a state machine; in its journal when this comes back.  -> what became of
        it"""

    @abstractmethod
    def tasks(self) -> list[Waiting]:
        """The tasks that wait for their token."""

    @abstractmethod
    def succeed(self, token: str, value: Any) -> None:
        """The task with this token has this result."""

    @abstractmethod
    def fail(self, token: str, error: str, cause: str | None) -> None:
        """The task with this token has failed."""

    @abstractmethod
    def beat(self, token: str) -> None:
        """The task with this token is worked on."""

    @abstractmethod
    def history(self, name: str) -> list[Event]:
        """The events of an execution, as GetExecutionHistory tells them, times as text."""

    @abstractmethod
    def machines(self) -> list[Told]:
        """What can be started: programs of a board, state machines of an endpoint."""

    @abstractmethod
    def log(self, start: int) -> tuple[str, int]:
        """-> text of the log from byte `start` on, and the byte behind it"""

    @abstractmethod
    def status(self) -> Told:
        """What it is and how it stands."""

    def seen(self, name: str) -> States:
        """Which states an execution has been in, and their clocks."""
        return States.of(self.history(name))

    @abstractmethod
    def following(self, name: str) -> Following:
        """How an execution goes on from now."""

    def token(self, task: str) -> str:
        """The token of the task that is meant: by itself, by the execution or activity that has
        only this one.  Raises HostError TSME-H083 if it is none, or not clear."""
        found = self.tasks()
        names = {one.token: one for one in found}
        fit = [one for one in found if task in _names(one)]
        if len(fit) == 1:
            return fit[0].token
        if fit:
            which = ", ".join(f'{one.token} of "{one.execution}"' for one in fit)
            message = f'several tasks are meant by "{task}"'
            raise HostError("TSME-H083", message, f"name the token: {which}")
        known = sorted({name for one in found for name in _names(one)} | names.keys())
        hint = did_you_mean(task, known) or (
            f"there are {', '.join(names)}" if names else "no task waits for any"
        )
        raise HostError("TSME-H083", f'no task waits for the token "{task}"', hint)


def _names(one: Waiting) -> tuple[str, ...]:
    return one.token, one.execution, one.resource, one.resource.rpartition(":")[2]


@dataclass
class Attached:
    """What the commands of a prompt work with.  `form`: of answers, unless a command says another;
    `programs`: what --program names; `run`: gives lines to the prompt, with the name of their
    source -> an exit code."""

    target: Target
    form: str | None = None
    programs: Sequence[str] = ()
    run: Callable[[Iterator[str], str], int] = field(default=lambda _lines, _name: 0)
    depth: int = 0  # scripts that run
