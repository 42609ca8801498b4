"""A branch of an execution as its history sees it, and what writes the events of one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

from tsme.kernel import Action

from ...compiler.frontend.model import Json
from ..journal.listing import Listing
from ..journal.watching import FrameImage, Told
from .events import History


class Reason(NamedTuple):
    """What is known of an error that the journal has not."""

    terse: str | None = None  # the device's cause
    words: str | None = None  # AWS's cause
    timed_out: bool = False  # it came from the clock


UNKNOWN = Reason()


@dataclass
class Branch:
    """A frame as the history sees it."""

    parent: int | None = None
    index: int = 0  # which child of its parent
    told: Told | None = None  # the event under way, if it is one of this frame
    prev: int = 0  # the event before the next one
    state: int = -1  # the state it is in, -1 for none
    entered: int = 0  # the event of its entry
    assigned: dict[str, Json] = field(default_factory=dict)
    action: Action | None = None  # the task it waits for
    begun: bool = False  # that task has been started
    fault: Reason = UNKNOWN
    left: int = 0  # children that have not ended
    follows: int = 0  # the event before the next child's first
    failed: bool = False  # a child failed: not told yet, since a retry would say nothing
    hidden: bool = False  # it is told in no history, or in one of its own
    hides: bool = False  # its children are hidden
    child: bool = False  # of the child of a Map Run whose own history is told (children.py)
    label: str = ""  # of the Map Run that it began last
    map_run: int = 0  # the event that began a Map Run of it which is under way
    last_run: int = 0  # the event that began its last Map Run
    below: dict[int, Branch] = field(default_factory=dict)  # children that have not succeeded
    done: int = 0  # of a Parallel or Map: the event that says that all of it succeeded

    @property
    def frame(self) -> FrameImage:
        """As it is now; at an event of its own alone."""
        assert self.told
        return self.told.image


class View(Protocol):
    """The history under way, for those who write a part of it."""

    what: Listing
    start: Sequence[Any]  # the input that began the execution
    history: History
    time: int  # of the step under way
    failing: Branch  # the branch that has the error under way

    def add(self, kind: str, branch: Branch | None, *, aside: bool = False, **more: Any) -> int:
        """Append an event of a branch; its id.  `aside`: what follows does not follow it."""

    def name(self, branch: Branch) -> str:
        """Of the state that a branch is in."""
