"""Histories of the children of a Map Run: as those of executions of the same states."""

from __future__ import annotations

import pytest

from tests.server.executing import PASS, begin, ended, events, kinds, machine, run
from tests.server.served import refusal
from tests.server.test_api_executions_map_runs import CHOOSES, PREFIX, distributed

FLOWS = {
    "passes": CHOOSES,
    "both": {
        "B": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "L", "States": {"L": PASS}},
                {"StartAt": "R", "States": {"R": {**PASS, "Assign": {"x": 3}}}},
            ],
            "Next": "M",
        },
        "M": {
            "Type": "Map",
            "ItemProcessor": {"StartAt": "N", "States": {"N": PASS}},
            "Next": "W",
        },
        "W": {"Type": "Wait", "Seconds": 0, "End": True},
    },
    "caught": {
        "B": {
            "Type": "Parallel",
            "Branches": [{"StartAt": "L", "States": {"L": {"Type": "Fail", "Error": "No"}}}],
            "Catch": [{"ErrorEquals": ["No"], "Next": "P"}],
            "End": True,
        },
        "P": PASS,
    },
    "nobody": {
        "C": {
            "Type": "Choice",
            "Choices": [{"Variable": "$", "NumericEquals": 99, "Next": "P"}],
        },
        "P": PASS,
    },
    "thrown": {
        "B": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "L", "States": {"L": {"Type": "Fail", "Error": "No", "Cause": "why"}}},
                {"StartAt": "R", "States": {"R": {"Type": "Wait", "Seconds": 99, "End": True}}},
            ],
            "End": True,
        },
    },
}


def plain(found):
    """Events without what differs between two executions: when they happened."""
    return [{key: event[key] for key in event if key != "timestamp"} for event in found]


def children(sfn, execution):
    [listed] = sfn.list_map_runs(executionArn=execution)["mapRuns"]
    found = sfn.list_executions(mapRunArn=listed["mapRunArn"])["executions"]
    return [one["executionArn"] for one in found[::-1]]


@pytest.mark.parametrize("tolerated", [0, 100])
@pytest.mark.parametrize("name", FLOWS)
def test_the_history_of_a_child_is_that_of_an_execution_of_its_states(sfn, name, tolerated):
    alone = machine(sfn, FLOWS[name], "alone")
    many = distributed(FLOWS[name], MaxConcurrency=1, ToleratedFailurePercentage=tolerated)
    found = run(sfn, machine(sfn, many), {"items": [5, 0]})
    told = children(sfn, found["executionArn"])
    assert told
    for child, value in zip(told, [5, 0], strict=False):
        described = sfn.describe_execution(executionArn=child)
        other = run(sfn, alone, value)
        for member in ("status", "input", "output", "error", "cause"):
            assert described.get(member) == other.get(member)
        history = events(sfn, child)
        assert plain(history) == plain(events(sfn, other["executionArn"]))
        assert history[0]["timestamp"] == described["startDate"]
        assert history[-1]["timestamp"] == described["stopDate"]
        assert events(sfn, child, PaginationConfig={"PageSize": 2}) == history
        backwards = events(sfn, child, reverseOrder=True, PaginationConfig={"PageSize": 2})
        assert backwards == history[::-1]
    token = sfn.get_execution_history(executionArn=told[0], maxResults=1)["nextToken"]
    code, _ = refusal(
        sfn.get_execution_history, executionArn=found["executionArn"], nextToken=token
    )
    assert code == "InvalidToken"
    missing = told[0] + "0"
    code, _ = refusal(sfn.get_execution_history, executionArn=missing)
    assert code == "ExecutionDoesNotExist"


