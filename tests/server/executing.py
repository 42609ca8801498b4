"""Machines and executions of an endpoint, for tests that talk to it with boto3."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.server.served import ROLE

LIMIT = 120  # seconds after which a test has failed
PASS = {"Type": "Pass", "End": True}


def machine(sfn: Any, states: dict[str, Any], name: str = "m", **fields: Any) -> str:
    """-> the ARN of a new machine that begins with the first of `states`"""
    kind = fields.pop("type", "STANDARD")
    definition = {"StartAt": next(iter(states)), "States": states, **fields}
    made = sfn.create_state_machine(
        name=name, definition=json.dumps(definition), roleArn=ROLE, type=kind
    )
    arn: str = made["stateMachineArn"]
    return arn


def begin(sfn: Any, arn: str, value: Any = None, **more: Any) -> str:
    """-> the ARN of a new execution"""
    if value is not None:
        more["input"] = json.dumps(value)
    execution: str = sfn.start_execution(stateMachineArn=arn, **more)["executionArn"]
    return execution


def ended(sfn: Any, execution: str) -> dict[str, Any]:
    """The description of an execution once it has ended."""
    end = time.monotonic() + LIMIT
    while True:
        found: dict[str, Any] = sfn.describe_execution(executionArn=execution)
        if found["status"] != "RUNNING":
            return found
        assert time.monotonic() < end, "it does not end"
        time.sleep(0.02)


def run(sfn: Any, arn: str, value: Any = None) -> dict[str, Any]:
    """The description of a new execution once it has ended."""
    return ended(sfn, begin(sfn, arn, value))


def events(sfn: Any, execution: str, **more: Any) -> list[dict[str, Any]]:
    """All events of an execution."""
    pages = sfn.get_paginator("get_execution_history").paginate(executionArn=execution, **more)
    return [event for page in pages for event in page["events"]]


def kinds(found: list[dict[str, Any]]) -> list[str]:
    return [event["type"] for event in found]
