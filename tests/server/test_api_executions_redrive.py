"""Redrives: what has ended of a Parallel or Map is not done again."""

from __future__ import annotations

import json

import pytest

from tests.server.executing import PASS, begin, ended, events, kinds, machine
from tests.server.served import refusal


@pytest.fixture
def dig(sfn):
    """An activity whose tasks the test takes: -> a function() -> (input, token)"""
    arn = sfn.create_activity(name="dig")["activityArn"]

    def take():
        taken = sfn.get_activity_task(activityArn=arn)
        return json.loads(taken["input"]), taken["taskToken"]

    take.state = {"Type": "Task", "Resource": arn, "End": True}
    return take


def parallel(dig):
    first = {"A": {"Type": "Pass", "Result": "a", "Next": "T"}, "T": dig.state}
    second = {"B": {"Type": "Pass", "Result": "b", "Next": "U"}, "U": dig.state}
    branches = [{"StartAt": "A", "States": first}, {"StartAt": "B", "States": second}]
    return {"Both": {"Type": "Parallel", "Branches": branches, "Next": "Last"}, "Last": PASS}


def test_a_branch_that_has_succeeded_is_kept(sfn, dig):
    execution = begin(sfn, machine(sfn, parallel(dig)), {})
    tokens = dict([dig(), dig()])
    sfn.send_task_success(taskToken=tokens["a"], output='"hole"')
    sfn.send_task_failure(taskToken=tokens["b"], error="Stone")
    assert ended(sfn, execution)["error"] == "Stone"
    sfn.redrive_execution(executionArn=execution)
    value, token = dig()
    assert value == "b"
    sfn.send_task_success(taskToken=token, output='"pond"')
    found = ended(sfn, execution)
    assert (found["status"], json.loads(found["output"])) == ("SUCCEEDED", ["hole", "pond"])
    assert (found["redriveCount"], found["redriveStatus"]) == (1, "NOT_REDRIVABLE")
    told = events(sfn, execution)
    after = kinds(told)[kinds(told).index("ExecutionRedriven") :]
    assert after == [
        "ExecutionRedriven", "ActivityScheduled", "ActivityStarted", "ActivitySucceeded",
        "TaskStateExited", "ParallelStateSucceeded", "ParallelStateExited", "PassStateEntered",
        "PassStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    assert [event["id"] for event in told] == list(range(1, len(told) + 1))
    redriven = next(event for event in told if event["type"] == "ExecutionRedriven")
    assert redriven["executionRedrivenEventDetails"] == {"redriveCount": 1}


def test_items_that_have_succeeded_are_kept_and_those_not_begun_follow(sfn, dig):
    states = {
        "Each": {"Type": "Map", "ItemsPath": "$.beds", "MaxConcurrency": 1, "End": True,
                 "ItemProcessor": {"StartAt": "T", "States": {"T": dig.state}}}
    }  # fmt: skip
    execution = begin(sfn, machine(sfn, states), {"beds": [1, 2, 3]})
    sfn.send_task_success(taskToken=dig()[1], output="10")
    for number in range(2):  # twice, so that a redriven execution is redriven
        value, token = dig()
        assert value == 2
        sfn.send_task_failure(taskToken=token, error="Stone")
        assert ended(sfn, execution)["status"] == "FAILED"
        sfn.redrive_execution(executionArn=execution)
        assert sfn.describe_execution(executionArn=execution)["redriveCount"] == number + 1
    for expected in (2, 3):
        value, token = dig()
        assert value == expected
        sfn.send_task_success(taskToken=token, output=str(10 * value))
    assert json.loads(ended(sfn, execution)["output"]) == [10, 20, 30]
    assert kinds(events(sfn, execution)).count("MapIterationSucceeded") == 3


def test_what_was_stopped_goes_on_in_each_branch(sfn, dig):
    execution = begin(sfn, machine(sfn, parallel(dig)), {})
    tokens = dict([dig(), dig()])
    sfn.send_task_success(taskToken=tokens["a"], output='"hole"')
    sfn.stop_execution(executionArn=execution)
    sfn.redrive_execution(executionArn=execution)
    value, token = dig()
    assert value == "b"
    sfn.stop_execution(executionArn=execution)
    sfn.redrive_execution(executionArn=execution)
    code, _ = refusal(sfn.send_task_success, taskToken=token, output="1")
    assert code == "TaskTimedOut"  # of the task before
    sfn.send_task_success(taskToken=dig()[1], output='"pond"')
    assert json.loads(ended(sfn, execution)["output"]) == ["hole", "pond"]


def test_a_failure_behind_a_parallel_does_not_bring_it_back(sfn, dig):
    states = parallel(dig)
    states["Last"] = dig.state
    execution = begin(sfn, machine(sfn, states), {})
    for _ in range(2):
        sfn.send_task_success(taskToken=dig()[1], output="1")
    sfn.send_task_failure(taskToken=dig()[1], error="Stone")
    ended(sfn, execution)
    sfn.redrive_execution(executionArn=execution)
    value, token = dig()
    assert value == [1, 1]
    sfn.send_task_success(taskToken=token, output="2")
    assert ended(sfn, execution)["output"] == "2"


@pytest.mark.parametrize("language", ["JSONPath", "JSONata"])
def test_an_execution_sees_how_often_it_was_redriven(language, sfn, dig):
    arguments = {"Parameters": {"n.$": "$$.Execution.RedriveCount"}}
    if language == "JSONata":
        arguments = {"Arguments": "{% {'n': $states.context.Execution.RedriveCount} %}"}
    states = {"T": {**dig.state, **arguments, "QueryLanguage": language}}
    execution = begin(sfn, machine(sfn, states), {})
    for number in range(3):
        value, token = dig()
        assert value == {"n": number}
        sfn.send_task_failure(taskToken=token, error="Stone")
        assert ended(sfn, execution)["status"] == "FAILED"
        if number < 2:
            sfn.redrive_execution(executionArn=execution)
    scheduled = [event["activityScheduledEventDetails"] for event in events(sfn, execution)
                 if event["type"] == "ActivityScheduled"]  # fmt: skip
    assert [json.loads(event["input"])["n"] for event in scheduled] == [0, 1, 2]


def test_what_cannot_be_redriven_is_refused(sfn, server):
    execution = ended(sfn, begin(sfn, machine(sfn, {"P": PASS})))["executionArn"]
    assert refusal(sfn.redrive_execution, executionArn=execution) == (
        "ExecutionNotRedrivable",
        "Execution Not Redrivable: 'Execution is SUCCEEDED and cannot be redriven'",
    )
    arn = execution.replace(":execution:", ":express:") + ":1"
    assert refusal(sfn.redrive_execution, executionArn=arn)[0] == "InvalidArn"
    states = {"F": {"Type": "Fail", "Error": "E"}}
    execution = ended(sfn, begin(sfn, machine(sfn, states, name="f")))["executionArn"]
    for values, why in (
        ("redrives = 1000", "Execution has exceeded the limit of 1000 redrives"),
        (
            "redrives = 0, stopped = stopped - 14 * 86400000 - 1",
            "Execution redrivable period exceeded",
        ),
    ):
        text = f"UPDATE tsme_executions SET {values} WHERE status = 'FAILED'"
        with server.database.write() as connection:
            connection.exec_driver_sql(text)
        found = sfn.describe_execution(executionArn=execution)
        assert (found["redriveStatus"], found["redriveStatusReason"]) == ("NOT_REDRIVABLE", why)
        assert refusal(sfn.redrive_execution, executionArn=execution) == (
            "ExecutionNotRedrivable",
            f"Execution Not Redrivable: '{why}'",
        )


def test_an_execution_of_a_deleted_machine_is_not_redriven(sfn):
    arn = machine(sfn, {"F": {"Type": "Fail", "Error": "E"}})
    execution = ended(sfn, begin(sfn, arn))["executionArn"]
    assert sfn.describe_execution(executionArn=execution)["redriveStatus"] == "REDRIVABLE"
    sfn.delete_state_machine(stateMachineArn=arn)
    why = "State machine is in DELETING status"
    found = sfn.describe_execution(executionArn=execution)
    assert (found["redriveStatus"], found["redriveStatusReason"]) == ("NOT_REDRIVABLE", why)
    assert refusal(sfn.redrive_execution, executionArn=execution) == (
        "ExecutionNotRedrivable",
        f"Execution Not Redrivable: '{why}'",
    )
    assert sfn.describe_execution(executionArn=execution)["status"] == "FAILED"
