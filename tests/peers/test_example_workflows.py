"""Workflows of the kinds that examples of emulators have, each with what AWS's guide says of it.

aws-local-stepfunctions' examples and LocalStack's are what people try first: choices, retries,
sagas, loops that poll, callbacks, approvals, Maps over files, nested workflows, brokers of offers.
These are our own of the same kinds, by boto3, with Lambda functions at an endpoint and handlers of
a tasks file for other services.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.server.lambdas import Failed, lambdas
from tests.server.processes import serving
from tests.server.served import ROLE, client

TASKS = """
import json
import pathlib

import tsme
from tsme.engine import item_files

tasks = tsme.Tasks()
table = {}
item_files.serve(tasks, ".")

@tasks.task("arn:aws:states:::dynamodb:putItem")
def put(payload):
    table[payload["Item"]["Id"]["S"]] = payload["Item"]
    return {"SdkHttpMetadata": {"HttpStatusCode": 200}}

@tasks.task("arn:aws:states:::sqs:sendMessage.waitForTaskToken")
def send(payload):
    part = pathlib.Path("message~")
    part.write_text(json.dumps(payload))
    part.rename("message")
    return {"MessageId": "m-1"}

@tasks.task("arn:aws:states:::dynamodb:getItem")
def get(payload):
    item = table.get(payload["Key"]["Id"]["S"])
    return {"Item": item} if item else {}
"""
_BANKS = {"north": 4.5, "south": 3.9, "west": None}


class Functions:
    """The Lambda functions, and how often each was called."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def flaky(self, payload: Any) -> Any:
        """Is busy twice."""
        self.calls.append("flaky")
        if self.calls.count("flaky") < 3:
            raise Failed(json.dumps({"errorType": "Busy", "errorMessage": "come back"}))
        return payload | {"done": True}

    def book(self, payload: Any) -> Any:
        """Books anything but a car."""
        self.calls.append(f"book {payload['what']}")
        if payload["what"] == "car":
            raise Failed(json.dumps({"errorType": "SoldOut", "errorMessage": "no car"}))
        return f"{payload['what']}-7"

    def cancel(self, payload: Any) -> Any:
        """Takes a booking back."""
        self.calls.append(f"cancel {payload['booking']}")
        return "cancelled"

    def status(self, payload: Any) -> Any:
        """Of a job, which is done when it was asked three times."""
        self.calls.append("status")
        return "DONE" if payload["asked"] >= 3 else "RUNNING"

    def double(self, payload: Any) -> Any:
        """Twice as much."""
        return payload * 2

    def bid(self, payload: Any) -> Any:
        """What a bank offers, if it does."""
        return {"bank": payload["bank"], "rate": _BANKS[payload["bank"]]}


class Examples:
    """A server, boto3, and what it calls."""

    def __init__(self, sfn: Any, functions: Functions, folder: Path) -> None:
        self.sfn, self.functions, self.folder = sfn, functions, folder

    def machine(self, name: str, states: dict[str, Any], **fields: Any) -> str:
        """-> the ARN of a machine that begins with the first state"""
        kind = fields.pop("type", "STANDARD")
        text = json.dumps({"StartAt": next(iter(states)), "States": states, **fields})
        made = self.sfn.create_state_machine(name=name, definition=text, roleArn=ROLE, type=kind)
        return str(made["stateMachineArn"])

    def start(self, machine: str, value: Any = None) -> str:
        started = self.sfn.start_execution(stateMachineArn=machine, input=json.dumps(value or {}))
        return str(started["executionArn"])

    def end(self, execution: str) -> dict[str, Any]:
        """What DescribeExecution says when it has ended."""
        limit = time.monotonic() + 60
        while True:
            found: dict[str, Any] = self.sfn.describe_execution(executionArn=execution)
            if found["status"] != "RUNNING":
                return found
            assert time.monotonic() < limit, "it never ended"
            time.sleep(0.02)

    def output(self, machine: str, value: Any = None) -> Any:
        """Of an execution that succeeds."""
        found = self.end(self.start(machine, value))
        assert found["status"] == "SUCCEEDED", found
        return json.loads(found["output"])

    def types(self, execution: str) -> list[str]:
        pages = self.sfn.get_paginator("get_execution_history")
        found = pages.paginate(executionArn=execution)
        return [event["type"] for page in found for event in page["events"]]


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Examples]:
    folder = tmp_path_factory.mktemp("examples")
    (folder / "tasks.py").write_text(TASKS, encoding="utf-8")
    functions = Functions()
    named = {name: getattr(functions, name) for name in vars(Functions) if name[0] != "_"}
    with (
        lambdas(**named) as (endpoint, _),
        serving(
            folder, "--tasks", "tasks.py", "--lambda-endpoint", endpoint, "--wait-scale", "0.1"
        ) as address,
    ):
        yield Examples(client(address), functions, folder)


