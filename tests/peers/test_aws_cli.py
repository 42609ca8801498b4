"""A walk through the API with the AWS CLI."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.server.served import ROLE

Aws = Callable[..., Any]
ITEMS = {
    "StartAt": "Each",
    "States": {
        "Each": {
            "Type": "Map",
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                "StartAt": "One",
                "States": {"One": {"Type": "Pass", "End": True}},
            },
            "Next": "Dig",
        },
        "Dig": {"Type": "Task", "Resource": "ACTIVITY", "End": True},
    },
}


@pytest.fixture
def aws(endpoint: str) -> Iterator[Aws]:
    """aws(words) -> its answer; a call that fails is its error."""
    variables = {
        "AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "us-east-1", "AWS_ENDPOINT_URL_SFN": endpoint,
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true", "AWS_MAX_ATTEMPTS": "1",
        "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("aws_cli.py"))],
        env=os.environ | variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip

    def call(*words: str) -> Any:
        assert process.stdin
        assert process.stdout
        print(json.dumps(words), file=process.stdin, flush=True)
        status, answer, error = json.loads(process.stdout.readline())
        assert (status == 0) == (error == ""), error
        return error or answer

    yield call
    process.communicate()


def test_the_aws_cli_walks_through_failure_redrive_activities_and_map_runs(aws: Aws):
    dig = aws("create-activity", "--name", "dig")["activityArn"]
    text = json.dumps(ITEMS).replace("ACTIVITY", dig)
    assert aws("validate-state-machine-definition", "--definition", text)["result"] == "OK"
    wrong = aws("validate-state-machine-definition", "--definition", text.replace("Pass", "P"))
    assert wrong["result"] == "FAIL"
    arn = aws("create-state-machine", "--name", "garden", "--definition", text,
              "--role-arn", ROLE, "--publish")["stateMachineVersionArn"]  # fmt: skip
    begun = aws("start-execution", "--state-machine-arn", arn, "--input", "[1, 2]")
    execution = ("--execution-arn", begun["executionArn"])
    token = aws("get-activity-task", "--activity-arn", dig, "--worker-name", "spade")["taskToken"]
    aws("send-task-heartbeat", "--task-token", token)
    aws("send-task-failure", "--task-token", token, "--error", "Stone", "--cause", "hard")
    found = aws("describe-execution", *execution)
    assert (found["status"], found["error"]) == ("FAILED", "Stone")
    assert found["redriveStatus"] == "REDRIVABLE"
    runs = aws("list-map-runs", *execution)["mapRuns"]
    run = aws("describe-map-run", "--map-run-arn", runs[0]["mapRunArn"])
    assert (run["status"], run["itemCounts"]["succeeded"]) == ("SUCCEEDED", 2)
    aws("redrive-execution", *execution)
    token = aws("get-activity-task", "--activity-arn", dig)["taskToken"]
    aws("send-task-success", "--task-token", token, "--task-output", '{"deep": 3}')
    found = aws("describe-execution", *execution)
    assert (found["status"], found["redriveCount"]) == ("SUCCEEDED", 1)
    assert json.loads(found["output"]) == {"deep": 3}
    events = aws("get-execution-history", *execution, "--reverse-order", "--max-items", "1")
    assert events["events"][0]["type"] == "ExecutionSucceeded"
    listed = aws("list-executions", "--state-machine-arn", arn, "--status-filter", "SUCCEEDED")
    assert [one["executionArn"] for one in listed["executions"]] == [begun["executionArn"]]
    again = aws("start-execution", "--state-machine-arn", arn, "--input", "[]")["executionArn"]
    aws("stop-execution", "--execution-arn", again, "--error", "E", "--cause", "enough")
    assert aws("describe-execution", "--execution-arn", again)["status"] == "ABORTED"
    error = aws("stop-execution", "--execution-arn", again + "x")
    assert "(ExecutionDoesNotExist) when calling the StopExecution operation: " in error
