"""Law 1 on this computer: the C core makes the very steps that the Python kernel makes."""

from __future__ import annotations

import gc
import json
import sys
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import interpreters
from tests.engines import kernel_of
from tests.laws.drive import Drive, start_event
from tests.laws.smallest import must
from tests.laws.support import actions_bytes, many, show, start_of
from tests.laws.support import kernel_of as kernel_of_case
from tests.laws.workflows import Case, cases
from tsme import core
from tsme.core.state import CoreState
from tsme.errors import TsmeError
from tsme.kernel import Kernel, State
from tsme.kernel.limits import LIMITS
from tsme.kernel.protocol import CONTINUE, FAILED, SIGNAL, START, SUCCEEDED, TIMER
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme_host.compiler.compile import compile_text

interpreters.require("core")


def told(kernel: Any, state: Any, step: Any) -> list[Any]:
    """All that anybody can ask of a step and its state."""
    if step is None:
        return [None, kernel.work]
    numbers = [state.steps, state.execution, state.status, state.now, state.next_id, state.rng]
    first = state.due()
    asked = [
        [a.id, state.state_of(a), kernel.client.attempt(state.client, a)]
        for a in state.pending.values()
        if a.frame is not None
    ]
    return [
        bytes(step.record),
        actions_bytes(step),
        kernel.work,
        kernel.checkpoint(state),
        numbers,
        [state.digest, state.left, list(state.origin), dict(state.pending), state.result],
        first,
        asked,
        state.status == 0 and kernel.client.runnable(state.client),
    ]


def steps_of(case: Case, budget: int) -> list[Any]:
    kernel = kernel_of_case(case, budget)
    out: list[Any] = []

    class Telling(Drive):
        def feed(self, event: Any) -> Any:
            step = super().feed(event)
            out.append(told(kernel, self.state, step))
            return step

    Telling(kernel, start_of(kernel, case), case.moves, case.results).run()
    return out


def same(case: Case, budget: int) -> None:
    mine = steps_of(case, budget)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(core, "core", None)
        assert steps_of(case, budget) == mine


@many(250)
@given(cases(), st.sampled_from([1, 2, 7, 256]))
def test_each_step_and_all_that_can_be_asked_of_it_is_the_same(case: Case, budget: int) -> None:
    must(lambda c: same(c, budget), case, show)


TASK = {"Type": "Task", "Resource": "a", "TimeoutSeconds": 60, "ResultPath": "$.r", "End": True}
FLOW = json.dumps({"StartAt": "A", "States": {"A": TASK}})
PROGRAM = compile_text(FLOW).program
LONG = "x" * 20000

WRONG: list[tuple[Any, ...]] = [
    (START, 5, 2, b"another!", 1, {}, None, 1),
    (START, 5, 2, None, 1, {}, None, 1),
    (START, 5),
    (CONTINUE, 2000),
    (SIGNAL, 2000, 1),
    (TIMER, 2000, 1),
    (TIMER, 2000, 9),
    (SUCCEEDED, 2000, 1, float("inf")),
    (SUCCEEDED, 2000, 9, object()),
    (SUCCEEDED, 2000, 1, {1: 2}),
    (SUCCEEDED, 2000, 1, LONG),
    (FAILED, 2000, 1, LONG, ""),
    (SUCCEEDED, 2000),
    (SUCCEEDED, "now", 1, 2),
    (10, 2000, b"another!", []),
    (77, 2000, 1),
]


@pytest.mark.parametrize("room", [None, 300])
@pytest.mark.parametrize("under_way", [False, True])
@pytest.mark.parametrize("event", WRONG, ids=range(len(WRONG)))
def test_what_is_refused_is_refused_in_the_same_words(
    event: tuple[Any, ...], under_way: bool, room: int | None
) -> None:
    """And changes nothing."""
    program = Program(PROGRAM)
    out = []
    for kernel in (Kernel(Interpreter(program), room), core.kernel(core.runs(program), room)):
        state: Any = State()
        if under_way:
            start = (START, 1000, 1, program.digest, 1, {"v": "y" * 100}, None, 1)
            state = kernel.step(state, start).state
        before = kernel.checkpoint(state)
        try:
            step = kernel.step(state, event)
            what: Any = step and bytes(step.record)
        except Exception as e:
            what = (type(e).__name__, str(e))
        out.append((what, kernel.work))
        assert kernel.checkpoint(state) == before
    assert out[0] == out[1]


