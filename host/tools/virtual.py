"""Runs an execution in virtual time: nothing waits, and the caller says what tasks answer.

This is what the board's runner does (firmware/lib/tsme/runner.py), without handlers and clock.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tsme.asl import Interpreter
from tsme.driver import Driver
from tsme.errors import LimitError
from tsme.kernel import (
    CONTINUE,
    DUE,
    FRAME,
    ID,
    KIND,
    PAYLOAD,
    RESOURCE,
    RUNNING,
    START,
    TASK,
    TIMER,
    Kernel,
)

from ..compiler.model import Json
from .listing import Listing

MOST_STEPS = 50000  # of one execution
_DRIVER: Any = Driver  # device code has no types


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


class _World(_DRIVER):  # type: ignore[misc]
    def __init__(self, what: Listing, ask: Callable[[Call], Answer | None]) -> None:
        super().__init__(Kernel(Interpreter(what.program)))
        self.what = what
        self.ask = ask
        self.watch = self.noted
        self.result = Run()
        self.coming: list[tuple[int, int, int, Answer]] = []  # time, order, action id

    def run(self, begin: Begin) -> Run:
        digest = self.what.program.digest
        event: tuple[Any, ...] | None = (
            START, begin.now, 1, digest, begin.seed, begin.value, begin.context)  # fmt: skip
        result = self.result
        try:
            while event is not None and len(result.inputs) < MOST_STEPS:
                self.feed(event)
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

    def noted(self, event: Any, step: Any) -> None:
        """A step that is made, before its actions."""
        self.result.inputs.append(list(event))
        self.result.records.append(bytes(step.record))

    def emit(self, kind: str, payload: Json) -> None:
        self.result.calls.append(Call("", f"tsme:{kind}", payload))

    def launch(self, action: list[Any]) -> None:
        call = Call(self.name(action, self.state), action[RESOURCE], action[PAYLOAD])
        self.result.calls.append(call)
        answer = self.ask(call)
        if answer is not None:
            due = self.state.now + answer.delay
            heapq.heappush(self.coming, (due, len(self.result.calls), action[ID], answer))

    def name(self, action: list[Any], state: Any) -> str:
        frame = state.client[action[FRAME]]
        return str(self.what.states[frame.state].name)

    def next(self) -> tuple[Any, ...] | None:
        """The next input: what can go on, then what comes first; an answer before a timer."""
        state = self.state
        if state.status != RUNNING:
            return None
        if self.kernel.client.runnable(state.client):
            return (CONTINUE, state.now)
        while self.coming and self.coming[0][2] not in state.pending:
            heapq.heappop(self.coming)  # too late
        timers = [(a[DUE], a[ID]) for a in state.pending.values() if a[DUE] is not None]
        first = min(timers, default=None)
        if self.coming and (first is None or self.coming[0][0] <= first[0]):
            due, _, action, answer = heapq.heappop(self.coming)
            return (answer.kind, max(due, state.now), action, *answer.fields)
        if first is None:
            return None
        return (TIMER, max(first[0], state.now), first[1])
