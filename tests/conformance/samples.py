"""Small cases in the form of the data set, made by hand: what the tests of the tools judge."""

from __future__ import annotations

import copy
from typing import Any

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:pump"
LAMBDA = "arn:aws:lambda:us-east-1:123456789012:function:read"
SEND = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"

Json = Any


def case(
    states: dict[str, Json],
    value: Json = None,
    *,
    expected: dict[str, Json] | None = None,
    tasks: list[Json] | None = None,
    **more: Json,
) -> dict[str, Json]:
    """A case of kind `execution` that begins with the first of `states`."""
    return {
        "id": "own/sample",
        "kind": "execution",
        "machine_type": "STANDARD",
        "needs": "pure",
        "definition": {"StartAt": next(iter(states)), "States": states} | more.pop("machine", {}),
        "input": {} if value is None else value,
        "tasks": tasks or [],
        "tasks_complete": True,
        "context": {
            "Execution": {
                "Id": ARN + ":1",
                "Name": "one",
                "RoleArn": "arn:aws:iam::123456789012:role/r",
            },
            "StateMachine": {"Id": ARN, "Name": "pump"},
        },
        "expected": expected or {"status": "SUCCEEDED", "events": None},
        **more,
    }


PASS = case(
    {"Sum": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.a, 1)"}, "End": True}},
    {"a": 1},
    expected={
        "status": "SUCCEEDED",
        "output": {"n": 2},
        "events": [
            {"id": 1, "prev": 0, "type": "ExecutionStarted", "input": {"a": 1}},
            {"id": 2, "prev": 0, "type": "PassStateEntered", "state": "Sum", "input": {"a": 1}},
            {"id": 3, "prev": 2, "type": "PassStateExited", "state": "Sum", "output": {"n": 2}},
            {"id": 4, "prev": 3, "type": "ExecutionSucceeded", "output": {"n": 2}},
        ],
    },
)

RETRIED = case(
    {
        "Read": {
            "Type": "Task",
            "Resource": LAMBDA,
            "TimeoutSeconds": 10,
            "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 1}],
            "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Late"}],
            "End": True,
        },
        "Late": {"Type": "Pass", "End": True},
    },
    {"pin": 4},
    tasks=[
        {
            "state": "Read",
            "parameters": {"pin": 4},
            "outcome": {"error": "Busy", "cause": "again"},
        },
        {
            "state": "Read",
            "parameters": {"pin": "<*any*>"},
            "outcome": {"error": "States.Timeout", "cause": None, "timed_out": True},
        },
    ],
    expected={
        "status": "SUCCEEDED",
        "output": {"Error": "States.Timeout", "Cause": ""},
        "events": [
            {"type": "ExecutionStarted", "input": {"pin": 4}},
            {"type": "TaskStateEntered", "state": "Read", "input": {"pin": 4}},
            {
                "type": "LambdaFunctionScheduled",
                "input": {"pin": 4},
                "details": {"resource": LAMBDA, "timeoutInSeconds": 10},
            },
            {"type": "LambdaFunctionStarted"},
            {"type": "LambdaFunctionFailed", "details": {"error": "Busy", "cause": "again"}},
            {
                "type": "LambdaFunctionScheduled",
                "input": {"pin": 4},
                "details": {"resource": LAMBDA, "timeoutInSeconds": 10},
            },
            {"type": "LambdaFunctionStarted"},
            {"type": "LambdaFunctionTimedOut", "details": {"error": "States.Timeout"}},
            {
                "type": "TaskStateExited",
                "state": "Read",
                "output": {"Error": "States.Timeout", "Cause": ""},
            },
            {
                "type": "PassStateEntered",
                "state": "Late",
                "input": {"Error": "States.Timeout", "Cause": ""},
            },
            {
                "type": "PassStateExited",
                "state": "Late",
                "output": {"Error": "States.Timeout", "Cause": ""},
            },
            {
                "type": "ExecutionSucceeded",
                "output": {"Error": "States.Timeout", "Cause": ""},
            },
        ],
    },
)


def changed(original: dict[str, Json], *path: str | int, to: Json) -> dict[str, Json]:
    """A copy of a case with one value changed."""
    out = copy.deepcopy(original)
    place: Json = out
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return out