def test_a_digest_of_another_behaviour_is_refused_by_name() -> None:
    kernel = kernel_of(PROGRAM)
    event: Any = (START, 5, 1, kernel.client.program.digest, 1, {}, None, 2)
    with pytest.raises(TsmeError, match="TSME-K007"):
        kernel.step(State(), event)


def test_states_that_somebody_keeps_stay_as_they_were() -> None:
    """Several steps from one state, and one from a state of long ago."""
    kernel = kernel_of(PROGRAM)
    first = kernel.step(State(), start_event(kernel.client.program, {})).state
    assert isinstance(first, CoreState), "the core has made it"
    kept = kernel.checkpoint(first)
    ways = [kernel.step(first, (SUCCEEDED, 2000, 1, n)).state for n in range(3)]
    assert [way.result for way in ways] == [{"r": 0}, {"r": 1}, {"r": 2}]
    assert kernel.checkpoint(first) == kept
    assert first.pending[1].resource == "a"
    assert kernel.client.attempt(first.client, first.pending[1]) == 1
    assert first.state_of(first.pending[1]) == 0
    assert not kernel.client.runnable(first.client)
    again = kernel.step(first, (SUCCEEDED, 2000, 1, 1)).state
    assert kernel.checkpoint(again) == kernel.checkpoint(ways[1])


def test_a_state_that_outgrows_the_memory_gets_more_of_it() -> None:
    before = LIMITS["state_bytes"]
    LIMITS["state_bytes"] = 1 << 20
    try:
        kernel = kernel_of(PROGRAM)
        state = kernel.step(State(), start_event(kernel.client.program, {})).state
        state = kernel.step(state, (SUCCEEDED, 2000, 1, ["y" * 200] * 900)).state
        assert isinstance(state, CoreState)
        assert len(state.result["r"]) == 900
    finally:
        LIMITS["state_bytes"] = before


def test_a_core_that_found_no_memory_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory that is short for a moment does not leave the Python kernel with all that comes."""
    kernel = kernel_of(PROGRAM)
    kernel.memory = 4096
    state = kernel.step(State(), start_event(kernel.client.program, {})).state
    large = (SUCCEEDED, 2000, 1, ["y" * 200] * 60)

    def short(*_: Any) -> None:
        raise MemoryError

    with monkeypatch.context() as patched:
        patched.setattr("tsme_core.boot", short)
        with pytest.raises(MemoryError):
            kernel.step(state, large)
    assert kernel.memory == 4096
    after = kernel.step(state, large).state
    assert isinstance(after, CoreState)
    assert len(after.result["r"]) == 60


def test_steps_leave_no_references() -> None:
    """Thousands of transitions keep nothing of theirs."""
    loop = {
        "A": {"Type": "Pass", "Parameters": {"n.$": "$.n", "o": {"k.$": "$.o.k"}}, "Next": "B"},
        "B": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.n", "NumericEquals": 2, "Next": "C"}],
            "Default": "A",
        },
        "C": {"Type": "Succeed"},
    }
    kernel = kernel_of(compile_text(json.dumps({"StartAt": "A", "States": loop})).program)
    value = {"n": 1, "o": {"k": "leaf"}}
    state = kernel.step(State(), start_event(kernel.client.program, value)).state
    held = []
    tracemalloc.start()
    try:
        for _ in range(3):
            for _ in range(50):
                state = kernel.step(state, (CONTINUE, 0)).state
                assert kernel.client.runnable(state.client)
                assert not state.pending
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert held[2] - held[1] < 500  # bytes, of 12,800 transitions
    counted = sys.getrefcount(kernel), sys.getrefcount(kernel.client)
    for _ in range(50):
        state = kernel.step(state, (CONTINUE, 0)).state
    assert (sys.getrefcount(kernel), sys.getrefcount(kernel.client)) == counted
