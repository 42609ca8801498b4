"""States in JSONata do what AWS's guide and the recordings say, on both engines."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.engines import each_engine, kernel_of  # noqa: F401
from tests.laws.drive import first_due, start_event
from tsme.kernel import State
from tsme.kernel.protocol import CONTINUE, FAILED, RUNNING, SUCCEEDED, TASK, TIMER
from tsme.program import Program
from tsme_host.compiler.compile import compile_text
from tsme_host.compiler.frontend.model import CompileError

PASS = {"Type": "Pass", "End": True}
INPUT = "{% $states.input %}"
DISTRIBUTED = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
ERROR = "States.QueryEvaluationError"
CONTEXT = ["arn:x:1", "one", "arn:role", "arn:machine", "pump"]


class Failed(Exception):
    """The execution failed: error, cause."""


def run(
    states: dict[str, Any],
    value: Any = None,
    *,
    answers: list[Any] | None = None,
    language: str = "JSONata",
) -> Any:
    """The output of a workflow.  `answers`: of its tasks, in order; a pair is an error."""
    definition = {"QueryLanguage": language, "StartAt": next(iter(states)), "States": states}
    program = Program(compile_text(json.dumps(definition)).program)
    kernel = kernel_of(program)
    state = kernel.step(State(), start_event(program, value, context=CONTEXT)).state
    left = list(answers or [])
    asked: list[Any] = []
    while state.status == RUNNING:
        tasks = [a for _, a in sorted(state.pending.items()) if a.kind == TASK]
        if kernel.client.runnable(state.client):
            event: tuple[Any, ...] = (CONTINUE, state.now)
        elif tasks and left:
            answer = left.pop(0)
            asked.append(tasks[0].payload)
            fails = isinstance(answer, tuple)
            fields = answer if fields_are(answer) else (answer,)
            event = (FAILED if fails else SUCCEEDED, state.now, tasks[0].id, *fields)
        else:
            action = first_due(state)
            event = (TIMER, max(state.now, action.due), action.id)
        state = kernel.step(state, event).state
    run.asked = asked  # type: ignore[attr-defined]
    if isinstance(state.result, list) and state.status == 2:
        raise Failed(*state.result)
    return state.result


def fields_are(answer: Any) -> bool:
    return isinstance(answer, tuple)


def made(template: Any, value: Any = None) -> Any:
    """What a Pass makes of a template as its Output."""
    return run({"P": PASS | {"Output": template}}, value)


def mapped(body: Any = None, **fields: Any) -> dict[str, Any]:
    inner = {"StartAt": "I", "States": {"I": PASS | (body or {})}}
    return {"Type": "Map", "ItemProcessor": inner, "End": True, **fields}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (INPUT, {"a": [1, 2]}),
        (
            {"x": ["{% $states.input.a[1] %}", {"y": "{% $sum($states.input.a) %}"}]},
            {"x": [2, {"y": 3}]},
        ),
        ("Hello {% 1 %}", "Hello {% 1 %}"),
        (" {% 1 %}", " {% 1 %}"),
        ({"a.$": "$.x", "b": None}, {"a.$": "$.x", "b": None}),
        ("{% $states %}", None),
        ("{%1%}", 1),
        ("{% null %}", None),
        ({"k": "{% {'v': null} %}"}, {"k": {"v": None}}),
        ("{% [1/0, -1/0, 0/0, 1e308*10] %}", ["Infinity", "-Infinity", "NaN", "Infinity"]),
        ("{% {'k': 1/0} %}", {"k": "Infinity"}),
        ("{% 1/0 %}", "Infinity"),
    ],
)
def test_an_expression_stands_at_any_depth_of_a_template(template, expected):
    found = made(template, {"a": [1, 2]})
    if template == "{% $states %}":
        assert set(found) == {"input", "context"}
        assert set(found["context"]) == {"Execution", "StateMachine", "State"}
    else:
        assert found == expected


def test_null_is_a_value_everywhere():
    states = {
        "A": {"Type": "Pass", "Assign": {"n": None, "m": ["{% null %}"]}, "Next": "T"},
        "T": {
            "Type": "Task",
            "Resource": "r",
            "Arguments": {"v": "{% $n %}", "w": {"x": "{% $m %}"}},
            "Output": {"r": "{% $states.result %}", "there": "{% $exists($n) %}"},
            "End": True,
        },
    }
    assert run(states, answers=[None]) == {"r": None, "there": True}
    assert run.asked == [{"v": None, "w": {"x": [None]}}]


def test_without_output_a_state_gives_its_input_or_its_result():
    states = {
        "P": {"Type": "Pass", "Next": "W"},
        "W": {"Type": "Wait", "Seconds": "{% $states.input.s %}", "Next": "T"},
        "T": {"Type": "Task", "Resource": "r", "Next": "U"},
        "U": {"Type": "Task", "Resource": "r", "Arguments": {"got": INPUT}, "Next": "S"},
        "S": {"Type": "Succeed"},
    }
    assert run(states, {"s": 3}, answers=[{"first": 1}, ["second"]]) == ["second"]
    assert run.asked == [{"s": 3}, {"got": {"first": 1}}]


def test_output_and_assign_see_the_result_and_the_variables_from_before():
    states = {
        "A": {"Type": "Pass", "Assign": {"x": 1}, "Next": "T"},
        "T": {
            "Type": "Task",
            "Resource": "r",
            "Assign": {"x": "{% $x + $states.result %}", "y": "{% $x %}"},
            "Output": {
                "x": "{% $x %}",
                "in": "{% $states.input.v %}",
                "r": "{% $states.result %}",
            },
            "Next": "B",
        },
        "B": PASS | {"Output": [INPUT, "{% [$x, $y] %}"]},
    }
    assert run(states, {"v": 5}, answers=[10]) == [{"x": 1, "in": 5, "r": 10}, [11, 1]]


def test_a_rule_of_a_choice_counts_alone_and_the_state_without_one():
    def chosen(value: Any) -> Any:
        rule = {
            "Condition": "{% $states.input.n > 3 %}",
            "Assign": {"how": "rule"},
            "Output": {"big": "{% $states.input.n %}"},
            "Next": "E",
        }
        bare = {"Condition": "{% $states.input.n = 3 %}", "Next": "E"}
        state = {
            "Type": "Choice",
            "Choices": [rule, bare],
            "Assign": {"how": "default"},
            "Output": "{% 'none' %}",
            "Default": "E",
        }
        first = {"Type": "Pass", "Assign": {"how": "no"}, "Next": "C"}
        end = PASS | {"Output": [INPUT, "{% $how %}"]}
        return run({"A": first, "C": state, "E": end}, {"n": value})

    assert chosen(4) == [{"big": 4}, "rule"]
    assert chosen(3) == [{"n": 3}, "no"]
    assert chosen(2) == ["none", "default"]


def test_a_condition_may_be_a_boolean_itself():
    choices = [{"Condition": False, "Next": "N"}, {"Condition": True, "Next": "Y"}]
    states = {"C": {"Type": "Choice", "Choices": choices}, "N": {"Type": "Fail"}, "Y": PASS}
    assert run(states, 1) == 1


def test_variables_are_those_of_both_languages():
    states = {
        "A": {"Type": "Pass", "Assign": {"x.$": "$.a"}, "Next": "B"},
        "B": {
            "Type": "Pass",
            "QueryLanguage": "JSONata",
            "Assign": {"y": "{% $x * 2 %}"},
            "Next": "C",
        },
        "C": {"Type": "Pass", "Parameters": {"x.$": "$x", "y.$": "$y"}, "End": True},
    }
    assert run(states, {"a": 21}, language="JSONPath") == {"x": 21, "y": 42}


def test_a_variable_that_nothing_has_set_is_undefined():
    states = {
        "C": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input.set %}", "Next": "S"}],
            "Default": "E",
        },
        "S": {"Type": "Pass", "Assign": {"v": 1}, "Next": "E"},
        "E": PASS | {"Output": "{% $exists($v) ? $v : 'none' %}"},
    }
    assert run(states, {"set": True}) == 1
    assert run(states, {"set": False}) == "none"


def test_items_see_the_variables_around_them_but_not_those_of_a_distributed_map():
    first = {"Type": "Pass", "Assign": {"x": 10}, "Next": "M"}
    body = {
        "StartAt": "I",
        "States": {
            "I": {"Type": "Pass", "Assign": {"y": "{% $exists($x) ? $x : 0 %}"}, "Next": "J"},
            "J": PASS | {"Output": "{% $y + $states.input %}"},
        },
    }
    state = {"Type": "Map", "Items": [1, 2], "ItemProcessor": body, "End": True}
    assert run({"A": first, "M": state}) == [11, 12]
    body["ProcessorConfig"] = DISTRIBUTED
    assert run({"A": first, "M": state}) == [1, 2]


def test_an_item_selector_sees_the_item_and_the_input_of_the_map():
    selector = {
        "v": "{% $states.context.Map.Item.Value * 2 %}",
        "i": "{% $states.context.Map.Item.Index %}",
        "k": "{% $states.input.k %}",
        "whole": "{% $states.context.Map.Item %}",
    }
    state = mapped(Items="{% $states.input.items %}", ItemSelector=selector)
    assert run({"M": state}, {"items": [5], "k": "K"}) == [
        {"v": 10, "i": 0, "k": "K", "whole": {"Index": 0, "Value": 5}}
    ]
    keys = mapped(Items={"a": 1}, ItemSelector="{% $states.context.Map.Item %}")
    assert run({"M": keys}) == [{"Index": 0, "Key": "a", "Value": 1}]


def test_an_item_is_the_input_of_its_states_and_the_results_are_the_maps():
    inside = {"Output": ["{% $states.input.x %}", "{% $states.context.Map.Item.Index %}"]}
    state = mapped(
        inside, Output={"n": "{% $count($states.result) %}", "r": "{% $states.result %}"}
    )
    assert run({"M": state}, [{"x": 1}, {"x": 2}]) == {"n": 2, "r": [[1, 0], [2, 1]]}


def test_branches_get_the_arguments():
    branches = [
        {"StartAt": "X", "States": {"X": PASS | {"Output": "{% $states.input.z %}"}}},
        {"StartAt": "Y", "States": {"Y": PASS}},
    ]
    state = {"Type": "Parallel", "Arguments": {"z": "{% $states.input.a %}"}, "Branches": branches}
    last = {"Output": "{% $reverse($states.result) %}", "End": True}
    assert run({"P": state | last}, {"a": 4}) == [{"z": 4}, 4]


def test_a_catcher_has_the_error_and_the_input():
    catch = {
        "ErrorEquals": ["Busy"],
        "Output": {"e": "{% $states.errorOutput %}", "n": "{% $states.input.n %}"},
        "Assign": {"cause": "{% $states.errorOutput.Cause %}"},
        "Next": "D",
    }
    task = {"Type": "Task", "Resource": "r", "Catch": [catch], "End": True}
    states = {"T": task, "D": PASS | {"Output": [INPUT, "{% $cause %}"]}}
    error = {"Error": "Busy", "Cause": "later"}
    assert run(states, {"n": 1}, answers=[("Busy", "later")]) == [{"e": error, "n": 1}, "later"]
    del catch["Output"]
    assert run(states, {"n": 1}, answers=[("Busy", "later")]) == [error, "later"]


def test_what_an_expression_fails_with_is_retried_and_caught():
    retry = {"ErrorEquals": [ERROR], "MaxAttempts": 2, "IntervalSeconds": 1}
    catch = {"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput %}", "Next": "D"}
    task = {"Type": "Task", "Resource": "r", "Retry": [retry], "Catch": [catch], "End": True}
    output = "{% $states.context.State.RetryCount = 2 ? 'third' : 1 + 'a' %}"
    assert run({"T": task | {"Output": output}, "D": PASS}, answers=[1, 2, 3]) == "third"
    caught = run({"T": task | {"Arguments": "{% $nope %}"}, "D": PASS})
    assert caught == {"Error": ERROR, "Cause": ""}


@pytest.mark.parametrize(
    "state",
    [
        PASS | {"Output": "{% $states.input.nope %}"},
        PASS | {"Assign": {"x": "{% $nope %}"}},
        {"Type": "Wait", "Seconds": "{% 1.5 %}", "End": True},
        {"Type": "Wait", "Seconds": "{% '1' %}", "End": True},
        {"Type": "Wait", "Timestamp": "{% 'soon' %}", "End": True},
        {"Type": "Task", "Resource": "r", "TimeoutSeconds": "{% 0 %}", "End": True},
        {"Type": "Task", "Resource": "r", "HeartbeatSeconds": "{% true %}", "End": True},
        {"Type": "Choice", "Choices": [{"Condition": "{% 1 %}", "Next": "Z"}]},
        {"Type": "Fail", "Error": "{% 1 %}"},
        mapped(Items="{% 1 %}"),
        mapped(),
        mapped(Items=[1], MaxConcurrency="{% -1 %}"),
        mapped(Items=[1], ToleratedFailureCount="{% 0.5 %}"),
        mapped(Items=[1], ToleratedFailurePercentage="{% 101 %}"),
    ],
)
def test_a_value_that_a_field_does_not_take_is_an_error_of_the_query(state):
    with pytest.raises(Failed) as caught:
        run({"A": state, "Z": PASS} if state["Type"] == "Choice" else {"A": state}, {})
    assert caught.value.args[0] == ERROR


def test_times_and_texts_come_from_expressions():
    times = "{% $fromMillis($toMillis($states.context.State.EnteredTime) + 5000) %}"
    states = {
        "W": {"Type": "Wait", "Timestamp": times, "Next": "P"},
        "P": {"Type": "Pass", "Output": "{% $states.context.State.EnteredTime %}", "Next": "F"},
        "F": {"Type": "Fail", "Error": "{% 'E' & 1 %}", "Cause": INPUT},
    }
    with pytest.raises(Failed) as caught:
        run(states, {})
    assert caught.value.args == ("E1", "2023-11-14T22:13:25.000Z")


def test_what_the_context_object_has_is_there():
    paths = {
        "Execution.Id": "arn:x:1",
        "Execution.Name": "one",
        "Execution.Input": {"a": 1},
        "Execution.RoleArn": "arn:role",
        "Execution.StartTime": "2023-11-14T22:13:20.000Z",
        "StateMachine.Id": "arn:machine",
        "StateMachine.Name": "pump",
        "State.Name": "P",
    }
    found = made({path: "{% $states.context." + path + " %}" for path in paths}, {"a": 1})
    assert found == paths
    assert made("{% $states.context.State %}") == {
        "EnteredTime": "2023-11-14T22:13:20.000Z",
        "Name": "P",
    }


def test_numbers_of_a_map_come_from_expressions():
    fails = {"Type": "Choice", "Choices": [{"Condition": "{% $states.input > 1 %}", "Next": "F"}]}
    body = {"StartAt": "C", "States": {"C": fails | {"Default": "S"}, "F": {"Type": "Fail"}}}
    body["States"]["S"] = {"Type": "Succeed"}
    state = {
        "Type": "Map",
        "Items": [1, 2],
        "ItemProcessor": body,
        "MaxConcurrency": "{% $states.input.c %}",
        "ToleratedFailurePercentage": "{% $states.input.p %}",
        "Output": "{% $states.result.Status %}",
        "End": True,
    }
    assert run({"M": state}, {"c": 1, "p": 50}) == "FAILED"
    with pytest.raises(Failed) as caught:
        run({"M": state}, {"c": 1, "p": 49.5})
    assert caught.value.args[0] == "States.ExceedToleratedFailureThreshold"


def test_half_a_character_is_none():
    assert run({"A": PASS | {"Output": '{% "a\\ud800" %}'}}) == "a\ufffd"
    assert run({"A": PASS | {"Output": '{% ["\\ud83d\\ude00", "\\udc00"] %}'}}) == ["😀", "\ufffd"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("$match($states.input, /(?:(a)|b)+/)", {"match": "ab", "index": 0, "groups": [None]}),
        ("$match($states.input, /(\\w)(\\d)?-/).groups", ["b", None]),
        ("$replace($states.input, /(\\d)|(c)/, '<$1$2>')", "ab-<c><1>\nX<1>"),
        ("$split($states.input, /[-\\n]/)", ["ab", "c1", "X1"]),
        ("$contains($states.input, /^x/im)", True),
        ("$match($states.input, /[^a-c\\d]1$/m).match", "X1"),
        ("$match($states.input, /\\b.1\\b/).index", [3, 6]),
    ],
)
def test_regular_expressions_match(expression, expected):
    assert run({"A": PASS | {"Output": f"{{% {expression} %}}"}}, "ab-c1\nX1") == expected


@pytest.mark.parametrize(
    "text",
    [
        "$states.input" + ".a" * 1800,
        "$states.input" + ".(a" * 74 + ")" * 74,
        "$states.input" + ".a@$x" * 600,
        "$states.input" + ".a.b" * 300 + "." + "%." * 290 + "c",
        "1" + " + 1" * 1900,
        "[" + ",".join(["$states.input.a"] * 2500) + "]",
        "(" * 1000,
    ],
)
def test_an_expression_is_compiled_or_refused_however_deep_it_is(text):
    state = PASS | {"QueryLanguage": "JSONata", "Output": f"{{% {text} %}}"}
    try:
        compile_text(json.dumps({"StartAt": "A", "States": {"A": state}}))
    except CompileError as error:
        message = error.problems[0].message
        assert "nested" in message or "so many variables" in message
        assert error.problems[0].refusal
