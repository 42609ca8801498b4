"""The history of one child of a Map Run, from the records of the execution that has the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..journal.listing import Listing
from ..journal.watching import Told
from .branch import Branch
from .events import Child, Event, MapRun, Note, given
from .view import ExecutionView


class ChildView(ExecutionView):
    """Watches an execution, and tells beside it, in `own`, child `number` of the Map Run `arn` as
    an execution of its own.  `nested`: the child has Map Runs, which are told nowhere."""

    def __init__(
        self,
        arn: str,
        number: int,
        what: Listing,
        start: Sequence[Any],
        notes: Mapping[int, Note],
    ) -> None:
        super().__init__(what, start, notes)
        self.arn, self.number = arn, number
        self.own: list[Event] = []
        self.nested = False
        self._branch = Branch()
        self._run: MapRun | None = None
        self._over = False

    def add(self, kind: str, branch: Branch | None, *, aside: bool = False, **more: Any) -> int:
        """Append an event of a branch, of the child or of the execution."""
        if branch is None or not branch.child:
            return super().add(kind, branch, aside=aside, **more)
        if kind.startswith("MapRun"):
            self.nested = True
            return 0
        number = self._tell(kind, branch.prev, **more)
        if not aside:
            branch.prev = number
        return number

    def _tell(self, kind: str, prev: int, **more: Any) -> int:
        number = len(self.own) + 1
        self.own.append({"id": number, "prev": prev, "type": kind, "time": self.time, **more})
        return number

    def on_spawn(self, told: Told) -> None:
        super().on_spawn(told)
        branch = self.branches[told.frame]
        assert branch.parent is not None
        run = self.runs.told.get(self.branches[branch.parent].map_run)
        mine = run is not None and run.arn == self.arn and branch.index in run.children
        if mine and branch.index == self.number and self._run is None:
            self._branch, self._run = branch, run
            branch.child = True
            branch.prev = 0
            self._tell("ExecutionStarted", 0, input=self._known.value)

    def reopened(self) -> None:
        """After a redrive: does the child go on, too?"""
        mine = [branch for branch in self.branches.values() if branch.child]
        if not any(branch is self._branch for branch in mine):
            return
        self._over = False
        number = self._tell("ExecutionRedriven", 0, details={"redriveCount": self._known.redrives})
        for branch in mine:
            branch.prev = number

    @property
    def _known(self) -> Child:
        assert self._run
        return self._run.children[self.number]

    def stepped(self, state: Any) -> None:
        """After each step: has it ended the child?"""
        super().stepped(state)
        if self._run is None or self._over:
            return
        standing = self._run.standing(self.number)
        if standing == "RUNNING" and self.history.status == "RUNNING":
            return
        self._over = True
        last, known = self._branch.prev, self._known
        if standing == "SUCCEEDED":
            self._tell("ExecutionSucceeded", last, output=known.output)
        elif standing == "FAILED":
            details = given(error=known.error, cause=known.cause)
            self._tell("ExecutionFailed", last, **({"details": details} if details else {}))
        else:
            self._tell("ExecutionAborted", 0)
