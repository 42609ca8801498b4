"""`tsme test-state` of states in JSONata: the stages that AWS shows, causes without a state."""

from __future__ import annotations

from typing import Any

from tests.tools.test_teststate import BODY, run


def jsonata(kind: str, **fields: Any) -> dict[str, Any]:
    return {"Type": kind, "QueryLanguage": "JSONata", "End": True, **fields}


def test_a_task_in_jsonata_shows_its_arguments_and_its_result():
    state = jsonata(
        "Task",
        Resource="read",
        Arguments={"pin": "{% $states.input.pin %}"},
        Assign={"m": "{% $states.result.m %}"},
        Output="{% $states.result.m + $x %}",
    )
    answer = run(
        state, input={"pin": 4}, variables={"x": 1}, mock={"result": {"m": 2}}, level="DEBUG"
    )
    assert answer["output"] == 3
    data = answer["inspectionData"]
    assert data.pop("variables") == {"m": 2, "x": 1}
    assert data == {"input": {"pin": 4}, "afterArguments": {"pin": 4}, "result": {"m": 2}}


def test_the_cause_of_an_expression_that_fails_has_no_state_in_it():
    answer = run(jsonata("Pass", Output={"v": "{% $nope %}"}))
    assert answer == {
        "status": "FAILED",
        "error": "States.QueryEvaluationError",
        "cause": "The JSONata expression '$nope' specified for the field 'Output/v' returned "
        "nothing (undefined).",
    }
    answer = run(jsonata("Wait", Timestamp="{% 'soon' %}"))
    assert answer["cause"] == (
        "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format "
        "string: soon"
    )
    answer = run(jsonata("Wait", Seconds="{% 1 + 'a' %}"))
    assert answer["cause"].endswith(
        'threw an error during evaluation. T2002: The right side of the "+" operator must '
        "evaluate to a number"
    )


def test_a_map_in_jsonata_really_selects_its_items():
    state = jsonata(
        "Map",
        Items="{% $states.input.items %}",
        ItemSelector={
            "v": "{% $states.context.Map.Item.Value %}",
            "name": "{% $states.context.State.Name %}",
            "k": "{% $states.input.k %}",
        },
        ItemProcessor=BODY,
        MaxConcurrency="{% 2 %}",
        ToleratedFailurePercentage="{% $states.input.k %}",
        Output="{% $sum($states.result) %}",
    )
    given: dict[str, Any] = {"input": {"items": [7, 8], "k": 50}, "mock": {"result": [1, 2]}}
    answer = run(state, **given, level="DEBUG")
    assert answer["output"] == 3
    assert answer["inspectionData"] == {
        "input": given["input"],
        "afterItemSelector": [{"v": value, "name": "StateName", "k": 50} for value in (7, 8)],
        "maxConcurrency": 2,
        "toleratedFailurePercentage": 50,
    }


def test_the_whole_of_states_is_what_aws_has():
    catch = [{"ErrorEquals": ["Busy"], "Output": "{% $states %}", "Next": "D"}]
    state = jsonata("Task", Resource="read", Catch=catch)
    mock = {"errorOutput": {"error": "Busy", "cause": "later"}}
    output = run(state, input=1, mock=mock)["output"]
    assert set(output) == {"input", "context", "errorOutput"}
    assert output["errorOutput"] == {"Error": "Busy", "Cause": "later"}
    assert set(output["context"]) == {"Execution", "StateMachine", "State"}


def test_a_choice_in_jsonata_tells_which_rule_it_took():
    rule = {"Condition": "{% $states.input.n > 1 %}", "Next": "Many", "Output": "{% 'm' %}"}
    state = {"Type": "Choice", "QueryLanguage": "JSONata", "Choices": [rule], "Default": "Few"}
    answer = run(state, input={"n": 2})
    assert (answer["nextState"], answer["output"]) == ("Many", "m")
    assert run(state, input={"n": 1})["nextState"] == "Few"
