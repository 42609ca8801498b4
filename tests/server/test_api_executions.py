"""Executions of the endpoint, as boto3 sees them: begun, described, listed, stopped."""

from __future__ import annotations

import json

from tests.server.executing import PASS, begin, ended, machine, run
from tests.server.served import client, refusal
from tsme_host.server.server import Call

WAITS = {"W": {"Type": "Wait", "Seconds": 1000, "End": True}}
PREFIX = "arn:aws:states:us-east-1:000000000000:"


def test_an_execution_is_described_from_its_start_to_its_end(sfn):
    arn = machine(sfn, {"P": PASS | {"Parameters": {"double.$": "States.MathAdd($.n, $.n)"}}})
    started = sfn.start_execution(
        stateMachineArn=arn, name="first", input='{"n": 21}', traceHeader="Root=1-2-3"
    )
    assert started["executionArn"] == PREFIX + "execution:m:first"
    found = ended(sfn, started["executionArn"])
    assert found["status"] == "SUCCEEDED"
    assert found["output"] == '{"double":42}'
    assert found["input"] == '{"n": 21}'  # as it came
    assert found["name"] == "first"
    assert found["stateMachineArn"] == arn
    assert found["startDate"] == started["startDate"] <= found["stopDate"]
    assert found["traceHeader"] == "Root=1-2-3"
    assert found["redriveCount"] == 0
    assert found["redriveStatus"] == "NOT_REDRIVABLE"
    assert found["redriveStatusReason"] == "Execution is SUCCEEDED and cannot be redriven"
    assert "error" not in found
    bare = sfn.describe_execution(
        executionArn=started["executionArn"], includedData="METADATA_ONLY"
    )
    assert bare["status"] == "SUCCEEDED"
    assert not {"input", "output", "inputDetails", "outputDetails"} & set(bare)


def test_a_trace_header_of_the_request_goes_before_that_of_its_body(endpoint):
    sfn = client(endpoint)
    arn = machine(sfn, {"P": PASS})
    sent = []
    sfn.meta.events.register(
        "before-sign.stepfunctions.StartExecution",
        lambda request, **_: request.headers.add_header("X-Amzn-Trace-Id", sent[-1]),
    )
    for header, kept in (("Root=1-2", "Root=1-2"), ("x" * 257, "Root=1-1"), ("", "Root=1-1")):
        sent.append(header)
        started = sfn.start_execution(stateMachineArn=arn, traceHeader="Root=1-1")
        found = sfn.describe_execution(executionArn=started["executionArn"])
        assert found["traceHeader"] == kept


def test_the_members_of_values_keep_their_order_and_numbers_their_kind(sfn):
    arn = machine(sfn, {"P": PASS})
    found = ended(sfn, begin(sfn, arn, input='{"z":1,"a":[1.0,1e3,9223372036854775807],"é":null}'))
    assert list(json.loads(found["output"])) == ["z", "a", "é"]
    assert json.loads(found["output"])["a"] == [1.0, 1000, 2**63 - 1]


def test_an_execution_that_fails_says_why_in_the_words_of_aws(sfn):
    arn = machine(sfn, {"P": PASS | {"Parameters": {"x.$": "$.nope"}}})
    found = run(sfn, arn, {"a": 1})
    assert (found["status"], found["error"]) == ("FAILED", "States.Runtime")
    assert found["cause"] == (
        "An error occurred while executing the state 'P' (entered at the event id #2). The "
        "JSONPath '$.nope' specified for the field 'x.$' could not be found in the input "
        "'{\"a\":1}'"
    )
    assert "output" not in found
    assert found["redriveStatus"] == "REDRIVABLE"
    arn = machine(sfn, {"F": {"Type": "Fail", "Error": "Dry", "Cause": "no <rain> 'yet'"}}, "f")
    found = run(sfn, arn)
    assert (found["error"], found["cause"]) == ("Dry", "no <rain> 'yet'")


def test_an_execution_whose_time_is_up_has_neither_error_nor_cause(sfn):
    arn = machine(sfn, WAITS, TimeoutSeconds=1)
    found = run(sfn, arn)
    assert found["status"] == "TIMED_OUT"
    assert not {"error", "cause", "output"} & set(found)
    assert (found["stopDate"] - found["startDate"]).total_seconds() >= 1


def test_the_same_name_and_input_again_are_the_same_execution_while_it_runs(sfn):
    arn = machine(sfn, WAITS)
    first = sfn.start_execution(stateMachineArn=arn, name="one", input='{"a":1}')
    again = sfn.start_execution(stateMachineArn=arn, name="one", input='{"a":1}')
    assert (again["executionArn"], again["startDate"]) == (
        first["executionArn"],
        first["startDate"],
    )
    exists = ("ExecutionAlreadyExists", f"Execution Already Exists: '{first['executionArn']}'")
    assert refusal(sfn.start_execution, stateMachineArn=arn, name="one", input="{}") == exists
    sfn.stop_execution(executionArn=first["executionArn"])
    assert refusal(sfn.start_execution, stateMachineArn=arn, name="one", input='{"a":1}') == exists
    assert len(sfn.list_executions(stateMachineArn=arn)["executions"]) == 1


