"""A workflow in JSONPath becomes one in JSONata, or it is said why it does not."""

import json

import pytest

from tsme_host.compiler.convert.convert import convert
from tsme_host.compiler.frontend.check import check

BODY = {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}


def workflow(**state):
    fields = {"Type": "Pass"} | state
    if fields["Type"] not in ("Choice", "Fail", "Succeed"):
        fields |= {"End": True}
    states = {"A": fields}
    if fields["Type"] == "Choice":
        states["B"] = {"Type": "Succeed"}
    return json.dumps({"StartAt": "A", "States": states})


def converted(assume=False, **state):
    """The fields of the state in JSONata, without those that it had before."""
    found = convert(workflow(**state), assume=assume)
    assert [r.message for r in found.remarks if r.left] == []
    assert found.definition["QueryLanguage"] == "JSONata"
    check(json.dumps(found.definition))  # and it is one
    fields = found.definition["States"]["A"]
    return {k: v for k, v in fields.items() if k not in ("Type", "End", "QueryLanguage")}


def output(**state):
    fields = converted(**state)
    assert set(fields) == {"Output"}
    return fields["Output"]


def why(**state):
    [remark] = convert(workflow(**state)).remarks
    assert remark.left
    return remark.message


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("$.a.b", "$states.input.a.b"),
        ("$['a b'].and.x-y", "$states.input.`a b`.`and`.`x-y`"),
        ("$.a[2][-1].b", "$states.input.a[2][-1].b"),
        ("$$.Execution.Name", "$states.context.Execution.Name"),
        ("$", "$states.input"),
        ("$$", "$states.context"),
    ],
)
def test_paths(path, text):
    assert output(Parameters={"v.$": path}) == {"v": f"{{% {text} %}}"}


def test_an_index_past_the_end_gives_null_in_a_template():
    text = "($item := $states.input.a[5]; $exists($item) ? $item : null)"
    assert output(Parameters={"v.$": "$.a[5]"}) == {"v": f"{{% {text} %}}"}


@pytest.mark.parametrize("path", ["$.a[*]", "$..a", "$.a[0,1]", "$.a[0:2]", "$.a[?(@.b > 1)]"])
def test_a_path_to_any_number_of_values_stays(path):
    assert "may select any number of values" in why(Parameters={"v.$": path})


def test_texts_that_look_like_expressions_stay_texts():
    made = output(Result={"a": "{% 1 %}", "b": ["x %}"], "c": "{%", "d": 1.5, "e": None})
    expected = {"a": '{% "{% 1 %}" %}', "b": ['{% "x %}" %}'], "c": '{% "{%" %}'}
    assert made == expected | {"d": 1.5, "e": None}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, {}),
        ({"InputPath": "$.a"}, {"Output": "{% $states.input.a %}"}),
        ({"InputPath": None}, {"Output": "{% {} %}"}),
        ({"OutputPath": "$.a"}, {"Output": "{% $states.input.a %}"}),
        ({"OutputPath": None}, {"Output": {}}),
        ({"Result": 1, "ResultPath": None}, {}),
        (
            {"Result": [1], "ResultPath": "$.r"},
            {"Output": '{% $merge([$states.input, {"r": [1]}]) %}'},
        ),
        (
            {"InputPath": "$.a", "ResultPath": "$.r.s"},
            {
                "Output": '{% $merge([$states.input, {"r": '
                '$merge([$states.input.r, {"s": $states.input.a}])}]) %}'
            },
        ),
        ({"Result": {"x": 1}, "ResultPath": "$.r", "OutputPath": "$.r.x"}, {"Output": 1}),
        (
            {"Result": 1, "ResultPath": "$.r", "OutputPath": "$.s"},
            {"Output": "{% $states.input.s %}"},
        ),
        (
            {"Result": 1, "ResultPath": "$.r.s", "OutputPath": "$.r"},
            {
                "Output": '{% $merge([$states.input, {"r": '
                '$merge([$states.input.r, {"s": 1}])}]).r %}'
            },
        ),
        (
            {"Parameters": {"x.$": "$.a"}, "Assign": {"v.$": "$.x.b", "w": 2}},
            {
                "Output": {"x": "{% $states.input.a %}"},
                "Assign": {"v": "{% $states.input.a.b %}", "w": 2},
            },
        ),
    ],
)
def test_the_way_of_data_through_a_pass(fields, expected):
    assert converted(**fields) == expected


