"""`tsme test-state`: one state on the real kernel, and what it tells of the data flow."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.tools.shell import assert_one_clear_line, tsme
from tsme_host.compiler.frontend.model import CompileError
from tsme_host.tools.aws import api_models
from tsme_host.tools.aws.state_request import ApiError, Request
from tsme_host.tools.commands.test_state import run_state

INVOKE = "arn:aws:states:::lambda:invoke"
PUT_EVENTS = "arn:aws:states:::events:putEvents"
QUEUE = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
BODY = {"StartAt": "In", "States": {"In": {"Type": "Pass", "End": True}}}
models = pytest.mark.skipif(
    not api_models.known(), reason="the API models (botocore) are not here"
)


def run(state: dict[str, Any], **request: Any) -> dict[str, Any]:
    if "mock" in request and "result" in request["mock"]:
        request["mock"] = request["mock"] | {"result": json.dumps(request["mock"]["result"])}
    return run_state(Request(json.dumps(state), **request))


def task(**more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": "read", "End": True} | more


def stages(state: dict[str, Any], **request: Any) -> dict[str, Any]:
    return run(state, level="DEBUG", **request)["inspectionData"]


def refused(state: dict[str, Any], **request: Any) -> tuple[str, str]:
    with pytest.raises(ApiError) as caught:
        run(state, **request)
    return caught.value.code, caught.value.message


# --- what it answers ------------------------------------------------------------------------


def test_a_state_that_succeeds_tells_its_output_and_where_it_goes():
    state = {"Type": "Pass", "Result": 2, "ResultPath": "$.n", "Next": "B"}
    answer = {"status": "SUCCEEDED", "output": {"a": 1, "n": 2}, "nextState": "B"}
    assert run(state, input={"a": 1}) == answer
    assert run({"Type": "Succeed"}) == {"status": "SUCCEEDED", "output": {}}


def test_a_choice_tells_which_rule_it_took():
    rule = {"Variable": "$.n", "NumericGreaterThan": 1, "Next": "Many"}
    choice = {"Type": "Choice", "Choices": [rule], "Default": "Few"}
    assert run(choice, input={"n": 2})["nextState"] == "Many"
    assert run(choice, input={"n": 1})["nextState"] == "Few"
    del choice["Default"]
    assert run(choice, input={"n": 1})["error"] == "States.NoChoiceMatched"


def test_a_wait_does_not_wait():
    wait = {"Type": "Wait", "Seconds": 99999999, "Next": "B"}
    assert run(wait, input=1) == {"status": "SUCCEEDED", "output": 1, "nextState": "B"}


def test_a_failure_has_error_and_cause_in_the_words_of_aws():
    failed = run({"Type": "Fail", "Error": "Dry", "Cause": "dust"})
    assert failed == {"status": "FAILED", "error": "Dry", "cause": "dust"}
    assert run({"Type": "Fail"}) == {"status": "FAILED"}
    answer = run({"Type": "Pass", "InputPath": "$.no", "End": True})
    assert answer["error"] == "States.Runtime"
    assert answer["cause"] == "Invalid path '$.no' : No results for path: $['no']"


def test_a_mock_stands_for_the_call():
    assert run(task(ResultPath="$.r"), mock={"result": [1]}, input={})["output"] == {"r": [1]}
    error = {"errorOutput": {"error": "Dry", "cause": "dust"}}
    assert run(task(), mock=error) == {"status": "FAILED", "error": "Dry", "cause": "dust"}


def test_a_caught_error_goes_to_the_catcher():
    catch = [
        {"ErrorEquals": ["Wet"], "Next": "A"},
        {"ErrorEquals": ["Dry"], "ResultPath": "$.e", "Next": "B"},
    ]
    mock = {"errorOutput": {"error": "Dry", "cause": "dust"}}
    answer = run(task(Catch=catch), mock=mock, input={"a": 1}, level="DEBUG")
    assert answer["status"] == "CAUGHT_ERROR"
    assert (answer["error"], answer["cause"], answer["nextState"]) == ("Dry", "dust", "B")
    assert answer["output"] == {"a": 1, "e": {"Error": "Dry", "Cause": "dust"}}
    assert answer["inspectionData"]["errorDetails"] == {"catchIndex": 1}


def test_an_error_that_would_be_retried_tells_which_retrier_and_after_how_long():
    retry = [
        {"ErrorEquals": ["Wet"]},
        {"ErrorEquals": ["Dry"], "IntervalSeconds": 3, "BackoffRate": 2, "MaxAttempts": 3},
    ]
    mock = {"errorOutput": {"error": "Dry"}}
    for before, seconds in ((0, 3), (1, 6), (2, 12)):
        configuration = {"retrierRetryCount": before}
        answer = run(task(Retry=retry), mock=mock, level="TRACE", configuration=configuration)
        assert answer["status"] == "RETRIABLE"
        details = {"retryIndex": 1, "retryBackoffIntervalSeconds": seconds}
        assert answer["inspectionData"]["errorDetails"] == details
    answer = run(
        task(Retry=retry), mock=mock, level="TRACE", configuration={"retrierRetryCount": 3}
    )
    assert answer["status"] == "FAILED"
    assert answer["inspectionData"]["errorDetails"] == {"retryIndex": 1}


# --- what it shows --------------------------------------------------------------------------


def test_info_shows_no_stages():
    assert "inspectionData" not in run(task(), mock={"result": 1})


def test_the_stages_of_a_task_are_shown_in_full():
    state = task(
        InputPath="$.in",
        Parameters={"p.$": "$.x"},
        ResultSelector={"s.$": "$.y"},
        ResultPath="$.out",
    )
    shown = stages(state, input={"in": {"x": 1}}, mock={"result": {"y": 2}})
    assert shown == {
        "input": {"in": {"x": 1}},
        "afterInputPath": {"x": 1},
        "afterParameters": {"p": 1},
        "result": {"y": 2},
        "afterResultSelector": {"s": 2},
        "afterResultPath": {"in": {"x": 1}, "out": {"s": 2}},
    }


def test_stages_after_an_error_are_not_shown():
    shown = stages(task(), input=1, mock={"errorOutput": {"error": "Dry"}})
    assert shown == {"input": 1, "afterInputPath": 1, "afterParameters": 1}
    shown = stages(task(Parameters={"x.$": "$.no"}), input=1, mock={"result": 1})
    assert shown == {"input": 1, "afterInputPath": 1}


def test_a_pass_with_a_result_shows_only_that():
    shown = stages({"Type": "Pass", "InputPath": "$.a", "Result": 3, "End": True}, input={"a": 1})
    assert shown.keys() == {"input", "result", "afterResultSelector", "afterResultPath"}


def test_a_map_shows_its_items_what_they_become_and_its_limits():
    state = {
        "Type": "Map",
        "ItemsPath": "$.list",
        "ItemSelector": {"i.$": "$$.Map.Item.Index", "of.$": "$.n", "v.$": "$$.Map.Item.Value"},
        "MaxConcurrencyPath": "$.n",
        "ToleratedFailurePercentage": 50,
        "ItemProcessor": BODY,
        "End": True,
    }
    shown = stages(state, input={"list": ["a", "b"], "n": 2}, mock={"result": [1, 2]})
    assert shown["afterItemsPath"] == ["a", "b"]
    assert shown["afterItemSelector"] == [
        {"i": 0, "of": 2, "v": "a"},
        {"i": 1, "of": 2, "v": "b"},
    ]
    assert shown["maxConcurrency"] == 2
    assert shown["toleratedFailurePercentage"] == 50
    assert shown["afterResultPath"] == [1, 2]


def test_variables_are_those_given_and_those_assigned():
    state = {"Type": "Pass", "Assign": {"n.$": "States.MathAdd($n, 1)", "m": 0}, "End": True}
    shown = stages(state, variables={"n": 1, "k": [2]})
    assert shown["variables"] == {"n": 2, "k": [2], "m": 0}
    answer = run({"Type": "Pass", "InputPath": "$nobody", "End": True})
    assert (answer["status"], answer["error"]) == ("FAILED", "States.Runtime")


def test_the_context_object_is_the_one_given_or_one_like_awss():
    state = {"Type": "Pass", "Parameters": {"c.$": "$$"}, "End": True}
    assert run(state, context={})["output"] == {"c": {}}
    given = {"Execution": {"Input": {"x": 1}}, "State": {"Name": "N"}}
    assert run(state, context=given)["output"] == {"c": given}
    own = run(state, input=7)["output"]["c"]
    assert (own["Execution"]["Input"], own["State"]["Name"]) == (7, "StateName")
    token = task(Resource=QUEUE, Parameters={"t.$": "$$.Task.Token"})
    mock = {"result": 1}
    shown = stages(token, context={"Task": {"Token": "abc"}}, mock=mock)
    assert shown["afterParameters"] == {"t": "abc"}


# --- Map and Parallel -----------------------------------------------------------------------


def test_items_that_failed_count_against_what_is_tolerated():
    state = {"Type": "Map", "ItemProcessor": BODY, "ToleratedFailureCount": 1, "End": True}

    def status(failures: int) -> str:
        configuration = {"mapIterationFailureCount": failures}
        answer = run(state, input=[1, 2, 3], mock={"result": []}, configuration=configuration)
        return answer["status"] + " " + answer.get("error", "")

    over = "FAILED States.ExceedToleratedFailureThreshold"
    assert [status(n) for n in (0, 1, 2)] == ["SUCCEEDED ", "SUCCEEDED ", over]
    del state["ToleratedFailureCount"]
    state["ToleratedFailurePercentage"] = 50
    assert [status(n) for n in (1, 2)] == ["SUCCEEDED ", over]
    del state["ToleratedFailurePercentage"]
    assert status(3) == "SUCCEEDED "


def test_what_a_map_goes_over_must_be_an_array():
    state = {"Type": "Map", "ItemsPath": "$.a", "ItemProcessor": BODY, "End": True}
    answer = run(state, input={"a": {"b": [1]}}, mock={"result": []}, level="DEBUG")
    assert answer["cause"] == 'Reference path "$.a" must point to array.'
    assert answer["inspectionData"].keys() == {"input", "afterInputPath"}


def test_a_distributed_map_takes_what_its_reader_is_said_to_have_read():
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Key": "k"}}
    body = BODY | {"ProcessorConfig": config}
    state = {"Type": "Map", "ItemReader": reader, "ItemProcessor": body, "End": True}
    configuration = {"mapItemReaderData": "[1, 2]"}
    shown = stages(state, mock={"result": [3, 4]}, configuration=configuration)
    assert shown["afterItemsPath"] == [1, 2]


@pytest.mark.parametrize(
    ("config", "text", "items"),
    [
        ({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "MaxItems": 1},
         "a,b\n1,x\n2,y\n", [{"a": "1", "b": "x"}]),
        ({"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["n"],
          "CSVDelimiter": "TAB"}, "1\t2\n", [{"n": "1"}]),
        ({"InputType": "JSONL"}, '{"a": 1}\n[2]\n', [{"a": 1}, [2]]),
    ],
)  # fmt: skip
def test_a_map_reads_data_as_it_is_at_its_source(config, text, items):
    reader = {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Key": "k"}}
    reader["ReaderConfig"] = config
    body = BODY | {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    state = {"Type": "Map", "ItemReader": reader, "ItemProcessor": body, "End": True}
    configuration = {"mapItemReaderData": text}
    shown = stages(state, mock={"result": []}, configuration=configuration)
    assert shown["afterItemsPath"] == items
    if config["InputType"] == "JSONL":
        with pytest.raises(ApiError, match="mapItemReaderData must be a valid JSONL"):
            stages(state, mock={"result": []}, configuration={"mapItemReaderData": "{"})


def test_a_map_over_an_object_selects_from_each_member():
    selector = {"k.$": "$$.Map.Item.Key", "v.$": "$$.Map.Item.Value", "all.$": "$$.Map.Item"}
    body = BODY | {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    state = {"Type": "Map", "ItemsPath": "$.o", "ItemProcessor": body, "End": True}
    found = stages(state | {"ItemSelector": selector}, input={"o": {"a": 1}}, mock={"result": []})
    assert found["afterItemsPath"] == {"a": 1}
    whole = {"Index": 0, "Key": "a", "Value": 1}
    assert found["afterItemSelector"] == [{"k": "a", "v": 1, "all": whole}]


def test_branches_are_mocked_as_one():
    state = {"Type": "Parallel", "Branches": [BODY], "ResultPath": "$.b", "Next": "B"}
    answer = run(state, input={"a": 1}, mock={"result": [2]}, level="DEBUG")
    assert answer["output"] == {"a": 1, "b": [2]}
    assert answer["inspectionData"].keys() == {"input", "afterResultSelector", "afterResultPath"}


# --- what is refused ------------------------------------------------------------------------


def test_only_states_that_call_something_take_a_mock():
    mock = {"errorOutput": {"error": "Dry"}}
    message = "State type 'Succeed' is not supported when a mock is specified"
    assert refused({"Type": "Succeed"}, mock=mock) == ("ValidationException", message)


def test_a_mock_says_one_thing():
    both = {"result": 1, "errorOutput": {"error": "Dry"}}
    for mock in (both, {}):
        assert "[result, errorOutput]" in refused(task(), mock=mock)[1]


def test_parallel_and_map_need_a_mock_and_it_is_an_array():
    state = {"Type": "Parallel", "Branches": [BODY], "End": True}
    assert refused(state)[0] == "InvalidDefinition"
    assert refused(state, mock={"result": {}})[1] == "Mocked result must be an array."
    each = "Mocked result must contain the same number of items as number of Parallel branches."
    for result in ([], [1, 2]):
        assert refused(state, mock={"result": result}) == ("ValidationException", each)


def test_a_parallel_without_branches_is_told_as_aws_tells_it():
    state = {"Type": "Parallel", "Branches": [], "End": True}
    code, message = refused(state, mock={"result": []})
    assert code == "InvalidDefinition"
    assert message.endswith("FAILED: Value cannot be empty at /States/StateName/Branches'")


def test_a_mocked_result_is_a_text_of_json():
    for result in ("{a: 1}", "", 3):
        for state in (task(), {"Type": "Parallel", "Branches": [BODY], "End": True}):
            with pytest.raises(ApiError) as caught:
                run_state(Request(json.dumps(state), mock={"result": result}))
            assert caught.value.message == "Mocked result must be valid JSON"


def test_a_mock_and_revealed_secrets_exclude_each_other():
    why = "TestState does not support RevealSecrets when a mock is specified."
    for mock in ({"result": 1}, {"errorOutput": {"error": "Dry"}}):
        assert refused(task(), mock=mock, reveal=True) == ("ValidationException", why)
    assert run({"Type": "Pass", "End": True}, reveal=True)["status"] == "SUCCEEDED"


def test_a_task_without_a_mock_needs_a_role():
    why = "RoleArn must be specified when testing a Task state"
    assert refused(task(), role=None) == ("ValidationException", why)
    assert run(task(), role=None, mock={"result": 1})["output"] == 1
    assert run({"Type": "Pass", "End": True}, role=None)["status"] == "SUCCEEDED"


def test_the_role_of_a_request_is_that_of_its_context_object():
    state = {"Type": "Pass", "Parameters": {"r.$": "$$.Execution.RoleArn"}, "End": True}
    assert run(state, role="arn:aws:iam::1:role/mine")["output"] == {
        "r": "arn:aws:iam::1:role/mine"
    }


def test_the_context_object_has_only_what_aws_puts_there():
    mock = {"result": 1}
    assert "Field 'Mine' is not allowed" in refused(task(), mock=mock, context={"Mine": 1})[1]
    assert "'Map' field" in refused(task(), mock=mock, context={"Map": {}})[1]
    assert "contains 'Task'" in refused(task(), mock=mock, context={"Task": {}})[1]
    assert run(task(Resource=QUEUE), mock=mock, context={"Task": {}})["status"] == "SUCCEEDED"


def test_a_wrong_definition_is_told_as_aws_tells_it():
    code, message = refused({"Type": "Dig", "End": True})
    assert code == "InvalidDefinition"
    assert message.startswith("Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: ")
    assert message.endswith(" at /States/StateName/Type'")


def test_what_only_this_version_refuses_is_refused_by_name():
    with pytest.raises(CompileError) as caught:
        run({"Type": "Pass", "InputPath": "$[?($[0])]", "End": True})
    assert "is not supported" in caught.value.problems[0].message


@models
def test_a_mocked_result_has_the_form_that_the_service_gives_it():
    def why(resource: str, result: Any, mode: str = "STRICT") -> str:
        mock = {"result": result, "fieldValidationMode": mode}
        try:
            run(task(Resource=resource), mock=mock)
        except ApiError as error:
            return error.message.removeprefix("Mock result schema validation error: ")
        return ""

    assert why(PUT_EVENTS, {"Entries": 1}) == "Field 'Entries' must be an array"
    bad = {"Entries": [{"EventId": "1"}, {"EventId": 2}]}
    assert why(PUT_EVENTS, bad) == why(PUT_EVENTS, bad, "PRESENT")
    assert why(PUT_EVENTS, bad) == "Field 'EventId' must be a string"
    assert why(PUT_EVENTS, bad, "NONE") == ""
    start = "arn:aws:states:::states:startExecution"
    assert why(start, {}) == "Required field 'ExecutionArn' is missing"
    assert why(start, {}, "PRESENT") == ""
    assert why(INVOKE, {"Payload": {"any": 1}, "SdkHttpMetadata": {}, "Mine": 1}) == ""
    assert why(INVOKE, {"StatusCode": "200"}) == "Field 'StatusCode' must be a number"
    encrypt = "arn:aws:states:::aws-sdk:kms:encrypt"
    empty = "Field 'CiphertextBlob' is smaller than the minimum length"
    assert why(encrypt, {"CiphertextBlob": ""}) == empty
    head = "arn:aws:states:::aws-sdk:s3:headObject"
    for mode in ("STRICT", "PRESENT"):
        odd = why(head, {"ServerSideEncryption": "rot13"}, mode)
        assert odd == "Field 'ServerSideEncryption' is not an expected value"
        assert why(head, {"ServerSideEncryption": "AES256"}, mode) == ""
    assert why(head, {"ServerSideEncryption": "rot13"}, "NONE") == ""
    runs = "arn:aws:states:::aws-sdk:sfn:listExecutions"
    odd = why(runs, {"Executions": [{"Status": "RUNNING"}, {"Status": "DRIPPING"}]}, "PRESENT")
    assert odd == "Field 'Status' is not an expected value"  # in arrays and objects too
    for anything in ("read", QUEUE, "arn:aws:states:::nobody:call", start + ".sync:2"):
        assert why(anything, {"Entries": 1}) == ""


def test_without_the_models_nothing_is_checked(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(api_models, "_services", dict)
    api_models._model.cache_clear()
    mock = {"result": {"Entries": 1}}
    assert run(task(Resource=PUT_EVENTS), mock=mock)["status"] == "SUCCEEDED"
    api_models._model.cache_clear()


# --- the command ----------------------------------------------------------------------------


@pytest.fixture
def flow(tmp_path, monkeypatch):
    states = {
        "Read": {"Type": "Task", "Resource": "read", "ResultPath": "$.r", "Next": "Items"},
        "Items": {"Type": "Map", "ItemProcessor": BODY, "End": True},
    }
    monkeypatch.chdir(tmp_path)
    tmp_path.joinpath("f.json").write_text(json.dumps({"StartAt": "Read", "States": states}))
    return "f.json"


def test_the_command_prints_the_answer_as_json(flow):
    args = ("--state", "Read", "-i", "{}", "--mock", '{"result": {"n": 1}}', "--json")
    result = tsme("test-state", flow, *args)
    assert result.exit_code == 0
    wanted = {"status": "SUCCEEDED", "output": {"r": {"n": 1}}, "nextState": "Items"}
    assert json.loads(result.stdout) == wanted


def test_the_command_prints_the_stages_for_people(flow):
    mock = '{"errorOutput": {"error": "Dry"}}'
    result = tsme("test-state", flow, "--state", "Read", "--mock", mock, "--inspection", "debug")
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "FAILED",
        "input: {}",
        "afterInputPath: {}",
        "afterParameters: {}",
        'error: "Dry"',
    ]


def test_states_of_inner_machines_are_found_too(flow):
    assert tsme("test-state", flow, "--state", "In").exit_code == 0


def test_a_single_state_may_stand_alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tmp_path.joinpath("s.json").write_text(json.dumps({"Type": "Pass", "Next": "B"}))
    assert tsme("test-state", "s.json").exit_code == 0


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("--state", "Nobody"), "TSME-H061"),
        (("--state", "Read"), "TSME-H060"),
        ((), "TSME-H062"),
        (("--state", "Read", "--mock", "[]"), "TSME-H062"),
    ],
)
def test_what_cannot_be_run_is_one_clear_line(flow, args, code):
    result = tsme("test-state", flow, *args)
    assert result.exit_code == 2
    assert_one_clear_line(result.stderr, code)


def test_a_state_that_is_not_there_is_told_with_those_that_are(flow):
    why = "ValidationException: State not found in definition"
    near = tsme("test-state", flow, "--state", "read")
    assert f'{why}; did you mean "Read"?' in near.stderr
    far = tsme("test-state", flow, "--state", "Nobody")
    assert f'{why}; its states: "Read", "Items", "In"' in far.stderr


def test_check_tells_the_variables_that_states_read(tmp_path):
    states = {
        "A": {"Type": "Pass", "Assign": {"n": 1}, "Next": "B"},
        "B": {"Type": "Pass", "InputPath": "$n", "End": True},
    }
    path = tmp_path / "f.json"
    path.write_text(json.dumps({"StartAt": "A", "States": states}))
    assert json.loads(tsme("check", path, "--references").stdout) == {"B": ["n"]}
