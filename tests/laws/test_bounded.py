"""Law 7: a step has a budget, and every limit is checked before anything changes."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from tests.laws.drive import Drive, start_event
from tests.laws.support import kernel_of, many, program_of, show, start_of
from tests.laws.test_semantics import got
from tests.laws.workflows import Case, cases
from tsme.errors import LimitError
from tsme.kernel import Kernel, State, checkpoints
from tsme.kernel.limits import LIMITS
from tsme.kernel.protocol import CONTINUE, TRACED
from tsme.program import (
    Program,
    frame_items,
    instructions,
    query,
    sizes,
)
from tsme.program.interpreter import Interpreter
from tsme.program.trace import Tracer
from tsme.values import cbor
from tsme_host.compiler.compile import compile_text


class Count:
    """Transitions of each step, and what its functions and queries count."""

    def __init__(self, kernel: Any) -> None:
        self.now = self.work = 0
        self.steps: list[int] = []
        self.works: list[int] = []
        Tracer(kernel.client, self.entered, (TRACED.index("enter"),))

    def entered(self, *_event: Any) -> None:
        self.now += 1

    def look(self, event: Any, step: Any) -> None:
        self.steps.append(self.now)
        self.works.append(self.work)
        self.now = self.work = 0

    @contextmanager
    def seeing(self) -> Iterator[None]:
        known = sizes.spend

        def spend(d: Any, work: int, size: int, most: int) -> None:
            self.work += work // 256
            known(d, work, size, most)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sizes, "spend", spend)
            patch.setattr(query, "spend", spend)
            yield


@many(120)
@given(cases(), st.integers(1, 300))
def test_no_step_exceeds_its_budget(case: Case, budget: int) -> None:
    note(show(case))
    kernel = kernel_of(case, budget)
    in_c = hasattr(kernel.client, "lacks")
    count = Count(kernel)
    with count.seeing():
        d = Drive(kernel, start_of(kernel, case), case.moves, case.results, count.look).run()
    assert max(count.steps) <= budget
    for event, step, done, work in zip(d.events, d.steps, count.steps, count.works, strict=True):
        if step and not step.state.status:
            spent = kernel.client.program.budget - step.state.left
            # What functions and queries count in the core, nobody sees from here.
            least, most = min(budget, done + work), budget if in_c else min(budget, done + work)
            assert least <= spent <= most
        if event[0] == CONTINUE:
            assert step is not None
            assert len(step.record) <= 8, "a record holds inputs alone"


@many(200)
@given(cases(exact=True), st.sampled_from([1, 2, 3, 5, 17, 300]))
def test_the_budget_changes_nothing_but_where_steps_end(case: Case, budget: int) -> None:
    note(show(case))
    assert got(case, budget) == got(case, 256)


@many(100)
@given(cases())
def test_a_checkpoint_has_the_size_that_the_limit_counts(case: Case) -> None:
    note(show(case))
    kernel = Kernel(Interpreter(program_of(case)))

    def look(event: Any, step: Any) -> None:
        size = len(kernel.checkpoint(step.state)) if step else 0
        for _ in range(2 if step else 0):  # again with the sizes that the first found
            assert checkpoints.size(kernel.client, step.state) == size

    Drive(kernel, start_of(kernel, case), case.moves, case.results, look).run()


def test_near_its_limit_a_large_state_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step's bound is over the limit then, and the size itself is not."""
    bytes_measured = []

    def measuring(value: Any, most: int = 1 << 30) -> tuple[int, int]:
        size, depth = cbor.measure(value, most)
        bytes_measured.append(size)
        return size, depth

    for module in (instructions, sizes, frame_items):
        monkeypatch.setattr(module, "measure", measuring)
    for module in (sizes, checkpoints, frame_items):
        monkeypatch.setattr(module, "encoded_size", lambda v: measuring(v)[0])
    definition = {
        "StartAt": "Add",
        "States": {
            "Add": {"Type": "Pass", "Result": {"n": 1}, "ResultPath": "$.small", "Next": "Set"},
            "Set": {"Type": "Pass", "Result": 7, "ResultPath": "$.n", "Next": "Back"},
            "Back": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "End"}],
                "Default": "Add",
            },
            "End": {"Type": "Succeed"},
        },
    }
    program = Program(compile_text(json.dumps(definition)).program)
    program.budget = 3
    kernel = Kernel(Interpreter(program))
    value = {"large": ["text"] * 1000}
    state = kernel.step(State(), start_event(program, value)).state
    monkeypatch.setitem(LIMITS, "state_bytes", len(kernel.checkpoint(state)) + 40)
    for _ in range(100):
        state = kernel.step(state, (CONTINUE, state.now)).state
    assert len(kernel.checkpoint(state)) <= state.bound <= LIMITS["state_bytes"]
    assert 5000 < sum(bytes_measured) < 20000