def test_a_call_that_an_sdk_sends_again_starts_nothing_twice(sfn, server):
    arn = machine(sfn, {"P": PASS})
    sent = Call(invocation="5b7d0c0e-1a53-4d0e-8d2c-6a8f0d1f2b11")
    request = {"stateMachineArn": arn, "input": "{}"}
    first = server.call("StartExecution", request, sent)
    ended(sfn, first["executionArn"])  # it may even be over by then
    assert server.call("StartExecution", request, sent) == first
    other = server.call("StartExecution", request, Call(invocation="another"))
    assert other["executionArn"] != first["executionArn"]
    assert len(sfn.list_executions(stateMachineArn=arn)["executions"]) == 2


def test_wrong_requests_to_start_are_refused_and_start_nothing(sfn):
    arn = machine(sfn, {"P": PASS})
    for name in ("a b", "a/b", "<b>", "a'\"--", "..\\x", "a\nb"):
        found = refusal(sfn.start_execution, stateMachineArn=arn, name=name)
        assert found == ("InvalidName", f"Invalid Name: '{name}'")
    for text in ("", "{", "{'a': 1}", "NaN", "[1,]"):
        code, said = refusal(sfn.start_execution, stateMachineArn=arn, input=text)
        assert code == "InvalidExecutionInput"
        assert said.startswith("Invalid State Machine Execution Input: '")
    code, _ = refusal(sfn.start_execution, stateMachineArn=arn, input='"' + "é" * 131_072 + '"')
    assert code == "InvalidExecutionInput"
    nobody = PREFIX + "stateMachine:nobody"
    found = refusal(sfn.start_execution, stateMachineArn=nobody)
    assert found == ("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{nobody}'")
    code, _ = refusal(sfn.start_execution, stateMachineArn="nonsense")
    assert code == "InvalidArn"
    assert sfn.list_executions(stateMachineArn=arn)["executions"] == []


def test_an_input_may_have_256_kib(sfn):
    arn = machine(sfn, {"P": PASS})
    text = '"' + "x" * (262_144 - 2) + '"'
    found = ended(sfn, begin(sfn, arn, input=text))
    assert found["status"] == "SUCCEEDED"
    assert found["output"] == text


def test_a_stopped_execution_is_aborted_and_stays_so(sfn):
    arn = machine(sfn, WAITS)
    execution = begin(sfn, arn)
    stopped = sfn.stop_execution(executionArn=execution, error="Manual", cause="it's raining")
    found = sfn.describe_execution(executionArn=execution)
    assert (found["status"], found["error"], found["cause"]) == (
        "ABORTED",
        "Manual",
        "it's raining",
    )
    assert found["stopDate"] == stopped["stopDate"]
    again = sfn.stop_execution(executionArn=execution, error="Other")
    assert again["stopDate"] == stopped["stopDate"]
    assert sfn.describe_execution(executionArn=execution)["error"] == "Manual"
    other = begin(sfn, arn)
    sfn.stop_execution(executionArn=other)
    assert not {"error", "cause"} & set(sfn.describe_execution(executionArn=other))


def test_executions_that_are_not_there_are_refused_by_every_operation(sfn):
    execution = PREFIX + "execution:m:nobody"
    wanted = ("ExecutionDoesNotExist", f"Execution Does Not Exist: '{execution}'")
    operations = (
        sfn.describe_execution,
        sfn.stop_execution,
        sfn.get_execution_history,
        sfn.redrive_execution,
    )
    for operation in operations:
        assert refusal(operation, executionArn=execution) == wanted
        assert refusal(operation, executionArn=PREFIX + "stateMachine:m")[0] == "InvalidArn"
        assert refusal(operation, executionArn="x' OR 1=1 --")[0] == "InvalidArn"


def test_executions_come_in_pages_the_newest_first(sfn):
    arn = machine(sfn, WAITS)
    other = machine(sfn, WAITS, "other")
    begin(sfn, other)
    executions = [begin(sfn, arn, name=f"e{n}") for n in range(7)]
    for execution in executions[:3]:
        sfn.stop_execution(executionArn=execution)
    pages = list(
        sfn.get_paginator("list_executions").paginate(
            stateMachineArn=arn, PaginationConfig={"PageSize": 3}
        )
    )
    assert [len(page["executions"]) for page in pages] == [3, 3, 1]
    found = [one for page in pages for one in page["executions"]]
    assert [one["executionArn"] for one in found] == executions[::-1]
    assert [one["status"] for one in found] == ["RUNNING"] * 4 + ["ABORTED"] * 3
    assert all(("stopDate" in one) == (one["status"] == "ABORTED") for one in found)
    running = sfn.list_executions(stateMachineArn=arn, statusFilter="RUNNING", maxResults=2)
    assert [one["name"] for one in running["executions"]] == ["e6", "e5"]
    for token, more in (("x", {}), (running["nextToken"], {"statusFilter": "ABORTED"})):
        code, text = refusal(sfn.list_executions, stateMachineArn=arn, nextToken=token, **more)
        assert (code, text) == (
            "InvalidToken",
            "Invalid Token: 'Input inconsistent with page token'",
        )
    assert refusal(sfn.list_executions)[0] == "ValidationException"
    nobody = PREFIX + "stateMachine:nobody"
    assert refusal(sfn.list_executions, stateMachineArn=nobody)[0] == "StateMachineDoesNotExist"


