"""Histories as AWS tells them today: which events there are, and after which each comes.

Read off executions in us-east-1 in August and September 2026, but for what a comment says.
"""

import pytest

from tests.conformance.samples import LAMBDA, case
from tests.conformance.test_history import PASSES, history

DISTRIBUTED = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
BAD = PASSES | {"Parameters": {"m.$": "$.nope"}}
FAILS = {"Type": "Fail", "Error": "E", "Cause": "c"}


def machine(state, name="F"):
    return {"StartAt": name, "States": {name: state}}


def parallel(*states, **fields):
    branches = [machine(state, f"B{n}") for n, state in enumerate(states)]
    return {"P": {"Type": "Parallel", "Branches": branches, "End": True, **fields}}


def mapped(state, body=None, **fields):
    item = {"ItemProcessor": machine(state) | (body or {})}
    return {"M": {"Type": "Map", "End": True, "MaxConcurrency": 1, **item, **fields}}


def told(states, value=None, after=None, **more):
    """Each event as its type without the name of the family, and the one before it."""
    h = history(case(states | (after or {}), value, **more))
    return h, [(e["type"], e["prev"]) for e in h.events]


def test_a_runtime_error_in_a_branch_is_told_by_the_end_alone():
    waits = {"Type": "Wait", "Seconds": 9, "End": True}
    h, events = told(parallel(BAD))
    assert events[2:] == [
        ("ParallelStateStarted", 2),
        ("PassStateEntered", 3),
        ("ExecutionFailed", 4),
    ]
    assert "the state 'B0' (entered at the event id #4)" in h.cause
    catch = [{"ErrorEquals": ["States.Runtime"], "Next": "A"}]
    _, events = told(parallel(waits, BAD, Catch=catch), after={"A": PASSES})
    assert [kind for kind, _ in events[3:]] == [
        "WaitStateEntered",
        "PassStateEntered",
        "ExecutionFailed",
    ]
    assert events[-1][1] == 5
    task = {"Type": "Task", "Resource": LAMBDA, "Parameters": {"m.$": "$.nope"}, "End": True}
    _, events = told(parallel(task))
    assert [kind for kind, _ in events[3:]] == ["TaskStateEntered", "ExecutionFailed"]


def test_a_runtime_error_in_an_item_is_told_by_the_end_alone():
    h, events = told(mapped(BAD, ItemsPath="$.i"), {"i": [1, 2]})
    assert events[2:] == [
        ("MapStateStarted", 2),
        ("MapIterationStarted", 3),
        ("PassStateEntered", 4),
        ("ExecutionFailed", 5),
    ]
    assert h.cause.endswith("could not be found in the input '1'")
    deep = {"Type": "Map", "ItemProcessor": machine(BAD), "End": True}
    _, events = told(parallel(deep), [1])
    kinds = [kind for kind, _ in events]
    assert kinds[-2:] == ["PassStateEntered", "ExecutionFailed"]
    assert not [kind for kind in kinds if kind.endswith(("Failed", "Aborted"))][:-1]


def test_another_error_in_a_branch_is_the_parallels():
    h, events = told(parallel(FAILS))
    assert events[3:] == [
        ("FailStateEntered", 3),
        ("ParallelStateFailed", 4),
        ("ExecutionFailed", 5),
    ]
    assert (h.error, h.cause) == ("E", "c")
    catch = [{"ErrorEquals": ["E"], "Next": "A"}]
    _, events = told(parallel(FAILS, Catch=catch), after={"A": PASSES})
    assert events[4:7] == [
        ("ParallelStateFailed", 4),
        ("ParallelStateExited", 5),
        ("PassStateEntered", 6),
    ]


def test_what_comes_after_all_branches_follows_their_success():
    broken = {"ResultSelector": {"m.$": "$.nope"}}
    h, events = told(parallel(PASSES, **broken), {"x": "a"})
    assert events[4:] == [
        ("PassStateExited", 4),
        ("ParallelStateSucceeded", 5),
        ("ExecutionFailed", 6),
    ]
    assert "the state 'P' (entered at the event id #2)" in h.cause
    assert h.cause.endswith("""could not be found in the input '[{"x":"a"}]'""")
    # Maps were not measured; they are told alike.
    _, events = told(mapped(PASSES, **broken), [1])
    assert events[-2:] == [("MapStateSucceeded", 7), ("ExecutionFailed", 8)]
    _, events = told(mapped(PASSES, **broken), [])
    assert events[2:] == [("MapStateStarted", 2), ("MapStateSucceeded", 3), ("ExecutionFailed", 4)]
    _, events = told(mapped(PASSES, DISTRIBUTED, **broken), [1])
    assert events[-2:] == [("MapStateSucceeded", 5), ("ExecutionFailed", 6)]


def test_a_sound_exit_follows_the_last_event_of_the_branches():
    _, events = told(parallel(PASSES))
    assert events[5:] == [
        ("ParallelStateSucceeded", 5),
        ("ParallelStateExited", 5),
        ("ExecutionSucceeded", 7),
    ]
    _, events = told(mapped(PASSES), [])
    assert events[2:] == [
        ("MapStateStarted", 2),
        ("MapStateSucceeded", 3),
        ("MapStateExited", 3),
        ("ExecutionSucceeded", 5),
    ]


