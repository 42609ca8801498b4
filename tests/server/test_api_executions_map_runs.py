"""Map Runs of the endpoint, as boto3 sees them."""

from __future__ import annotations

import json
import time

from tests.server.executing import PASS, begin, ended, events, kinds, machine, run
from tests.server.served import client, refusal, served

PREFIX = "arn:aws:states:us-east-1:000000000000:"


def distributed(states, **fields):
    processor = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": next(iter(states)),
        "States": states,
    }
    return {
        "Each": {"Type": "Map", "ItemsPath": "$.items", "ItemProcessor": processor,
                 "Label": "each", "End": True, **fields}
    }  # fmt: skip


CHOOSES = {
    "C": {
        "Type": "Choice",
        "Choices": [{"Variable": "$", "NumericEquals": 0, "Next": "F"}],
        "Default": "P",
    },
    "F": {"Type": "Fail", "Error": "Zero"},
    "P": PASS,
}


def counts(found, kind="itemCounts"):
    return {name: count for name, count in found[kind].items() if count}


def test_a_map_run_counts_its_items(sfn):
    states = distributed(CHOOSES, MaxConcurrency=2, ToleratedFailureCount=1)
    found = run(sfn, machine(sfn, states), {"items": [1, 0, 2]})
    assert found["status"] == "SUCCEEDED"
    [listed] = sfn.list_map_runs(executionArn=found["executionArn"])["mapRuns"]
    assert listed["executionArn"] == found["executionArn"]
    assert listed["stateMachineArn"] == found["stateMachineArn"]
    assert listed["startDate"] <= listed["stopDate"]
    told = [one for one in events(sfn, found["executionArn"]) if one["type"] == "MapRunStarted"]
    assert told[0]["mapRunStartedEventDetails"]["mapRunArn"] == listed["mapRunArn"]
    described = sfn.describe_map_run(mapRunArn=listed["mapRunArn"])
    assert described["status"] == "SUCCEEDED"
    assert (described["maxConcurrency"], described["toleratedFailureCount"]) == (2, 1)
    assert counts(described) == {"succeeded": 2, "failed": 1, "total": 3}


def test_a_map_run_that_fails_says_what_was_not_begun(sfn):
    found = run(sfn, machine(sfn, distributed(CHOOSES, MaxConcurrency=1)), {"items": [1, 0, 2]})
    assert found["status"] == "FAILED"
    [listed] = sfn.list_map_runs(executionArn=found["executionArn"])["mapRuns"]
    described = sfn.describe_map_run(mapRunArn=listed["mapRunArn"])
    assert described["status"] == "FAILED"
    assert counts(described) == {"succeeded": 1, "failed": 1, "pending": 1, "total": 3}


def test_a_stopped_map_run_is_aborted(sfn):
    states = distributed({"W": {"Type": "Wait", "Seconds": 1000, "End": True}}, MaxConcurrency=2)
    execution = begin(sfn, machine(sfn, states), {"items": [1, 2, 3]})
    [listed] = sfn.list_map_runs(executionArn=execution)["mapRuns"]
    described = sfn.describe_map_run(mapRunArn=listed["mapRunArn"])
    assert "stopDate" not in described
    assert described["status"] == "RUNNING"
    assert counts(described) == {"running": 2, "pending": 1, "total": 3}
    stopped = sfn.stop_execution(executionArn=execution)
    described = sfn.describe_map_run(mapRunArn=listed["mapRunArn"])
    assert (described["status"], described["stopDate"]) == ("ABORTED", stopped["stopDate"])
    assert counts(described) == {"aborted": 2, "pending": 1, "total": 3}


def test_batches_are_executions_of_several_items(sfn):
    states = distributed({"P": PASS}, ItemBatcher={"MaxItemsPerBatch": 2})
    found = run(sfn, machine(sfn, states), {"items": [1, 2, 3]})
    [listed] = sfn.list_map_runs(executionArn=found["executionArn"])["mapRuns"]
    described = sfn.describe_map_run(mapRunArn=listed["mapRunArn"])
    assert counts(described) == {"succeeded": 3, "total": 3}
    assert counts(described, "executionCounts") == {"succeeded": 2, "total": 2}