def call(function: str, **fields: Any) -> dict[str, Any]:
    """A Task that calls a Lambda function by its ARN."""
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function}"
    return {"Type": "Task", "Resource": arn, **fields}


def test_a_choice_takes_the_first_rule_that_fits(examples: Examples):
    machine = examples.machine("choice", {
        "Look": {"Type": "Choice", "Default": "Ask", "Choices": [
            {"And": [{"Variable": "$.total", "NumericLessThan": 100},
                     {"Not": {"Variable": "$.country", "StringMatches": "X*"}}], "Next": "Ship"},
            {"Variable": "$.vip", "IsPresent": True, "Next": "Ship"}]},
        "Ship": {"Type": "Pass", "Result": "shipped", "ResultPath": "$.state", "End": True},
        "Ask": {"Type": "Fail", "Error": "Manual", "CausePath": "$.country"},
    })  # fmt: skip
    assert examples.output(machine, {"total": 99, "country": "DE"})["state"] == "shipped"
    rich = {"total": 1000, "country": "XK", "vip": None}
    assert examples.output(machine, rich) == rich | {"state": "shipped"}
    asked = examples.end(examples.start(machine, {"total": 5, "country": "XK"}))
    assert (asked["status"], asked["error"], asked["cause"]) == ("FAILED", "Manual", "XK")


def test_a_busy_function_is_tried_again(examples: Examples):
    retry = {"ErrorEquals": ["Busy"], "IntervalSeconds": 1, "BackoffRate": 1, "MaxAttempts": 2,
             "MaxDelaySeconds": 2}  # fmt: skip
    machine = examples.machine("retry", {"T": call("flaky", Retry=[retry], End=True)})
    execution = examples.start(machine, {"a": 1})
    assert json.loads(examples.end(execution)["output"]) == {"a": 1, "done": True}
    assert examples.functions.calls.count("flaky") == 3
    types = examples.types(execution)
    assert types.count("LambdaFunctionFailed") == 2
    assert types[-3:] == ["LambdaFunctionSucceeded", "TaskStateExited", "ExecutionSucceeded"]


def test_a_saga_takes_back_what_it_booked_in_reverse(examples: Examples):
    def book(what: str, undo: str, then: str) -> dict[str, Any]:
        caught = {"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": undo}
        return call("book", Parameters={"what": what}, ResultPath=f"$.{what}", Catch=[caught],
                    Next=then)  # fmt: skip

    def cancel(what: str, then: str) -> dict[str, Any]:
        return call("cancel", Parameters={"booking.$": f"$.{what}"}, ResultPath=None, Next=then)

    machine = examples.machine("saga", {
        "Hotel": book("hotel", "Failed", "Flight"),
        "Flight": book("flight", "NoHotel", "Car"),
        "Car": book("car", "NoFlight", "Booked"),
        "NoFlight": cancel("flight", "NoHotel"),
        "NoHotel": cancel("hotel", "Failed"),
        "Failed": {"Type": "Fail", "ErrorPath": "$.error.Error", "CausePath": "$.error.Cause"},
        "Booked": {"Type": "Succeed"},
    })  # fmt: skip
    found = examples.end(examples.start(machine))
    assert (found["status"], found["error"]) == ("FAILED", "SoldOut")
    assert json.loads(found["cause"]) == {"errorType": "SoldOut", "errorMessage": "no car"}
    called = [one for one in examples.functions.calls if one.split()[0] in ("book", "cancel")]
    assert called == ["book hotel", "book flight", "book car", "cancel flight-7", "cancel hotel-7"]


