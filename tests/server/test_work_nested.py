"""Tasks start executions of other machines, and wait for their end."""

from __future__ import annotations

import json

import pytest

from tests.server.served import ROLE, client, served
from tests.server.test_work_mocks import ended, machine, number_of
from tests.server.working import LIMIT, task

STATES = "arn:aws:states:::states:startExecution"
ADD = {
    "StartAt": "P",
    "States": {"P": {"Type": "Pass", "Parameters": {"b": 1, "a.$": "$.n"}, "End": True}},
}
FAIL = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Dry", "Cause": "no water"}}}
LONG = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3600, "End": True}}}


@pytest.fixture
def both(sqlite_url):
    with served(sqlite_url) as (url, server):
        yield server, client(url)


def parent(sfn, resource, child, **fields):
    parameters = {"StateMachineArn": child, "Input.$": "$"} | fields.pop("also", {})
    return machine(sfn, "parent", task(resource, Parameters=parameters, **fields))


def test_an_execution_is_started_and_not_waited_for(both):
    server, sfn = both
    child = machine(sfn, "child", LONG)
    found = ended(server, sfn, parent(sfn, STATES, child, also={"Name": "one"}), input='{"n": 1}')
    told = json.loads(found["output"])
    assert told["ExecutionArn"] == child.replace(":stateMachine:", ":execution:") + ":one"
    assert isinstance(told["StartDate"], int)
    started = sfn.describe_execution(executionArn=told["ExecutionArn"])
    assert (started["status"], started["input"]) == ("RUNNING", '{"n":1}')


def test_sync_waits_and_gives_texts_and_sync_2_gives_values(both):
    server, sfn = both
    child = machine(sfn, "child", ADD)
    for resource, output in ((".sync", '{"b":1,"a":5}'), (".sync:2", {"a": 5, "b": 1})):
        arn = parent(sfn, STATES + resource, child)
        told = json.loads(ended(server, sfn, arn, input='{"n": 5}')["output"])
        assert (told["Status"], told["Output"]) == ("SUCCEEDED", output)
        assert told["OutputDetails"] == {"Included": True}
        assert list(told) == sorted(told)
        sfn.delete_state_machine(stateMachineArn=arn)


def test_an_execution_that_fails_fails_the_task_with_all_of_it(both):
    server, sfn = both
    child = machine(sfn, "child", FAIL)
    found = ended(server, sfn, parent(sfn, STATES + ".sync", child), input="{}")
    assert (found["status"], found["error"]) == ("FAILED", "States.TaskFailed")
    told = json.loads(found["cause"])
    assert (told["Status"], told["Error"], told["Cause"]) == ("FAILED", "Dry", "no water")


def test_what_is_refused_is_named_as_aws_names_it(both):
    server, sfn = both
    nobody = "arn:aws:states:us-east-1:000000000000:stateMachine:nobody"
    found = ended(server, sfn, parent(sfn, STATES, nobody), input="{}")
    assert found["error"] == "StepFunctions.StateMachineDoesNotExistException"
    start = (
        f"State Machine Does Not Exist: '{nobody}' (Service: AWSStepFunctions; Status Code: 400"
    )
    assert found["cause"].startswith(start)
    assert found["cause"].endswith("; Proxy: null)")


def test_an_execution_that_nobody_waits_for_any_more_is_stopped(both):
    server, sfn = both
    child = machine(sfn, "child", LONG)
    arn = parent(sfn, STATES + ".sync", child, also={"Name": "cut"}, TimeoutSeconds=1)
    found = ended(server, sfn, arn, input="{}")
    assert (found["status"], found["error"]) == ("FAILED", "States.Timeout")
    cut = child.replace(":stateMachine:", ":execution:") + ":cut"
    server.runner.wait(number_of(server, cut)).result(LIMIT)
    stopped = sfn.describe_execution(executionArn=cut)
    assert (stopped["status"], "cause" in stopped) == ("ABORTED", False)
    assert stopped["error"].startswith(
        f"The Task state in AWS Step Functions execution [{found['executionArn']}] which was"
    )


def test_a_parent_finds_its_child_again_after_a_restart(sqlite_url):
    with served(sqlite_url) as (url, server):
        sfn = client(url)
        wait = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1, "End": True}}}
        child = sfn.create_state_machine(name="child", definition=json.dumps(wait), roleArn=ROLE)[
            "stateMachineArn"
        ]
        arn = parent(sfn, STATES + ".sync", child)
        begun = sfn.start_execution(stateMachineArn=arn, input="{}")["executionArn"]
    with served(sqlite_url) as (url, server):
        server.runner.wait(number_of(server, begun)).result(LIMIT)
        sfn = client(url)
        assert sfn.describe_execution(executionArn=begun)["status"] == "SUCCEEDED"
        assert len(sfn.list_executions(stateMachineArn=child)["executions"]) == 1
