"""Recorded cases through the endpoint: those made by hand, and some of AWS's where they are."""

import os
from pathlib import Path

import pytest

from tests.conformance.endpoint import judge_all
from tests.conformance.samples import LAMBDA, PASS, RETRIED, SEND, case, changed
from tests.conformance.suite import cases

SHARED = Path(__file__).parents[2].parent / "shared" / "conformance" / "aws"
CASES = Path(os.environ.get("TSME_CONFORMANCE", SHARED))
STEP = 12  # of so many recorded cases one is judged here; `make conformance ON=endpoint` all

ACTIVITY = "arn:aws:states:us-east-1:111111111111:activity:dig"
TASK = {"Type": "Task", "Resource": ACTIVITY, "End": True}


def start(value):
    return {"id": 1, "prev": 0, "type": "ExecutionStarted", "input": value}


def entered(kind, name, value):
    return {"id": 2, "prev": 0, "type": f"{kind}StateEntered", "state": name, "input": value}


TAKEN = case(
    {"Dig": TASK},
    tasks=[{"state": "Dig", "resource": ACTIVITY, "parameters": {}, "outcome": {"output": 3}}],
    expected={
        "status": "SUCCEEDED",
        "output": 3,
        "events": [
            start({}),
            entered("Task", "Dig", {}),
            {"id": 3, "prev": 2, "type": "ActivityScheduled", "input": {},
             "details": {"resource": ACTIVITY}},
            {"id": 4, "prev": 3, "type": "ActivityStarted", "in_state": "Dig",
             "details": {"workerName": "spade"}},
            {"id": 5, "prev": 4, "type": "ActivitySucceeded", "output": 3},
            {"id": 6, "prev": 5, "type": "TaskStateExited", "state": "Dig", "output": 3},
            {"id": 7, "prev": 6, "type": "ExecutionSucceeded", "output": 3},
        ],
    },
)  # fmt: skip
WORDS = f"The activity {ACTIVITY} does not exist."
WORDS = f"An error occurred while executing the state 'Dig' (entered at the event id #2). {WORDS}"
GONE = case(
    {"Dig": TASK},
    expected={
        "status": "FAILED",
        "error": "States.Runtime",
        "cause": WORDS,
        "events": [
            start({}),
            entered("Task", "Dig", {}),
            {"id": 3, "prev": 2, "type": "ExecutionFailed",
             "details": {"error": "States.Runtime", "cause": WORDS}},
        ],
    },
)  # fmt: skip
_SQS = {"resource": "sendMessage.waitForTaskToken", "resourceType": "sqs"}
CALLED_BACK = case(
    {"Ask": {"Type": "Task", "Resource": SEND, "Parameters": {"MessageBody": "a"}, "End": True}},
    tasks=[
        {
            "state": "Ask",
            "resource": SEND,
            "parameters": {"MessageBody": "a"},
            "submitted": {"MessageId": "1"},
            "outcome": {"output": "yes"},
        }
    ],
    expected={
        "status": "SUCCEEDED",
        "output": "yes",
        "events": [
            start({}),
            entered("Task", "Ask", {}),
            {"id": 3, "prev": 2, "type": "TaskScheduled",
             "details": _SQS | {"parameters": {"MessageBody": "a"}, "region": "us-east-1"}},
            {"id": 4, "prev": 3, "type": "TaskStarted", "details": _SQS},
            {"id": 5, "prev": 4, "type": "TaskSubmitted", "details": _SQS,
             "output": {"MessageId": "1"}},
            {"id": 6, "prev": 5, "type": "TaskSucceeded", "details": _SQS, "output": "yes"},
            {"id": 7, "prev": 6, "type": "TaskStateExited", "state": "Ask", "output": "yes"},
            {"id": 8, "prev": 7, "type": "ExecutionSucceeded", "output": "yes"},
        ],
    },
)  # fmt: skip
LATE = case(
    {"Dig": TASK | {"TimeoutSeconds": 5}},
    tasks=[
        {"state": "Dig", "resource": ACTIVITY, "parameters": {},
         "outcome": {"error": "States.Timeout", "cause": None, "timed_out": True}}
    ],
    expected={"status": "FAILED", "error": "States.Timeout", "events": None},
)  # fmt: skip
STOPPED = case(
    {"W": {"Type": "Wait", "Seconds": 1000, "End": True}},
    expected={
        "status": "ABORTED",
        "events": [
            start({}),
            entered("Wait", "W", {}),
            {"id": 3, "prev": 0, "type": "ExecutionAborted"},
        ],
    },
)
REFUSED = {
    "id": "own/create",
    "kind": "create",
    "definition": {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}},
    "expected": {
        "code": "InvalidDefinition",
        "create_error": "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: "
        "Missing 'Next' target: B at /States/A/Next<*more*>'",
    },
}
VALIDATED = {
    "id": "own/validate",
    "kind": "validate",
    "definition": {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}},
    "expected": {"result": "OK", "diagnostics": []},
}
TESTED = {
    "id": "own/test_state",
    "kind": "test_state",
    "state": {"Type": "Pass", "Result": 1, "End": True},
    "input": {},
    "expected": {"output": 1, "status": "SUCCEEDED"},
}
OWN = [PASS, RETRIED, TAKEN, GONE, CALLED_BACK, LATE, STOPPED, REFUSED, VALIDATED, TESTED]


def told(found):
    return [(v.id, v.verdict, v.why) for v in found]


def test_right_recordings_pass():
    assert [one for one in told(judge_all(OWN, {})) if one[1:] != ("passed", "")] == []


def test_wrong_recordings_fail():
    wrong = [
        (changed(PASS, "expected", "output", to={"n": 3}), "output"),
        (
            changed(PASS, "expected", "events", 2, "prev", to=1),
            "is 3 after 2 instead of 3 after 1",
        ),
        (changed(RETRIED, "tasks", 0, "parameters", "pin", to=5), "event 5"),
        (changed(TAKEN, "expected", "events", 4, "output", to=4), "event 5"),
        (changed(CALLED_BACK, "expected", "events", 4, "output", to={}), "event 5"),
        (changed(STOPPED, "expected", "status", to="SUCCEEDED"), "event 3"),
        (changed(REFUSED, "expected", "create_error", to="no"), "refused as"),
        (changed(REFUSED, "definition", "States", "A", "Next", to="A"), "refused as"),
        (changed(VALIDATED, "expected", "result", to="FAIL"), "result"),
        (changed(TESTED, "expected", "output", to=2), "output"),
        (case({"R": {"Type": "Task", "Resource": LAMBDA, "End": True}}), "no recorded answer"),
    ]
    found = judge_all([one for one, _ in wrong], {})
    for verdict, (_, why) in zip(found, wrong, strict=True):
        assert verdict.verdict == "failed", why
        assert why in verdict.why


@pytest.mark.skipif(not CASES.is_dir(), reason=f"no recorded executions in {CASES}")
def test_what_aws_said_the_endpoint_says():
    found = judge_all(list(cases(CASES))[::STEP])
    assert [f"{v.id}: {v.why}" for v in found if v.verdict == "failed"] == []
    assert sum(v.verdict == "passed" for v in found) > len(found) * 0.9
