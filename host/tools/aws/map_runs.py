"""Map Runs in the history view: what a distributed Map says of itself in its own execution.

Its items are executions of their own at AWS, with histories of their own: children.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tsme.kernel import protocol
from tsme.program.frames import SILENT
from tsme.program.functions import map_batches

from ...compiler.frontend.model import Json
from ..journal.listing import SiteInfo
from ..journal.watching import Join
from .branch import Branch, View
from .events import Child, MapRun

_LATE = ("Tolerated", "MaxItemsPath")  # what is looked at when the state has started
KINDS = ("mapRun", "batches")  # of the sites of a distributed Map's MAP


class MapRuns:
    """Writes the events of the Map Runs of one view."""

    def __init__(self, view: View) -> None:
        self.view = view
        sites = view.what.sites.values()
        self.written = {site.text for site in sites if site.kind == "writer"}  # labels

        self.told: dict[int, MapRun] = {}  # by the event that began it
        self.last: tuple[str | None, str | None] | None = None  # of a child too many

    def site(self, branch: Branch) -> SiteInfo | None:
        return self.view.what.sites.get(branch.frame.pc - 1)

    def on_task(self, branch: Branch) -> None:
        """A reader begins the run; a writer ends it."""
        site = self.site(branch)
        if site is not None and site.kind == "reader":
            self.begin(branch, site, 0)

    def on_resume(self, branch: Branch, kind: int) -> None:
        if (
            kind == protocol.SUCCEEDED and not branch.left and branch.hides
        ):  # its writer has written
            self.succeed(branch)

    def on_error(self, branch: Branch, stack: list[Any]) -> None:
        """AWS looks at some limits of a distributed Map when the state has started."""
        site = self.site(branch)
        if site is None or site.kind != "limit" or not site.field.startswith(_LATE):
            return
        if self.run_of(branch) is not None and not branch.map_run:
            items = next((v for v in reversed(stack) if type(v) is not int), None)
            length = len(items) if isinstance(items, list) else 0
            self.view.add("MapStateStarted", branch, details={"length": length})

    def run_of(self, branch: Branch) -> SiteInfo | None:
        """The site of the distributed Map that the code of a branch comes to next."""
        what = self.view.what
        for instruction in what.code[what.place[branch.frame.pc - 1] :]:
            site = what.sites.get(instruction.pc)
            if instruction.op == "MAP" and site is not None and site.kind != "select":
                return site if site.kind in KINDS else None
        return None

    def on_map(self, branch: Branch, items: Sequence[Json]) -> bool:
        """Items begin.  True if they have no place in this history."""
        site = self.site(branch)
        if site is None or site.kind not in (*KINDS, "select"):
            return False
        if site.kind == "select":
            return True
        if not branch.map_run:
            self.begin(branch, site, _count(items) if site.kind == "batches" else len(items))
        if run := self.told.get(branch.map_run):
            run.sizes = _sizes(items) if site.kind == "batches" else [1] * len(items)
        if not items:
            branch.hides = True
            self.over(branch)
        return True

    def begin(self, branch: Branch, site: SiteInfo, length: int) -> None:
        branch.failed = False
        self.view.add("MapStateStarted", branch, details={"length": length})
        branch.label = site.text if site.kind == "reader" else site.field
        arn = self.arn(branch, branch.label)
        branch.map_run = self.view.add("MapRunStarted", branch, details={"mapRunArn": arn})
        branch.follows = branch.last_run = branch.map_run
        assert branch.told
        run = MapRun(arn, self.view.name(branch), self.view.time, frame=branch.told.frame)
        if branch.map_run:
            self.told[branch.map_run] = run
            self.view.history.map_runs.append(run)

    def spawned(self, branch: Branch, child: Branch) -> None:
        """A child begins."""
        run = self.told.get(branch.map_run)
        if run and run.sizes:  # else it selects what the items are
            run.started.add(child.index)
            run.children[child.index] = Child(self.view.time, child.frame.slots[0])

    def arn(self, branch: Branch, label: str) -> str:
        """The ARN of the run: the one that its writer gets, if it has one."""
        names = self.view.what.debug.variables(branch.state)
        if label in self.written:
            return str(branch.frame.slots[names.index("#run") + 1])
        start = self.view.start
        names = start[6] or [None] * 5
        machine = names[3] or names[1] or str(start[2])
        return str(map_batches.map_run(None, machine, label, f"{start[2]}-{branch.prev}"))

    def over(self, branch: Branch, child: Branch | None = None, what: str = "") -> None:
        """An item has ended, and the run with it unless its results are to be written."""
        run = self.told.get(branch.map_run)
        if run and run.sizes and child:
            (run.failed if what == "Failed" else run.succeeded).add(child.index)
            about = run.children[child.index]
            about.stopped = self.view.time
            if what == "Failed":
                about.error, about.cause = _failure(child)
            else:
                about.output = child.frame.slots[0]
        if branch.map_run and not branch.left and branch.label not in self.written:
            self.succeed(branch)

    def succeed(self, branch: Branch) -> None:
        self.ended(branch, "SUCCEEDED")
        self.view.add("MapRunSucceeded", branch)
        branch.done = self.view.add("MapStateSucceeded", branch, aside=True)
        branch.prev = branch.follows  # the exit follows the start of the run, or its redrive
        branch.map_run, branch.hides = 0, False

    def ended(self, branch: Branch, status: str) -> None:
        """The run of a branch has ended."""
        if run := self.told.get(branch.map_run):
            run.status, run.stopped = status, self.view.time

    def cut(self) -> None:
        """The execution has ended, and with it the runs that were under way."""
        last = self.view.history.events[-1]["time"]
        for run in self.view.history.map_runs:
            if run.status == "RUNNING":
                run.status, run.stopped = "ABORTED", last

    def reopened(self, branch: Branch, join: Join | None, below: Sequence[int]) -> None:
        """A branch goes on after a redrive, and of its children those with these numbers."""
        branch.map_run, branch.hides = 0, False
        site = self.view.what.sites.get(join.entry - 1) if join else None
        if site is None or site.kind not in KINDS:
            return
        branch.hides = True
        run = self.told.get(branch.last_run)
        if run is None:  # it is told nowhere
            return
        now = self.view.time
        branch.map_run = branch.last_run
        run.status, run.stopped = "RUNNING", None
        run.redrives, run.redriven = run.redrives + 1, now
        for number in below:
            run.failed.discard(number)
            child = run.children[number]
            child.stopped = child.error = child.cause = None
            child.redrives, child.redriven = child.redrives + 1, now
        details = {"mapRunArn": run.arn, "redriveCount": run.redrives}
        branch.follows = self.view.add("MapRunRedriven", branch, details=details)

    def exceeded(self, child: Branch) -> None:
        """A child has failed that is one too many; failed() follows."""
        self.last = _failure(child)

    def failed(
        self, branch: Branch, name: str | None, cause: str | None, culprit: Branch | None = None
    ) -> None:
        """A run has failed, by this child if by one."""
        branch.failed = bool(branch.map_run)
        branch.hides = False
        last, self.last = self.last, None
        if not branch.map_run:  # it is about selecting the items
            return
        if culprit and (run := self.told.get(branch.map_run)) and run.sizes:
            run.failed.add(culprit.index)
            about = run.children[culprit.index]
            about.stopped = self.view.time
            about.error, about.cause = last or (name, cause)
        self.ended(branch, "FAILED")
        branch.map_run = 0
        details = {k: v for k, v in (("error", name), ("cause", cause)) if v is not None}
        self.view.add("MapRunFailed", branch, details=details)


def _failure(child: Branch) -> tuple[str | None, str | None]:
    """Error and cause of a child, in AWS's words."""
    assert child.told
    _, name, cause = child.told.fault[:3]
    fault = child.fault
    if fault.words and cause == fault.terse:
        cause = fault.words
    elif fault.timed_out and cause in ("", SILENT):
        cause = None
    return name, cause


def _count(batched: Sequence[Any]) -> int:
    """How many items are in batches."""
    return sum(_sizes(batched))


def _sizes(batched: Sequence[Any]) -> list[int]:
    return [len(each["Items"]) for each in batched]
