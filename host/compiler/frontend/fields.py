"""Which field may stand in which state, of which type, in which range.

Source: Amazon States Language specification, section "State Type" and the sections of the single
states; ranges are those of AWS Step Functions.
"""

from __future__ import annotations

from dataclasses import dataclass

SECONDS_MAX = 99_999_999  # AWS: the longest wait, timeout and retry interval
MAX_DELAY_MAX = 31_622_399  # AWS: MaxDelaySeconds is less than 31622400
STATE_NAME_MAX = 80
LABEL_MAX = 40
VARIABLE_NAME_MAX = 80


@dataclass(frozen=True)
class Field:
    """How a field is read.

    Kinds: `text`, `flag`, `integer` (low..high), `number` (low..high), `choice` (of `values`),
    `timestamp`, `path` (null allowed), `result` (reference path from `$`, null allowed),
    `reference`, `dynamic` (reference path or call), `template`, `json` (a literal), `object` (a
    template that must be an object), `node` (left to the code that knows it).
    """

    kind: str
    low: float = 0
    high: float = SECONDS_MAX
    values: tuple[str, ...] = ()


_NODE = Field("node")
_REFERENCE = Field("reference")
_TEMPLATE = Field("template")

FIELDS: dict[str, Field] = {
    "Type": _NODE,
    "QueryLanguage": Field("choice", values=("JSONPath", "JSONata")),
    "Comment": Field("text"),
    "Next": Field("text"),
    "End": Field("flag"),
    "InputPath": Field("path"),
    "OutputPath": Field("path"),
    "ResultPath": Field("result"),
    "Parameters": _TEMPLATE,
    "ResultSelector": _TEMPLATE,
    "Assign": _NODE,
    "Result": Field("json"),
    "Resource": Field("text"),
    "TimeoutSeconds": Field("integer", 1),
    "TimeoutSecondsPath": _REFERENCE,
    "HeartbeatSeconds": Field("integer", 1),
    "HeartbeatSecondsPath": _REFERENCE,
    "Credentials": Field("object"),
    "Retry": _NODE,
    "Catch": _NODE,
    "Choices": _NODE,
    "Default": Field("text"),
    "Seconds": Field("integer", 0),
    "SecondsPath": _REFERENCE,
    "Timestamp": Field("timestamp"),
    "TimestampPath": _REFERENCE,
    "Error": Field("text"),
    "ErrorPath": Field("dynamic"),
    "Cause": Field("text"),
    "CausePath": Field("dynamic"),
    "Branches": _NODE,
    "ItemProcessor": _NODE,
    "Iterator": _NODE,
    "ItemsPath": _REFERENCE,
    "ItemSelector": _TEMPLATE,
    "ItemReader": _NODE,
    "ItemBatcher": _NODE,
    "ResultWriter": _NODE,
    "MaxConcurrency": Field("integer", 0, 2**31 - 1),
    "MaxConcurrencyPath": _REFERENCE,
    "ToleratedFailureCount": Field("integer", 0, 2**31 - 1),
    "ToleratedFailureCountPath": _REFERENCE,
    "ToleratedFailurePercentage": Field("number", 0, 100),
    "ToleratedFailurePercentagePath": _REFERENCE,
    "Label": Field("text"),
    "Arguments": _TEMPLATE,
    "Output": _TEMPLATE,
    "Items": _TEMPLATE,
    "Condition": _TEMPLATE,
}

# What a field of JSONPath is in JSONata, if it is more than its name without "Path".
IN_JSONATA = {
    "Parameters": "Arguments, in a Pass Output, in a Map ItemSelector",
    "Result": "Output",
    "ResultSelector": "Output, which reads $states.result",
    "ResultPath": "Output: {% $merge([$states.input, {'name': $states.result}]) %}",
    "InputPath": "Arguments, or expressions that read $states.input",
    "OutputPath": "Output",
}
JSONATA_ONLY = frozenset({"Arguments", "Output", "Items", "Condition"})
JSONPATH_ONLY = frozenset(
    name for name in FIELDS if name.endswith("Path") or name in ("Parameters", "ResultSelector")
)

_ANY = ("Type", "Comment", "QueryLanguage")
_FLOW = (*_ANY, "Next", "End", "Assign", "InputPath", "OutputPath", "Output")
_WORK = (*_FLOW, "Arguments", "Parameters", "ResultSelector", "ResultPath", "Retry", "Catch")

ALLOWED: dict[str, tuple[str, ...]] = {
    "Pass": (*_FLOW, "Result", "ResultPath", "Parameters"),
    "Task": (
        *_WORK,
        "Resource",
        "TimeoutSeconds",
        "TimeoutSecondsPath",
        "HeartbeatSeconds",
        "HeartbeatSecondsPath",
        "Credentials",
    ),
    "Choice": (*_ANY, "Choices", "Default", "Assign", "InputPath", "OutputPath", "Output"),
    "Wait": (*_FLOW, "Seconds", "SecondsPath", "Timestamp", "TimestampPath"),
    "Succeed": (*_ANY, "InputPath", "OutputPath", "Output"),
    "Fail": (*_ANY, "Error", "ErrorPath", "Cause", "CausePath"),
    "Parallel": (*_WORK, "Branches"),
    "Map": (
        *(name for name in _WORK if name != "Arguments"),
        "ItemProcessor",
        "Iterator",
        "Items",
        "ItemsPath",
        "ItemSelector",
        "ItemReader",
        "ItemBatcher",
        "ResultWriter",
        "MaxConcurrency",
        "MaxConcurrencyPath",
        "ToleratedFailureCount",
        "ToleratedFailureCountPath",
        "ToleratedFailurePercentage",
        "ToleratedFailurePercentagePath",
        "Label",
    ),
}

