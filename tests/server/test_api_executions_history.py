"""GetExecutionHistory and RedriveExecution of the endpoint, as boto3 sees them."""

from __future__ import annotations

import json

import pytest

from tests.server.executing import PASS, begin, ended, events, kinds, machine, run
from tests.server.served import ROLE, refusal

FLOW = {
    "A": {"Type": "Pass", "Assign": {"v.$": "$.n"}, "Next": "B"},
    "B": {"Type": "Pass", "Parameters": {"x.$": "$v"}, "End": True},
}


def test_a_history_has_the_events_that_aws_tells(sfn):
    execution = run(sfn, machine(sfn, FLOW), {"n": 5})["executionArn"]
    found = events(sfn, execution)
    for event in found:
        assert event.pop("timestamp")
    cut = {"truncated": False}
    five, given = '{"n":5}', '{"n": 5}'
    assert found == [
        {"type": "ExecutionStarted", "id": 1, "previousEventId": 0,
         "executionStartedEventDetails": {"input": given, "inputDetails": cut, "roleArn": ROLE}},
        {"type": "PassStateEntered", "id": 2, "previousEventId": 0,
         "stateEnteredEventDetails": {"name": "A", "input": five, "inputDetails": cut}},
        {"type": "PassStateExited", "id": 3, "previousEventId": 2,
         "stateExitedEventDetails": {"name": "A", "output": five, "outputDetails": cut,
                                     "assignedVariables": {"v": "5"},
                                     "assignedVariablesDetails": cut}},
        {"type": "PassStateEntered", "id": 4, "previousEventId": 3,
         "stateEnteredEventDetails": {"name": "B", "input": five, "inputDetails": cut}},
        {"type": "PassStateExited", "id": 5, "previousEventId": 4,
         "stateExitedEventDetails": {"name": "B", "output": '{"x":5}', "outputDetails": cut}},
        {"type": "ExecutionSucceeded", "id": 6, "previousEventId": 5,
         "executionSucceededEventDetails": {"output": '{"x":5}', "outputDetails": cut}},
    ]  # fmt: skip


def test_a_history_comes_in_pages_from_either_end(sfn):
    execution = run(sfn, machine(sfn, FLOW), {"n": 5})["executionArn"]
    for size in (1, 2, 4, 6, 7):
        for backwards in (False, True):
            ids = [
                event["id"]
                for event in events(
                    sfn, execution, reverseOrder=backwards, PaginationConfig={"PageSize": size}
                )
            ]
            assert ids == (list(range(6, 0, -1)) if backwards else list(range(1, 7)))
    page = sfn.get_execution_history(executionArn=execution, maxResults=2)
    inconsistent = ("InvalidToken", "Invalid Token: 'Input inconsistent with page token'")
    token = page["nextToken"]
    other = run(sfn, machine(sfn, FLOW), {"n": 5})["executionArn"]
    for wrong in ({"executionArn": other}, {"executionArn": execution, "reverseOrder": True}):
        assert refusal(sfn.get_execution_history, nextToken=token, **wrong) == inconsistent
    code, _ = refusal(sfn.get_execution_history, executionArn=execution, nextToken="nonsense")
    assert code == "InvalidToken"


def test_a_history_may_be_without_data(sfn):
    execution = run(sfn, machine(sfn, FLOW), {"n": 5})["executionArn"]
    bare = events(sfn, execution, includeExecutionData=False)
    assert kinds(bare) == kinds(events(sfn, execution))
    assert bare[1]["stateEnteredEventDetails"] == {"name": "A"}
    assert bare[0]["executionStartedEventDetails"] == {"roleArn": ROLE}


def test_a_history_grows_with_its_execution(sfn):
    arn = machine(sfn, {"W": {"Type": "Wait", "Seconds": 1000, "End": True}})
    execution = begin(sfn, arn)
    assert kinds(events(sfn, execution)) == ["ExecutionStarted", "WaitStateEntered"]
    sfn.stop_execution(executionArn=execution, error="E")
    found = events(sfn, execution)
    assert kinds(found) == ["ExecutionStarted", "WaitStateEntered", "ExecutionAborted"]
    assert found[-1]["executionAbortedEventDetails"] == {"error": "E"}
    assert found[-1]["timestamp"] >= found[0]["timestamp"]


def test_branches_and_items_are_told(sfn):
    states = {
        "Both": {
            "Type": "Parallel",
            "Branches": [{"StartAt": "L", "States": {"L": PASS}}] * 1
            + [{"StartAt": "R", "States": {"R": PASS}}],
            "ResultPath": "$.both",
            "Next": "Each",
        },
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "MaxConcurrency": 1,
            "ItemProcessor": {"StartAt": "I", "States": {"I": PASS}},
            "End": True,
        },
    }
    found = events(sfn, run(sfn, machine(sfn, states), {"items": [1, 2]})["executionArn"])
    names = kinds(found)
    assert names.count("MapIterationSucceeded") == 2
    assert names.index("ParallelStateStarted") < names.index("ParallelStateSucceeded")
    [started] = [event for event in found if event["type"] == "MapStateStarted"]
    assert started["mapStateStartedEventDetails"] == {"length": 2}
    assert names[-1] == "ExecutionSucceeded"