def test_a_task_with_all_its_fields():
    assert converted(
        Type="Task",
        Resource="measure",
        InputPath="$.data",
        Parameters={"n.$": "$.n", "raw.$": "$$.State.Name"},
        ResultSelector={"v.$": "$.value", "all.$": "$"},
        ResultPath="$.out",
        TimeoutSecondsPath="$.limit",
        HeartbeatSeconds=5,
        Assign={"last.$": "$.v"},
        Retry=[{"ErrorEquals": ["States.Timeout"]}],
        Catch=[
            {"ErrorEquals": ["E"], "ResultPath": "$.error", "Next": "A"},
            {"ErrorEquals": ["F"], "ResultPath": None, "Next": "A"},
            {"ErrorEquals": ["States.ALL"], "Assign": {"why.$": "$.Cause"}, "Next": "A"},
        ],
    ) == {
        "Resource": "measure",
        "Arguments": {
            "n": "{% $states.input.data.n %}",
            "raw": "{% $states.context.State.Name %}",
        },
        "TimeoutSeconds": "{% $number($states.input.data.limit) %}",
        "HeartbeatSeconds": 5,
        "Output": '{% $merge([$states.input, {"out": '
        '{"v": $states.result.value, "all": $states.result}}]) %}',
        "Assign": {"last": "{% $states.result.value %}"},
        "Retry": [{"ErrorEquals": ["States.Timeout"]}],
        "Catch": [
            {
                "ErrorEquals": ["E"],
                "Next": "A",
                "Output": '{% $merge([$states.input, {"error": $states.errorOutput}]) %}',
            },
            {"ErrorEquals": ["F"], "Next": "A", "Output": "{% $states.input %}"},
            {
                "ErrorEquals": ["States.ALL"],
                "Next": "A",
                "Assign": {"why": "{% $states.errorOutput.Cause %}"},
            },
        ],
    }


def test_machines_within_are_converted_too():
    found = converted(
        Type="Map",
        ItemsPath="$.xs",
        Parameters={"x.$": "$$.Map.Item.Value", "n.$": "$.n"},
        MaxConcurrencyPath="$.most",
        Iterator={"StartAt": "I", "States": {"I": {"Type": "Pass", "Result": 1, "End": True}}},
    )
    assert found == {
        "Items": "{% $states.input.xs %}",
        "MaxConcurrency": "{% $number($states.input.most) %}",
        "ItemSelector": {
            "x": "{% $states.context.Map.Item.Value %}",
            "n": "{% $states.input.n %}",
        },
        "ItemProcessor": {
            "StartAt": "I",
            "States": {"I": {"Type": "Pass", "Output": 1, "End": True}},
        },
    }
    assert converted(Type="Parallel", Branches=[BODY], ResultPath="$.r")["Branches"] == [BODY]


def test_a_map_over_an_object_is_told():
    [remark] = convert(workflow(Type="Map", ItemsPath="$.xs", ItemProcessor=BODY)).remarks
    assert (remark.left, remark.message) == (
        False,
        "its Items are an array; with an object it fails",
    )


def test_waits_and_failures():
    assert converted(Type="Wait", SecondsPath="$.s") == {"Seconds": "{% $states.input.s %}"}
    assert converted(Type="Wait", TimestampPath="$.t", OutputPath="$.u") == {
        "Timestamp": "{% $states.input.t %}",
        "Output": "{% $states.input.u %}",
    }
    assert converted(Type="Fail", Error="E", CausePath="$.why") == {
        "Error": "E",
        "Cause": "{% $states.input.why %}",
    }


