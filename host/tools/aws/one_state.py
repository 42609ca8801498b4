"""One state on the kernel: what `tsme test-state` runs, and what it tells of the run.

The state is compiled into a program that shows its stages (compiler/inspecting.py).  `drive`
runs it on this interpreter's kernel, with a mock in place of what is outside, and keeps inputs
and records; `answer` tells from the records alone, so that those of another interpreter do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tsme import kernel
from tsme.errors import TsmeError
from tsme.kernel import protocol, replay
from tsme.kernel.executor import Executor
from tsme.program import interpreter

from ...compiler.backend.emit import Compiled
from ...compiler.backend.inspecting import compile_state
from ...compiler.frontend.model import (
    AslState,
    Json,
    MapState,
    ParallelState,
    PassState,
    TaskState,
)
from ..journal.listing import Listing, listing
from ..journal.watching import Told, Watcher
from . import query_errors
from .causes import TOO_LARGE, Moment, explain, too_large

EXCEEDED = "States.ExceedToleratedFailureThreshold"
_EXCEEDED = "The specified tolerated failure threshold was exceeded"
_SEED = 1
_EXECUTOR: Any = Executor  # device code has no types
_TESTED = 1  # the number of the state (compiler/inspecting.py); those it may go to follow
_MOST_RETRIES = 1000

_AFTER = ("afterResultSelector", "afterResultPath")
_MAP = (
    "afterItemSelector",
    "maxConcurrency",
    "toleratedFailureCount",
    "toleratedFailurePercentage",
)


@dataclass(frozen=True)
class Setting:
    """All that a state is run with.  `answer` is what the outside says: [SUCCEEDED, result] or
    [FAILED, error, cause], None for nothing."""

    state: AslState
    input: Json
    context: Json
    now: int
    variables: dict[str, Json] = field(default_factory=dict)
    items: Json = None  # what ItemReader read
    answer: list[Any] | None = None
    failures: int = 0  # of the items of a Map, the mock says
    retries: int = 0  # of the retrier that takes the error, before this attempt


@dataclass
class StateRun:
    """What a kernel was given, and what it made of it."""

    compiled: Compiled
    inputs: list[list[Any]] = field(default_factory=list)
    records: list[bytes] = field(default_factory=list)


def prepare(setting: Setting) -> StateRun:
    """The program of a state.  Raises CompileError for what this version refuses by name."""
    return StateRun(compile_state(setting.state, setting.variables))


def drive(setting: Setting, run: StateRun) -> None:
    """Runs the state on this interpreter's kernel until it is left, fails, or would be retried.

    Raises TsmeError TSME-H060 if it calls something outside and nothing says what that answers.
    """
    view = _View(setting, run.compiled)
    value = {
        "input": setting.input,
        "context": setting.context,
        "items": setting.items,
        "variables": setting.variables,
    }
    digest = run.compiled.digest
    event: Any = (protocol.START, setting.now, 1, digest, _SEED, value, None, kernel.BEHAVIOUR)
    executor = _Driven(setting, view, run)
    executor.feed(event)
    while executor.busy():
        event = executor.next()
        if event is None:
            if executor.wait is None:
                break
            executor.clock = executor.state.now + executor.wait
        else:
            if event[0] == protocol.TIMER:
                executor.left -= "retryIndex" in view.values
            executor.feed(event)


class _Driven(_EXECUTOR):  # type: ignore[misc]
    """The one loop (tsme.kernel.executor): tasks answer at once, and waits take no time."""

    def __init__(self, setting: Setting, view: _View, run: StateRun) -> None:
        super().__init__(view.kernel)
        self.setting = setting
        self.view = view
        self.run = run
        self.watch = self.noted
        self.clock = setting.now
        self.left = min(setting.retries, _MOST_RETRIES)

    def noted(self, event: Any, step: Any) -> None:
        self.run.inputs.append(list(event))
        self.run.records.append(bytes(step.record))

    def time(self) -> int:
        return max(self.clock, int(self.state.now))

    def answer(self) -> Any:
        for action in self.state.pending.values():
            if action.kind == protocol.TASK:
                kind, *fields = _answer(self.setting, self.view)
                return (kind, self.state.now, action.id, *fields)
        return None

    def earliest(self) -> Any:
        """Nothing, if the state would be retried once more than was asked for."""
        return None if "retryIndex" in self.view.values and not self.left else super().earliest()


def _answer(setting: Setting, view: _View) -> list[Any]:
    if setting.answer is None:
        raise TsmeError("TSME-H060", "the state calls something outside, and no mock answers")
    count, percentage = (view.values.get(name) for name in _MAP[2:])
    over = type(count) is int and setting.failures > count
    if isinstance(percentage, (int, float)) and view.items:
        over |= 100 * setting.failures > percentage * len(view.items)
    if over and setting.answer[0] == protocol.SUCCEEDED:
        return [protocol.FAILED, EXCEEDED, _EXCEEDED]
    return setting.answer


def answer(
    setting: Setting, compiled: Compiled, records: Iterable[bytes], level: str
) -> dict[str, Json]:
    """What TestState answers, from the records of a run.  Raises TsmeError as a replay does."""
    view = _View(setting, compiled)
    again = replay.Replay(view.kernel)
    for record in records:
        again.step(record)
    return view.answer(again.state, level)


class _View(Watcher):
    """Watches the interpreter."""

    def __init__(self, setting: Setting, compiled: Compiled) -> None:
        self.setting = setting
        self.what: Listing = listing(compiled.program, compiled.debug)
        vm = interpreter.Interpreter(self.what.program)
        self.watch(vm)
        self.kernel = kernel.Kernel(vm)
        self.names = self.what.debug.variables(0)
        self.state = 0
        self.next: str | None = None
        self.values: dict[str, Any] = {}  # of the stages
        self.variables: dict[str, Json] = {}
        self.items: list[Any] | None = None  # of a Map, once they are known to be some
        self.error: tuple[str | None, str | None] | None = None

    # Of frame 0 alone: what is below are the items of a Map.

    def on_enter(self, told: Told) -> None:
        if not told.frame:
            self.state = told.number
            if told.number > _TESTED:
                self.next = self.what.states[told.number].name

    def on_assign(self, told: Told) -> None:
        if told.frame:
            return
        name = self.names[told.number - 1]
        if name.isidentifier():
            self.variables[name] = told.data
        elif name.startswith("#") and self.state == _TESTED:
            self.values[name[1:]] = told.data

    def on_map(self, told: Told) -> None:
        if not told.frame:
            self.items = told.data

    def on_resume(self, told: Told) -> None:
        if told.frame:
            return
        if told.number == protocol.FAILED:
            self.error = told.data[1], told.data[2]
        elif told.action.kind != protocol.TASK:  # another attempt
            self.error = None
            self.values.pop("retryIndex", None)

    def on_error(self, told: Told) -> None:
        if told.frame:
            return
        error = told.fault
        if error.number == query_errors.QUERY:
            found = query_errors.explain(self.moment(told, told.data[3]), error.cause, error.value)
            self.error = error.name, found.words
            return
        words = explain(self.moment(told, told.data[3]), error.number, error.value)
        if error.number in TOO_LARGE:
            words = too_large(self.setting.state.name)
        self.error = error.name, words or error.cause

    def on_fail(self, told: Told) -> None:
        if told.frame:
            return
        name, cause = told.data
        site = self.what.sites.get(told.pc - 1)
        if site is not None and site.kind in ("choice", "items"):
            cause = explain(self.moment(told, []), 4 if site.kind == "choice" else 8, None)
        if site is not None and site.kind == "large":
            cause = too_large(self.setting.state.name)
        if site is not None and site.kind == "range":
            cause = query_errors.explain(self.moment(told, []), cause, cause).words
        self.error = name, cause

    def on_passed(self, told: Told) -> None:  # from an item of a Map
        if not told.frame:
            self.error = told.fault.name, told.fault.cause

    def moment(self, told: Told, stack: list[Any]) -> Moment:
        context = self.setting.context
        return Moment(self.what, told.pc - 1, [told.image.slots], stack, lambda: context)

    # --- telling ---

    def answer(self, state: Any, level: str) -> dict[str, Json]:
        out: dict[str, Any] = {}
        if state.status == protocol.DONE:
            out["status"] = "CAUGHT_ERROR" if "catchIndex" in self.values else "SUCCEEDED"
            out["output"] = state.result
            if self.next is not None:
                out["nextState"] = self.next
        elif state.status == protocol.RUNNING:
            out["status"] = "RETRIABLE"
        else:
            out["status"] = "FAILED"
        if out["status"] != "SUCCEEDED" and self.error is not None:
            names = zip(("error", "cause"), self.error, strict=True)
            out |= {name: text for name, text in names if text is not None}
        if level != "INFO":
            out["inspectionData"] = self.data() | self.details(state)
        return out

    def data(self) -> dict[str, Json]:
        """The stages that AWS shows of each type of state."""
        state = self.setting.state
        shown: tuple[str, ...] = ("afterInputPath",)
        if state.jsonata:
            shown = ("afterArguments", "result") if isinstance(state, TaskState) else ()
        elif isinstance(state, TaskState) or isinstance(state, PassState) and state.result is None:
            shown += ("afterParameters", "result", *_AFTER)
        elif isinstance(state, PassState):
            shown = ("result", *_AFTER)
        elif isinstance(state, ParallelState):
            shown = _AFTER
        out: dict[str, Any] = {"input": self.setting.input}
        if isinstance(state, MapState) and state.jsonata:
            shown += _MAP
        elif isinstance(state, MapState):
            if self.items is not None:
                out["afterItemsPath"] = self.items
                shown += (*_MAP, *_AFTER)
        out |= {name: self.values[name] for name in shown if name in self.values}
        if self.variables:
            out["variables"] = self.variables
        return out

    def details(self, state: Any) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for name in ("catchIndex", "retryIndex"):
            if name in self.values:
                found[name] = self.values[name]
        if state.status == protocol.RUNNING:
            delays = [a.due - state.now for a in state.pending.values()]
            found["retryBackoffIntervalSeconds"] = min(delays) // 1000
        return {"errorDetails": found} if found else {}
