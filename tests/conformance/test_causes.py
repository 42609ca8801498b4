"""Causes in AWS's words, worked out from records and the debug part of a program."""

import json

import pytest

from tests.conformance.samples import ARN, LAMBDA, case
from tests.conformance.test_history import BODY, PASSES, WAITS, history, task

CHOOSES = {"Type": "Choice", "Default": "B"}


def choosing(**rule):
    return CHOOSES | {"Choices": [rule | {"Next": "B"}]}


CAUSES = [
    (PASSES | {"InputPath": "$.a"}, {}, "Invalid path '$.a' : No results for path: $['a']"),
    (
        PASSES | {"OutputPath": "$.a.b.c"},
        {"a": {}},
        "Invalid path '$.a.b.c' : Missing property in path $['a']['b']",
    ),
    (
        PASSES | {"InputPath": "$.a[2]"},
        {"a": [1]},
        "Invalid path '$.a[2]' : No results for path: $['a'][2]",
    ),
    (
        PASSES | {"InputPath": "$.a.b"},
        {"a": "text"},
        "Invalid path '$.a.b' : Expected to find an object with property ['b'] in path $['a'] but "
        "found 'java.lang.String'. This is not a json object.",
    ),
    (
        PASSES | {"InputPath": "$.a[0]"},
        {"a": None},
        "Invalid path '$.a[0]' : The path $['a'] is null",
    ),
    (
        PASSES | {"Parameters": {"x": {"y.$": "$.b.c"}}},
        {"a": "ö"},
        "The JSONPath '$.b.c' specified for the field 'y.$' could not be found in the input "
        '\'{"a":"ö"}\'',
    ),
    (
        PASSES | {"InputPath": "$.a", "Parameters": {"k": 1, "y.$": "$.b"}},
        {"a": {"c": 1.5}},
        "The JSONPath '$.b' specified for the field 'y.$' could not be found in the input "
        "'{\"c\":1.5}'",
    ),
    (
        PASSES | {"Parameters": {"y.$": "States.Array($.a, States.Format('{}', $.b))"}},
        {"a": 1},
        "The function 'States.Array($.a, States.Format('{}', $.b))' had the following error: The "
        "JsonPath argument for the field '$.b' could not be found in the input '{\"a\":1}'",
    ),
    (
        PASSES | {"Parameters": {"y.$": "States.Array(States.Format('{}' , $.a[0]))"}},
        {"a": 1},
        "The function 'States.Array(States.Format('{}' , $.a[0]))' had the following error: "
        "Filter: [0] can only be applied to arrays. Current context is: 1",
    ),
    (
        PASSES | {"Parameters": {"y.$": "States.Format('{}', $.a[0].b)"}},
        {"a": {"k": "v", "l": [True, None]}},
        "The function 'States.Format('{}', $.a[0].b)' had the following error: "
        "Filter: [0]['b'] can only be applied to arrays. "
        "Current context is: {k=v, l=[true, null]}",
    ),
    (
        PASSES | {"Parameters": {"y.$": "States.Format('{}', $.a[1])"}},
        {"a": [1]},
        "The function 'States.Format('{}', $.a[1])' had the following error: The JsonPath "
        "argument for the field '$.a[1]' could not be found in the input '{\"a\":[1]}'",
    ),
    (
        PASSES | {"Parameters": {"y.$": "States.Format('{}', $$.Nope.Deep)"}},
        {"a": [1]},
        "The function 'States.Format('{}', $$.Nope.Deep)' had the following error: The JsonPath "
        "argument for the field '$.Nope.Deep' could not be found in the input '{\"a\":[1]}'",
    ),
    (
        PASSES | {"Parameters": {"y.$": "$.a[0]"}},
        {"a": 1},
        "The JSONPath '$.a[0]' specified for the field 'y.$' could not be found in the input "
        "'{\"a\":1}'",
    ),
    (
        PASSES | {"InputPath": "$.b", "Parameters": {"y": [{"z.$": "$[0]"}]}},
        {"b": "text"},
        "The JSONPath '$[0]' specified for the field 'z.$' could not be found in the input "
        "'\"text\"'",
    ),
    (
        PASSES | {"Parameters": {"y.$": "$.a[5].b"}},
        {"a": []},
        "The JSONPath '$.a[5].b' specified for the field 'y.$' could not be found in the input "
        "'{\"a\":[]}'",
    ),
    (
        PASSES | {"Assign": {"y.$": "$.a[5]"}},
        {"a": []},
        "The JSONPath '$.a[5]' specified for the field 'y.$' could not be found in the input "
        "'{\"a\":[]}'",
    ),
    (
        {"Type": "Fail", "CausePath": "$.why"},
        {},
        "The JSONPath '$.why' specified for the field 'CausePath' could not be found in the input "
        "'{}'",
    ),
    (
        WAITS | {"SecondsPath": "$.s"},
        {},
        "The SecondsPath parameter does not reference an input value: $.s",
    ),
    (
        WAITS | {"SecondsPath": "$.s"},
        {"s": "5"},
        "The SecondsPath parameter cannot be parsed as a long value: $.s == 5",
    ),
    (
        WAITS | {"SecondsPath": "$.s"},
        {"s": -1},
        "The SecondsPath parameter references a negative value: $.s == -1",
    ),
    (WAITS | {"SecondsPath": "$.s"}, {"s": 2**31}, "Wait state delay is too long."),
    (
        WAITS | {"TimestampPath": "$.t"},
        {"t": "2020-01-01"},
        "The TimestampPath parameter does not reference a valid ISO-8601 extended offset "
        "date-time format string: $.t == 2020-01-01",
    ),
    (
        WAITS | {"TimestampPath": "$.t"},
        {"t": "2999-01-01T00:00:00Z"},
        "Wait state delay is too long.",
    ),
    (WAITS | {"Timestamp": "2999-01-01T00:00:00Z"}, {}, "Wait state delay is too long."),
    (
        choosing(Variable="$.a.b", NumericEquals=1),
        {"a": {}},
        "Invalid path '$.a.b': The choice state's condition path references an invalid value.",
    ),
    (
        {"Type": "Task", "Resource": LAMBDA, "TimeoutSecondsPath": "$.t", "End": True},
        {"t": "x"},
        'The TimeoutSecondsPath field refers to value "x" which is not a valid integer: $.t',
    ),
    (
        {"Type": "Task", "Resource": LAMBDA, "HeartbeatSecondsPath": "$.t", "End": True},
        {"t": 1.5},
        'The HeartbeatSecondsPath field refers to value "1.5" which is not a valid integer: $.t',
    ),
    (
        {"Type": "Map", "ItemProcessor": BODY, "MaxConcurrencyPath": "$.m", "End": True},
        {"m": {}},
        'The MaxConcurrencyPath field refers to value "{}" which is not a valid integer: $.m',
    ),
    (
        {"Type": "Map", "ItemProcessor": BODY, "ToleratedFailureCountPath": "$.n", "End": True},
        {"n": -1},
        "ToleratedFailureCount cannot be negative.",
    ),
    (
        {"Type": "Map", "ItemProcessor": BODY, "ToleratedFailureCountPath": "$.n", "End": True},
        {"n": 2**40},
        'The ToleratedFailureCountPath field refers to value "1099511627776" which is not a valid '
        "integer: $.n",
    ),
    (
        {"Type": "Map", "ItemProcessor": BODY, "ItemsPath": "$$.Execution.Input", "End": True},
        5,
        'Reference path "$.Execution.Input" must point to array.',
    ),
    (
        PASSES | {"ResultPath": "$.a.b"},
        {"a": 1},
        'Unable to apply ReferencePath $.a.b to input {"a":1}',
    ),
]


