"""Map Runs of the endpoint, as boto3 sees them."""

from __future__ import annotations

from tests.server.executing import PASS, begin, ended, events, machine, run
from tests.server.served import refusal

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
    assert code == "UnsupportedOperation"
