"""Limits of executions, as AWS has them."""

from __future__ import annotations

import json

import pytest

from tests.server.executing import begin, ended, events, kinds, machine, run
from tests.server.served import ROLE, client, refusal, served

CAUSE = "The execution reached the maximum number of history events ({})."
LOOP = {
    "Add": {"Type": "Pass", "Next": "More"},
    "More": {
        "Type": "Choice",
        "Choices": [{"Variable": "$.stop", "IsPresent": True, "Next": "Done"}],
        "Default": "Add",
    },
    "Done": {"Type": "Succeed"},
}
MOST = 70


@pytest.fixture
def small(sqlite_url):
    """An endpoint whose histories may have a few events, and whose clock jumps."""
    with served(sqlite_url, history_events=MOST, clock="accelerated") as (url, _):
        yield client(url)


def full(sfn, execution, most=MOST):
    """What AWS says of an execution whose history is full."""
    found = ended(sfn, execution)
    assert (found["status"], found["error"]) == ("FAILED", "States.Runtime")
    assert found["cause"] == CAUSE.format(most)
    assert found["redriveStatus"] == "NOT_REDRIVABLE"
    told = events(sfn, execution)
    assert [event["id"] for event in told] == list(range(1, most + 1))
    assert (told[-1]["type"], told[-1]["previousEventId"]) == ("ExecutionFailed", most - 1)
    assert told[-1]["executionFailedEventDetails"] == {
        "error": "States.Runtime",
        "cause": CAUSE.format(most),
    }
    return told


def test_a_full_history_fails_the_execution_with_its_last_event(small):
    execution = begin(small, machine(small, LOOP), {})
    assert "ExecutionFailed" not in kinds(full(small, execution)[:-1])
    code, text = refusal(small.redrive_execution, executionArn=execution)
    assert code == "ExecutionNotRedrivable"
    assert text == "Execution Not Redrivable: 'Execution history event limit exceeded'"


def test_events_of_branches_tasks_and_retries_count(small):
    work = {"Type": "Task", "Resource": "nobody", "End": True,
            "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1000}]}  # fmt: skip
    branches = [{"StartAt": name, "States": {name: work}} for name in "AB"]
    states = {"Both": {"Type": "Parallel", "Branches": branches, "End": True}}
    told = full(small, begin(small, machine(small, states), {}))
    assert kinds(told).count("TaskFailed") > MOST / 4


def test_an_execution_with_fewer_events_ends_as_it_would(small):
    chain = {f"S{n}": {"Type": "Pass", "Next": f"S{n + 1}"} for n in range(33)}
    chain["S33"] = {"Type": "Pass", "End": True}
    found = run(small, machine(small, chain), {})
    assert found["status"] == "SUCCEEDED"
    assert len(events(small, found["executionArn"])) == MOST


def test_what_was_counted_before_a_restart_counts(sqlite_url):
    states = {"W": {"Type": "Wait", "Seconds": 1, "Next": "More"}} | LOOP
    states["More"] = LOOP["More"] | {"Default": "W"}
    del states["Add"]
    with served(sqlite_url, history_events=MOST) as (url, _):
        sfn = client(url)
        execution = begin(sfn, machine(sfn, states), {})
        assert len(events(sfn, execution)) < MOST
    with served(sqlite_url, history_events=MOST, clock="accelerated") as (url, _):
        full(client(url), execution)


def test_an_express_execution_has_five_minutes(small):
    wait = {"W": {"Type": "Wait", "Seconds": 301, "End": True}}
    arn = machine(small, wait, name="slow", type="EXPRESS")
    answer = small.start_sync_execution(stateMachineArn=arn)
    assert answer["status"] == "TIMED_OUT"
    assert (answer["stopDate"] - answer["startDate"]).total_seconds() >= 300
    assert answer["billingDetails"]["billedDurationInMilliseconds"] >= 300_000
    text = small.describe_state_machine(stateMachineArn=arn)["definition"]
    assert json.loads(text) == {"StartAt": "W", "States": wait}
    quick = machine(small, {"W": wait["W"] | {"Seconds": 299}}, name="quick", type="EXPRESS")
    assert small.start_sync_execution(stateMachineArn=quick)["status"] == "SUCCEEDED"
    own = machine(small, wait, name="own", type="EXPRESS", TimeoutSeconds=7)
    answer = small.start_sync_execution(stateMachineArn=own)
    took = (answer["stopDate"] - answer["startDate"]).total_seconds()
    assert (answer["status"], 7 <= took < 60) == ("TIMED_OUT", True)


def test_an_express_history_has_no_end(small):
    chain = {f"S{n}": {"Type": "Pass", "Next": f"S{n + 1}"} for n in range(60)}
    chain["S60"] = {"Type": "Pass", "End": True}
    arn = machine(small, chain, name="long", type="EXPRESS")
    assert small.start_sync_execution(stateMachineArn=arn)["status"] == "SUCCEEDED"


def test_values_have_262144_bytes(small):
    text = "x" * 262_144
    arn = machine(small, {"P": {"Type": "Pass", "End": True}}, name="p")
    fits = json.dumps(text[:-2])
    execution = small.start_execution(stateMachineArn=arn, input=fits)["executionArn"]
    assert ended(small, execution)["output"] == fits
    assert refusal(small.start_execution, stateMachineArn=arn, input=json.dumps(text)) == (
        "ValidationException",
        "1 validation error detected: Value at 'input' failed to satisfy constraint: "
        "Member must have length less than or equal to 262144",
    )
    signs = json.dumps("\u20ac" * 100_000, ensure_ascii=False)  # three bytes each
    assert refusal(small.start_execution, stateMachineArn=arn, input=signs) == (
        "InvalidExecutionInput",
        "Invalid State Machine Execution Input: 'input exceeds the maximum number of bytes "
        "allowed (262144)'",
    )
    twice = {"Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$"}, "End": True}
    arn = machine(small, {"D": twice}, name="d")
    found = run(small, arn, text[:200_000])
    assert (found["status"], found["error"]) == ("FAILED", "States.DataLimitExceeded")
    assert found["cause"] == (
        "The state/task 'D' returned a result with a size exceeding the maximum number of bytes "
        "service limit."
    )


def test_definitions_have_1048576_bytes_and_names_80_characters(small):
    head = '{"StartAt":"P","Comment":"'
    tail = '","States":{"P":{"Type":"Pass","End":true}}}'
    most = head + "c" * (1_048_576 - len(head) - len(tail)) + tail
    name = "n" * 80
    made = small.create_state_machine(name=name, definition=most, roleArn=ROLE)
    assert small.describe_state_machine(stateMachineArn=made["stateMachineArn"])["name"] == name
    code, _ = refusal(
        small.create_state_machine, name="n2", definition=most[:30] + "c" + most[30:], roleArn=ROLE
    )
    assert code == "ValidationException"
    for call, more in (
        (small.create_state_machine, {"definition": head + tail, "roleArn": ROLE}),
        (small.create_activity, {}),
        (small.start_execution, {"stateMachineArn": made["stateMachineArn"]}),
    ):
        assert refusal(call, name="n" * 81, **more) == (
            "ValidationException",
            f"1 validation error detected: Value '{'n' * 81}' at 'name' failed to satisfy "
            "constraint: Member must have length less than or equal to 80",
        )  # fmt: skip