def test_a_job_is_polled_until_it_is_done(examples: Examples):
    machine = examples.machine("poll", {
        "Begin": {"Type": "Pass", "Result": {"asked": 0}, "Next": "Wait"},
        "Wait": {"Type": "Wait", "SecondsPath": "$.asked", "Next": "Count"},
        "Count": {"Type": "Pass", "Parameters": {"asked.$": "States.MathAdd($.asked, 3)"},
                  "Next": "Status"},
        "Status": call("status", ResultPath="$.status", Next="Done?"),
        "Done?": {"Type": "Choice", "Default": "Wait", "Choices": [
            {"Variable": "$.status", "StringEquals": "DONE", "Next": "Done"}]},
        "Done": {"Type": "Succeed", "OutputPath": "$.status"},
    })  # fmt: skip
    assert examples.output(machine) == "DONE"


def test_branches_and_items_give_lists_in_their_order(examples: Examples):
    each = {
        "StartAt": "D", "ProcessorConfig": {"Mode": "INLINE"},
        "States": {"D": call("double", InputPath="$.n", ResultPath="$.twice", End=True)},
    }  # fmt: skip
    machine = examples.machine("fan", {
        "Both": {"Type": "Parallel", "ResultSelector": {"l.$": "$[0]", "r.$": "$[1].x"},
                 "ResultPath": "$.both", "Next": "Each", "Branches": [
            {"StartAt": "L", "States": {"L": {"Type": "Pass", "Result": "left", "End": True}}},
            {"StartAt": "R", "States": {"R": {"Type": "Pass", "Result": {"x": 2}, "End": True}}}]},
        "Each": {"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 2, "ItemProcessor": each,
                 "ItemSelector": {"n.$": "$$.Map.Item.Value", "at.$": "$$.Map.Item.Index",
                                  "from.$": "$.both.l"},
                 "ResultPath": "$.each", "End": True},
    })  # fmt: skip
    assert examples.output(machine, {"items": [5, 6, 7]}) == {
        "items": [5, 6, 7],
        "both": {"l": "left", "r": 2},
        "each": [{"n": n, "at": at, "from": "left", "twice": 2 * n}
                 for at, n in enumerate((5, 6, 7))],
    }  # fmt: skip


def test_a_map_reads_a_file_of_s3_and_is_told_of_by_its_run(examples: Examples):
    (examples.folder / "shop").mkdir()
    text = "id,amount\na,10\nb,\nc,30\n"
    (examples.folder / "shop/orders.csv").write_text(text, encoding="utf-8")
    machine = examples.machine("orders", {
        "Orders": {"Type": "Map", "Label": "orders", "End": True, "ToleratedFailureCount": 1,
                   "ItemReader": {"Resource": "arn:aws:states:::s3:getObject",
                                  "ReaderConfig": {"InputType": "CSV",
                                                   "CSVHeaderLocation": "FIRST_ROW"},
                                  "Parameters": {"Bucket": "shop", "Key": "orders.csv"}},
                   "ItemProcessor": {
                       "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                       "StartAt": "Any?", "States": {
            "Any?": {"Type": "Choice", "Default": "Number", "Choices": [
                {"Variable": "$.amount", "StringEquals": "", "Next": "Empty"}]},
            "Empty": {"Type": "Fail", "Error": "Empty"},
            "Number": {"Type": "Pass", "End": True,
                       "Parameters": {"n.$": "States.StringToJson($.amount)"}}}}},
    })  # fmt: skip
    execution = examples.start(machine)
    output = json.loads(examples.end(execution)["output"])
    # Reports differ in what stands for an item that failed (docs/DIFFERENCES.md).
    assert [one for one in output if "n" in one] == [{"n": 10}, {"n": 30}]
    (run,) = examples.sfn.list_map_runs(executionArn=execution)["mapRuns"]
    counts = examples.sfn.describe_map_run(mapRunArn=run["mapRunArn"])["itemCounts"]
    assert (counts["total"], counts["succeeded"], counts["failed"]) == (3, 2, 1)


