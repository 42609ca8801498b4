"""Executions of the endpoint over either database, and after a restart of the server."""

from __future__ import annotations

import json

from tests.server.executing import PASS, begin, ended, events, kinds, machine
from tests.server.served import client, served


def test_executions_tokens_and_redrives_are_alike_on_both_databases(database_url):
    with served(database_url) as (endpoint, _):
        sfn = client(endpoint)
        dig = sfn.create_activity(name="dig")["activityArn"]
        arn = machine(sfn, {"T": {"Type": "Task", "Resource": dig, "Next": "P"}, "P": PASS})
        execution = begin(sfn, arn, {"'q'": "\u001a<b>"}, name="one")
        taken = sfn.get_activity_task(activityArn=dig, workerName="w")
        sfn.send_task_failure(taskToken=taken["taskToken"], error="E", cause="a\0b")
        found = ended(sfn, execution)
        assert (found["error"], found["cause"]) == ("E", "a\0b")
        sfn.redrive_execution(executionArn=execution)
        taken = sfn.get_activity_task(activityArn=dig)
        sfn.send_task_success(taskToken=taken["taskToken"], output=taken["input"])
        assert json.loads(ended(sfn, execution)["output"]) == {"'q'": "\u001a<b>"}
        [one] = sfn.list_executions(stateMachineArn=arn, statusFilter="SUCCEEDED")["executions"]
        assert one["redriveCount"] == 1


def test_what_waits_goes_on_after_a_restart_with_its_history(database_url):
    with served(database_url) as (endpoint, _):
        sfn = client(endpoint)
        dig = sfn.create_activity(name="dig")["activityArn"]
        arn = machine(sfn, {"T": {"Type": "Task", "Resource": dig, "End": True}})
        execution = begin(sfn, arn, 1)
        token = sfn.get_activity_task(activityArn=dig)["taskToken"]
        before = events(sfn, execution)
    with served(database_url) as (endpoint, _):
        sfn = client(endpoint)
        assert events(sfn, execution) == before
        sfn.send_task_success(taskToken=token, output="2")
        assert ended(sfn, execution)["output"] == "2"
        after = events(sfn, execution)
        assert after[: len(before)] == before
        assert kinds(after)[-1] == "ExecutionSucceeded"
