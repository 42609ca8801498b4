"""The whole compiler: text in, program out.  `tsme compile` calls `compile_text`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from .backend.emit import Compiled, emit
from .backend.literals import build_literals
from .backend.lower import lower
from .backend.optimise import optimise
from .frontend.check import check
from .frontend.model import MapState, ParallelState, StateMachine, TaskState
from .frontend.source import Flow

_WILD = {"States.ALL", "States.TaskFailed"}


def compile_text(text: Flow, filename: str = "", **given: int | None) -> Compiled:
    """Compile a workflow in JSONPath-mode Amazon States Language.

    `given`: limits by name (`frontend.model.Limits`), in place of what the workflow's Comment
    says; None says nothing.  Raises `CompileError` with every problem found.
    """
    machine = check(text, filename)
    said = {name: value for name, value in given.items() if value is not None}
    limits = replace(machine.limits, **said)
    lowered = lower(machine, limits.largest)
    lowered.code, deeper = build_literals(optimise(lowered.code))
    lowered.stack += deeper
    compiled = emit(lowered, filename, limits)
    return replace(compiled, warnings=machine.warnings, retried=tuple(_retried(machine)))


def _retried(machine: StateMachine) -> Iterator[str]:
    """Task states that retry on a wildcard, which a board does not take for TSME.Interrupted."""
    todo = [machine]
    while todo:
        for state in todo.pop().states.values():
            if isinstance(state, ParallelState):
                todo += state.branches
            elif isinstance(state, MapState):
                todo.append(state.body)
            elif isinstance(state, TaskState):
                names = {name for retrier in state.retry for name in retrier.errors}
                if names & _WILD and "TSME.Interrupted" not in names:
                    yield state.name
