"""Which variables a state reads, and which state they are told of."""

import json

from tsme_host.compiler.frontend.check import check
from tsme_host.compiler.frontend.references import references


def read(states, start="A"):
    first = {"Type": "Pass", "Assign": dict.fromkeys("abcdefgh"), "Next": start}
    return references(check(json.dumps({"StartAt": "Set", "States": {"Set": first, **states}})))


def test_a_state_that_only_sets_variables_reads_none():
    assert read({"A": {"Type": "Succeed"}}) == {}


def test_paths_templates_and_calls_are_read_each_name_once_and_sorted():
    state = {
        "Type": "Task",
        "Resource": "dig",
        "InputPath": "$b.x",
        "Parameters": {
            "n.$": "States.MathAdd($a, States.ArrayGetItem($c, 0))",
            "m": [{"o.$": "$b"}],
        },
        "TimeoutSecondsPath": "$d",
        "Assign": {"e.$": "$f"},
        "Catch": [{"ErrorEquals": ["States.ALL"], "Assign": {"e.$": "$g"}, "Next": "B"}],
        "Next": "B",
    }
    assert read({"A": state, "B": {"Type": "Succeed"}}) == {"A": ["a", "b", "c", "d", "f", "g"]}


def test_rules_read_variables_on_both_sides():
    rule = {
        "And": [
            {"Variable": "$a", "IsPresent": True},
            {"Not": {"Variable": "$b", "NumericEqualsPath": "$c"}},
        ],
        "Next": "B",
    }
    states = {"A": {"Type": "Choice", "Choices": [rule], "Default": "B"}, "B": {"Type": "Succeed"}}
    assert read(states) == {"A": ["a", "b", "c"]}


def test_text_that_looks_like_a_variable_is_none():
    assert read({"A": {"Type": "Pass", "Parameters": {"x": "$a"}, "End": True}}) == {}


def test_states_inside_have_entries_of_their_own():
    inner = {"StartAt": "In", "States": {"In": {"Type": "Pass", "InputPath": "$c", "End": True}}}
    state = {
        "Type": "Map",
        "ItemsPath": "$a",
        "ItemSelector": {"x.$": "$b"},
        "ItemProcessor": inner,
        "End": True,
    }
    assert read({"A": state}) == {"A": ["a", "b"], "In": ["c"]}
    assert read({"A": {"Type": "Parallel", "Branches": [inner], "End": True}}) == {"In": ["c"]}


def test_what_a_distributed_map_keeps_is_read_too():
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    inner = {"StartAt": "In", "States": {"In": {"Type": "Succeed"}}, "ProcessorConfig": config}
    reader = {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON", "MaxItemsPath": "$a"},
        "Parameters": {"Bucket.$": "States.Format('{}', $b)", "Key": "$c"},
    }
    state = {
        "Type": "Map",
        "ItemReader": reader,
        "ToleratedFailureCountPath": "$d",
        "ItemProcessor": inner,
        "End": True,
    }
    assert read({"A": state}) == {"A": ["a", "b", "d"]}