@pytest.mark.parametrize(
    ("rule", "text"),
    [
        ({"StringEquals": "x"}, '$states.input.v = "x"'),
        (
            {"StringLessThan": "x"},
            '($type($states.input.v) = "string" ? $states.input.v < "x" : false)',
        ),
        (
            {"NumericGreaterThanEqualsPath": "$.w"},
            '($type($states.input.v) = "number" and $type($states.input.w) = "number" '
            "? $states.input.v >= $states.input.w : false)",
        ),
        (
            {"BooleanEqualsPath": "$.w"},
            '($type($states.input.v) = "boolean" ? $states.input.v = $states.input.w : false)',
        ),
        ({"IsNull": True}, '$type($states.input.v) = "null"'),
        ({"IsNumeric": False}, '$type($states.input.v) != "number"'),
        (
            {"IsPresent": False},
            '$not(($type($states.input) = "object" and $exists($states.input.v)))',
        ),
        (
            {"StringMatches": "a.*/\\*"},
            '($type($states.input.v) = "string" ? '
            "$contains($states.input.v, /^a\\.[^]*\\/\\*$/) : false)",
        ),
    ],
)
def test_comparisons(rule, text):
    choices = [{"Variable": "$.v", **rule, "Next": "B"}]
    found = converted(Type="Choice", Choices=choices)
    assert found == {"Choices": [{"Condition": f"{{% {text} %}}", "Next": "B"}]}


def test_conditions_are_joined():
    one, two = ({"Variable": f"$.{n}", "NumericEquals": 1} for n in "ab")
    rule = {"Or": [{"And": [one, two]}, {"Not": one}], "Next": "B"}
    found = converted(Type="Choice", Choices=[rule])["Choices"][0]["Condition"]
    a, b = "$states.input.a = 1", "$states.input.b = 1"
    assert found == f"{{% ({a} and {b}) or $not({a}) %}}"
    times = [{"Variable": "$.a", "TimestampEquals": "2026-01-01T00:00:00Z", "Next": "B"}]
    assert "TimestampEquals" in why(Type="Choice", Choices=times)


@pytest.mark.parametrize(
    ("call", "made"),
    [
        ("States.UUID()", "{% $uuid() %}"),
        ("States.Array($.a, 1, States.Array())", ["{% $states.input.a %}", 1, []]),
        ("States.ArrayLength($.a)", "{% $count($states.input.a) %}"),
        ("States.ArrayUnique($.a)", "{% $distinct($states.input.a) %}"),
        ("States.ArrayGetItem($.a, 2)", "{% $states.input.a[2] %}"),
        ("States.ArrayContains($.a, 'x')", '{% ("x" in $states.input.a) %}'),
        ("States.ArrayRange(1, 7, 3)", "{% [1, 4, 7] %}"),
        (
            "States.JsonMerge($.a, $.b, false)",
            "{% $merge([$states.input.a, $states.input.b]) %}",
        ),
        ("States.Hash('x', 'MD5')", '{% $hash("x", "MD5") %}'),
        ("States.MathAdd(States.ArrayLength($.a), -1)", "{% ($count($states.input.a) + -1) %}"),
        (
            "States.Format('\\'{}\\' of {}!', $$.Execution.Name, States.ArrayLength($.a))",
            '{% ("\'" & $states.context.Execution.Name & "\' of " & $count($states.input.a) '
            '& "!") %}',
        ),
    ],
)
def test_intrinsic_functions_that_are_the_same(call, made):
    assert output(Parameters={"v.$": call}) == {"v": made}