def test_a_message_waits_for_who_gets_its_token(examples: Examples):
    machine = examples.machine("callback", {
        "Send": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                 "Parameters": {"QueueUrl": "http://127.0.0.1/q", "MessageBody": {
                     "order.$": "$.order", "token.$": "$$.Task.Token"}},
                 "ResultPath": "$.answer", "End": True}})  # fmt: skip
    execution = examples.start(machine, {"order": 3})
    message, limit = examples.folder / "message", time.monotonic() + 60
    while not message.exists():
        assert time.monotonic() < limit, "it was never sent"
        time.sleep(0.02)
    body = json.loads(message.read_text())["MessageBody"]
    assert body["order"] == 3
    while "TaskSubmitted" not in examples.types(execution):
        assert time.monotonic() < limit, "its sending is not told of"
        time.sleep(0.02)
    assert examples.sfn.describe_execution(executionArn=execution)["status"] == "RUNNING"
    examples.sfn.send_task_success(taskToken=body["token"], output='"paid"')
    assert json.loads(examples.end(execution)["output"]) == {"order": 3, "answer": "paid"}
    events = examples.sfn.get_execution_history(executionArn=execution)["events"]
    assert [event["type"] for event in events[1:6]] == [
        "TaskStateEntered", "TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded",
    ]  # fmt: skip
    submitted = events[4]["taskSubmittedEventDetails"]
    assert (submitted["resourceType"], submitted["resource"], json.loads(submitted["output"])) == (
        "sqs", "sendMessage.waitForTaskToken", {"MessageId": "m-1"},
    )  # fmt: skip


def test_an_approver_may_say_no(examples: Examples):
    activity = examples.sfn.create_activity(name="approver")["activityArn"]
    machine = examples.machine("approve", {
        "Ask": {"Type": "Task", "Resource": activity, "TimeoutSeconds": 60,
                "Parameters": {"for.$": "$.amount"}, "ResultPath": "$.answer",
                "Catch": [{"ErrorEquals": ["Rejected"], "ResultPath": "$.why", "Next": "No"}],
                "Next": "Yes"},
        "Yes": {"Type": "Succeed", "OutputPath": "$.answer.by"},
        "No": {"Type": "Pass", "OutputPath": "$.why.Cause", "End": True},
    })  # fmt: skip
    for answer, output in (("yes", "Ada"), ("no", "too much")):
        execution = examples.start(machine, {"amount": 7})
        task = examples.sfn.get_activity_task(activityArn=activity, workerName="Ada")
        assert json.loads(task["input"]) == {"for": 7}
        examples.sfn.send_task_heartbeat(taskToken=task["taskToken"])
        if answer == "yes":
            examples.sfn.send_task_success(taskToken=task["taskToken"], output='{"by": "Ada"}')
        else:
            examples.sfn.send_task_failure(
                taskToken=task["taskToken"], error="Rejected", cause="too much"
            )
        assert json.loads(examples.end(execution)["output"]) == output


def test_what_takes_too_long_is_caught(examples: Examples):
    activity = examples.sfn.create_activity(name="nobody")["activityArn"]
    machine = examples.machine("late", {
        "T": {"Type": "Task", "Resource": activity, "TimeoutSeconds": 1, "End": True,
              "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "Late"}]},
        "Late": {"Type": "Pass", "Parameters": {"error.$": "$.Error"}, "End": True},
    })  # fmt: skip
    assert examples.output(machine) == {"error": "States.Timeout"}


def test_a_workflow_starts_another_and_has_its_output(examples: Examples):
    child = examples.machine("child", {
        "P": {"Type": "Pass", "Parameters": {"sum.$": "States.MathAdd($.a, $.b)"}, "End": True},
    })  # fmt: skip
    machine = examples.machine("parent", {
        "Start": {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2",
                  "Parameters": {"StateMachineArn": child, "Input": {
                      "a.$": "$.a", "b": 2, "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$":
                      "$$.Execution.Id"}},
                  "OutputPath": "$.Output", "End": True}})  # fmt: skip
    assert examples.output(machine, {"a": 40}) == {"sum": 42}


def test_a_table_has_what_was_put_there(examples: Examples):
    key = {"Id": {"S.$": "$.id"}}
    machine = examples.machine("table", {
        "Put": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:putItem",
                "Parameters": {"TableName": "t", "Item": key | {"N": {"N.$":
                               "States.Format('{}', $.n)"}}},
                "ResultPath": "$.put", "ResultSelector": {"code.$":
                "$.SdkHttpMetadata.HttpStatusCode"}, "Next": "Get"},
        "Get": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:getItem",
                "Parameters": {"TableName": "t", "Key": key}, "ResultPath": "$.got", "End": True},
    })  # fmt: skip
    assert examples.output(machine, {"id": "x", "n": 3}) == {
        "id": "x", "n": 3, "put": {"code": 200},
        "got": {"Item": {"Id": {"S": "x"}, "N": {"N": "3"}}},
    }  # fmt: skip


