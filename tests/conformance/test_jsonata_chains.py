"""Histories and causes of states in JSONata, as AWS tells them today.

The rows were read off executions in us-east-1 and TestState in August and September 2026.
"""

from __future__ import annotations

import json

import pytest

from tests.conformance.samples import LAMBDA, case
from tests.conformance.test_history import history

JSONATA = {"machine": {"QueryLanguage": "JSONata"}}
PASSES = {"Type": "Pass", "End": True}
UNDEF = PASSES | {"Output": {"v": "{% $nope %}"}}
ERROR = "States.QueryEvaluationError"
CATCH = [{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "A"}]


def machine(state, name="Undef"):
    return {"StartAt": name, "States": {name: state}}


def parallel(*states, **fields):
    branches = [machine(state, "Undef" if not n else f"B{n}") for n, state in enumerate(states)]
    return {"P": {"Type": "Parallel", "Branches": branches, "End": True, **fields}}


def mapped(state, **fields):
    item = {"ItemProcessor": machine(state), "MaxConcurrency": 1}
    return {"M": {"Type": "Map", "End": True, **item, **fields}}


def told(states, value=None, after=None, **more):
    h = history(case(states | (after or {}), value, **JSONATA, **more))
    return h, [(e["type"], e["prev"]) for e in h.events]


def failures(h):
    return [e["details"] for e in h.events if e["type"] == "EvaluationFailed"]


def nothing(state, number, expression, field):
    return (
        f"An error occurred while executing the state '{state}' (entered at the event id "
        f"#{number}). The JSONata expression '{expression}' specified for the field '{field}' "
        "returned nothing (undefined)."
    )


def test_an_expression_that_fails_is_told_with_its_state_and_field():
    h, events = told({"E": UNDEF})
    assert events == [
        ("ExecutionStarted", 0),
        ("PassStateEntered", 0),
        ("EvaluationFailed", 2),
        ("ExecutionFailed", 3),
    ]
    words = nothing("E", 2, "$nope", "Output/v")
    assert failures(h) == [{"cause": words, "error": ERROR, "location": "Output/v", "state": "E"}]
    assert (h.status, h.error, h.cause) == ("FAILED", ERROR, words)


def test_an_error_in_a_branch_that_the_parallel_catches():
    h, events = told(parallel(UNDEF, Catch=CATCH), after={"A": PASSES})
    assert events[3:7] == [
        ("PassStateEntered", 3),
        ("EvaluationFailed", 4),
        ("ParallelStateFailed", 5),
        ("ParallelStateExited", 6),
    ]
    assert failures(h)[0]["cause"] == nothing("Undef", 4, "$nope", "Output/v")
    assert h.status == "SUCCEEDED"


def test_each_attempt_of_a_retry_has_its_own_failure():
    retry = [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 2, "IntervalSeconds": 1}]
    state = {"Type": "Task", "Resource": LAMBDA, "Arguments": "{% $nope %}", "Retry": retry}
    h, events = told({"T": state | {"End": True}})
    assert events[1:] == [
        ("TaskStateEntered", 0),
        ("EvaluationFailed", 2),
        ("EvaluationFailed", 3),
        ("EvaluationFailed", 4),
        ("ExecutionFailed", 5),
    ]
    assert {d["location"] for d in failures(h)} == {"Arguments"}


def test_items_that_fail_fail_the_map():
    h, events = told(mapped(PASSES, Items="{% $nope %}"))
    assert events[1:] == [
        ("MapStateEntered", 0),
        ("EvaluationFailed", 2),
        ("MapStateFailed", 3),
        ("ExecutionFailed", 4),
    ]
    assert failures(h)[0]["location"] == "Items"


def test_an_error_in_an_iteration():
    _, events = told(mapped(UNDEF), [1])
    assert events[4:] == [
        ("PassStateEntered", 4),
        ("EvaluationFailed", 5),
        ("MapIterationFailed", 6),
        ("MapStateFailed", 6),
        ("ExecutionFailed", 8),
    ]


def test_a_catcher_whose_own_output_fails():
    first = {"ErrorEquals": ["Nobody"], "Next": "A"}
    catch = [first, {"ErrorEquals": ["States.ALL"], "Output": {"v": "{% $nope %}"}, "Next": "A"}]
    fails = {"Type": "Fail", "Error": "E", "Cause": "c"}
    h, events = told(parallel(fails, Catch=catch), after={"A": PASSES})
    assert events[3:] == [
        ("FailStateEntered", 3),
        ("ParallelStateFailed", 4),
        ("EvaluationFailed", 4),
        ("ParallelStateFailed", 6),
        ("ExecutionFailed", 7),
    ]
    (failure,) = failures(h)
    assert (failure["state"], failure["location"]) == ("P", "Catch[1]/Output/v")
    assert h.cause == nothing("P", 2, "$nope", "Catch[1]/Output/v")