def test_the_history_of_a_child_that_runs_grows_and_is_aborted_with_its_execution(sfn):
    activity = sfn.create_activity(name="wash")["activityArn"]
    states = {"T": {"Type": "Task", "Resource": activity, "Next": "W"},
              "W": {"Type": "Wait", "Seconds": 999, "End": True}}  # fmt: skip
    execution = begin(sfn, machine(sfn, distributed(states)), {"items": [1, 2]})
    one, two = children(sfn, execution)
    taken = sfn.get_activity_task(activityArn=activity, workerName="me")
    worked, other = (one, two) if taken["input"] == "1" else (two, one)
    told = ["ExecutionStarted", "TaskStateEntered", "ActivityScheduled", "ActivityStarted"]
    assert kinds(events(sfn, worked)) == told
    assert kinds(events(sfn, other)) == told[:-1]
    sfn.send_task_success(taskToken=taken["taskToken"], output="7")
    told += ["ActivitySucceeded", "TaskStateExited", "WaitStateEntered"]
    assert kinds(events(sfn, worked)) == told
    sfn.stop_execution(executionArn=execution)
    assert kinds(events(sfn, worked)) == [*told, "ExecutionAborted"]
    assert kinds(events(sfn, other))[-1] == "ExecutionAborted"
    assert sfn.describe_execution(executionArn=other)["status"] == "ABORTED"
    assert PREFIX + "execution:m/each:" in one


def test_a_child_that_has_map_runs_itself_says_so(sfn):
    inner = distributed({"P": PASS}, Label="inner")
    states = {"Q": {"Type": "Pass", "Next": "Each2"}, "Each2": inner["Each"]}
    found = run(sfn, machine(sfn, distributed(states)), {"items": [{"items": [1]}]})
    assert found["status"] == "SUCCEEDED"
    [child] = children(sfn, found["executionArn"])
    code, text = refusal(sfn.get_execution_history, executionArn=child)
    assert code == "UnsupportedOperation"
    assert "a child that has Map Runs itself" in text


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
def test_whether_a_child_can_be_redriven_is_told_as_of_any_execution(kind, sfn):
    activity = sfn.create_activity(name="wash")["activityArn"]
    states = {"T": {"Type": "Task", "Resource": activity, "End": True}}
    flow = distributed(states, MaxConcurrency=1)
    flow["Each"]["ItemProcessor"]["ProcessorConfig"]["ExecutionType"] = kind
    execution = begin(sfn, machine(sfn, flow), {"items": [1, 2]})

    def about(child):
        found = sfn.describe_execution(executionArn=child)
        return found["status"], found["redriveStatus"], found.get("redriveStatusReason")

    def next_token():
        return sfn.get_activity_task(activityArn=activity)["taskToken"]

    token = next_token()
    one = children(sfn, execution)[0]
    why = "Execution is RUNNING and cannot be redriven"
    assert about(one) == ("RUNNING", "NOT_REDRIVABLE", why)
    code, text = refusal(sfn.stop_execution, executionArn=one)
    assert code == "UnsupportedOperation"
    assert text.endswith(f"'{one}'; stop the whole, or let its task fail")
    sfn.send_task_success(taskToken=token, output="1")
    sfn.send_task_failure(taskToken=next_token(), error="Stone")
    assert ended(sfn, execution)["status"] == "FAILED"
    one, two = children(sfn, execution)
    why = "Execution is SUCCEEDED and cannot be redriven"
    assert about(one) == ("SUCCEEDED", "NOT_REDRIVABLE", why)
    found = refusal(sfn.redrive_execution, executionArn=one)
    assert found == ("ExecutionNotRedrivable", f"Execution Not Redrivable: '{why}'")
    expected = "REDRIVABLE" if kind == "STANDARD" else "REDRIVABLE_BY_MAP_RUN"
    assert about(two) == ("FAILED", expected, None)
    code, text = refusal(sfn.redrive_execution, executionArn=two)
    assert code == "UnsupportedOperation"
    assert text.endswith("; redrive the execution that has the Map Run")
    for child in (one, two):  # stopped again, it stays as it is
        stop = sfn.describe_execution(executionArn=child)["stopDate"]
        assert sfn.stop_execution(executionArn=child)["stopDate"] == stop
