"""What was measured of AWS, and is no recording of an execution, holds at the endpoint."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from tests.server.executing import PASS, begin, ended, events, kinds, machine, run
from tests.server.served import ROLE, client, refusal, served

WAIT = {"Type": "Wait", "Seconds": 600, "End": True}


def test_pages_from_the_end_stay_as_they_are_while_events_come(sfn):
    arn = sfn.create_activity(name="dig")["activityArn"]
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 9}]
    again = {"Type": "Task", "Resource": arn, "Retry": retry, "End": True}
    chain = {f"S{n}": {"Type": "Pass", "Next": f"S{n + 1}"} for n in range(9)}
    execution = begin(sfn, machine(sfn, chain | {"S9": again}))
    token = sfn.get_activity_task(activityArn=arn)["taskToken"]
    request = {"executionArn": execution, "reverseOrder": True, "maxResults": 7}
    page = sfn.get_execution_history(**request)
    before = len(events(sfn, execution))
    sfn.send_task_failure(taskToken=token, error="Stone")
    assert len(events(sfn, execution)) > before
    ids = [event["id"] for event in page["events"]]
    while "nextToken" in page:
        page = sfn.get_execution_history(**request, nextToken=page["nextToken"])
        ids += [event["id"] for event in page["events"]]
    assert ids == list(range(before, 0, -1))


def test_who_takes_an_activity_late_changes_nothing_that_was_told(sfn):
    arn = sfn.create_activity(name="dig")["activityArn"]
    other = sfn.create_activity(name="rake")["activityArn"]
    branches = [
        {"StartAt": name, "States": {name: {"Type": "Task", "Resource": resource, "End": True}}}
        for name, resource in (("Dig", arn), ("Rake", other))
    ]
    states = {"Both": {"Type": "Parallel", "Branches": branches, "End": True}}
    execution = begin(sfn, machine(sfn, states))
    token = sfn.get_activity_task(activityArn=other, workerName="b")["taskToken"]
    sfn.send_task_success(taskToken=token, output="2")
    told = events(sfn, execution)
    token = sfn.get_activity_task(activityArn=arn, workerName="a")["taskToken"]
    after = events(sfn, execution)
    assert after[:-1] == told
    assert after[-1]["activityStartedEventDetails"] == {"workerName": "a"}
    sfn.send_task_success(taskToken=token, output="1")
    found = ended(sfn, execution)
    assert json.loads(found["output"]) == [1, 2]
    assert events(sfn, execution)[: len(after)] == after


def test_an_update_does_not_touch_what_runs_across_a_restart(sqlite_url):
    states = {"W": {"Type": "Wait", "Seconds": 60, "Next": "P"}, "P": PASS | {"Result": "old"}}
    with served(sqlite_url) as (url, _):
        sfn = client(url)
        arn = machine(sfn, states)
        execution = begin(sfn, arn)
        text = json.dumps({"StartAt": "P", "States": {"P": PASS | {"Result": "new"}}})
        sfn.update_state_machine(stateMachineArn=arn, definition=text)
    with served(sqlite_url, clock="accelerated") as (url, _):
        sfn = client(url)
        assert run(sfn, arn)["output"] == '"new"'
        assert ended(sfn, execution)["output"] == '"old"'
        ran = sfn.describe_state_machine_for_execution(executionArn=execution)
        assert json.loads(ran["definition"])["States"] == states


def test_an_alias_divides_executions_by_its_weights(sfn):
    arn = machine(sfn, {"P": PASS | {"Result": 1}})
    first = sfn.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"]
    text = json.dumps({"StartAt": "P", "States": {"P": PASS | {"Result": 2}}})
    sfn.update_state_machine(stateMachineArn=arn, definition=text)
    second = sfn.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"]
    route = [
        {"stateMachineVersionArn": first, "weight": 50},
        {"stateMachineVersionArn": second, "weight": 50},
    ]
    alias = sfn.create_state_machine_alias(name="half", routingConfiguration=route)
    begun = [begin(sfn, alias["stateMachineAliasArn"]) for _ in range(60)]
    found = [ended(sfn, execution) for execution in begun]
    assert {one["stateMachineAliasArn"] for one in found} == {alias["stateMachineAliasArn"]}
    outputs = Counter((one["stateMachineVersionArn"], one["output"]) for one in found)
    assert set(outputs) == {(first, "1"), (second, "2")}
    assert 6 <= outputs[first, "1"] <= 54  # beyond that it is one case in 10^10
    started = events(sfn, begun[0])[0]["executionStartedEventDetails"]
    assert started["stateMachineAliasArn"] == alias["stateMachineAliasArn"]
    assert started["stateMachineVersionArn"] == found[0]["stateMachineVersionArn"]


@pytest.mark.parametrize(
    "definition",
    [
        {"States": {"C": {"Type": "Choice", "Default": "S", "Choices": [
            {"Condition": "{% true %}", "Assign": {"x": 1}, "Output": 2, "Next": "S"}]},
            "S": {"Type": "Succeed"}}},
        {"States": {"S": {"Type": "Succeed", "Output": "{% 2 %}"}}},
        {"States": {"T": {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke",
                          "Arguments": "{% $states.input %}", "End": True}}},
    ],
    ids=["a rule with Assign and Output", "Succeed with Output", "Arguments as a text"],
)  # fmt: skip
def test_what_linters_refuse_and_aws_takes_is_taken(sfn, definition):
    first = next(iter(definition["States"]))
    text = json.dumps({"QueryLanguage": "JSONata", "StartAt": first, **definition})
    assert sfn.validate_state_machine_definition(definition=text)["result"] == "OK"
    assert sfn.create_state_machine(name="m", definition=text, roleArn=ROLE)["stateMachineArn"]


def test_what_boto3_lets_through_the_endpoint_refuses(sfn):
    text = json.dumps({"StartAt": "P", "States": {"P": PASS}})
    for name in ("a b?*", "<b>", "a:b", "a/b", 'a"b'):
        assert refusal(sfn.create_state_machine, name=name, definition=text, roleArn=ROLE) == (
            "InvalidName",
            f"Invalid Name: '{name}'",
        )
    for call, member in (
        (sfn.describe_state_machine, "stateMachineArn"),
        (sfn.describe_execution, "executionArn"),
        (sfn.describe_activity, "activityArn"),
        (sfn.describe_map_run, "mapRunArn"),
    ):
        assert refusal(call, **{member: "not an arn"})[0] == "InvalidArn"
    code, said = refusal(sfn.list_state_machines, maxResults=1001)
    assert (code, "less than or equal to 1000" in said) == ("ValidationException", True)
    assert sfn.list_state_machines(maxResults=0)["stateMachines"] == []


def test_the_last_page_has_no_token(sfn):
    for number in range(2):
        machine(sfn, {"P": PASS}, name=f"m{number}")
    page = sfn.list_state_machines(maxResults=1)
    last = sfn.list_state_machines(maxResults=1, nextToken=page["nextToken"])
    assert "nextToken" not in last
    assert page["nextToken"] != last.get("nextToken")


def test_a_machine_whose_time_is_up_says_so_as_aws_does(sfn):
    execution = begin(sfn, machine(sfn, {"W": WAIT}, TimeoutSeconds=1))
    found = ended(sfn, execution)
    assert (found["status"], found["redriveCount"], found["redriveStatus"]) == (
        "TIMED_OUT", 0, "REDRIVABLE",
    )  # fmt: skip
    assert {"error", "cause", "output"} & set(found) == set()
    assert (found["stopDate"] - found["startDate"]).total_seconds() >= 1
    told = events(sfn, execution)
    assert kinds(told) == ["ExecutionStarted", "WaitStateEntered", "ExecutionTimedOut"]
    assert (told[-1]["previousEventId"], told[-1]["executionTimedOutEventDetails"]) == (
        0, {"error": "States.Timeout"},
    )  # fmt: skip


def test_heartbeats_move_the_limit_and_a_missed_one_is_a_timeout(sfn):
    arn = sfn.create_activity(name="dig")["activityArn"]
    catch = [{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Late"}]
    task = {
        "Type": "Task",
        "Resource": arn,
        "HeartbeatSeconds": 4,
        "Catch": catch,
        "End": True,
    }
    execution = begin(sfn, machine(sfn, {"T": task, "Late": PASS}))
    token = sfn.get_activity_task(activityArn=arn)["taskToken"]
    sfn.send_task_heartbeat(taskToken=token)
    found = ended(sfn, execution)
    assert json.loads(found["output"]) == {"Error": "States.Timeout", "Cause": ""}
    told = next(e for e in events(sfn, execution) if e["type"] == "ActivityTimedOut")
    assert told["activityTimedOutEventDetails"] == {"error": "States.Timeout"}
    assert refusal(sfn.send_task_heartbeat, taskToken=token)[0] == "TaskTimedOut"


def test_a_page_token_is_for_its_own_list(sfn):
    names = ["\U0001f331" * 79 + end for end in "ab"]  # a token has at most 1,024 characters
    first, other = (machine(sfn, {"P": PASS}, name=name) for name in names)
    for arn in (first, other):
        sfn.publish_state_machine_version(stateMachineArn=arn)
        sfn.publish_state_machine_version(stateMachineArn=arn, description="again")
        for name in "xy":
            route = [{"stateMachineVersionArn": f"{arn}:1", "weight": 100}]
            sfn.create_state_machine_alias(name=name, routingConfiguration=route)
    for name in "xy":
        sfn.create_activity(name=name)
    lists = (
        (sfn.list_state_machines, {}),
        (sfn.list_activities, {}),
        (sfn.list_state_machine_versions, {"stateMachineArn": first}),
        (sfn.list_state_machine_versions, {"stateMachineArn": other}),
        (sfn.list_state_machine_aliases, {"stateMachineArn": first}),
        (sfn.list_state_machine_aliases, {"stateMachineArn": f"{first}:1"}),
        (sfn.list_state_machine_aliases, {"stateMachineArn": other}),
    )
    tokens = [call(**request, maxResults=1)["nextToken"] for call, request in lists]
    for number, (call, request) in enumerate(lists):
        for whose, token in enumerate(tokens):
            if whose == number:
                page = call(**request, maxResults=1, nextToken=token)
                assert "nextToken" not in page
            else:
                assert refusal(call, **request, nextToken=token)[0] == "InvalidToken"
