"""Tasks call the operations of the server that runs them, as an SDK would."""

from __future__ import annotations

import json

import pytest

from tests.server.served import ROLE, client, served
from tests.server.test_work_mocks import ended, machine, number_of
from tests.server.working import LIMIT, task
from tsme_host.server.serving import Options, opened

SDK = "arn:aws:states:::aws-sdk:sfn:"


@pytest.fixture
def both(sqlite_url):
    with served(sqlite_url) as (url, server):
        yield server, client(url)


def call(both, operation, **parameters):
    """-> DescribeExecution of an execution that calls this operation"""
    server, sfn = both
    flow = task(SDK + operation, Parameters=parameters)
    arn = machine(sfn, "calls", flow)
    found = ended(server, sfn, arn, input="{}")
    sfn.delete_state_machine(stateMachineArn=arn)
    return found


def told(both, operation, **parameters):
    found = call(both, operation, **parameters)
    assert found["status"] == "SUCCEEDED", found
    return json.loads(found["output"])


def test_one_workflow_answers_the_task_of_another(both):
    _, sfn = both
    activity = sfn.create_activity(name="ask")["activityArn"]
    for operation, answer, status in (
        ("sendTaskSuccess", {"Output": {"by": "Ada"}}, "SUCCEEDED"),
        ("sendTaskFailure", {"Error": "No", "Cause": "too dear"}, "FAILED"),
    ):
        asks = machine(sfn, f"asks-{status}", task(activity))
        execution = sfn.start_execution(stateMachineArn=asks)["executionArn"]
        token = sfn.get_activity_task(activityArn=activity)["taskToken"]
        assert told(both, operation, TaskToken=token, **answer) == {}
        found = sfn.describe_execution(executionArn=execution)
        assert found["status"] == status
        if status == "SUCCEEDED":
            assert found["output"] == '{"by":"Ada"}'
        else:
            assert (found["error"], found["cause"]) == ("No", "too dear")


def test_a_workflow_sees_how_often_it_runs(both):
    server, sfn = both
    asked = {"StateMachineArn.$": "$$.StateMachine.Id", "StatusFilter": "RUNNING"}
    flow = task(SDK + "listExecutions", Parameters=asked | {"MaxResults": 2})
    found = ended(server, sfn, machine(sfn, "once", flow), input="{}")
    [listed] = json.loads(found["output"])["Executions"]
    assert listed["ExecutionArn"] == found["executionArn"]
    assert (listed["Name"], listed["Status"]) == (found["name"], "RUNNING")
    text = found["startDate"].isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert listed["StartDate"] == text
    assert list(listed) == sorted(listed)


def test_what_waits_is_waited_for_and_lists_have_names_of_sdks(both):
    _, sfn = both
    states = {"P": {"Type": "Pass", "Result": {"sum": 3}, "End": True}}
    made = sfn.create_state_machine(
        name="express", type="EXPRESS", roleArn=ROLE,
        definition=json.dumps({"StartAt": "P", "States": states}), publish=True,
    )  # fmt: skip
    arn = made["stateMachineArn"]
    found = told(both, "startSyncExecution", StateMachineArn=arn, Input={"n": 1})
    assert (found["Status"], found["Input"], found["Output"]) == (
        "SUCCEEDED", '{"n":1}', '{"sum":3}',
    )  # fmt: skip
    assert found["OutputDetails"] == {"Included": True}
    routes = [{"StateMachineVersionArn": made["stateMachineVersionArn"], "Weight": 100}]
    alias = told(both, "createStateMachineAlias", Name="live", RoutingConfiguration=routes)
    assert alias["StateMachineAliasArn"] == f"{arn}:live"
    kept = sfn.describe_state_machine_alias(stateMachineAliasArn=f"{arn}:live")
    assert kept["routingConfiguration"][0]["weight"] == 100


def test_what_the_server_refuses_fails_the_task_in_the_words_of_an_sdk(both):
    found = call(both, "sendTaskSuccess", TaskToken="none", Output="1")
    assert found["error"] == "Sfn.InvalidTokenException"
    said, _, about = found["cause"].partition(" (")
    assert said == "Invalid Token: 'Invalid token'"
    assert about.startswith("Service: Sfn, Status Code: 400, Request ID: ")
    assert about.endswith(") (SDK Attempt Count: 1)")
    found = call(both, "sendTaskSuccess", TaskToken="none")
    assert found["error"] == "Sfn.ValidationException"
    assert call(both, "digAHole")["error"] == "TSME.NoHandler"


def test_a_process_without_an_endpoint_calls_them_as_well(sqlite_url):
    child = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    with opened(Options(database=sqlite_url)) as server:

        def make(name, flow, **more):
            text = json.dumps(flow)
            request = {"name": name, "definition": text, "roleArn": ROLE, **more}
            return server.call("CreateStateMachine", request)["stateMachineArn"]

        parameters = {"StateMachineArn": make("child", child, type="EXPRESS"), "Input": "7"}
        flow = task(SDK + "startSyncExecution", Parameters=parameters)
        arn = server.call("StartExecution", {"stateMachineArn": make("m", flow)})["executionArn"]
        server.runner.wait(number_of(server, arn)).result(LIMIT)
        found = server.call("DescribeExecution", {"executionArn": arn})
    assert json.loads(found["output"])["Output"] == "7"
