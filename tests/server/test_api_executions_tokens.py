"""Activities and task tokens of the endpoint: what workers poll for and complete with boto3."""

from __future__ import annotations

import json
import threading

import pytest

from tests.server.executing import PASS, begin, ended, events, kinds, machine
from tests.server.served import refusal
from tsme_host.server.operations import tokens

TIMED_OUT = ("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
INVALID = ("InvalidToken", "Invalid Token: 'Invalid token'")


@pytest.fixture
def dig(sfn):
    """The ARN of an activity."""
    return sfn.create_activity(name="dig")["activityArn"]


def task(resource, **fields):
    return {"T": {"Type": "Task", "Resource": resource, "End": True, **fields}}


def test_a_worker_takes_a_task_and_its_result_is_the_output(sfn, dig):
    execution = begin(sfn, machine(sfn, task(dig)), {"depth": 3})
    taken = sfn.get_activity_task(activityArn=dig, workerName="spade")
    assert json.loads(taken["input"]) == {"depth": 3}
    sfn.send_task_success(taskToken=taken["taskToken"], output='{"z":1,"a":2}')
    assert ended(sfn, execution)["output"] == '{"z":1,"a":2}'
    found = events(sfn, execution)
    assert kinds(found) == [
        "ExecutionStarted",
        "TaskStateEntered",
        "ActivityScheduled",
        "ActivityStarted",
        "ActivitySucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]
    assert found[2]["activityScheduledEventDetails"]["resource"] == dig
    assert found[3]["activityStartedEventDetails"] == {"workerName": "spade"}


def test_a_worker_says_why_a_task_has_failed(sfn, dig):
    catch = [{"ErrorEquals": ["Rock"], "ResultPath": "$.error", "Next": "P"}]
    execution = begin(sfn, machine(sfn, task(dig, Catch=catch) | {"P": PASS}), {"depth": 3})
    token = sfn.get_activity_task(activityArn=dig)["taskToken"]
    sfn.send_task_failure(taskToken=token, error="Rock", cause="it's <hard>")
    found = json.loads(ended(sfn, execution)["output"])
    assert found == {"depth": 3, "error": {"Error": "Rock", "Cause": "it's <hard>"}}
    assert "ActivityFailed" in kinds(events(sfn, execution))


def test_a_poll_waits_for_a_task_that_comes_later(sfn, dig):
    arn = machine(sfn, task(dig))
    found = []
    poll = threading.Thread(target=lambda: found.append(sfn.get_activity_task(activityArn=dig)))
    poll.start()
    execution = begin(sfn, arn, {"n": 1})
    poll.join()
    sfn.send_task_success(taskToken=found[0]["taskToken"], output="1")
    assert ended(sfn, execution)["status"] == "SUCCEEDED"


def test_a_poll_in_vain_answers_without_a_task(sfn, dig, monkeypatch):
    monkeypatch.setattr(tokens, "POLL", 0.2)
    found = sfn.get_activity_task(activityArn=dig)
    assert "taskToken" not in found
    assert "input" not in found


def test_each_task_is_taken_once_and_the_oldest_first(sfn, dig, monkeypatch):
    monkeypatch.setattr(tokens, "POLL", 0.2)
    arn = machine(sfn, task(dig))
    for n in range(4):
        begin(sfn, arn, n)
    found = []
    lock = threading.Lock()

    def poll():
        while "taskToken" in (one := sfn.get_activity_task(activityArn=dig)):
            with lock:
                found.append(one)

    threads = [threading.Thread(target=poll) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one["input"] for one in found) == ["0", "1", "2", "3"]
    assert len({one["taskToken"] for one in found}) == 4


def test_a_heartbeat_keeps_a_task_and_silence_ends_it(sfn, dig):
    execution = begin(sfn, machine(sfn, task(dig, HeartbeatSeconds=3)))
    token = sfn.get_activity_task(activityArn=dig)["taskToken"]
    assert sfn.send_task_heartbeat(taskToken=token)
    found = ended(sfn, execution)
    assert (found["status"], found["error"]) == ("FAILED", "States.Timeout")
    assert "cause" not in found
    assert "ActivityTimedOut" in kinds(events(sfn, execution))
    for late in (sfn.send_task_heartbeat, sfn.send_task_success, sfn.send_task_failure):
        more = {"output": "1"} if late == sfn.send_task_success else {}
        assert refusal(late, taskToken=token, **more) == TIMED_OUT


def test_a_task_is_completed_once(sfn, dig):
    execution = begin(sfn, machine(sfn, task(dig)))
    token = sfn.get_activity_task(activityArn=dig)["taskToken"]
    sfn.send_task_success(taskToken=token, output="1")
    assert refusal(sfn.send_task_success, taskToken=token, output="2") == TIMED_OUT
    assert ended(sfn, execution)["output"] == "1"


def test_tokens_that_were_never_given_are_refused(sfn, dig):
    execution = begin(sfn, machine(sfn, {"W": {"Type": "Wait", "Seconds": 1000, "End": True}}))
    for token in ("1-1", "0-0", "x", "1-1'", "<b>", "../1", "9" * 40 + "-1"):
        assert refusal(sfn.send_task_success, taskToken=token, output="1") == INVALID
        assert refusal(sfn.send_task_success, taskToken=token, output="{") == INVALID
        assert refusal(sfn.send_task_heartbeat, taskToken=token) == INVALID
    assert sfn.describe_execution(executionArn=execution)["status"] == "RUNNING"


def test_outputs_that_are_none_are_refused_and_the_task_stays(sfn, dig):
    execution = begin(sfn, machine(sfn, task(dig)))
    token = sfn.get_activity_task(activityArn=dig)["taskToken"]
    for text in ("", "{", "NaN", '"' + "é" * 131_072 + '"'):
        code, said = refusal(sfn.send_task_success, taskToken=token, output=text)
        assert code == "InvalidOutput"
        assert said.startswith("Invalid Output: '")
    sfn.send_task_success(taskToken=token, output="null")
    assert ended(sfn, execution)["output"] == "null"


def test_a_stopped_executions_task_is_nobodys(sfn, dig, monkeypatch):
    monkeypatch.setattr(tokens, "POLL", 0.2)
    execution = begin(sfn, machine(sfn, task(dig)))
    sfn.stop_execution(executionArn=execution)
    assert "taskToken" not in sfn.get_activity_task(activityArn=dig)


def test_an_activity_that_is_not_there_is_refused(sfn):
    arn = "arn:aws:states:us-east-1:000000000000:activity:nobody"
    found = refusal(sfn.get_activity_task, activityArn=arn)
    assert found == ("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'")
    assert refusal(sfn.get_activity_task, activityArn="nonsense")[0] == "InvalidArn"


def test_a_redriven_task_is_there_again_for_workers(sfn, dig):
    states = {"P": {"Type": "Pass", "Assign": {"v": 7}, "Next": "T"}}
    execution = begin(sfn, machine(sfn, states | task(dig, Parameters={"v.$": "$v"})))
    first = sfn.get_activity_task(activityArn=dig)
    sfn.send_task_failure(taskToken=first["taskToken"], error="Rock")
    assert ended(sfn, execution)["error"] == "Rock"
    sfn.redrive_execution(executionArn=execution)
    second = sfn.get_activity_task(activityArn=dig)
    assert second["taskToken"] != first["taskToken"]
    assert second["input"] == first["input"] == '{"v":7}'
    assert refusal(sfn.send_task_success, taskToken=first["taskToken"], output="1") == TIMED_OUT
    sfn.send_task_success(taskToken=second["taskToken"], output='"done"')
    assert ended(sfn, execution)["output"] == '"done"'
    found = kinds(events(sfn, execution))
    at = found.index("ExecutionRedriven")
    assert found[at:] == [
        "ExecutionRedriven",
        "ActivityScheduled",
        "ActivityStarted",
        "ActivitySucceeded",
        "TaskStateExited",
        "ExecutionSucceeded",
    ]