def test_a_task_whose_output_fails_has_succeeded_before():
    state = {
        "Type": "Task",
        "Resource": LAMBDA,
        "Output": "{% $states.result.no %}",
        "End": True,
    }
    tasks = [{"state": "T", "parameters": {}, "outcome": {"output": {"a": 1}}}]
    _, events = told({"T": state}, tasks=tasks)
    assert [kind for kind, _ in events[2:]] == [
        "LambdaFunctionScheduled",
        "LambdaFunctionStarted",
        "LambdaFunctionSucceeded",
        "EvaluationFailed",
        "ExecutionFailed",
    ]
    assert events[5][1] == 5


@pytest.mark.parametrize(
    ("state", "field"),
    [
        (PASSES | {"Output": "{% $nope %}"}, "Output"),
        (PASSES | {"Output": {"a": {"b": ["x", 0, [1, "{% $nope %}"]]}}}, "Output/a/b[2][1]"),
        (PASSES | {"Assign": {"x": {"y": "{% $nope %}"}}}, "Assign/x/y"),
        (
            {
                "Type": "Task",
                "Resource": LAMBDA,
                "Arguments": {"MessageBody": "{% $nope %}"},
                "End": True,
            },
            "Arguments/MessageBody",
        ),
        ({"Type": "Wait", "Seconds": "{% $nope %}", "End": True}, "Seconds"),
        ({"Type": "Wait", "Timestamp": "{% $nope %}", "End": True}, "Timestamp"),
        ({"Type": "Fail", "Error": "{% $nope %}"}, "Error"),
        ({"Type": "Fail", "Cause": "{% $nope %}"}, "Cause"),
        ({"Type": "Succeed", "Output": "{% $nope %}"}, "Output"),
        (
            {"Type": "Task", "Resource": LAMBDA, "TimeoutSeconds": "{% $nope %}", "End": True},
            "TimeoutSeconds",
        ),
        (mapped(PASSES, MaxConcurrency="{% $nope %}")["M"], "MaxConcurrency"),
        (mapped(PASSES, ToleratedFailureCount="{% $nope %}")["M"], "ToleratedFailureCount"),
        (mapped(PASSES, ItemSelector={"a": "{% $nope %}"}, Items=[1])["M"], "ItemSelector/a"),
        (parallel(PASSES, Arguments={"a": "{% $nope %}"})["P"], "Arguments/a"),
    ],
)
def test_every_field_has_the_name_that_aws_gives_it(state, field):
    h, _ = told({"E": state}, [])
    assert failures(h)[0]["location"] == field
    assert h.cause == nothing("E", 2, "$nope", field)


@pytest.mark.parametrize("name", ["Condition", "Output/v", "Assign/x"])
def test_fields_of_a_rule_name_the_rule(name):
    rule = {"Condition": "{% $nope %}" if name == "Condition" else True, "Next": "A"}
    if name == "Output/v":
        rule["Output"] = {"v": "{% $nope %}"}
    elif name == "Assign/x":
        rule["Assign"] = {"x": "{% $nope %}"}
    first = {"Condition": "{% false %}", "Next": "A"}
    h, _ = told({"C": {"Type": "Choice", "Choices": [first, rule]}}, after={"A": PASSES})
    assert failures(h)[0]["location"] == f"Choices[1]/{name}"


def test_a_choice_stops_at_the_first_rule_that_fits():
    rules = [{"Condition": "{% true %}", "Next": "A"}, {"Condition": "{% $nope %}", "Next": "A"}]
    h, _ = told({"C": {"Type": "Choice", "Choices": rules}}, after={"A": PASSES})
    assert h.status == "SUCCEEDED"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"Type": "Wait", "Timestamp": "{% '2016-13-05T21:29:29Z' %}"},
            "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format "
            "string: 2016-13-05T21:29:29Z",
        ),
        (
            {"Type": "Wait", "Seconds": "{% 'x' %}"},
            "The JSONata expression ''x'' specified for the field 'Seconds' returned an "
            "unexpected result type. Expected 'number', but was 'string' for value: \"x\"",
        ),
        (
            {"Type": "Wait", "Seconds": "{% 1.5 %}"},
            "The Seconds field cannot be parsed as an integer: 1.5",
        ),
        (
            {"Type": "Wait", "Seconds": "{% -1 %}"},
            "Seconds must be between 0 and 99999999 but was: -1",
        ),
        (
            mapped(PASSES, Items="{% {'foo': 'bar'} %}")["M"],
            "The JSONata expression '{'foo': 'bar'}' specified for the field 'Items' returned an "
            "unexpected result type. Expected 'array', but was 'object' for value: "
            '{"foo":"bar"}',
        ),
        (
            mapped(PASSES, Items="{% null %}")["M"],
            "The JSONata expression 'null' specified for the field 'Items' returned an unexpected "
            "result type. Expected 'array', but was 'null' for value: null",
        ),
        (mapped(PASSES)["M"], 'Map state input must be an array but was: {"a":1}'),
        (
            {"Type": "Choice", "Choices": [{"Condition": "{% 1 %}", "Next": "E"}]},
            "The JSONata expression '1' specified for the field 'Choices[0]/Condition' returned "
            "an unexpected result type. Expected 'boolean', but was 'number' for value: 1",
        ),
    ],
)
def test_a_value_that_a_field_does_not_take(fields, words):
    state = fields if fields["Type"] == "Choice" else fields | {"Next": "D"}
    state.pop("End", None)
    default = {"Default": "D"} if fields["Type"] == "Choice" else {}
    h, _ = told({"E": state | default}, {"a": 1}, after={"D": {"Type": "Succeed"}})
    assert (
        h.cause
        == f"An error occurred while executing the state 'E' (entered at the event id #2). {words}"
    )
    assert h.error == ERROR