def test_map_runs_that_are_not_there_are_refused(sfn):
    execution = ended(sfn, begin(sfn, machine(sfn, {"P": PASS})))["executionArn"]
    assert sfn.list_map_runs(executionArn=execution)["mapRuns"] == []
    for name in ("1-3", "999-1"):
        arn = PREFIX + f"mapRun:m/each:{name}"
        code, text = refusal(sfn.describe_map_run, mapRunArn=arn)
        assert (code, text) == ("ResourceNotFound", f"Resource not found: '{arn}'")
        code, _ = refusal(sfn.update_map_run, mapRunArn=arn, maxConcurrency=1)
        assert code == "ResourceNotFound"


def taken(sfn, arn):
    return sfn.get_activity_task(activityArn=arn)["taskToken"]


def test_a_map_run_takes_other_limits_while_it_runs(sfn):
    arn = sfn.create_activity(name="dig")["activityArn"]
    task = {"Type": "Task", "Resource": arn, "End": True}
    states = distributed({"T": task}, MaxConcurrency=1)
    execution = begin(sfn, machine(sfn, states), {"items": [1, 2, 3, 4]})
    [listed] = sfn.list_map_runs(executionArn=execution)["mapRuns"]
    run_arn = listed["mapRunArn"]
    token = taken(sfn, arn)
    sfn.update_map_run(mapRunArn=run_arn, maxConcurrency=2, toleratedFailureCount=2)
    described = sfn.describe_map_run(mapRunArn=run_arn)
    assert (described["maxConcurrency"], described["toleratedFailureCount"]) == (2, 2)
    assert counts(described) == {"running": 1, "pending": 3, "total": 4}
    sfn.send_task_failure(taskToken=token, error="Stone")
    tokens = [taken(sfn, arn), taken(sfn, arn)]
    described = sfn.describe_map_run(mapRunArn=run_arn)
    assert counts(described) == {"running": 2, "failed": 1, "pending": 1, "total": 4}
    sfn.send_task_failure(taskToken=tokens[0], error="Stone")
    sfn.send_task_success(taskToken=tokens[1], output="3")
    sfn.send_task_success(taskToken=taken(sfn, arn), output="4")
    found = ended(sfn, execution)
    assert found["status"] == "SUCCEEDED"
    assert json.loads(found["output"])[2:] == [3, 4]
    assert counts(sfn.describe_map_run(mapRunArn=run_arn)) == {
        "failed": 2,
        "succeeded": 2,
        "total": 4,
    }
    code, text = refusal(sfn.update_map_run, mapRunArn=run_arn, maxConcurrency=1)
    assert code == "ValidationException"
    assert text == f"Map Run is not running and cannot be updated: '{run_arn}'"


def test_fewer_failures_may_be_tolerated_from_now_on(sfn):
    arn = sfn.create_activity(name="dig")["activityArn"]
    task = {"Type": "Task", "Resource": arn, "End": True}
    states = distributed({"T": task}, MaxConcurrency=1, ToleratedFailurePercentage=100)
    execution = begin(sfn, machine(sfn, states), {"items": [1, 2, 3, 4]})
    [listed] = sfn.list_map_runs(executionArn=execution)["mapRuns"]
    sfn.send_task_failure(taskToken=taken(sfn, arn), error="Stone")
    token = taken(sfn, arn)
    sfn.update_map_run(mapRunArn=listed["mapRunArn"], toleratedFailurePercentage=25)
    sfn.send_task_failure(taskToken=token, error="Stone")
    assert ended(sfn, execution)["error"] == "States.ExceedToleratedFailureThreshold"


def test_the_children_of_a_map_run_are_listed_and_described(sfn):
    states = distributed(CHOOSES, MaxConcurrency=1, ToleratedFailureCount=1)
    found = run(sfn, machine(sfn, states), {"items": [1, 0, 2]})
    [listed] = sfn.list_map_runs(executionArn=found["executionArn"])["mapRuns"]
    arn = listed["mapRunArn"]
    pages = sfn.get_paginator("list_executions").paginate(
        mapRunArn=arn, PaginationConfig={"PageSize": 2}
    )
    children = [one for page in pages for one in page["executions"]]
    assert [one["status"] for one in children] == ["SUCCEEDED", "FAILED", "SUCCEEDED"]
    assert {one["mapRunArn"] for one in children} == {arn}
    assert children[0]["stateMachineArn"] == PREFIX + "stateMachine:m/each"
    failed = sfn.list_executions(mapRunArn=arn, statusFilter="FAILED")["executions"]
    assert failed == children[1:2]
    child = sfn.describe_execution(executionArn=failed[0]["executionArn"])
    assert (child["status"], child["error"], child["input"]) == ("FAILED", "Zero", "0")
    assert child["mapRunArn"] == arn
    child = sfn.describe_execution(executionArn=children[0]["executionArn"])
    assert (child["input"], child["output"]) == ("2", "2")
    assert child["startDate"] <= child["stopDate"]
    code, _ = refusal(
        sfn.describe_execution, executionArn=children[0]["executionArn"].replace("-2", "-7")
    )
    assert code == "ExecutionDoesNotExist"


