"""What all of a simulation speak of: tasks that devices call, faults, and mistakes."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

from tsme.engine.tasks import names

Value = Any  # JSON's: None, bool, int, float, str, list, dict

FAULTS = (
    "fail",  # a task fails with one of `errors`
    "slow",  # a task takes far longer than usual, so that timeouts come first
    "silent",  # a task never answers
    "late",  # a result comes once more, when nobody waits for it
    "order",  # results overtake each other
    "lose",  # a message is lost on its way
    "twice",  # a message comes twice
    "clock",  # a device's clock jumps
    "reset",  # the power goes between two steps
    "cut",  # the power goes in a step, or in the flash operation that writes it
    "worn",  # a block of the flash fails from now on, and says so or not
)


class Call(NamedTuple):
    """A task that a device starts, or has started.

    device: its name; resource: the task's; payload: a value; state: where in a workflow, else "";
    id and execution say which action it is; starts: how often it has been started, this time too.
    late: nobody waits for it any more.  A handler on the device was cancelled then, and does
    nothing; but a message that was on its way to somebody else arrives all the same.
    """

    device: str
    resource: str
    payload: Value
    state: str
    execution: int
    id: int
    starts: int
    late: bool = False

    @property
    def name(self) -> str:
        """The task's without an ARN around it."""
        return plain_name(self.resource)


@cache
def plain_name(resource: str) -> str:
    """A task's name without an ARN around it."""
    return str(names(resource)[-1])


class Mistake(Exception):
    """Something that must not be; the error itself is the cause, if there is one."""
