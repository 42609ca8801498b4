"""What the history view tells: events, how an execution ended, and what was seen beside it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from tsme.values import cbor

from ...compiler.frontend.model import Json

Event = dict[str, Any]

NOTHING: Any = cbor.MISSING
FULL: Final = "States.Runtime"
_FULL: Final = "The execution reached the maximum number of history events"


def exceeded(most: int) -> str:
    """The cause of an execution whose history may have no more events."""
    return f"{_FULL} ({most})."


def limit_of(error: str | None, cause: str | None) -> int | None:
    """How many events a history may have, if an execution was ended by these words."""
    found = re.fullmatch(rf"{_FULL} \((\d{{1,9}})\)\.", cause or "") if error == FULL else None
    return int(found[1]) if found else None


@dataclass(frozen=True)
class Note:
    """What was seen of a task outside the kernel.

    `submitted`: what a `.sync` or `.waitForTaskToken` service answered at once.  `worker`: who
    took an activity, "" for someone without a name.  `event`: the event of a failure before the
    service did anything, such as TaskStartFailed.  `absent`: there was no such service.
    """

    submitted: Json = NOTHING
    worker: str | None = None
    event: str = ""
    absent: bool = False


class Seen(NamedTuple):
    """Among the steps of an execution: what was seen here of a task, by its action's id.

    `kind`: "started", and `body` who took an activity, "" for someone without a name; or
    "submitted", and `body` what a service answered at once.  `time`: ms since 1970.
    """

    action: int
    kind: str
    body: Json
    time: int


@dataclass
class Child:
    """A child of a Map Run: times in ms since 1970; `error` and `cause` of one that has failed.

    `redrives`: how often it was redriven, `redriven`: when last.
    """

    began: int
    value: Json
    stopped: int | None = None
    output: Json = NOTHING
    error: str | None = None
    cause: str | None = None
    redrives: int = 0
    redriven: int | None = None


@dataclass
class MapRun:
    """A Map Run of an execution: what became of its children, by their numbers.

    `sizes`: items of each child, 1 without batches.  `status` is RUNNING, SUCCEEDED, FAILED, or
    ABORTED of one that was cut off, or that a redrive did not go on with; one that still runs when
    its execution has ended was aborted, too.  `redrives`, `redriven`: as of a child.
    """

    arn: str
    state: str
    began: int  # ms since 1970
    sizes: list[int] = field(default_factory=list)
    started: set[int] = field(default_factory=set)
    succeeded: set[int] = field(default_factory=set)
    failed: set[int] = field(default_factory=set)
    children: dict[int, Child] = field(default_factory=dict)
    status: str = "RUNNING"
    stopped: int | None = None
    frame: int = 0  # of the Map, while it runs
    redrives: int = 0
    redriven: int | None = None

    def standing(self, number: int) -> str:
        """The status of a child that has begun."""
        if number in self.succeeded:
            return "SUCCEEDED"
        if number in self.failed:
            return "FAILED"
        return "RUNNING" if self.status == "RUNNING" else "ABORTED"


@dataclass
class History:
    """An execution as AWS tells it.  `status` is SUCCEEDED, FAILED, TIMED_OUT, ABORTED or RUNNING;
    `output` counts only if it succeeded."""

    status: str = "RUNNING"
    output: Json = None
    error: str | None = None
    cause: str | None = None
    events: list[Event] = field(default_factory=list)
    map_runs: list[MapRun] = field(default_factory=list)

    def answer(self) -> dict[str, Any]:
        """The result as one dict: only what AWS sends."""
        out: dict[str, Any] = {"status": self.status}
        if self.status == "SUCCEEDED":
            out["output"] = self.output
        return out | given(error=self.error, cause=self.cause)


def given(**members: Any) -> dict[str, Any]:
    """The members that are not None."""
    return {key: value for key, value in members.items() if value is not None}