@pytest.mark.parametrize(("state", "value", "cause"), CAUSES)
def test_causes_are_in_awss_words(state, value, cause):
    states = {"A": state}
    if state["Type"] == "Choice":
        states["B"] = PASSES
    h = history(case(states, value))
    assert (
        h.cause
        == f"An error occurred while executing the state 'A' (entered at the event id #2). {cause}"
    )
    assert h.events[-1]["details"]["cause"] == h.cause
    assert h.status == "FAILED"


def test_no_choice_matches():
    states = {"First": PASSES | {"Next": "A"}, "B": PASSES}
    del states["First"]["End"]
    rule = {"Variable": "$.a", "NumericEquals": 1, "Next": "B"}
    h = history(case(states | {"A": {"Type": "Choice", "Choices": [rule]}}, {"a": 2}))
    assert h.error == "States.NoChoiceMatched"
    assert h.cause.endswith(
        "state 'A' (entered at the event id #4). "
        "Failed to transition out of the state. The state does not point to a next state."
    )


def test_a_part_of_the_context_that_is_not_there():
    h = history(case({"A": PASSES | {"Parameters": {"x.$": "$$.Execution.Input.no"}}}, {"a": 1}))
    head, _, shown = h.cause.partition(" could not be found in the input '")
    assert head.endswith("The JSONPath '$$.Execution.Input.no' specified for the field 'x.$'")
    found = json.loads(shown[:-1])
    assert found["Execution"]["Input"] == {"a": 1}
    assert found["StateMachine"] == {"Id": ARN, "Name": "pump"}
    assert found["State"]["Name"] == "A"


@pytest.mark.parametrize("value", [1, None, True, {"a": 1}, ["x"]])
@pytest.mark.parametrize("field", ["ErrorPath", "CausePath"])
@pytest.mark.parametrize("way", ["$.v", "States.ArrayGetItem($.all, 0)"])
def test_an_error_has_texts_as_its_name_and_cause(field, way, value):
    h = history(case({"A": {"Type": "Fail", field: way}}, {"v": value, "all": [value]}))
    assert (h.error, h.cause) == ("States.Runtime", "ErrorPath and CausePath must name strings")
    kept = history(case({"A": {"Type": "Fail", field: way}}, {"v": "wet", "all": ["wet"]}))
    assert "wet" in (kept.error, kept.cause)


def test_an_error_that_nobody_catches_keeps_its_words():
    function = "States.StringToJson($.a)"
    states = task(LAMBDA, Parameters={"x.$": function})
    states["A"]["Catch"] = [{"ErrorEquals": ["Other"], "Next": "B"}]
    h = history(case(states | {"B": PASSES}, {"a": "{"}))
    assert h.error == "States.IntrinsicFailure"
    assert f"The function '{function}' had the following error: " in h.cause