def test_a_map_run_with_a_result_writer_is_found_by_its_own_name(tmp_path):
    tasks = tmp_path / "tasks.py"
    tasks.write_text(
        "import tsme\ntasks = tsme.Tasks()\n"
        "@tasks.task('arn:aws:states:::s3:putObject')\n"
        "def put(payload):\n    return {'Bucket': 'b', 'Key': 'k'}\n"
    )
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}}
    with served(f"sqlite:///{tmp_path}/w.db", tasks=str(tasks)) as (url, _):
        sfn = client(url)
        states = distributed({"P": PASS}, ResultWriter=writer)
        found = run(sfn, machine(sfn, states), {"items": [1, 2]})
        assert found["status"] == "SUCCEEDED", found.get("cause")
        arn = json.loads(found["output"])["MapRunArn"]
    with served(f"sqlite:///{tmp_path}/w.db") as (url, _):  # it remembers nothing of it
        sfn = client(url)
        described = sfn.describe_map_run(mapRunArn=arn)
        assert described["executionArn"] == found["executionArn"]
        assert counts(described) == {"succeeded": 2, "resultsWritten": 2, "total": 2}
        assert len(sfn.list_executions(mapRunArn=arn)["executions"]) == 2


def test_children_of_a_stopped_map_run_are_aborted_wherever_they_are_told(sfn):
    states = distributed({"W": {"Type": "Wait", "Seconds": 1000, "End": True}}, MaxConcurrency=2)
    execution = begin(sfn, machine(sfn, states), {"items": [1, 2, 3]})
    [listed] = sfn.list_map_runs(executionArn=execution)["mapRuns"]
    of_run = {"mapRunArn": listed["mapRunArn"]}
    children = sfn.list_executions(**of_run, statusFilter="RUNNING")["executions"]
    assert len(children) == 2
    stopped = sfn.stop_execution(executionArn=execution)["stopDate"]
    assert sfn.list_executions(**of_run, statusFilter="RUNNING")["executions"] == []
    aborted = sfn.list_executions(**of_run, statusFilter="ABORTED")["executions"]
    for child in aborted:
        described = sfn.describe_execution(executionArn=child["executionArn"])
        for told in (child, described):
            assert (told["status"], told["stopDate"]) == ("ABORTED", stopped)
    assert [child["executionArn"] for child in aborted] == [
        child["executionArn"] for child in children
    ]


def test_a_child_says_which_map_run_and_machine_it_is_of(sfn):
    arn = machine(sfn, distributed({"P": PASS}))
    found = run(sfn, arn, {"items": [1]})
    [listed] = sfn.list_map_runs(executionArn=found["executionArn"])["mapRuns"]
    [child] = sfn.list_executions(mapRunArn=listed["mapRunArn"])["executions"]
    of_child = sfn.describe_state_machine_for_execution(executionArn=child["executionArn"])
    of_whole = sfn.describe_state_machine_for_execution(executionArn=found["executionArn"])
    assert (of_child.pop("label"), of_child.pop("mapRunArn")) == ("each", listed["mapRunArn"])
    assert of_child.pop("stateMachineArn") == child["stateMachineArn"] == f"{arn}/each"
    for told in (of_whole, of_child):
        told.pop("ResponseMetadata")
    assert of_child.items() <= of_whole.items()
    missing = child["executionArn"].rpartition("-")[0] + "-7"
    code, text = refusal(sfn.describe_state_machine_for_execution, executionArn=missing)
    assert (code, text) == ("ExecutionDoesNotExist", f"Execution Does Not Exist: '{missing}'")