def test_a_broker_takes_the_cheapest_offer(examples: Examples):
    """JSONata, with variables: banks are asked at once, one of them offers nothing."""
    function = "arn:aws:lambda:us-east-1:000000000000:function:bid"
    machine = examples.machine("broker", {
        "Check": {"Type": "Pass", "Assign": {"score": "{% $states.input.score %}"},
                  "Output": {"banks": ["north", "south", "west"]}, "Next": "Bids"},
        "Bids": {"Type": "Map", "Items": "{% $states.input.banks %}", "Next": "Best",
                 "ItemSelector": {"bank": "{% $states.context.Map.Item.Value %}"},
                 "ItemProcessor": {"StartAt": "B", "States": {"B": {
                     "Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True,
                     "Arguments": {"FunctionName": function, "Payload": "{% $states.input %}"},
                     "Output": "{% $states.result.Payload %}"}}}},
        "Best": {"Type": "Choice", "Default": "None", "Choices": [
            {"Condition": "{% $score > 500 and $count($states.input[rate != null]) > 0 %}",
             "Output": "{% $sort($states.input[rate != null], function($l, $r) {"
                       "$l.rate > $r.rate})[0] %}", "Next": "Taken"}]},
        "Taken": {"Type": "Succeed", "Output": {"offer": "{% $states.input %}",
                                                "score": "{% $score %}"}},
        "None": {"Type": "Fail", "Error": "NoOffer", "Cause": "{% 'score ' & $score %}"},
    }, QueryLanguage="JSONata")  # fmt: skip
    offer = {"bank": "south", "rate": 3.9}
    assert examples.output(machine, {"score": 700}) == {"offer": offer, "score": 700}
    refused = examples.end(examples.start(machine, {"score": 400}))
    assert (refused["error"], refused["cause"]) == ("NoOffer", "score 400")


def test_intrinsic_functions_reshape_a_document(examples: Examples):
    machine = examples.machine("reshape", {"P": {"Type": "Pass", "End": True, "Parameters": {
        "pages.$": "States.ArrayPartition(States.ArrayRange(1, 5, 1), 2)",
        "who.$": "States.Format('{} of {}', $.name, $$.StateMachine.Name)",
        "merged.$": "States.JsonMerge($.a, $.b, false)",
        "code.$": "States.Base64Encode($.name)",
        "words.$": "States.StringSplit($.line, ', ')",
        "once.$": "States.ArrayUnique($.many)",
        "first.$": "$.many[0]",
        "input.$": "$$.Execution.Input.name"}}})  # fmt: skip
    given = {"name": "Ada", "a": {"x": 1, "y": 1}, "b": {"y": 2}, "line": "a, b",
             "many": [3, 3, 1]}  # fmt: skip
    output = examples.output(machine, given)
    assert sorted(output.pop("once")) == [1, 3]
    assert output == {
        "pages": [[1, 2], [3, 4], [5]], "who": "Ada of reshape", "merged": {"x": 1, "y": 2},
        "code": "QWRh", "words": ["a", "b"], "first": 3, "input": "Ada",
    }  # fmt: skip


def test_an_express_workflow_answers_at_once_and_a_long_one_is_stopped(examples: Examples):
    states = {"P": {"Type": "Pass", "Parameters": {"hello.$": "$.name"}, "End": True}}
    express = examples.machine("greet", states, type="EXPRESS")
    answer = examples.sfn.start_sync_execution(stateMachineArn=express, input='{"name": "you"}')
    assert (answer["status"], answer["output"]) == ("SUCCEEDED", '{"hello":"you"}')
    wait = {"W": {"Type": "Wait", "TimestampPath": "$.until", "End": True}}
    later = (datetime.now(UTC) + timedelta(days=30)).isoformat(timespec="seconds")
    execution = examples.start(examples.machine("long", wait), {"until": later})
    examples.sfn.stop_execution(executionArn=execution, error="Bored", cause="by hand")
    found = examples.end(execution)
    assert (found["status"], found["error"], found["cause"]) == ("ABORTED", "Bored", "by hand")
    assert examples.types(execution)[-1] == "ExecutionAborted"
