"""Redrives of distributed Maps: what children of a Map Run have done is not done again."""

from __future__ import annotations

import json

import pytest

from tests.server.executing import PASS, begin, ended, events, kinds, machine
from tests.server.served import client, served
from tests.server.test_api_executions_map_runs import counts, distributed


@pytest.fixture
def dig(sfn):
    """An activity whose tasks the test takes: -> a function() -> (input, token)"""
    arn = sfn.create_activity(name="dig")["activityArn"]

    def take():
        taken = sfn.get_activity_task(activityArn=arn)
        return json.loads(taken["input"]), taken["taskToken"]

    take.state = {"Type": "Task", "Resource": arn}
    return take


def twice(dig):
    """The states of a child that digs twice: its item, then its item and 100."""
    add = {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 100)"}, "Next": "Second"}
    return {
        "First": {**dig.state, "ResultPath": None, "Next": "Add"},
        "Add": add,
        "Second": {**dig.state, "End": True},
    }


def garden(*numbers):
    return {"items": [{"n": number} for number in numbers]}


def give(sfn, token, value):
    sfn.send_task_success(taskToken=token, output=json.dumps(value))


def fail(sfn, token, error="Stone"):
    sfn.send_task_failure(taskToken=token, error=str(error))


def run_of(sfn, execution):
    [listed] = sfn.list_map_runs(executionArn=execution)["mapRuns"]
    return sfn.describe_map_run(mapRunArn=listed["mapRunArn"])


def children_of(sfn, run, **more):
    found = sfn.list_executions(mapRunArn=run["mapRunArn"], **more)["executions"]
    return {int(one["name"].rpartition("-")[2]): one for one in found}


def test_children_that_failed_go_on_where_they_were_and_the_others_are_kept(sfn, dig):
    states = distributed(twice(dig), MaxConcurrency=1, ToleratedFailureCount=1)
    execution = begin(sfn, machine(sfn, states), garden(1, 2, 3, 4))
    for number, last in ((1, give), (2, fail), (3, fail)):
        value, token = dig()
        assert value == {"n": number}
        give(sfn, token, 0)
        value, token = dig()
        assert value == {"n": number + 100}
        last(sfn, token, str(number))
    assert ended(sfn, execution)["error"] == "States.ExceedToleratedFailureThreshold"
    before = run_of(sfn, execution)
    assert counts(before) == {"succeeded": 1, "failed": 2, "pending": 1, "total": 4}
    assert (before["redriveCount"], "redriveDate" in before) == (0, False)
    sfn.redrive_execution(executionArn=execution)
    run = run_of(sfn, execution)
    assert run["mapRunArn"] == before["mapRunArn"]
    assert (run["status"], run["redriveCount"]) == ("RUNNING", 1)
    assert run["redriveDate"] > run["startDate"]
    assert counts(run) == {"succeeded": 1, "running": 2, "pending": 1, "total": 4}
    tokens = {value["n"]: token for value, token in (dig(), dig())}
    assert sorted(tokens) == [102, 103]
    give(sfn, tokens[102], 2)
    fail(sfn, tokens[103])  # it is tolerated: they are counted anew
    for number in (4, 104):
        value, token = dig()
        assert value == {"n": number}
        give(sfn, token, 4)
    found = ended(sfn, execution)
    assert found["status"] == "SUCCEEDED"
    output = json.loads(found["output"])
    assert output[:2] + output[3:] == ["1", 2, 4]
    assert output[2]["Error"] == "Stone"
    run = run_of(sfn, execution)
    assert counts(run) == {"succeeded": 3, "failed": 1, "total": 4}
    children = children_of(sfn, run)
    assert [children[n]["redriveCount"] for n in range(4)] == [0, 1, 1, 0]
    assert ["redriveDate" in children[n] for n in range(4)] == [False, True, True, False]
    assert sorted(children_of(sfn, run, redriveFilter="REDRIVEN")) == [1, 2]
    assert sorted(children_of(sfn, run, redriveFilter="NOT_REDRIVEN")) == [0, 3]
    child = sfn.describe_execution(executionArn=children[1]["executionArn"])
    assert (child["redriveCount"], child["redriveDate"]) == (1, run["redriveDate"])
    child = sfn.describe_execution(executionArn=children[2]["executionArn"])
    assert child["redriveStatus"] == "NOT_REDRIVABLE"
    told = events(sfn, execution)
    assert kinds(told)[1:] == [
        "MapStateEntered", "MapStateStarted", "MapRunStarted", "MapRunFailed", "MapStateFailed",
        "ExecutionFailed", "ExecutionRedriven", "MapRunRedriven", "MapRunSucceeded",
        "MapStateSucceeded", "MapStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    assert told[8]["mapRunRedrivenEventDetails"] == {
        "mapRunArn": run["mapRunArn"], "redriveCount": 1,
    }  # fmt: skip
    told = events(sfn, children[1]["executionArn"])
    assert kinds(told)[-10:] == [
        "ActivityScheduled", "ActivityStarted", "ActivityFailed", "ExecutionFailed",
        "ExecutionRedriven", "ActivityScheduled", "ActivityStarted", "ActivitySucceeded",
        "TaskStateExited", "ExecutionSucceeded",
    ]  # fmt: skip
    assert told[-6]["executionRedrivenEventDetails"] == {"redriveCount": 1}
    assert told[-5]["previousEventId"] == told[-6]["id"]
    assert "ExecutionRedriven" not in kinds(events(sfn, children[0]["executionArn"]))


