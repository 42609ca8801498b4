"""A workflow that is right becomes a machine with every name resolved and every default filled."""

import json
from dataclasses import FrozenInstanceError, is_dataclass

import pytest

from tsme_host.compiler.frontend.check import check
from tsme_host.compiler.frontend.model import (
    And,
    Catcher,
    ChoiceState,
    Compare,
    CompileError,
    Const,
    FailState,
    Index,
    Key,
    MapState,
    Not,
    Or,
    ParallelState,
    PassState,
    Path,
    Ref,
    Retrier,
    StateMachine,
    SucceedState,
    TaskState,
    WaitState,
)

from .definitions import FULL


@pytest.fixture(scope="module")
def full():
    return check(json.dumps(FULL))


def keys(path):
    return None if path is None else (path.root, [s.name for s in path.segments])


def test_states_keep_their_order_and_places(full):
    assert list(full.states) == list(FULL["States"])
    assert (full.start_at, full.comment, full.timeout_seconds) == ("Measure", "all of it", 3600)
    text = json.dumps(FULL, indent=2)
    wait = check(text).states["Pause"].where
    assert wait.pointer == "/States/Pause"
    assert text.split("\n")[wait.line - 1][wait.column - 1 :].startswith("{")


def test_a_task_has_all_its_fields(full):
    task = full.states["Measure"]
    assert isinstance(task, TaskState)
    assert task.resource == "read_soil"
    assert (task.timeout, task.heartbeat, task.next) == (60, 20, "Decide")
    assert keys(task.input_path) == ("$", ["garden"])
    assert keys(task.result_path) == ("$", ["soil"])
    assert keys(task.output_path) == ("$", [])
    assert task.retry[0] == Retrier(
        ("Sensor.Busy", "States.Timeout"), 2, 5, 1.5, 30, True, task.retry[0].where
    )
    assert task.retry[1].max_attempts == 3
    assert task.retry[1].backoff_rate == 2.0
    assert isinstance(task.catch[0], Catcher)
    assert task.catch[0].next == "Broken"
    assert [name for name, _ in task.catch[0].assign] == ["error"]
    assert isinstance(task.credentials, Const)
    assert [name for name, _ in task.assign] == ["level"]


def test_a_dynamic_timeout_is_a_path(full):
    task = full.states["Water"]
    assert isinstance(task, TaskState)
    assert isinstance(task.timeout, Path)
    assert keys(task.timeout) == ("$", ["limit"])
    assert keys(task.heartbeat) == ("level", [])


def test_null_paths_are_none_and_absent_ones_the_root(full):
    state = full.states["Note"]
    assert isinstance(state, PassState)
    assert state.input_path is None
    assert state.output_path is None
    assert state.result_path is None
    assert state.result == Const({"done.$": "$.x"}, state.result.where)
    assert keys(full.states["Pause"].input_path) == ("$", [])


def test_choice_rules_nest(full):
    choice = full.states["Decide"]
    assert isinstance(choice, ChoiceState)
    first, second, third = choice.rules
    assert isinstance(first.condition, Compare)
    assert first.condition.op == "NumericLessThan"
    assert isinstance(first.condition.operand, Path)
    assert isinstance(second.condition, And)
    assert isinstance(second.condition.parts[0], Not)
    assert isinstance(second.condition.parts[1], Or)
    assert [name for name, _ in second.assign] == ["level"]
    assert isinstance(third.condition, Compare)
    assert third.condition.operand is True
    assert choice.default == "Pause"


def test_wait_fail_and_succeed(full):
    pause, until, broken = (full.states[n] for n in ("Pause", "Until", "Broken"))
    assert isinstance(pause, WaitState)
    assert (pause.seconds, pause.timestamp) == (0, None)
    assert isinstance(until, WaitState)
    assert isinstance(until.timestamp, Path)
    assert isinstance(broken, FailState)
    assert broken.error == "Garden.Broken"
    assert isinstance(broken.cause, Ref)
    assert isinstance(full.states["Done"], SucceedState)
    assert full.states["Done"].next is None


def test_inner_machines_are_machines(full):
    parallel, each, many = (full.states[n] for n in ("Both", "Each", "Many"))
    assert isinstance(parallel, ParallelState)
    assert [list(branch.states) for branch in parallel.branches] == [["B1"], ["B2"]]
    assert isinstance(each, MapState)
    assert isinstance(each.body, StateMachine)
    assert not each.distributed
    assert each.max_concurrency == 3
    assert keys(each.items_path) == ("$", ["beds"])
    assert isinstance(many, MapState)
    assert many.distributed
    assert many.label == "many"
    assert many.reader is not None
    assert many.reader.resource == "arn:aws:states:::s3:getObject"
    assert isinstance(many.max_concurrency, Path)


def test_the_machine_holds_only_frozen_parts(full):
    def walk(value):
        if isinstance(value, (tuple, list)):
            for item in value:
                walk(item)
        elif is_dataclass(value):
            for name in value.__dataclass_fields__:
                with pytest.raises(FrozenInstanceError):
                    setattr(value, name, None)
                walk(getattr(value, name))

    walk(full)
    walk(list(full.states.values()))
    for state in full.states.values():
        for segment in state.input_path.segments if state.input_path else ():
            assert isinstance(segment, (Key, Index))


def test_a_wrong_text_raises_all_its_problems_and_names_the_file():
    with pytest.raises(CompileError) as error:
        check('{"StartAt": "A", "States": {"A": {"Type": "Pass"}}, "Foo": 1}', "flow.json")
    assert error.value.filename == "flow.json"
    assert [p.code for p in error.value.problems] == ["TSME-C043", "TSME-C011"]
    assert "flow.json: 2 problem(s)" in str(error.value)
