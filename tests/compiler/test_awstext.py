"""Problems in AWS's words: each of these texts was seen of AWS."""

import json

import pytest

from tsme_host.compiler.frontend.aws_text import definition_error, diagnostics
from tsme_host.compiler.frontend.check import find_problems

QUEUE = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
BODY = {"StartAt": "B", "States": {"B": {"Type": "Pass", "End": True}}}
ACTIVITY = "arn:aws:states:us-east-1:111111111111:activity:dig"


def told(text, express=False):
    if not isinstance(text, str):
        text = json.dumps(text)
    return [d.to_json() for d in diagnostics(text, find_problems(text, express=express)[1])]


def machine(**state):
    return {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True} | state}}


def said(definition, express=False):
    [found] = told(definition, express)
    assert (found["severity"], found["code"]) == ("ERROR", "SCHEMA_VALIDATION_FAILED")
    return found["message"], found.get("location")


def test_a_sound_workflow_has_no_diagnostics():
    assert told(machine()) == []
    assert told(machine(QueryLanguage="JSONata")) == []  # what only we refuse is none


def test_missing_fields_are_told_together():
    assert said({}) == ("These fields are required: [States, StartAt]", "/")
    assert said({"States": machine()["States"]}) == ("These fields are required: [StartAt]", "/")


def test_a_text_that_is_no_json_is_told_as_the_parser_of_aws_does():
    assert said("") == ("Definition must be a valid JSON object", None)
    [found] = told("dig here")
    place = '[Source: (String)"dig here"; line: 1, column: 4]'
    assert (found["code"], found["location"]) == ("INVALID_JSON_DESCRIPTION", place)
    assert found["message"].startswith("Unrecognized token 'dig': was expecting (JSON String,")
    assert found["message"].endswith(f"\n at {place}")


@pytest.mark.parametrize(
    ("state", "message", "field"),
    [
        (
            {"Type": "Dig"},
            "The field 'Type' should have one of these values: "
            "[Task, Wait, Pass, Succeed, Fail, Choice, Parallel, Map]",
            "/Type",
        ),
        (
            {"Type": "Wait", "Timestamp": "noon"},
            "String does not match RFC3339 timestamp",
            "/Timestamp",
        ),
        (
            {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:dig"},
            "The resource provided arn:aws:states:::dynamodb:dig is not recognized. The value is "
            "not a valid resource ARN, or the resource is not available in this region.",
            "/Resource",
        ),
    ],
)
def test_a_wrong_value_is_told_at_its_place(state, message, field):
    assert said(machine(**state)) == (message, "/States/A" + field)


@pytest.mark.parametrize(
    ("state", "place"),
    [
        ({"Type": "Parallel", "Branches": []}, "/Branches"),
        ({"Type": "Choice", "Choices": [], "End": None}, "/Choices"),
        (
            {"Type": "Task", "Resource": "dig", "Retry": [{"ErrorEquals": []}]},
            "/Retry[0]/ErrorEquals",
        ),
        (
            {"Type": "Map", "ItemProcessor": {"StartAt": "B", "States": {}}},
            "/ItemProcessor/States",
        ),
        (
            {
                "Type": "Parallel",
                "Branches": [
                    machine(Type="Wait", Seconds=1),
                    machine(Type="Parallel", Branches=[]),
                ],
            },
            "/Branches[1]/States/A/Branches",
        ),
    ],
)
def test_what_must_hold_something_is_told_at_its_place(state, place):
    found = [d for d in told(machine(**state)) if d["message"] == "Value cannot be empty"]
    assert [d["location"] for d in found] == ["/States/A" + place]


def test_express_workflows_are_told_what_they_cannot_wait_for():
    for resource, what in (
        (QUEUE, "'.waitForTaskToken' service integration "),
        ("arn:aws:states:::ecs:runTask.sync", "'.sync' service integration"),
        ("arn:aws:states:::states:startExecution.sync:2", "'.sync:2' service integration"),
        (ACTIVITY, "Activity ARN"),
    ):
        found = said(machine(Type="Task", Resource=resource), express=True)
        wanted = f"Express state machine does not support {what}"
        assert found == (wanted, "/States/A/Resource")


def test_the_message_of_a_refused_creation_has_code_and_place():
    text = json.dumps(machine(Type="Wait", Timestamp="noon"))
    why = "SCHEMA_VALIDATION_FAILED: String does not match RFC3339 timestamp"
    wanted = f"Invalid State Machine Definition: '{why} at /States/A/Timestamp'"
    assert definition_error(text, find_problems(text)[1]) == wanted


def test_transitions_are_told_only_of_sound_fields():
    dangling = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}
    codes = [d["code"] for d in told(dangling)]
    assert codes == ["MISSING_TRANSITION_TARGET", "MISSING_END_STATE"]
    dangling["States"]["A"]["Typo"] = 1
    assert {d["code"] for d in told(dangling)} == {"SCHEMA_VALIDATION_FAILED"}


def test_a_workflow_without_an_end_is_told_as_that():
    loop = {"StartAt": "A", "States": {n: {"Type": "Pass", "Next": m} for n, m in ("AB", "BA")}}
    end = {"severity": "ERROR", "code": "MISSING_END_STATE"}
    end["message"] = "Workflow has no terminal state"
    assert told(loop) == [end]
    text = json.dumps(loop)
    wanted = "'MISSING_END_STATE: Workflow has no terminal state at null'"
    assert definition_error(text, find_problems(text)[1]).endswith(wanted)
    # It hides what is not reachable, and comes behind unknown targets.
    loop["States"]["C"] = {"Type": "Pass", "Next": "A"}
    assert told(loop) == [end]
    loop["States"]["C"]["Next"] = "Ghost"
    found = told(loop)
    assert (found[0]["location"], found[1:]) == ("/States/C/Next", [end])
    loop["States"]["C"] = {"Type": "Succeed"}
    assert [d["message"] for d in told(loop)] == ['State "C" is not reachable.']


@pytest.mark.parametrize(
    ("state", "message", "field"),
    [
        (
            {"Type": "Map", "MaxConcurrency": -1, "ItemProcessor": BODY},
            "Minimum value is 0",
            "/MaxConcurrency",
        ),
        (
            {"Type": "Task", "Resource": "r", "TimeoutSeconds": 0},
            "Minimum value is 1",
            "/TimeoutSeconds",
        ),
        (
            {"QueryLanguage": "jsonpath"},
            "Value should be one of the following: [JSONPath, JSONata]",
            "/QueryLanguage",
        ),
        ({"QueryLanguage": 1}, "Expected value of type [STRING]", "/QueryLanguage"),
        (
            {"Output": {}},
            "The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the "
            "'JSONata' QueryLanguage",
            "",
        ),
        (
            {"QueryLanguage": "JSONata", "InputPath": "$"},
            "The QueryLanguage is set to 'JSONata', but field 'InputPath' is only supported for "
            "the 'JSONPath' QueryLanguage",
            "",
        ),
        (
            {
                "Type": "Map",
                "TimeoutSeconds": 1,
                "ItemProcessor": BODY,
            },
            "Field 'TimeoutSeconds' is not supported",
            "",
        ),
    ],
)
def test_wrong_fields_are_told_at_the_field_or_the_state(state, message, field):
    assert said(machine(**state)) == (message, "/States/A" + field)


def test_every_code_of_the_compiler_has_words():
    text = json.dumps(machine(Type="Task", Resource="", Retry=[{"ErrorEquals": []}], Catch=3))
    assert all(d["message"] and d["location"] for d in told(text))