def test_a_machine_is_described_by_the_labels_that_it_has(sfn):
    arn = machine(sfn, distributed({"P": PASS}))
    assert sfn.describe_state_machine(stateMachineArn=f"{arn}/each")["label"] == "each"
    for label in ("Each", "P", "other"):
        code, _ = refusal(sfn.describe_state_machine, stateMachineArn=f"{arn}/{label}")
        assert code == "StateMachineDoesNotExist"


def test_a_map_run_that_its_parallel_cuts_off_is_over(sfn):
    arn = sfn.create_activity(name="dig")["activityArn"]
    states = distributed({"T": {"Type": "Task", "Resource": arn, "End": True}})
    other = sfn.create_activity(name="cut")["activityArn"]
    branches = [
        {"StartAt": "Each", "States": states},
        {"StartAt": "C", "States": {"C": {"Type": "Task", "Resource": other, "End": True}}},
    ]
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Later"}]
    both = {"Type": "Parallel", "Branches": branches, "Catch": catch, "End": True}
    later = {"Type": "Wait", "Seconds": 1000, "End": True}
    execution = begin(sfn, machine(sfn, {"Both": both, "Later": later}), {"items": [1, 2]})
    [listed] = sfn.list_map_runs(executionArn=execution)["mapRuns"]
    of_run = {"mapRunArn": listed["mapRunArn"]}
    assert sfn.describe_map_run(**of_run)["status"] == "RUNNING"
    sfn.send_task_failure(taskToken=taken(sfn, other), error="Cut")
    assert sfn.describe_execution(executionArn=execution)["status"] == "RUNNING"
    described = sfn.describe_map_run(**of_run)
    assert (described["status"], counts(described)) == ("ABORTED", {"aborted": 2, "total": 2})
    children = sfn.list_executions(**of_run)["executions"]
    assert [child["status"] for child in children] == ["ABORTED", "ABORTED"]
    assert {child["stopDate"] for child in children} == {described["stopDate"]}
    told = events(sfn, children[0]["executionArn"])
    assert kinds(told) == [
        "ExecutionStarted", "TaskStateEntered", "ActivityScheduled", "ExecutionAborted",
    ]  # fmt: skip
    code, text = refusal(sfn.update_map_run, **of_run, maxConcurrency=1)
    assert (code, text) == (
        "ValidationException",
        f"Map Run is not running and cannot be updated: '{listed['mapRunArn']}'",
    )


def test_a_map_run_that_reads_or_writes_is_updated_or_says_why_not(tmp_path):
    (tmp_path / "go").mkdir()
    tasks = tmp_path / "tasks.py"
    tasks.write_text(
        "import pathlib, time, tsme\ntasks = tsme.Tasks()\n"
        "def wait(name):\n"
        f"    while not pathlib.Path({str(tmp_path)!r}, 'go', name).exists(): time.sleep(0.02)\n"
        "@tasks.task('arn:aws:states:::s3:getObject')\n"
        "def get(payload):\n    wait('read'); return [1, 2]\n"
        "@tasks.task('arn:aws:states:::s3:putObject')\n"
        "def put(payload):\n    wait('write'); return {'Bucket': 'b', 'Key': 'k'}\n"
    )
    get = {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"},
           "Parameters": {"Bucket": "b", "Key": "k"}}  # fmt: skip
    put = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}}
    states = distributed({"P": PASS}, ItemReader=get, ResultWriter=put)
    del states["Each"]["ItemsPath"]
    with served(f"sqlite:///{tmp_path}/w.db", tasks=str(tasks)) as (url, _):
        sfn = client(url)
        execution = begin(sfn, machine(sfn, states))
        [listed] = sfn.list_map_runs(executionArn=execution)["mapRuns"]
        of_run = {"mapRunArn": listed["mapRunArn"]}
        code, text = refusal(sfn.update_map_run, **of_run, maxConcurrency=1)
        why = "Map Run has not read its items and cannot be updated yet"
        assert (code, text) == ("ValidationException", f"{why}: '{listed['mapRunArn']}'")
        assert sfn.describe_map_run(**of_run)["maxConcurrency"] == 0
        (tmp_path / "go" / "read").touch()
        while sfn.describe_map_run(**of_run)["itemCounts"]["succeeded"] < 2:
            time.sleep(0.02)
        sfn.update_map_run(**of_run, maxConcurrency=1)
        assert sfn.describe_map_run(**of_run)["maxConcurrency"] == 1
        (tmp_path / "go" / "write").touch()
        assert ended(sfn, execution)["status"] == "SUCCEEDED"