# Codes and words of errors: what stands behind `threw an error during evaluation`.
THROWN = [
    (
        "$sum(['a'])",
        '. T0412: Argument 1 of function "sum" must be an array of "numbers"',
    ),
    ("$each(1, 2)", '. T0410: Argument 1 of function "each" does not match function signature'),
    (
        "$split('a', '', -1)",
        ". D3020: Third argument of split function must evaluate to a positive number",
    ),
    (
        "$reduce([1, 2], function($a){ $a })",
        ". D3050: The second argument of reduce function must be a function with at least two "
        "arguments",
    ),
    (
        "$sqrt(-1)",
        ". D3060: The sqrt function cannot be applied to a negative number: -1",
    ),
    ("1 + 'a'", '. T2002: The right side of the "+" operator must evaluate to a number'),
    (
        "$single([1, 1], function($v){ $v = 1 })",
        ". D3138: The $single() function expected exactly 1 matching result.  Instead it matched "
        "more.",
    ),
    ("$eval('1')", ". T1006: Attempted to invoke a non-function"),
    (
        "$formatNumber(1, 'x')",
        ". D3086: The sub-picture must not contain a passive character that is preceded by an "
        "active character and that is followed by another active character",
    ),
    ("$base64decode('!!!')", None),
    (
        "1" + " + 1" * 100,
        ": Stack overflow error: Check for non-terminating recursive function. Consider rewriting "
        "as tail-recursive",
    ),
]


@pytest.mark.parametrize(("expression", "words"), THROWN)
def test_an_error_has_its_code_and_the_words_of_the_reference(expression, words):
    h, _ = told({"E": PASSES | {"Output": {"v": "{% " + expression + " %}"}}})
    subject = f"The JSONata expression '{expression}' specified for the field 'Output/v' threw an"
    what = "error during evaluation" + words if words else "internal error during evaluation."
    assert h.cause.endswith(f"{subject} {what}")


DEEP = {
    "a sum": lambda n: "1" + " + 1" * (n - 1),
    "blocks": lambda n: "(" * (n - 1) + "1" + ")" * (n - 1),
    "applications": lambda n: "1" + " ~> $string" * (n - 1),
    "calls": lambda n: f"($f := function($x){{$x <= 0 ? 0 : 1 + $f($x - 1)}}; $f({n - 69}))",
}


@pytest.mark.parametrize("kind", DEEP)
def test_a_hundred_evaluations_in_one_another_are_the_most(kind):
    h, _ = told({"E": PASSES | {"Output": "{% " + DEEP[kind](100) + " %}"}})
    assert h.status == "SUCCEEDED"
    h, _ = told({"E": PASSES | {"Output": "{% " + DEEP[kind](101) + " %}"}})
    assert h.cause.endswith(
        "threw an error during evaluation: Stack overflow error: Check for non-terminating "
        "recursive function. Consider rewriting as tail-recursive"
    )


def test_what_a_state_fails_with_can_be_caught_by_either_name():
    for name in ("States.QueryEvaluationError", "States.ALL"):
        catch = [
            {
                "ErrorEquals": [name],
                "Output": {"e": "{% $states.errorOutput.Error %}"},
                "Assign": {"seen": "{% $states.input.x %}"},
                "Next": "A",
            }
        ]
        state = {"Type": "Task", "Resource": LAMBDA, "Arguments": "{% $nope %}", "Catch": catch}
        after = {"A": PASSES | {"Output": {"in": "{% $states.input %}", "seen": "{% $seen %}"}}}
        h, _ = told({"T": state | {"End": True}}, {"x": 7}, after=after)
        assert json.dumps(h.output, sort_keys=True) == json.dumps(
            {"in": {"e": ERROR}, "seen": 7}, sort_keys=True
        )