def test_children_that_are_express_executions_begin_again(sfn, dig):
    states = distributed(twice(dig), MaxConcurrency=1, ToleratedFailureCount=1)
    config = states["Each"]["ItemProcessor"]["ProcessorConfig"]
    config["ExecutionType"] = "EXPRESS"
    execution = begin(sfn, machine(sfn, states), garden(1, 2, 3))
    for number, last in ((1, give), (2, fail), (3, fail)):
        for what in (give, last):
            what(sfn, dig()[1], number)
    assert ended(sfn, execution)["status"] == "FAILED"
    sfn.redrive_execution(executionArn=execution)
    values = []
    for _ in range(4):
        value, token = dig()
        values.append(value["n"])
        give(sfn, token, value["n"])
    assert sorted(values) == [2, 3, 102, 103]
    assert json.loads(ended(sfn, execution)["output"]) == [1, 102, 103]
    children = children_of(sfn, run_of(sfn, execution))
    assert [children[n]["redriveCount"] for n in range(3)] == [0, 1, 1]
    assert not any("redriveDate" in child for child in children.values())


def test_batches_that_were_stopped_go_on_more_than_once(sfn, dig):
    states = distributed(
        {"Two": {**dig.state, "InputPath": "$.Items", "End": True}},
        ItemSelector={"k.$": "$$.Map.Item.Value.n"},
        ItemBatcher={"MaxItemsPerBatch": 2},
        MaxConcurrency=2,
    )
    execution = begin(sfn, machine(sfn, states), garden(1, 2, 3, 4, 5))
    tokens = {value[0]["k"]: token for value, token in (dig(), dig())}
    give(sfn, tokens[1], 1)
    assert dig()[0] == [{"k": 5}]
    for number in (1, 2):
        sfn.stop_execution(executionArn=execution)
        assert counts(run_of(sfn, execution)) == {"succeeded": 2, "aborted": 3, "total": 5}
        sfn.redrive_execution(executionArn=execution)
        run = run_of(sfn, execution)
        assert counts(run) == {"succeeded": 2, "running": 3, "total": 5}
        assert run["redriveCount"] == number
        tokens = {value[0]["k"]: token for value, token in (dig(), dig())}
        assert sorted(tokens) == [3, 5]
    for number, token in tokens.items():
        give(sfn, token, number)
    assert json.loads(ended(sfn, execution)["output"]) == [1, 3, 5]


def test_a_map_run_takes_the_limits_it_was_given_along(sfn, dig):
    states = distributed({"T": {**dig.state, "End": True}}, MaxConcurrency=1)
    execution = begin(sfn, machine(sfn, states), garden(1, 2, 3, 4))
    arn = run_of(sfn, execution)["mapRunArn"]
    sfn.update_map_run(mapRunArn=arn, toleratedFailureCount=1)
    for number in (1, 2):
        fail(sfn, dig()[1], number)
    assert ended(sfn, execution)["status"] == "FAILED"
    sfn.redrive_execution(executionArn=execution)
    assert run_of(sfn, execution)["toleratedFailureCount"] == 1
    tokens = [dig()[1], dig()[1]]
    fail(sfn, tokens[0])
    sfn.update_map_run(mapRunArn=arn, maxConcurrency=2)
    give(sfn, tokens[1], 2)
    for _, token in (dig(), dig()):
        give(sfn, token, 3)
    assert ended(sfn, execution)["status"] == "SUCCEEDED"


TASKS = """
import pathlib, tsme
tasks = tsme.Tasks()
log = pathlib.Path({log!r})

def called(name):
    with log.open("a") as f:
        print(name, file=f)

@tasks.task("arn:aws:states:::s3:getObject")
def get(payload):
    called("get")
    return {{"Body": "[1, 2, 3]"}}

@tasks.task("dig")
def dig(payload):
    called("dig %d" % payload)
    return payload

@tasks.task("arn:aws:states:::s3:putObject")
def put(payload):
    called("put")
    if log.read_text().count("put") == 1:
        raise tsme.TaskError("Full", "no room")
    return {{"Bucket": "b", "Key": "k"}}
"""


def test_what_is_left_of_a_map_run_is_its_results(tmp_path):
    log = tmp_path / "log"
    tasks = tmp_path / "tasks.py"
    tasks.write_text(TASKS.format(log=str(log)))
    get = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"},
           "Parameters": {"Bucket": "b", "Key": "k"}}  # fmt: skip
    put = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}}
    states = distributed({"T": {"Type": "Task", "Resource": "dig", "End": True}})
    states["Each"] |= {"ItemReader": get, "ResultWriter": put, "Next": "P"}
    del states["Each"]["ItemsPath"], states["Each"]["End"]
    with served(f"sqlite:///{tmp_path}/w.db", tasks=str(tasks)) as (url, _):
        sfn = client(url)
        execution = begin(sfn, machine(sfn, states | {"P": PASS}))
        assert ended(sfn, execution)["error"] == "States.ResultWriterFailed"
        before = run_of(sfn, execution)
        assert (before["status"], counts(before)) == ("FAILED", {"succeeded": 3, "total": 3})
        sfn.redrive_execution(executionArn=execution)
        found = ended(sfn, execution)
        assert found["status"] == "SUCCEEDED", found.get("cause")
        assert json.loads(found["output"])["MapRunArn"] == before["mapRunArn"]
        run = run_of(sfn, execution)
        assert (run["status"], run["redriveCount"]) == ("SUCCEEDED", 1)
        assert counts(run) == {"succeeded": 3, "resultsWritten": 3, "total": 3}
        told = kinds(events(sfn, execution))
        assert told[told.index("ExecutionRedriven") :][:5] == [
            "ExecutionRedriven", "MapRunRedriven", "MapRunSucceeded", "MapStateSucceeded",
            "MapStateExited",
        ]  # fmt: skip
    called = log.read_text().splitlines()
    assert sorted(called) == ["dig 1", "dig 2", "dig 3", "get", "put", "put"]
