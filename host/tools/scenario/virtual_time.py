"""Runs an execution in virtual time: nothing waits, and the caller says what tasks answer.

This is what the board's runner does (tsme.engine.engine), without handlers and clock.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tsme.core import kernel, runs
from tsme.errors import LimitError
from tsme.kernel import BEHAVIOUR, Action
from tsme.kernel.executor import Executor
from tsme.kernel.protocol import RUNNING, START
from tsme.sim.world import World

from ...compiler.frontend.model import Json
from ..journal.listing import Listing

MOST_STEPS = 50000  # of one execution
_EXECUTOR: Any = Executor  # device code has no types


class MockAnswer(NamedTuple):
    """A task's result: the kind of the input and its fields, and after how many ms it comes."""

    kind: int
    fields: tuple[Any, ...]
    delay: int = 0


class StartedTask(NamedTuple):
    """A task that was started; what is only sent (log, metric, publish) has no state."""

    state: str
    resource: str
    payload: Json
    at: int = 0  # ms since 1970
    action: int = 0
    limit: int | None = None  # ms until nobody waits for it any more


class Unanswered(Exception):
    """Raised by `ask` if it has nothing to say about a call; the run ends there."""


@dataclass
class Run:
    """What the kernel was given, and what it made of it."""

    inputs: list[list[Any]] = field(default_factory=list)
    records: list[bytes] = field(default_factory=list)
    calls: list[StartedTask] = field(default_factory=list)
    problem: str = ""  # why it did not come to its end
    duration: int = 0  # ms of virtual time
    waits_for: list[str] = field(default_factory=list)  # if it would wait forever
    world: World | None = None  # that its handlers ran in


@dataclass(frozen=True)
class Begin:
    """What a new execution starts with."""

    value: Json
    now: int
    seed: int = 1
    context: list[str | None] | None = None


def run(what: Listing, begin: Begin, ask: Callable[[StartedTask], MockAnswer | None]) -> Run:
    """Run an execution to its end, or until it waits for what never comes."""
    return _World(what, ask).run(begin)


class _World(_EXECUTOR):  # type: ignore[misc]
    def __init__(self, what: Listing, ask: Callable[[StartedTask], MockAnswer | None]) -> None:
        super().__init__(kernel(runs(what.program)))
        self.what = what
        self.ask = ask
        self.watch = self.noted
        self.result = Run()
        self.clock = 0
        self.coming: list[tuple[int, int, int, MockAnswer]] = []  # time, order, action id

    def run(self, begin: Begin) -> Run:
        digest = self.what.program.digest
        start = (START, begin.now, 1, digest, begin.seed, begin.value)
        result = self.result
        try:
            self.feed((*start, begin.context, BEHAVIOUR))
            while self.busy() and len(result.inputs) < MOST_STEPS:
                event = self.next()
                if event is not None:
                    self.feed(event)
                elif not self.skip():
                    break
            else:
                if self.busy():
                    result.problem = f"it did not end within {MOST_STEPS} steps"
        except LimitError as error:
            result.problem = f"it cannot start: {error}"
        except Unanswered as unanswered:
            result.problem = str(unanswered)
        result.duration = max(0, self.state.now - begin.now)
        if self.state.execution and self.state.status == RUNNING and not result.problem:
            result.waits_for = [self.name(action, self.state) for action in self.state.tasks()]
        return result

    # --- the seams of the loop (tsme.kernel.executor) ---

    def time(self) -> int:
        return max(self.clock, int(self.state.now))

    def answer(self) -> tuple[Any, ...] | None:
        """What has come by now, once nothing can go on; before a timer of the same time."""
        if self.kernel.client.runnable(self.state.client):
            return None
        while self.coming and self.coming[0][2] not in self.state.pending:
            heapq.heappop(self.coming)  # too late
        if not self.coming or self.coming[0][0] > self.time():
            return None
        _, _, action, answer = heapq.heappop(self.coming)
        return (answer.kind, self.time(), action, *answer.fields)

    def skip(self) -> bool:
        """Instead of waiting: the time of what comes first.  False if nothing will."""
        times = [self.coming[0][0]] if self.coming else []
        if self.wait is not None:
            times.append(self.time() + self.wait)
        self.clock = min(times, default=0)
        return bool(times)

    def noted(self, event: Any, step: Any) -> None:
        """A step that is made, before its actions."""
        self.result.inputs.append(list(event))
        self.result.records.append(bytes(step.record))

    def emit(self, kind: str, payload: Json) -> None:
        self.result.calls.append(StartedTask("", f"tsme:{kind}", payload))

    def launch(self, action: Action) -> None:
        now = self.state.now
        limit = None if action.deadline is None else action.deadline - now
        name = self.name(action, self.state)
        call = StartedTask(name, action.resource, action.payload, now, action.id, limit)
        self.result.calls.append(call)
        answer = self.ask(call)
        if answer is not None:
            due = self.state.now + answer.delay
            heapq.heappush(self.coming, (due, len(self.result.calls), action.id, answer))

    def name(self, action: Action, state: Any) -> str:
        return str(self.what.states[state.state_of(action)].name)