@pytest.mark.parametrize("items", [[1, 2], {"a": 1}, []])
def test_the_exit_of_a_distributed_map_follows_the_start_of_its_run(items):
    _, events = told(mapped(PASSES, DISTRIBUTED), items)
    assert events[2:] == [
        ("MapStateStarted", 2),
        ("MapRunStarted", 3),
        ("MapRunSucceeded", 4),
        ("MapStateSucceeded", 5),
        ("MapStateExited", 4),
        ("ExecutionSucceeded", 7),
    ]


def test_items_that_a_failure_cuts_are_told_before_it():
    choice = {"Variable": "$.k", "StringEquals": "f", "Next": "W"}
    states = {
        "R": {"Type": "Choice", "Default": "L", "Choices": [choice]},
        "W": {"Type": "Wait", "Seconds": 1, "Next": "B"},
        "B": FAILS,
        "L": {"Type": "Wait", "Seconds": 20, "End": True},
    }
    each = {"Type": "Map", "ItemProcessor": {"StartAt": "R", "States": states}, "End": True}
    _, events = told({"M": each}, [{"k": "w"}, {"k": "f"}])
    last = next(n for n, (kind, _) in enumerate(events, 1) if kind == "FailStateEntered")
    assert events[last:] == [
        ("MapIterationAborted", last),
        ("WaitStateAborted", last),
        ("MapIterationFailed", last),
        ("MapStateFailed", last),
        ("ExecutionFailed", last + 4),
    ]


def test_siblings_that_a_failure_cuts_are_told_before_it():
    wait = {"Type": "Wait", "Seconds": 9, "End": True}
    late = {
        "StartAt": "W",
        "States": {"W": {"Type": "Wait", "Seconds": 1, "Next": "X"}, "X": FAILS},
    }
    branches = [machine(wait, "Long"), late, machine(PASSES, "Done")]
    h, events = told({"P": {"Type": "Parallel", "Branches": branches, "End": True}})
    last = next(n for n, (kind, _) in enumerate(events, 1) if kind == "FailStateEntered")
    assert events[last:] == [
        ("WaitStateAborted", last),
        ("ParallelStateFailed", last),
        ("ExecutionFailed", last + 2),
    ]
    [aborted] = [e for e in h.events if e["type"] == "WaitStateAborted"]
    assert aborted.keys() == {"id", "prev", "type", "time"}


def test_a_task_that_ends_its_branch():
    task = {"Type": "Task", "Resource": LAMBDA, "End": True}
    answer = [{"state": "B0", "parameters": {}, "outcome": {"error": "Jam", "cause": ""}}]
    catch = [{"ErrorEquals": ["Jam"], "Next": "A"}]
    _, events = told(parallel(task, Catch=catch), after={"A": PASSES}, tasks=answer)
    assert events[6:10] == [
        ("LambdaFunctionFailed", 6),
        ("TaskStateAborted", 7),
        ("ParallelStateFailed", 7),
        ("ParallelStateExited", 9),
    ]


def test_the_time_of_a_workflow_is_up():
    states = {"W": {"Type": "Wait", "Seconds": 3, "End": True}}
    h, events = told(states, machine={"TimeoutSeconds": 1})
    assert events[1:] == [("WaitStateEntered", 0), ("ExecutionTimedOut", 0)]
    assert h.events[-1]["details"] == {"error": "States.Timeout"}
    assert h.answer() == {"status": "TIMED_OUT"}
    inner = parallel({"Type": "Wait", "Seconds": 3, "End": True})
    h, events = told(inner, machine={"TimeoutSeconds": 1})
    assert events[-1] == ("ExecutionTimedOut", 0)
    assert h.events[-1]["time"] - h.events[0]["time"] == 1000


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"Error": "States.Enough"}, {"Error": "States.Enough", "Cause": ""}),
        ({"Error": "E", "Cause": "c"}, {"Error": "E", "Cause": "c"}),
        ({"Error": "E", "Cause": ""}, {"Error": "E", "Cause": ""}),
        ({}, {"Error": None, "Cause": None}),
    ],
)
def test_a_caught_fail_without_a_cause_has_an_empty_one(fields, found):
    """Both are null if neither was given: recorded of callbacks that fail without a word."""
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "A"}]
    h, _ = told(parallel({"Type": "Fail"} | fields, Catch=catch), after={"A": PASSES})
    assert h.output == found
    failed = told(parallel({"Type": "Fail"} | fields))[0].events[-1]
    assert failed.get("details", {}) == {k.lower(): v for k, v in fields.items()}


def test_a_catch_of_a_state_that_ends_has_a_next_of_its_own():
    task = {"Type": "Task", "Resource": LAMBDA, "End": True}
    task["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": "After"}]
    answer = [{"state": "T", "parameters": {}, "outcome": {"error": "Jam", "cause": "x"}}]
    h, events = told({"T": task}, after={"After": PASSES}, tasks=answer)
    assert h.output == {"Error": "Jam", "Cause": "x"}
    assert [kind for kind, _ in events[-3:]] == [
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]