def counter(to: int, budget: int) -> Drive:
    """The Pass and Choice loop."""
    machine = {
        "StartAt": "Init",
        "States": {
            "Init": {"Type": "Pass", "Assign": {"i": 0}, "Next": "Add"},
            "Add": {"Type": "Pass", "Assign": {"i.$": "States.MathAdd($i, 1)"}, "Next": "Test"},
            "Test": {
                "Type": "Choice",
                "Choices": [{"Variable": "$i", "NumericLessThan": to, "Next": "Add"}],
                "Default": "Done",
            },
            "Done": {"Type": "Pass", "Parameters": {"i.$": "$i"}, "End": True},
        },
    }
    kernel = Kernel(Interpreter(Program(compile_text(json.dumps(machine), budget=budget).program)))
    return Drive(kernel, start_event(kernel.client.program, {})).run()


@pytest.mark.parametrize("budget", [1, 2, 7, 100, 4096])
def test_a_tight_loop_commits_again_and_again(budget: int) -> None:
    d = counter(500, budget)
    assert d.state.result == {"i": 500}
    transitions = 1 + 2 * 500 + 1
    assert len(d.steps) == -(-transitions // budget)
    for step in d.steps[1:]:
        assert step is not None
        assert len(step.record) <= 8


# --- limits ---


@contextmanager
def limit(name: str, value: int) -> Iterator[None]:
    old = LIMITS[name]
    LIMITS[name] = value
    try:
        yield
    finally:
        LIMITS[name] = old


def machine_text(states: dict[str, Any]) -> str:
    return json.dumps({"StartAt": next(iter(states)), "States": states})


BRANCHES = {
    "P": {
        "Type": "Parallel",
        "Branches": [
            {
                "StartAt": f"B{n}",
                "States": {f"B{n}": {"Type": "Task", "Resource": "t", "End": True}},
            }
            for n in range(5)
        ],
        "End": True,
    }
}
DEEP = {"A": {"Type": "Pass", "Parameters": {"a": [[[1]]], "b.$": "$"}, "End": True}}
ASSIGN = {"A": {"Type": "Pass", "Assign": {f"v{n}": n for n in range(9)}, "End": True}}
ITEMS = ", ".join(str(n) for n in range(9))
WIDE = {"A": {"Type": "Pass", "Parameters": {"a.$": f"States.Array({ITEMS})"}, "End": True}}

AT_LOADING = [
    ("program_bytes", 40, DEEP),
    ("slots", 4, ASSIGN),
    ("stack", 4, WIDE),
    ("budget", 255, DEEP),
    ("value_bytes", 4096, DEEP),
    ("step_bytes", 24575, DEEP),
    ("items", 999, DEEP),
]
IN_A_STEP = [("state_bytes", 60, BRANCHES)]
UNIQUE = "States.ArrayUnique(States.ArrayRange(1, 1000, 1))"  # counts 32 transitions
WORK = {
    "Type": "Pass",
    "Parameters": {"n.$": f"States.ArrayLength(States.Array({', '.join([UNIQUE] * 3)}))"},
}
IN_A_STEP += [("work", 3, {"A": {**WORK, "End": True}})]


def explained(e: LimitError, name: str, most: int) -> None:
    """The error names the limit, what was asked, and how to raise it."""
    assert e.limit == most
    assert e.asked > most
    for part in (str(e.asked), str(most), f'tsme.LIMITS["{name}"]'):
        assert part in e.message


@pytest.mark.parametrize(("name", "most", "states"), AT_LOADING)
def test_a_program_past_a_limit_is_not_loaded(name: str, most: int, states: Any) -> None:
    data = compile_text(machine_text(states)).program
    with limit(name, most), pytest.raises(LimitError) as e:
        Program(data)
    explained(e.value, name, most)
    Program(data)


@pytest.mark.parametrize(("name", "most", "states"), IN_A_STEP)
def test_a_step_past_a_limit_leaves_everything_as_it_was(
    name: str, most: int, states: Any
) -> None:
    kernel = Kernel(Interpreter(Program(compile_text(machine_text(states), budget=50).program)))
    d = Drive(kernel, start_event(kernel.client.program, {"some": "input", "list": [1] * 99}))
    before = kernel.checkpoint(d.state)
    with limit(name, most), pytest.raises(LimitError) as e:
        d.feed(d.start)
    explained(e.value, name, most)
    assert kernel.checkpoint(d.state) == before
    d.run()
    assert d.state.status == 1


def test_every_limit_is_tested() -> None:
    tested = {name for name, _, _ in AT_LOADING + IN_A_STEP}
    assert tested == set(LIMITS)


def test_functions_and_queries_use_up_the_budget_of_a_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(LIMITS, "step_bytes", 10**6)
    count = 20
    states: dict[str, Any] = {}
    for n in range(count):
        of: dict[str, Any] = {
            "Parameters": {"n.$": f"States.ArrayLength({UNIQUE})"},
            "ResultPath": "$.n",
        }
        if n % 2:
            of = {"Parameters": {"all.$": "$..x[?(@.a > 1)]"}, "ResultPath": None}
        states[f"S{n}"] = {"Type": "Pass", **of, "Next": f"S{n + 1}"}
    states[f"S{count}"] = {"Type": "Succeed", "OutputPath": "$.n"}
    value = {"x": [{"a": n % 3, "b": [n]} for n in range(400)]}
    ends = []
    text = machine_text(states)
    for budget in (1, 40, 256, 4096):
        kernel = Kernel(
            Interpreter(Program(compile_text(text, budget=budget, step_bytes=10**6).program))
        )
        seen = Count(kernel)
        with seen.seeing():
            d = Drive(kernel, start_event(kernel.client.program, value), look=seen.look).run()
        assert d.state.result == {"n": 1000}
        for done, work in zip(seen.steps, seen.works, strict=True):
            assert done + work <= budget + 33  # a state that has begun is finished
        assert sum(seen.works) > 300
        ends.append(len(seen.steps))
    assert ends[0] == count + 1
    assert ends == sorted(ends, reverse=True)
    assert ends[2] > 1
    assert ends[3] == 1


# --- nesting and size of values ---


def nested(deep: int, leaf: Any = 1) -> Any:
    for n in range(deep):
        leaf = [leaf] if n % 2 else {"k": leaf}
    return leaf


KEEP = {
    "T": {"Type": "Task", "Resource": "t", "ResultPath": "$", "Next": "U"},
    "U": {"Type": "Task", "Resource": "u", "InputPath": "$", "Assign": {"v.$": "$"}, "End": True},
}


def test_a_value_as_deep_as_allowed_goes_everywhere() -> None:
    """Input, result, payload, variable, output: 32 levels, all the same."""
    kernel = Kernel(Interpreter(Program(compile_text(machine_text(KEEP)).program)))
    value = nested(32)
    starts: list[Any] = [{}, value]
    for start in starts:
        event = start_event(kernel.client.program, start)
        d = Drive(kernel, event, results={"t": value, "u": value}).run()
        assert d.state.result == value
    with pytest.raises(LimitError):
        d = Drive(kernel, start_event(kernel.client.program, nested(33))).run()


GROW = {
    "A": {"Type": "Task", "Resource": "t", "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "C"}],
          "Next": "B"},
    "B": {"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": True, "Next": "C"}],
          "Default": "A"},
    "C": {"Type": "Succeed"},
}  # fmt: skip


