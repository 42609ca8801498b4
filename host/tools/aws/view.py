"""The view of an execution that becomes its AWS history: it watches an interpreter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from tsme.kernel import protocol
from tsme.program.frames import SILENT

from ...compiler.frontend.model import Json
from ..journal.listing import Listing
from ..journal.watching import Told, Watcher
from . import query_errors
from .branch import UNKNOWN, Branch, Reason
from .causes import NO_POINTER, TOO_LARGE, Moment, explain, state_error, too_large
from .contexts import context, item
from .credentials import role
from .events import NOTHING, Event, History, Note, Seen, given, limit_of
from .map_runs import MapRuns
from .services import Service, region, service

_ABORTED = ("Task", "Wait", "Map", "Parallel")  # types whose states AWS says are aborted


class ExecutionView(Watcher):
    """Watches one execution."""

    def __init__(self, what: Listing, start: Sequence[Any], notes: Mapping[int, Note]) -> None:
        self.what = what
        self.event = self.start = start
        self.notes = notes
        self.history = History()
        self.branches: dict[int, Branch] = {}
        self.time: int = start[1]
        self.resumed = False  # a branch, by the input of the step under way
        self.failing = Branch()  # the branch that has the error under way
        self.aborted: list[Branch] = []  # what its siblings were, until it is told
        self.runs = MapRuns(self)
        self.add("ExecutionStarted", None, input=start[5])

    def begin(self, event: Sequence[Any]) -> None:
        """Before each step: its input."""
        self.event = event
        self.resumed = False
        self.time = max(self.time, event[1])

    # --- writing ---

    def add(self, kind: str, branch: Branch | None, *, aside: bool = False, **more: Any) -> int:
        """Append an event of a branch.  `aside`: what follows in the branch does not follow it."""
        if branch and branch.hidden:
            return 0
        number = len(self.history.events) + 1
        prev = branch.prev if branch else 0
        event = {"id": number, "prev": prev, "type": kind, "time": self.time, **more}
        self.history.events.append(event)
        if branch and not aside:
            branch.prev = number
        return number

    def task_event(self, what: str, branch: Branch, about: Service, **more: Any) -> None:
        details = {**more.pop("details", {}), **about.details()}
        if details:
            more["details"] = details
        self.add(about.family + what, branch, **more)

    def name(self, branch: Branch) -> str:
        return self.what.states[branch.state].name

    def type(self, branch: Branch) -> str:
        return self.what.states[branch.state].type if branch.state >= 0 else ""

    # --- states ---

    def of(self, told: Told) -> Branch:
        branch = self.branches.setdefault(told.frame, Branch())
        branch.told = told
        return branch

    def on_enter(self, told: Told) -> None:
        branch, state = self.of(told), told.number
        self.leave(branch)
        kind, name = self.what.states[state].type, self.what.states[state].name
        value = branch.frame.slots[0]
        branch.entered = self.add(kind + "StateEntered", branch, state=name, input=value)
        branch.state = state

    def leave(self, branch: Branch) -> None:
        """The exit of the state that a branch is in."""
        if branch.state < 0:
            return
        self.tell_failed(branch)
        more: Event = {"state": self.name(branch), "output": branch.frame.slots[0]}
        if branch.assigned:
            more["assigned_variables"] = branch.assigned
        self.add(self.type(branch) + "StateExited", branch, **more)
        branch.assigned = {}
        branch.done = 0

    def on_assign(self, told: Told) -> None:
        branch = self.of(told)
        name = self.what.debug.variables(branch.state)[told.number - 1]
        if name.isidentifier():  # others are the compiler's own
            branch.assigned[name] = told.data

    def on_end(self, told: Told) -> None:
        self.leave(self.of(told))

    # --- tasks ---

    def on_task(self, told: Told) -> None:
        branch, action = self.of(told), told.action
        branch.action = action
        note = self.notes.get(action.id, Note())
        if self.type(branch) == "Map":  # its reader or its writer
            self.runs.on_task(branch)
            return
        if note.absent:
            return
        payload = action.payload
        about = service(action.resource)
        names = self.start[6] or [None] * 5
        details = given(
            timeoutInSeconds=action.deadline and (action.deadline - self.time) // 1000,
            heartbeatInSeconds=action.heartbeat // 1000 or None,
            taskCredentials=self.role(branch),
        )
        if about.family == "Task":
            details["parameters"] = payload
            details |= given(region=region(names[3]) or region(names[0]))
            self.task_event("Scheduled", branch, about, details=details)
        else:
            details["resource"] = about.resource
            self.task_event("Scheduled", branch, about, input=payload, details=details)
        if note.event.endswith(("ScheduleFailed", "StartFailed")):
            return
        branch.begun = about.family != "Activity" or note.worker is not None
        if branch.begun:
            self.started(branch, about, note)
        if note.submitted is not NOTHING:
            self.task_event("Submitted", branch, about, output=note.submitted)

    def seen(self, seen: Seen) -> None:
        """What was seen of a task that is pending."""
        for branch in self.branches.values():
            if branch.action and branch.action.id == seen.action:
                break
        else:
            return
        self.time = max(self.time, seen.time)
        about = service(branch.action.resource)
        if seen.kind == "submitted":
            self.task_event("Submitted", branch, about, output=seen.body)
        elif not branch.begun:
            branch.begun = True
            self.started(branch, about, Note(worker=str(seen.body)))

    def role(self, branch: Branch) -> Json:
        whole = context(self.what.states[branch.state], self.start, branch.frame)
        for inner, around in pairwise(self.outward(branch)):
            if self.type(around) == "Map":
                whole |= item(around.frame, inner.index)
                break
        return role(self.what, branch.frame, self.visible(branch), whole, self.time)

    def started(self, branch: Branch, about: Service, note: Note) -> None:
        details = {"workerName": note.worker} if note.worker else {}
        self.task_event("Started", branch, about, details=details)

    def on_resume(self, told: Told) -> None:
        branch, action, kind = self.of(told), told.action, told.number
        a, b = told.data[1:]
        self.resumed = True
        branch.action = None
        if action.kind != protocol.TASK:
            branch.failed = False  # another attempt
            return
        if self.type(branch) == "Map":
            self.runs.on_resume(branch, kind)
            return
        note = self.notes.get(action.id, Note())
        about = service(action.resource)
        late = self.event[0] == protocol.TIMER
        if kind == protocol.FAILED:
            self.fails(branch, Reason(timed_out=late))
        if note.absent:
            self.fails(branch, self.fault(branch, b, b))
            return
        if not branch.begun and not note.event and not late:
            self.started(branch, about, note)
        if kind == protocol.SUCCEEDED:
            self.task_event("Succeeded", branch, about, output=a)
        elif late:
            self.task_event("TimedOut", branch, about, details={"error": a})
        elif note.event:
            details = given(error=a, cause=b) | about.details()
            self.add(note.event, branch, details=details)
        else:
            self.task_event("Failed", branch, about, details=given(error=a, cause=b))

    # --- errors ---

    def fails(self, branch: Branch, fault: Reason) -> None:
        if branch.done:  # what came after all of it had succeeded
            branch.prev, branch.done = branch.done, 0
        branch.fault = fault
        self.failing = branch

    def fault(self, branch: Branch, terse: str | None, words: str | None) -> Reason:
        """A fault in AWS's words; of an item that has entered no state, the Map's."""
        if not words:
            return UNKNOWN
        branch = self.around(branch)
        return Reason(terse, state_error(self.name(branch), branch.entered, words))

    def large(self, branch: Branch, terse: str | None) -> Reason:
        return Reason(terse, too_large(self.name(self.around(branch))))

    def around(self, branch: Branch) -> Branch:
        """A branch that is in a state: of an item that has entered none, that of the Map."""
        while branch.state < 0 and branch.parent is not None:
            branch = self.branches[branch.parent]
        return branch

    def on_error(self, told: Told) -> None:
        branch, error, stack = self.of(told), told.fault, told.data[3]
        self.runs.on_error(branch, stack)
        if error.number in TOO_LARGE:
            self.fails(branch, self.large(branch, error.cause))
            return
        moment = self.moment(branch, stack)
        if error.number == query_errors.QUERY:
            self.evaluation(branch, moment, error.cause, error.value)
            return
        words = explain(moment, error.number, error.value)
        self.fails(branch, self.fault(branch, error.cause, words))

    def evaluation(self, branch: Branch, moment: Moment, cause: str | None, value: Any) -> None:
        """An expression has failed, or its field did not take what it gave."""
        told = query_errors.explain(moment, cause, value)
        fault = self.fault(branch, cause, told.words)
        details = {"cause": fault.words, "error": query_errors.ERROR}
        details |= given(location=told.location, state=self.name(self.around(branch)))
        many = self.type(branch) in ("Map", "Parallel")
        if many and branch.failed:  # a catcher of it is what fails
            self.add(self.type(branch) + "StateFailed", branch, aside=True)
        self.fails(branch, fault)
        self.add("EvaluationFailed", branch, details=details)
        branch.failed = many

    def on_raise(self, told: Told) -> None:
        # A handler found nobody for the error; what is known of it still holds.
        branch = self.of(told)
        self.tell_failed(branch)
        self.failing = branch

    def on_fail(self, told: Told) -> None:
        branch = self.of(told)
        name, cause = told.data
        site = self.what.sites.get(branch.frame.pc - 1)
        if site is not None and site.kind == "large":
            self.fails(branch, self.large(branch, cause))
            return
        if site is not None and site.kind == "range":
            self.evaluation(branch, self.moment(branch, []), cause, cause)
            return
        words = None
        if site is not None and site.kind == "choice":
            words = explain(self.moment(branch, []), 4, None)
        elif branch.map_run and (cause or "").startswith(NO_POINTER):
            words = cause
        fault = self.fault(branch, cause, words)
        if branch.map_run:
            self.runs.failed(branch, name, fault.words or cause)
        self.fails(branch, fault)

    def moment(self, branch: Branch, stack: list[Any]) -> Moment:
        frame = branch.frame
        state = self.what.states[branch.state if branch.state >= 0 else frame.state]
        return Moment(
            self.what,
            frame.pc - 1,
            [around.frame.slots for around in self.outward(branch)],
            stack,
            lambda: context(state, self.start, frame),
        )

    def outward(self, branch: Branch) -> list[Branch]:
        """A branch and those around it, as their frames are now."""
        found = [branch]
        while found[-1].parent is not None:
            assert branch.told
            around = self.branches[found[-1].parent]
            around.told = branch.told.about(found[-1].parent)
            found.append(around)
        return found

    def visible(self, branch: Branch) -> dict[str, Json]:
        """The variables that a branch in a state sees, as far as they have a value."""
        found: dict[str, Json] = {}
        for around in reversed(self.outward(branch)):
            names = self.what.debug.variables(around.state)
            for name, value in zip(names, around.frame.slots[1:], strict=True):
                if value is not NOTHING and name.isidentifier():
                    found[name] = value
        return found

    # --- branches and items ---

    def on_fork(self, told: Told) -> None:
        branch = self.of(told)
        branch.failed = False
        branch.left, branch.below = told.number, {}
        branch.follows = self.add("ParallelStateStarted", branch)

    def on_map(self, told: Told) -> None:
        branch, items = self.of(told), told.data
        branch.failed = False
        branch.left, branch.below = len(items), {}
        branch.hides = self.runs.on_map(branch, items)
        if branch.hides:
            return
        branch.follows = self.add("MapStateStarted", branch, details={"length": len(items)})
        if not items:
            branch.done = self.add("MapStateSucceeded", branch, aside=True)

    def on_spawn(self, told: Told) -> None:
        self.branches[told.frame] = Branch(told.image.parent, told.number)
        branch = self.of(told)
        assert branch.parent is not None
        parent = self.branches[branch.parent]
        parent.below[told.number] = branch
        branch.hidden = parent.hidden or parent.hides
        branch.child = parent.child
        branch.prev = parent.follows
        if self.type(parent) == "Map":
            self.runs.spawned(parent, branch)
            self.iteration("Started", branch, parent)

    def iteration(self, what: str, branch: Branch, parent: Branch, aside: bool = False) -> int:
        more = {"state": self.name(parent), "details": {"index": branch.index}}
        return self.add("MapIteration" + what, branch, aside=aside, **more)

    def on_branch(self, told: Told) -> None:
        """A child has ended well."""
        branch = self.of(told)
        self.over(branch, "Succeeded")
        assert branch.parent is not None
        del self.branches[branch.parent].below[branch.index]

    def on_tolerated(self, told: Told) -> None:
        """A child has failed, and its parent goes on."""
        branch = self.of(told)
        self.tell_failed(branch)
        self.over(branch, "Failed")
        branch.told = None  # it is kept for a redrive, its values are not

    def over(self, branch: Branch, what: str) -> None:
        assert branch.parent is not None
        parent = self.branches[branch.parent]
        parent.left -= 1
        if parent.hides:
            self.runs.over(parent, branch, what)
            return
        last = branch.prev
        if self.type(parent) == "Map":
            last = self.iteration(what, branch, parent, aside=True)
        parent.follows = branch.prev
        if not parent.left:
            parent.prev = last
            parent.done = self.add(self.type(parent) + "StateSucceeded", parent, aside=True)

    def on_exceeded(self, told: Told) -> None:
        """A child has failed, and its parent does not go on."""
        self.runs.exceeded(self.of(told))

    def on_abort(self, told: Told) -> None:
        branch = self.of(told)
        self.tell_failed(branch)
        self.runs.ended(branch, "ABORTED")
        self.aborted.append(branch)

    def on_passed(self, told: Told) -> None:
        """An error of a child comes to its parent, and what else was below that has ended."""
        branch, error = self.of(told), told.fault
        if branch.hides:
            self.aborted = []
            known = branch.hidden or not branch.map_run
            fault = self.failing.fault if known else UNKNOWN
            self.runs.failed(branch, error.name, error.cause, self.failing)
            self.fails(branch, fault)
            return
        culprit = self.failing
        if error.name == "States.Runtime":  # nobody can go on: AWS tells of the end alone
            branch.prev = culprit.prev
            self.aborted = []
            self.fails(branch, culprit.fault)
            return
        others = [b for b in self.aborted if b is not culprit]
        if any(b.child for b in others):  # the end of a child of a Map Run is told by ChildView
            others = []
        for b in others:  # times that were up at the same moment
            if b.action and b.action.deadline and b.action.deadline <= self.time:
                about = service(b.action.resource)
                self.task_event("TimedOut", b, about, details={"error": "States.Timeout"})
        for b in (*others, culprit):
            b.prev = culprit.prev
            assert b.parent is not None
            if self.type(self.branches[b.parent]) == "Map":
                what = "Failed" if b is culprit else "Aborted"
                self.iteration(what, b, self.branches[b.parent], aside=True)
            if self.type(b) in _ABORTED:
                self.add(self.type(b) + "StateAborted", b, aside=True)
        branch.prev = culprit.prev
        branch.failed = True
        self.aborted = []
        self.fails(branch, culprit.fault)

    def tell_failed(self, branch: Branch) -> None:
        """A Parallel or Map that is not tried again has failed."""
        if branch.failed:
            self.add(self.type(branch) + "StateFailed", branch)
            branch.failed = False

    # --- the end ---

    def reopened(self) -> None:
        """After a redrive: `branches` are those that go on."""

    def moved(self, what: Listing, state: Any) -> None:
        """The execution goes on with another program."""
        self.what = what
        for number, branch in self.branches.items():
            if number < len(state.client) and state.client[number]:
                branch.state = state.client[number].state

    def stepped(self, state: Any) -> None:
        """After each step: has it ended the execution?"""
        if state.status == protocol.RUNNING:
            return
        history = self.history
        root = self.branches[0]
        if state.status == protocol.DONE:
            history.status, history.output = "SUCCEEDED", state.result
            self.add("ExecutionSucceeded", root, output=state.result)
            return
        history.error, history.cause = state.result
        most = limit_of(history.error, history.cause)
        if state.status == protocol.STOPPED and most and len(history.events) >= most - 1:
            del history.events[most - 1 :]
            root.prev = most - 1
            self.ended("FAILED", "ExecutionFailed", root)
        elif state.status == protocol.STOPPED:
            self.ended("ABORTED", "ExecutionAborted", None)
        elif (
            self.event[0] == protocol.TIMER and not self.resumed
        ):  # TimeoutSeconds of the workflow
            history.error = history.cause = None
            self.ended("TIMED_OUT", "ExecutionTimedOut", None, error="States.Timeout")
        else:
            self.tell_failed(root)
            fault = self.failing.fault
            if fault.words and history.cause == fault.terse:
                history.cause = fault.words
            elif fault.timed_out and history.cause in ("", SILENT):
                history.cause = None
            self.ended("FAILED", "ExecutionFailed", root)

    def ended(
        self, status: str, kind: str, branch: Branch | None, error: str | None = None
    ) -> None:
        self.history.status = status
        more: Event = {}
        if details := given(error=error or self.history.error, cause=self.history.cause):
            more["details"] = details
        self.add(kind, branch, **more)
