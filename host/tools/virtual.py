"""Runs an execution in virtual time: nothing waits, and the caller says what tasks answer.

This is what the board's runner does (firmware/lib/tsme/runner.py), without handlers and clock.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tsme.asl import Interpreter
from tsme.errors import LimitError
from tsme.kernel import (
    CONTINUE,
    DUE,
    FAILED,
    FRAME,
    ID,
    KIND,
    PAYLOAD,
    RESOURCE,
    RUNNING,
    START,
    STOP,
    SUCCEEDED,
    TASK,
    TIMER,
    Kernel,
    State,
)

from ..compiler.model import Json
from .listing import Listing

MOST_STEPS = 50000  # of one execution


class Answer(NamedTuple):
    """A task's result: the kind of the input and its fields, and after how many ms it comes."""

    kind: int
    fields: tuple[Any, ...]
    delay: int = 0


class Call(NamedTuple):
    """A task that was started; what is only sent (log, metric, publish) has no state."""

    state: str
    resource: str
    payload: Json


class Unanswered(Exception):
    """Raised by `ask` if it has nothing to say about a call; the run ends there."""


@dataclass
class Run:
    """What the kernel was given, and what it made of it."""

    inputs: list[list[Any]] = field(default_factory=list)
    records: list[bytes] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    problem: str = ""  # why it did not come to its end
    duration: int = 0  # ms of virtual time
    waits_for: list[str] = field(default_factory=list)  # if it would wait forever


@dataclass(frozen=True)
class Begin:
    """What a new execution starts with."""

    value: Json
    now: int
    seed: int = 1
    context: list[str | None] | None = None


def run(what: Listing, begin: Begin, ask: Callable[[Call], Answer | None]) -> Run:
    """Run an execution to its end, or until it waits for what never comes."""
    return _World(what, ask).run(begin)


class _World:
    def __init__(self, what: Listing, ask: Callable[[Call], Answer | None]) -> None:
        self.what = what
        self.ask = ask
        self.core: Any = Kernel(Interpreter(what.program))
        self.state: Any = State()
        self.result = Run()
        self.coming: list[tuple[int, int, int, Answer]] = []  # time, order, action id

    def run(self, begin: Begin) -> Run:
        digest = self.what.program.digest
        event: list[Any] | None = [
            START, begin.now, 1, digest, begin.seed, begin.value, begin.context]  # fmt: skip
        result = self.result
        try:
            while event is not None and len(result.inputs) < MOST_STEPS:
                self.step(event)
                event = self.next()
            if event is not None:
                result.problem = f"it did not end within {MOST_STEPS} steps"
        except LimitError as error:
            result.problem = f"it cannot start: {error}"
        except Unanswered as unanswered:
            result.problem = str(unanswered)
        result.duration = max(0, self.state.now - begin.now)
        if self.state.execution and self.state.status == RUNNING and not result.problem:
            waits = [a for a in self.state.pending.values() if a[KIND] == TASK]
            result.waits_for = [self.name(action, self.state) for action in waits]
        return result

    def step(self, event: list[Any]) -> None:
        step, event = self.taken(event)
        self.result.inputs.append(event)
        self.result.records.append(bytes(step.record))
        self.state = step.state
        for action in step.actions:
            if action[ID] == 0:
                self.result.calls.append(Call("", f"tsme:{action[1]}", action[2]))
            elif action[KIND] == TASK and action[ID] in self.state.pending:
                call = Call(self.name(action, self.state), action[RESOURCE], action[PAYLOAD])
                self.result.calls.append(call)
                answer = self.ask(call)
                if answer is not None:
                    due = self.state.now + answer.delay
                    order = len(self.result.calls)
                    heapq.heappush(self.coming, (due, order, action[ID], answer))

    def taken(self, event: list[Any]) -> tuple[Any, list[Any]]:
        """The step, and the input that made it: what is too large is said as a board does."""
        try:
            return self.core.step(self.state, event), event
        except LimitError as error:
            if event[0] == START:
                raise
            cause = str(error)
        if event[0] == SUCCEEDED:
            event = [FAILED, event[1], event[2], "States.DataLimitExceeded", cause]
            try:
                return self.core.step(self.state, event), event
            except LimitError:
                pass
        event = [STOP, event[1], "TSME.Limit", cause]
        return self.core.step(self.state, event), event

    def name(self, action: list[Any], state: Any) -> str:
        frame = state.client[action[FRAME]]
        return str(self.what.states[frame.state].name)

    def next(self) -> list[Any] | None:
        """The next input: what can go on, then what comes first; an answer before a timer."""
        state = self.state
        if state.status != RUNNING:
            return None
        if self.core.client.runnable(state.client):
            return [CONTINUE, state.now]
        while self.coming and self.coming[0][2] not in state.pending:
            heapq.heappop(self.coming)  # too late
        timers = [(a[DUE], a[ID]) for a in state.pending.values() if a[DUE] is not None]
        first = min(timers, default=None)
        if self.coming and (first is None or self.coming[0][0] <= first[0]):
            due, _, action, answer = heapq.heappop(self.coming)
            return [answer.kind, max(due, state.now), action, *answer.fields]
        if first is None:
            return None
        return [TIMER, max(first[0], state.now), first[1]]