def test_versions_and_aliases_run_what_they_lead_to(sfn):
    arn = machine(sfn, {"P": PASS | {"Result": 1}})
    first = sfn.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"]
    definition = json.dumps({"StartAt": "P", "States": {"P": PASS | {"Result": 2}}})
    sfn.update_state_machine(stateMachineArn=arn, definition=definition)
    alias = sfn.create_state_machine_alias(
        name="live", routingConfiguration=[{"stateMachineVersionArn": first, "weight": 100}]
    )["stateMachineAliasArn"]
    assert run(sfn, arn)["output"] == "2"
    of_version, of_alias = run(sfn, first), run(sfn, alias)
    assert of_version["output"] == of_alias["output"] == "1"
    assert of_version["stateMachineVersionArn"] == of_alias["stateMachineVersionArn"] == first
    assert of_alias["stateMachineAliasArn"] == alias
    assert "stateMachineAliasArn" not in of_version
    assert len(sfn.list_executions(stateMachineArn=arn)["executions"]) == 3
    listed = sfn.list_executions(stateMachineArn=alias)["executions"]
    assert [one["executionArn"] for one in listed] == [of_alias["executionArn"]]
    assert len(sfn.list_executions(stateMachineArn=first)["executions"]) == 2


def test_what_runs_keeps_the_definition_it_began_with(sfn):
    states = {"W": {"Type": "Wait", "Seconds": 1, "Next": "P"}, "P": PASS | {"Result": 1}}
    arn = machine(sfn, states)
    execution = begin(sfn, arn)
    definition = json.dumps({"StartAt": "P", "States": {"P": PASS | {"Result": 2}}})
    sfn.update_state_machine(stateMachineArn=arn, definition=definition)
    assert ended(sfn, execution)["output"] == "1"
    kept = sfn.describe_state_machine_for_execution(executionArn=execution)
    assert json.loads(kept["definition"])["StartAt"] == "W"


def test_a_deleted_machine_is_gone_when_its_executions_have_ended(sfn):
    arn = machine(sfn, WAITS)
    execution = begin(sfn, arn)
    sfn.delete_state_machine(stateMachineArn=arn)
    assert ended(sfn, execution)["status"] == "ABORTED"
    code, _ = refusal(sfn.start_execution, stateMachineArn=arn)
    assert code in ("StateMachineDoesNotExist", "StateMachineDeleting")


# --- express ---------------------------------------------------------------------------------


def test_an_express_execution_is_waited_for(sfn):
    arn = machine(sfn, {"P": PASS | {"Parameters": {"x.$": "$.n"}}}, type="EXPRESS")
    found = sfn.start_sync_execution(stateMachineArn=arn, name="quick", input='{"n":1}')
    assert (found["status"], found["output"], found["input"]) == (
        "SUCCEEDED",
        '{"x":1}',
        '{"n":1}',
    )
    assert found["name"] == "quick"
    assert found["executionArn"].startswith(PREFIX + "express:m:quick:")
    assert found["billingDetails"]["billedDurationInMilliseconds"] % 100 == 0
    failed = sfn.start_sync_execution(stateMachineArn=arn, input="{}")
    assert (failed["status"], failed["error"]) == ("FAILED", "States.Runtime")
    assert "could not be found in the input '{}'" in failed["cause"]
    bare = sfn.start_sync_execution(
        stateMachineArn=arn, input='{"n":1}', includedData="METADATA_ONLY"
    )
    assert not {"input", "output"} & set(bare)


def test_express_executions_of_one_name_are_different_ones(sfn):
    arn = machine(sfn, {"P": PASS}, type="EXPRESS")
    found = {begin(sfn, arn, name="same") for _ in range(3)}
    assert len(found) == 3
    unsupported = (
        "StateMachineTypeNotSupported",
        "This operation is not supported by this type of state machine",
    )
    assert refusal(sfn.list_executions, stateMachineArn=arn) == unsupported
    standard = machine(sfn, {"P": PASS}, "standard")
    assert refusal(sfn.start_sync_execution, stateMachineArn=standard) == unsupported
    assert refusal(sfn.describe_execution, executionArn=found.pop())[0] == "InvalidArn"