@pytest.mark.parametrize(
    ("call", "made", "condition"),
    [
        ("States.Format('{}', $.a)", '("" & $states.input.a)', "texts and whole numbers"),
        ("States.MathAdd($.a, 1)", "($states.input.a + 1)", "both are whole numbers"),
        ("States.Hash($.a, 'MD5')", '$hash($states.input.a, "MD5")', "hashed is a text"),
        ("States.StringToJson($.a)", "$parse($states.input.a)", "not blank"),
        ("States.JsonToString($.a)", "$string($states.input.a)", "no number with a fraction"),
        ("States.ArrayPartition($.a, 2)", "$partition($states.input.a, 2)", "not empty"),
        ("States.Base64Encode($.a)", "$base64encode($states.input.a)", "ASCII"),
        ("States.Base64Decode($.a)", "$base64decode($states.input.a)", "ASCII"),
        ("States.StringSplit($.a, ',')", '$split($states.input.a, ",")', "one character"),
        ("States.ArrayContains($.a, $.b)", "($states.input.b in $states.input.a)", "no array"),
        ("States.ArrayRange(1, $.a, 1)", "$range(1, $states.input.a, 1)", "at least two"),
    ],
)
def test_those_that_are_the_same_under_a_condition_are_converted_on_request(call, made, condition):
    [remark] = convert(workflow(Parameters={"v.$": call})).remarks
    assert (remark.state, remark.left) == ("A", True)
    assert condition in remark.message
    assert remark.hint == f"write {{% {made} %}}, or give --assume"
    found = convert(workflow(Parameters={"v.$": call}), assume=True)
    assert found.definition["States"]["A"]["Output"] == {"v": f"{{% {made} %}}"}
    assert [(r.left, condition in r.message) for r in found.remarks] == [(False, True)]


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({"Parameters": {"v.$": "States.MathRandom(1, 9)"}}, "draws other numbers"),
        ({"Parameters": {"v.$": "$['`']"}}, "no way to write the name"),
        ({"Parameters": {"v.$": "$['']"}}, "no way to write the name"),
        ({"InputPath": None, "Parameters": {"v.$": "$.a"}}, "InputPath has emptied"),
        ({"Parameters": {"v": ["$.a"], "w.$": "States.Array($.a)"}, "ResultPath": "$.r"}, "apart"),
        ({"Result": 1, "ResultPath": "$.r[0]"}, "into an array"),
        ({"Parameters": {"a.$": "$.a"}, "Assign": {"v.$": "$.b"}}, "another field of the state"),
        ({"Result": 9007199254740993, "ResultPath": "$.r"}, "does not keep a number"),
        ({"Assign": {"merge": 1}, "Result": 1, "ResultPath": "$.r"}, "a variable $merge hides"),
        (
            {
                "Type": "Task",
                "Resource": "r",
                "Catch": [{"ErrorEquals": ["States.ResultPathMatchFailure"], "Next": "A"}],
            },
            "no error States.ResultPathMatchFailure",
        ),
        (
            {
                "Type": "Choice",
                "InputPath": "$.a",
                "Choices": [{"Variable": "$.v", "IsNull": True, "Next": "B"}],
            },
            "a Choice with InputPath",
        ),
    ],
)
def test_what_stays_is_told(state, message):
    assert message in why(**state)


def test_states_that_stay_keep_their_language_and_the_others_say_theirs():
    states = {
        "A": {"Type": "Pass", "Parameters": {"v.$": "$.a[*]"}, "Next": "B"},
        "B": {"Type": "Pass", "Next": "C"},
        "C": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% 1 %}", "End": True},
    }
    found = convert(json.dumps({"Comment": "c", "StartAt": "A", "States": states}))
    assert found.states == 2
    assert found.left == 1
    assert "QueryLanguage" not in found.definition
    made = found.definition["States"]
    assert made["A"] == states["A"]
    assert made["B"] == {"Type": "Pass", "QueryLanguage": "JSONata", "Next": "C"}
    assert made["C"] == states["C"]
    check(json.dumps(found.definition))
