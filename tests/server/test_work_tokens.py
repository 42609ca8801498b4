"""`.waitForTaskToken` and `.sync` of functions and executions, through boto3; clocks and mocks."""

from __future__ import annotations

import json

import pytest

from tests.server.executing import begin, ended, events, kinds
from tests.server.lambdas import lambdas
from tests.server.served import client, served
from tests.server.test_work_lambda import deployed, moto
from tests.server.test_work_mocks import machine
from tests.server.working import task

__all__ = ["moto"]
INVOKE = "arn:aws:states:::lambda:invoke.waitForTaskToken"
START = "arn:aws:states:::states:startExecution"
TOKEN = {"token.$": "$$.Task.Token", "n.$": "$.n"}
DAY = 86_400


def test_a_function_gets_a_token_and_whoever_has_it_completes_the_task(sqlite_url, moto):
    deployed(moto, "add")
    with served(sqlite_url, lambda_endpoint=moto) as (url, _):
        sfn = client(url)
        flow = task(INVOKE, Parameters={"FunctionName": "add", "Payload": TOKEN})
        arn = machine(sfn, "a", flow)
        for report in (
            lambda token: sfn.send_task_success(taskToken=token, output='{"n":2}'),
            lambda token: sfn.send_task_failure(taskToken=token, error="Rock", cause="hard"),
        ):
            execution = begin(sfn, arn, {"n": 1})
            asked = next(e for e in events(sfn, execution) if e["type"] == "TaskScheduled")
            given = json.loads(asked["taskScheduledEventDetails"]["parameters"])["Payload"]
            assert given["n"] == 1
            assert sfn.describe_execution(executionArn=execution)["status"] == "RUNNING"
            report(given["token"])
            found = ended(sfn, execution)
            if found["status"] == "SUCCEEDED":
                assert found["output"] == '{"n":2}'
            else:
                assert (found["error"], found["cause"]) == ("Rock", "hard")


def test_a_function_that_fails_fails_a_task_that_waits_for_its_token(sqlite_url):
    with lambdas() as (endpoint, _), served(sqlite_url, lambda_endpoint=endpoint) as (url, _):
        sfn = client(url)
        flow = task(INVOKE, Parameters={"FunctionName": "none", "Payload": TOKEN})
        found = ended(sfn, begin(sfn, machine(sfn, "a", flow), {"n": 1}))
    assert found["error"] == "Lambda.ResourceNotFoundException"


def test_a_child_gets_a_token_and_completes_the_task_of_its_parent(sqlite_url):
    with served(sqlite_url) as (url, _):
        sfn = client(url)
        dig = sfn.create_activity(name="dig")["activityArn"]
        child = machine(sfn, "child", task(dig))
        given = {"StateMachineArn": child, "Name": "c", "Input": TOKEN}
        flow = task(START + ".waitForTaskToken", Parameters=given)
        execution = begin(sfn, machine(sfn, "parent", flow), {"n": 1})
        taken = sfn.get_activity_task(activityArn=dig)
        # The child ends, which is nothing to its parent; the token is.
        sfn.send_task_success(taskToken=taken["taskToken"], output="1")
        one = child.replace(":stateMachine:", ":execution:") + ":c"
        assert ended(sfn, one)["output"] == "1"
        assert sfn.describe_execution(executionArn=execution)["status"] == "RUNNING"
        token = json.loads(taken["input"])["token"]
        sfn.send_task_success(taskToken=token, output='"told"')
        assert ended(sfn, execution)["output"] == '"told"'
        assert "TaskSubmitted" in kinds(events(sfn, execution))


@pytest.mark.parametrize(
    ("pattern", "output"), [("", None), (".sync", '{"n":2}'), (".sync:2", {"n": 2})]
)
def test_a_parent_goes_on_at_once_or_when_its_child_has_ended(sqlite_url, pattern, output):
    with served(sqlite_url) as (url, _):
        sfn = client(url)
        dig = sfn.create_activity(name="dig")["activityArn"]
        child = machine(sfn, "child", task(dig))
        flow = task(START + pattern, Parameters={"StateMachineArn": child, "Input.$": "$"})
        execution = begin(sfn, machine(sfn, "parent", flow), {"n": 1})
        token = sfn.get_activity_task(activityArn=dig)["taskToken"]
        if output is None:
            assert ended(sfn, execution)["status"] == "SUCCEEDED"
        else:
            assert sfn.describe_execution(executionArn=execution)["status"] == "RUNNING"
        sfn.send_task_success(taskToken=token, output='{"n":2}')
        told = json.loads(ended(sfn, execution)["output"])
        assert told.get("Output") == output


def test_a_month_is_over_at_once_with_a_clock_that_jumps(sqlite_url):
    with (
        lambdas(add=lambda v: {"n": v["n"] + 1}) as (endpoint, _),
        served(sqlite_url, lambda_endpoint=endpoint, clock="accelerated") as (url, _),
    ):
        sfn = client(url)
        dig = sfn.create_activity(name="dig")["activityArn"]
        add = "arn:aws:lambda:us-east-1:000000000000:function:add"
        wait = {"Type": "Wait", "Seconds": 30 * DAY}
        flow = {
            "StartAt": "A",
            "States": {
                "A": {"Type": "Task", "Resource": add, "Next": "W"},
                "W": wait | {"Next": "D"},
                "D": {"Type": "Task", "Resource": dig, "TimeoutSeconds": 60, "Next": "V"},
                "V": wait | {"End": True},
            },
        }
        execution = begin(sfn, machine(sfn, "a", flow), {"n": 1})
        taken = sfn.get_activity_task(activityArn=dig)
        assert json.loads(taken["input"]) == {"n": 2}
        sfn.send_task_success(taskToken=taken["taskToken"], output='"dug"')
        found = ended(sfn, execution)
        assert found["output"] == '"dug"'
        took = (found["stopDate"] - found["startDate"]).total_seconds()
        assert 60 * DAY <= took < 60 * DAY + 3600
