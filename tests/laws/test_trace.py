"""What an interpreter says of its steps is the same on all of them (docs/SPEC.md, 3.6)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests import interpreters
from tests.laws import device
from tests.laws.support import BOARDS, on_device, show
from tests.laws.test_same_bytes import batch
from tsme import core
from tsme.kernel import State
from tsme.kernel.protocol import START, TRACED
from tsme.program import Program
from tsme.program.trace import Tracer
from tsme_host.compiler.compile import compile_text

COUNT = 150
# Two items fail, of which one may.
TOLERANT = {
    "Type": "Map",
    "ToleratedFailureCount": 1,
    "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "F",
        "States": {"F": {"Type": "Fail", "Error": "E"}},
    },
    "End": True,
}


def tolerant() -> list[Any]:
    program = compile_text(json.dumps({"StartAt": "M", "States": {"M": TOLERANT}})).program
    digest = Program(program).digest
    return [program, [[START, 1000, 1, digest, 7, [1, 2, 3], None, 1]]]


def queried(**fields: Any) -> list[Any]:
    """A state in JSONata: an expression of it fails, or its field does not take what it gives."""
    state = {"Next": "E", **fields}
    catch = [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput %}", "Next": "E"}]
    if state["Type"] == "Map":
        item = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}
        state |= {"Catch": catch, "ItemProcessor": item}
    states = {"S": state, "E": {"Type": "Succeed"}}
    definition = {"QueryLanguage": "JSONata", "StartAt": "S", "States": states}
    program = compile_text(json.dumps(definition)).program
    digest = Program(program).digest
    return [program, [[START, 1000, 1, digest, 7, {"a": [1.5, "x", None]}, None, 1]]]


QUERIED = (
    queried(Type="Pass", Output="{% $states.input.a[0] + 1 %}", Assign={"v": "{% 1 %}"}),
    queried(Type="Pass", Output="{% $states.input.a[1] + 1 %}"),
    queried(Type="Pass", Output="{% $states.input.b %}"),
    queried(Type="Pass", Output="{% $error('no') %}"),
    queried(Type="Wait", Seconds="{% $states.input.a %}"),
    queried(Type="Wait", Seconds="{% $states.input.a[0] %}"),
    queried(Type="Wait", Timestamp="{% $states.input.a[1] %}"),
    queried(Type="Map", Items="{% $states.input %}"),
    queried(Type="Map", Items="{% $map($states.input.a, function($v) { $v * 2 }) %}"),
    queried(Type="Map"),
)


def test_the_cases_have_events_of_every_kind() -> None:
    items = [*(item for _, item, _ in batch()), tolerant()]
    seen = {event[0] for item in items for event in device.traced(*item)}
    assert {TRACED[kind] for kind in seen} == set(TRACED)


def test_watching_changes_no_record() -> None:
    for case, item, expected in batch()[:COUNT]:
        program, events = item
        assert device.replay(program, events, watched=True) == expected, show(case)


def test_who_reads_at_once_is_given_the_items_of_these_bytes() -> None:
    for case, (program, events), _ in batch()[:COUNT]:
        assert device.traced(program, events, False) == device.traced(program, events), show(case)


def test_the_core_tells_of_expressions_what_the_interpreter_does() -> None:
    interpreters.require("core")
    for program, events in QUERIED:
        told: list[Any] = []
        kernel = core.kernel(core.runs(Program(program)))

        def sink(kind: int, frame: int, pc: int, number: int, data: bytes) -> None:
            told.append([kind, frame, pc, number, data, tracer.frame(frame)])  # noqa: B023

        tracer = Tracer(kernel.client, sink)
        state = State()
        for event in events:
            state = kernel.step(state, tuple(event)).state
        assert told == device.traced(program, events)


@pytest.mark.parametrize("board", BOARDS)
def test_boards_tell_the_events_that_cpython_tells(board: str) -> None:
    items: list[Any] = [tolerant(), *QUERIED, *(item for _, item, _ in batch()[:COUNT])]
    for item, got in zip(items, on_device(board, "traced", items), strict=True):
        assert got == device.traced(*item), f"{board}: {item[1]}"
