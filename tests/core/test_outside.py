"""What the core leaves to its caller: whole evaluations, with what they need of frames."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.jsonata.expressions import NOW
from tsme.kernel import BEHAVIOUR, State
from tsme.kernel.protocol import CONTINUE, DONE, RUNNING, START
from tsme_host.compiler.compile import compile_text

from . import batch, generated, machine, outside

# Transforms are Python's. They draw, and need slots of their frame and of those around it, and
# parts of the context.
CHILD = {
    "StartAt": "Add",
    "States": {
        "Add": {
            "Type": "Pass",
            "Assign": {"y": "{% $states.input ~> |$|{'r': $random(), 'w': $word}| %}"},
            "Next": "End",
        },
        "End": {
            "Type": "Pass",
            "Output": "{% $y ~> |$|{'l': $list, 's': $shuffle([1, 2, 3]), 'n': $now(), 'e':"
            " $states.context.Execution.Id, 'x': $states.context.State.Name}| %}",
            "End": True,
        },
    },
}
FLOW = {
    "QueryLanguage": "JSONata",
    "StartAt": "Begin",
    "States": {
        "Begin": {
            "Type": "Pass",
            "Assign": {"word": "{% $states.input.x %}", "list": {"l": [1, {"a": "b"}]}},
            "Next": "Each",
        },
        "Each": {
            "Type": "Map",
            "Items": "{% [1..4].{'k': $} %}",
            "ItemSelector": "{% $states.context.Map.Item.Value ~> |$|{'i':"
            " $states.context.Map.Item.Index, 'u': $uuid(), 'w': $word}| %}",
            "ItemProcessor": CHILD,
            "End": True,
        },
    },
}
EVALUATIONS = 12  # four children, of three each
SEEDS = range(1, 1 << 62, (1 << 62) // 11)


def case(seed: int) -> batch.Case:
    """The workflow as a case of the core's, with all that Python is asked for."""
    program = compile_text(json.dumps(FLOW)).program
    noted = generated.Noted(f"seed {seed}", program)
    event: list[Any] = [START, NOW, 1, noted.recorder.program.digest]
    event += [seed, {"x": "hello" * 20}, None, BEHAVIOUR]
    events: list[list[Any]] = []
    state = State()
    while not events or state.status == RUNNING:
        events.append(event)
        state = noted.step(state, event).state
        event = [CONTINUE, NOW]
    assert state.status == DONE
    noted.case.calls = outside.asked(program, events)
    return noted.end()


@pytest.fixture(scope="module")
def cases() -> list[batch.Case]:
    return [case(seed) for seed in SEEDS]


def test_python_makes_them_for_the_core_whatever_was_drawn(cases: list[batch.Case]) -> None:
    """Half of all states of the generator are beyond 63 bits."""
    for one in cases:
        made = [told for number, _, error, told in one.calls if not error and told[0] == 0]
        assert len(made) == EVALUATIONS, one.name
        assert {error for _, _, error, _ in one.calls} == {0}, one.name


@pytest.mark.parametrize("build", ["gcc64", "gcc64-stress", "gcc32"])
def test_records_are_those_of_python(build: str, cases: list[batch.Case], tmp_path: Path) -> None:
    """With the answers of before, and where all that can be moved is moved."""
    batch.require(build)
    machine.make(str(machine.BUILD / f"batch-{build}"))
    found = batch.run(build, cases, tmp_path, flags=batch.AGAIN | batch.RESTORE)
    told = [answer.differs(case) for case, answer in zip(cases, found, strict=True)]
    assert [one for one in told if one] == []