@pytest.mark.parametrize(
    "grown",
    ["States.Array($)", "States.Array($, $)", "States.Format('{}{}', $, $)", "object", "path"],
)
def test_values_that_grow_in_a_loop_meet_an_error_that_can_be_caught(grown: str) -> None:
    """Deeper by one, or twice as large, at each turn."""
    task: dict[str, Any] = {"Type": "Task", "Resource": "tsme:log", "Next": "B"}
    task["Catch"] = [{"ErrorEquals": ["States.DataLimitExceeded"], "Next": "C"}]
    if grown == "object":
        task["ResultSelector"] = {"a.$": "$", "b.$": "$"}
    elif grown == "path":
        task["ResultPath"] = "$.a.b.c"
    else:
        task["ResultSelector"] = {"x.$": grown}
        task["Next"] = "Back"
    states = {
        "A": task,
        "B": GROW["B"],
        "C": {"Type": "Pass", "OutputPath": "$.Error", "End": True},
    }
    states["Back"] = {"Type": "Pass", "InputPath": "$.x", "Next": "B"}
    if task["Next"] != "Back":
        del states["Back"]
    text = machine_text(states)
    kernel = Kernel(Interpreter(Program(compile_text(text, largest=5000).program)))
    value = "x" if "Format" in grown else {"k": 1}
    d = Drive(kernel, start_event(kernel.client.program, value)).run()
    assert d.state.result == "States.DataLimitExceeded", d.state.result
    assert len(d.steps) < 2000


def test_random_programs_keep_their_records_small() -> None:
    """A record holds an input, not what the step made of it."""
    source = random.Random(5)
    for _ in range(5):
        n = source.randrange(100, 1000)
        d = counter(n, source.randrange(1, 300))
        assert all(step and len(step.record) <= 8 for step in d.steps[1:])
