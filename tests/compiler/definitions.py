"""A definition that uses every state type and every field of JSONPath mode."""

from typing import Any


def inner(name: str, **state: Any) -> dict[str, Any]:
    """A machine of one state."""
    return {"StartAt": name, "States": {name: {"Type": "Pass", "End": True, **state}}}


FULL: dict[str, Any] = {
    "Comment": "all of it",
    "Version": "1.0",
    "QueryLanguage": "JSONPath",
    "TimeoutSeconds": 3600,
    "StartAt": "Measure",
    "States": {
        "Measure": {
            "Type": "Task",
            "Comment": "soil",
            "QueryLanguage": "JSONPath",
            "Resource": "read_soil",
            "InputPath": "$.garden",
            "Parameters": {"bed.$": "$.bed", "id.$": "$$.Execution.Id", "depth": [1, 2]},
            "ResultSelector": {"level.$": "States.MathAdd($.raw, -3)"},
            "ResultPath": "$.soil",
            "OutputPath": "$",
            "TimeoutSeconds": 60,
            "HeartbeatSeconds": 20,
            "Credentials": {"RoleArn": "arn:aws:iam::1:role/x"},
            "Retry": [
                {
                    "ErrorEquals": ["Sensor.Busy", "States.Timeout"],
                    "IntervalSeconds": 2,
                    "MaxAttempts": 5,
                    "BackoffRate": 1.5,
                    "MaxDelaySeconds": 30,
                    "JitterStrategy": "FULL",
                    "Comment": "busy",
                },
                {"ErrorEquals": ["States.ALL"]},
            ],
            "Catch": [
                {
                    "ErrorEquals": ["States.ALL"],
                    "ResultPath": "$.error",
                    "Assign": {"error.$": "$.Error"},
                    "Comment": "give up",
                    "Next": "Broken",
                }
            ],
            "Assign": {"level.$": "$.soil.level"},
            "Next": "Decide",
        },
        "Decide": {
            "Type": "Choice",
            "InputPath": "$",
            "OutputPath": "$",
            "Choices": [
                {"Variable": "$level", "NumericLessThanPath": "$.low", "Next": "Water"},
                {
                    "And": [
                        {"Not": {"Variable": "$.mode", "StringMatches": "auto*"}},
                        {
                            "Or": [
                                {"Variable": "$.at", "TimestampLessThan": "2030-01-31T12:00:00Z"},
                                {"Variable": "$.off", "IsPresent": True, "Comment": "x"},
                            ]
                        },
                    ],
                    "Assign": {"level": 0},
                    "Comment": "nested",
                    "Next": "Until",
                },
                {"Variable": "$.wet[0]", "BooleanEquals": True, "Next": "Note"},
            ],
            "Default": "Pause",
            "Assign": {"seen": True},
        },
        "Water": {
            "Type": "Task",
            "Resource": "arn:aws:lambda:eu-west-1:123456789012:function:water:live",
            "TimeoutSecondsPath": "$.limit",
            "HeartbeatSecondsPath": "$level",
            "Next": "Both",
        },
        "Until": {"Type": "Wait", "TimestampPath": "$.until", "Next": "Decide"},
        "Pause": {"Type": "Wait", "Seconds": 0, "Assign": {"seen": False}, "Next": "Measure"},
        "Note": {
            "Type": "Pass",
            "InputPath": None,
            "OutputPath": None,
            "ResultPath": None,
            "Result": {"done.$": "$.x"},
            "Next": "Done",
        },
        "Both": {
            "Type": "Parallel",
            "Branches": [
                inner("B1", Parameters={"l.$": "$level"}),
                {**inner("B2", Assign={"mine": 1}), "Comment": "second"},
            ],
            "Parameters": {"all.$": "$"},
            "ResultSelector": {"first.$": "$[0]"},
            "ResultPath": "$.both",
            "Retry": [{"ErrorEquals": ["States.BranchFailed"]}],
            "Catch": [{"ErrorEquals": ["Garden.Flood"], "Next": "Broken"}],
            "Next": "Each",
        },
        "Each": {
            "Type": "Map",
            "ItemsPath": "$.beds",
            "ItemSelector": {"bed.$": "$$.Map.Item.Value", "level.$": "$level"},
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "INLINE"},
                **inner("E1", Assign={"mine": 2}, Parameters={"l.$": "$level"}),
            },
            "MaxConcurrency": 3,
            "ResultPath": "$.each",
            "Next": "Many",
        },
        "Many": {
            "Type": "Map",
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": {
                    "InputType": "CSV",
                    "CSVHeaderLocation": "GIVEN",
                    "CSVHeaders": ["a", "b"],
                    "CSVDelimiter": "TAB",
                    "MaxItems": 100,
                },
                "Parameters": {"Bucket.$": "$.bucket", "Key": "k"},
            },
            "ItemBatcher": {
                "MaxItemsPerBatch": 10,
                "MaxInputBytesPerBatchPath": "$.bytes",
                "BatchInput": {"x.$": "$.x"},
            },
            "ItemProcessor": {
                "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                **inner("M1"),
            },
            "ResultWriter": {
                "Resource": "arn:aws:states:::s3:putObject",
                "Parameters": {"Bucket": "b", "Prefix": "p"},
                "WriterConfig": {"OutputType": "JSONL", "Transformation": "COMPACT"},
            },
            "MaxConcurrencyPath": "$.most",
            "ToleratedFailureCountPath": "$.count",
            "ToleratedFailurePercentage": 12.5,
            "Label": "many",
            "Retry": [{"ErrorEquals": ["States.ItemReaderFailed"]}],
            "End": True,
        },
        "Broken": {"Type": "Fail", "Error": "Garden.Broken", "CausePath": "$error"},
        "Done": {"Type": "Succeed", "InputPath": "$.a", "OutputPath": "$level"},
    },
}
