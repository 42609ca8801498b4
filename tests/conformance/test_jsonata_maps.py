"""Distributed Maps in JSONata: reader, batcher, writer and limits that expressions give."""

from __future__ import annotations

import pytest

from tests.conformance.samples import case
from tests.conformance.test_history import history

PASSES = {"Type": "Pass", "End": True}
DISTRIBUTED = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
FILES = [{"bucket": "b", "key": "k.json", "body": "[1,2,3,4]"}]
INPUT = {"b": "b", "m": 3, "i": [[1], [2, 3]]}
READER = {
    "Resource": "arn:aws:states:::s3:getObject",
    "ReaderConfig": {"InputType": "JSON", "MaxItems": "{% $states.input.m %}"},
    "Arguments": {"Bucket": "{% $states.input.b %}", "Key": "k.json"},
}


def told(fields, **more):
    body = {"ProcessorConfig": DISTRIBUTED, "StartAt": "I", "States": {"I": PASSES}}
    states = {"M": {"Type": "Map", "ItemProcessor": body, "End": True, **fields}}
    states |= more.pop("after", {})
    language = {"QueryLanguage": "JSONata"}
    return history(case(states, INPUT, machine=language, s3=FILES, **more))


@pytest.mark.parametrize(
    ("fields", "output"),
    [
        ({"ItemReader": READER}, [1, 2, 3]),
        (
            {
                "ItemReader": READER
                | {"Arguments": "{% {'Bucket': $states.input.b, 'Key': 'k.json'} %}"}
            },
            [1, 2, 3],
        ),
        ({"Items": "{% $states.input.i %}"}, [[1], [2, 3]]),
        (
            {"Items": "{% {'a': 1, 'b': 2} %}"},
            [{"Key": "a", "Value": 1}, {"Key": "b", "Value": 2}],
        ),
        (
            {
                "Items": "{% $states.input.i %}",
                "ItemBatcher": {
                    "MaxItemsPerBatch": "{% $count($states.input.i) - 1 %}",
                    "BatchInput": {"m": "{% $states.input.m %}"},
                },
            },
            [
                {"BatchInput": {"m": 3}, "Items": [[1]]},
                {"BatchInput": {"m": 3}, "Items": [[2, 3]]},
            ],
        ),
        (
            {
                "ItemReader": READER,
                "ItemSelector": {
                    "x": "{% $states.context.Map.Item.Value * 10 %}",
                    "m": "{% $states.input.m %}",
                },
                "ItemBatcher": {"MaxItemsPerBatch": 2},
                "MaxConcurrency": "{% 1 %}",
                "ToleratedFailurePercentage": "{% 12.5 %}",
            },
            [
                {"Items": [{"x": 10, "m": 3}, {"x": 20, "m": 3}]},
                {"Items": [{"x": 30, "m": 3}]},
            ],
        ),
        (
            {
                "Items": "{% $states.input.i %}",
                "ResultWriter": {
                    "WriterConfig": {"OutputType": "JSON", "Transformation": "FLATTEN"}
                },
                "Output": "{% $sum($states.result) %}",
            },
            6,
        ),
    ],
)
def test_what_a_distributed_map_makes(fields, output):
    h = told(fields)
    assert (h.status, h.output, h.cause) == ("SUCCEEDED", output, None)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        (
            {"ItemReader": READER | {"Arguments": {"Bucket": "{% $x %}"}}},
            "ItemReader/Arguments/Bucket",
        ),
        ({"ItemReader": READER | {"Arguments": "{% $x %}"}}, "ItemReader/Arguments"),
        (
            {"ItemReader": READER | {"ReaderConfig": {"MaxItems": "{% $x %}"}}},
            "ItemReader/ReaderConfig/MaxItems",
        ),
        (
            {"Items": [1], "ItemBatcher": {"MaxItemsPerBatch": "{% $x %}"}},
            "ItemBatcher/MaxItemsPerBatch",
        ),
        (
            {"Items": [1], "ItemBatcher": {"MaxItemsPerBatch": 1, "BatchInput": "{% $x %}"}},
            "ItemBatcher/BatchInput",
        ),
        (
            {
                "Items": [1],
                "ResultWriter": {
                    "Resource": "arn:aws:states:::s3:putObject",
                    "Arguments": {"Bucket": "{% $x %}"},
                },
            },
            "ResultWriter/Arguments/Bucket",
        ),
    ],
)
def test_fields_of_its_parts_are_named_with_the_part(fields, field):
    h = told(fields)
    (failure,) = [e["details"] for e in h.events if e["type"] == "EvaluationFailed"]
    assert (failure["location"], failure["state"]) == (field, "M")
    assert h.error == "States.QueryEvaluationError"
    catch = [{"ErrorEquals": [h.error], "Output": "{% $states.input.m %}", "Next": "Z"}]
    h = told(fields | {"Catch": catch}, after={"Z": PASSES})
    assert (h.status, h.output) == ("SUCCEEDED", 3)