# Fields that JSONata states have no use for, though they carry no expression themselves.
NOT_IN_JSONATA: dict[str, frozenset[str]] = {"Pass": frozenset({"Result"})}

REQUIRED: dict[str, tuple[str, ...]] = {
    "Task": ("Resource",),
    "Choice": ("Choices",),
    "Parallel": ("Branches",),
}

# At most one field of each group may be there.
EXCLUSIVE: dict[str, tuple[tuple[str, ...], ...]] = {
    "Task": (
        ("TimeoutSeconds", "TimeoutSecondsPath"),
        ("HeartbeatSeconds", "HeartbeatSecondsPath"),
    ),
    "Wait": (("Seconds", "SecondsPath", "Timestamp", "TimestampPath"),),
    "Fail": (("Error", "ErrorPath"), ("Cause", "CausePath")),
    "Map": (
        ("ItemProcessor", "Iterator"),
        ("ItemSelector", "Parameters"),
        ("Items", "ItemsPath"),
        ("MaxConcurrency", "MaxConcurrencyPath"),
        ("ToleratedFailureCount", "ToleratedFailureCountPath"),
        ("ToleratedFailurePercentage", "ToleratedFailurePercentagePath"),
    ),
}

# Exactly one field of each group must be there.
ONE_OF: dict[str, tuple[tuple[str, ...], ...]] = {
    "Wait": (("Seconds", "SecondsPath", "Timestamp", "TimestampPath"),),
    "Map": (("ItemProcessor", "Iterator"),),
}

# Only a Map with ProcessorConfig.Mode DISTRIBUTED has these; AWS takes Tolerated* on others too.
DISTRIBUTED_ONLY = ("ItemReader", "ItemBatcher", "ResultWriter", "Label")

MACHINE_FIELDS = ("StartAt", "States", "Comment")
TOP_FIELDS = (*MACHINE_FIELDS, "Version", "TimeoutSeconds", "QueryLanguage")
PROCESSOR_FIELDS = (*MACHINE_FIELDS, "ProcessorConfig")

RETRIER: dict[str, Field] = {
    "ErrorEquals": _NODE,
    "IntervalSeconds": Field("integer", 1),
    "MaxAttempts": Field("integer", 0),
    "BackoffRate": Field("number", 1, float("inf")),
    "MaxDelaySeconds": Field("integer", 1, MAX_DELAY_MAX),
    "JitterStrategy": Field("choice", values=("FULL", "NONE")),
    "Comment": Field("text"),
}

CATCHER: dict[str, Field] = {
    "ErrorEquals": _NODE,
    "Next": Field("text"),
    "ResultPath": Field("result"),
    "Assign": _NODE,
    "Output": _TEMPLATE,
    "Comment": Field("text"),
}

ITEM_READER: dict[str, Field] = {
    "Resource": Field("text"),
    "Parameters": _TEMPLATE,
    "Arguments": _TEMPLATE,
    "ReaderConfig": _NODE,
    "Comment": Field("text"),
}

READER_CONFIG: dict[str, Field] = {
    "InputType": Field("choice", values=("CSV", "JSON", "JSONL", "MANIFEST", "PARQUET")),
    "CSVHeaderLocation": Field("choice", values=("FIRST_ROW", "GIVEN")),
    "CSVHeaders": _NODE,
    "CSVDelimiter": Field("choice", values=("COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB")),
    "MaxItems": Field("integer", 0, 100_000_000),
    "MaxItemsPath": _REFERENCE,
    "ManifestType": Field("choice", values=("ATHENA_DATA", "S3_INVENTORY")),
    "Transformation": Field("choice", values=("NONE", "LOAD_AND_FLATTEN")),
    "ItemsPointer": Field("text"),
}

ITEM_BATCHER: dict[str, Field] = {
    "BatchInput": _TEMPLATE,
    "MaxItemsPerBatch": Field("integer", 1, 2**31 - 1),
    "MaxItemsPerBatchPath": _REFERENCE,
    "MaxInputBytesPerBatch": Field("integer", 1, 262_144),
    "MaxInputBytesPerBatchPath": _REFERENCE,
    "Comment": Field("text"),
}

RESULT_WRITER: dict[str, Field] = {
    "Resource": Field("text"),
    "Parameters": _TEMPLATE,
    "Arguments": _TEMPLATE,
    "WriterConfig": _NODE,
    "Comment": Field("text"),
}

WRITER_CONFIG: dict[str, Field] = {
    "OutputType": Field("choice", values=("JSON", "JSONL")),
    "Transformation": Field("choice", values=("NONE", "COMPACT", "FLATTEN")),
}

PROCESSOR_CONFIG: dict[str, Field] = {
    "Mode": Field("choice", values=("INLINE", "DISTRIBUTED")),
    "ExecutionType": Field("choice", values=("STANDARD", "EXPRESS")),
    "Comment": Field("text"),
}