# --- redrive ---------------------------------------------------------------------------------

CHOOSES = {
    "Set": {"Type": "Pass", "Assign": {"kept.$": "$.n"}, "Next": "W"},
    "W": {"Type": "Wait", "Seconds": 4, "Next": "Done"},
    "Done": {"Type": "Pass", "Parameters": {"kept.$": "$kept", "n.$": "$.n"}, "End": True},
}


def test_a_redriven_execution_goes_on_from_the_state_it_was_in(sfn):
    execution = begin(sfn, machine(sfn, CHOOSES), {"n": 5})
    sfn.stop_execution(executionArn=execution, error="E", cause="c")
    redriven = sfn.redrive_execution(executionArn=execution)
    found = ended(sfn, execution)
    assert (found["status"], json.loads(found["output"])) == ("SUCCEEDED", {"kept": 5, "n": 5})
    assert found["redriveCount"] == 1
    assert found["redriveDate"] == redriven["redriveDate"]
    assert not {"error", "cause"} & set(found)
    assert kinds(events(sfn, execution)) == [
        "ExecutionStarted",
        "PassStateEntered",
        "PassStateExited",
        "WaitStateEntered",
        "ExecutionAborted",
        "ExecutionRedriven",
        "WaitStateExited",
        "PassStateEntered",
        "PassStateExited",
        "ExecutionSucceeded",
    ]
    [one] = sfn.list_executions(
        stateMachineArn=found["stateMachineArn"], redriveFilter="REDRIVEN"
    )["executions"]
    assert one["redriveCount"] == 1


def test_an_execution_is_redriven_as_often_as_it_fails(sfn):
    arn = machine(sfn, {"P": {"Type": "Pass", "Next": "F"}, "F": {"Type": "Fail", "Error": "Dry"}})
    execution = begin(sfn, arn)
    for count in range(3):
        assert ended(sfn, execution)["redriveCount"] == count
        sfn.redrive_execution(executionArn=execution)
    found = ended(sfn, execution)
    assert (found["status"], found["error"], found["redriveCount"]) == ("FAILED", "Dry", 3)
    told = events(sfn, execution)
    counts = [
        event["executionRedrivenEventDetails"]["redriveCount"]
        for event in told
        if event["type"] == "ExecutionRedriven"
    ]
    assert counts == [1, 2, 3]
    assert [event["id"] for event in told] == list(range(1, len(told) + 1))


def test_a_redriven_workflow_has_all_of_its_time_again(sfn):
    arn = machine(sfn, CHOOSES, TimeoutSeconds=1)
    execution = begin(sfn, arn, {"n": 1})
    assert ended(sfn, execution)["status"] == "TIMED_OUT"
    sfn.redrive_execution(executionArn=execution)
    found = ended(sfn, execution)
    assert found["status"] == "TIMED_OUT"
    assert (found["stopDate"] - found["redriveDate"]).total_seconds() >= 1


def test_the_same_token_is_the_same_redrive(sfn):
    arn = machine(sfn, {"W": {"Type": "Wait", "Seconds": 1000, "End": True}})
    execution = begin(sfn, arn)
    sfn.stop_execution(executionArn=execution)
    first = sfn.redrive_execution(executionArn=execution, clientToken="t")
    again = sfn.redrive_execution(executionArn=execution, clientToken="t")
    assert first["redriveDate"] == again["redriveDate"]
    assert sfn.describe_execution(executionArn=execution)["redriveCount"] == 1
    code, text = refusal(sfn.redrive_execution, executionArn=execution, clientToken="u")
    assert (code, text) == (
        "ExecutionNotRedrivable",
        "Execution Not Redrivable: 'Execution is RUNNING and cannot be redriven'",
    )


@pytest.mark.parametrize("states", [{"P": PASS}])
def test_what_has_succeeded_is_not_redriven(sfn, states):
    execution = run(sfn, machine(sfn, states))["executionArn"]
    code, text = refusal(sfn.redrive_execution, executionArn=execution)
    assert code == "ExecutionNotRedrivable"
    assert text == "Execution Not Redrivable: 'Execution is SUCCEEDED and cannot be redriven'"


def test_an_execution_starts_with_the_very_text_of_its_input(sfn):
    arn = machine(sfn, {"P": PASS})
    text = '{ "bed" : [1.0,  2] }'
    execution = sfn.start_execution(stateMachineArn=arn, input=text)["executionArn"]
    ended(sfn, execution)
    started = events(sfn, execution)[0]["executionStartedEventDetails"]
    assert started["input"] == text
    [started] = events(sfn, execution, includeExecutionData=False)[:1]
    assert "input" not in started["executionStartedEventDetails"]
