"""ValidateStateMachineDefinition and TestState of the endpoint, as boto3 sees them."""

from __future__ import annotations

import json

from tests.server.served import ROLE, refusal


def test_a_definition_is_validated_without_a_machine(sfn):
    good = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})
    found = sfn.validate_state_machine_definition(definition=good)
    assert (found["result"], found["diagnostics"], found["truncated"]) == ("OK", [], False)
    states = {"A": {"Type": "Pass", "Next": "X", "Foo": 1}, "B": {"Type": "Pass", "Bar": 1}}
    bad = json.dumps({"StartAt": "A", "States": states})
    found = sfn.validate_state_machine_definition(definition=bad)
    assert found["result"] == "FAIL"
    assert {
        "severity": "ERROR",
        "code": "SCHEMA_VALIDATION_FAILED",
        "message": "Field 'Foo' is not supported",
        "location": "/States/A",
    } in found["diagnostics"]
    assert len(found["diagnostics"]) > 1
    one = sfn.validate_state_machine_definition(definition=bad, maxResults=1)
    assert one["diagnostics"] == found["diagnostics"][:1]
    assert one["truncated"] is True


def test_one_state_is_tried(sfn):
    state = json.dumps({"Type": "Pass", "Result": {"n": 1.5}, "ResultPath": "$.r", "Next": "B"})
    found = sfn.test_state(definition=state, input='{"a": 2}', inspectionLevel="DEBUG")
    assert found["status"] == "SUCCEEDED"
    assert json.loads(found["output"]) == {"a": 2, "r": {"n": 1.5}}
    assert found["nextState"] == "B"
    assert json.loads(found["inspectionData"]["input"]) == {"a": 2}


def test_a_task_is_tried_with_a_mock(sfn):
    task = {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {}}
    catch = [{"ErrorEquals": ["Sqs.X"], "Next": "C"}]
    state = json.dumps(task | {"Catch": catch, "End": True})
    mock = {"errorOutput": {"error": "Sqs.X", "cause": "why"}}
    found = sfn.test_state(definition=state, roleArn=ROLE, mock=mock)
    assert (found["status"], found["nextState"]) == ("CAUGHT_ERROR", "C")
    assert (found["error"], found["cause"]) == ("Sqs.X", "why")
    code, text = refusal(sfn.test_state, definition=state)
    assert code == "ValidationException"
    assert text == "RoleArn must be specified when testing a Task state"
    code, text = refusal(sfn.test_state, definition=state, roleArn=ROLE)
    assert code == "ValidationException"
    assert text.startswith("tsme serve calls nothing for TestState")


def test_what_cannot_be_tried_is_refused(sfn):
    code, text = refusal(sfn.test_state, definition='{"Type": "Pass", "Foo": 1, "End": true}')
    assert code == "InvalidDefinition"
    assert "Field 'Foo' is not supported" in text
    state = '{"Type": "Pass", "End": true}'
    assert refusal(sfn.test_state, definition=state, input="{")[0] == "InvalidExecutionInput"
    assert refusal(sfn.test_state, definition=state, variables="[]")[0] == "ValidationException"
