"""The history view: AWS's events and AWS's words, from records alone."""

import json

import pytest

from tests.conformance.driver import drive
from tests.conformance.samples import ARN, LAMBDA, PASS, RETRIED, SEND, case
from tsme.errors import TsmeError
from tsme_host.compiler.compile import compile_text
from tsme_host.tools.aws.events import Note
from tsme_host.tools.aws.history import replay_history

PASSES = {"Type": "Pass", "End": True}
WAITS = {"Type": "Wait", "End": True}
BODY = {"StartAt": "I", "States": {"I": PASSES}}
ACTIVITY = "arn:aws:states:us-east-1:123456789012:activity:valve"


def history(sample, *, notes=None, records=None):
    program = compile_text(json.dumps(sample["definition"]))
    run = drive(sample, program)
    run.notes.update(notes or {})
    steps = run.records if records is None else run.records[:records]
    return replay_history(program.program, program.debug, steps, run.notes)


def task(resource, **fields):
    return {"A": {"Type": "Task", "Resource": resource, "End": True, **fields}}


def answered(**outcome):
    return [{"state": "A", "parameters": "<*any*>", "outcome": outcome}]


def kinds(h):
    return [event["type"] for event in h.events]


def details(h, kind):
    [found] = [e.get("details") for e in h.events if e["type"] == kind]
    return found


# --- events ----------------------------------------------------------------------------------


def test_events_are_numbered_and_chained():
    h = history(PASS)
    assert [(e["id"], e["prev"]) for e in h.events] == [(1, 0), (2, 0), (3, 2), (4, 3)]
    assert h.answer() == {"status": "SUCCEEDED", "output": {"n": 2}}
    assert [e["time"] for e in h.events] == [1767225600000] * 4


def test_time_passes_between_steps():
    h = history(RETRIED)
    times = [e["time"] - h.events[0]["time"] for e in h.events]
    assert times[4] == 1  # the answer
    assert times[5] == 1001  # the retry
    assert times[7] == 11001  # the timeout


def test_a_service_has_its_parts_in_every_event():
    sample = case(task(SEND, HeartbeatSeconds=5), {"n": 1}, tasks=answered(output=3))
    h = history(sample, notes={1: Note(submitted={"MessageId": "x"})})
    both = {"resource": "sendMessage.waitForTaskToken", "resourceType": "sqs"}
    scheduled = {"parameters": {"n": 1}, "region": "us-east-1", "heartbeatInSeconds": 5}
    assert details(h, "TaskScheduled") == both | scheduled
    assert details(h, "TaskStarted") == details(h, "TaskSucceeded") == both
    [submitted] = [e for e in h.events if e["type"] == "TaskSubmitted"]
    assert submitted["output"] == {"MessageId": "x"}


def test_sdk_calls_and_plain_names():
    resource = "arn:aws:states:::aws-sdk:s3:getObject"
    h = history(case(task(resource), tasks=answered(output=1)))
    assert details(h, "TaskStarted") == {"resource": "getObject", "resourceType": "aws-sdk:s3"}
    h = history(case(task("read_soil"), tasks=answered(output=1)))
    assert details(h, "TaskStarted") == {"resource": "read_soil", "resourceType": "tsme"}


def test_the_function_of_lambda_invoke_is_no_part_of_its_name():
    states = task("arn:aws:states:::lambda:invoke", Parameters={"FunctionName": "soil"})
    h = history(case(states, tasks=answered(output=1)))
    assert details(h, "TaskStarted") == {"resource": "invoke", "resourceType": "lambda"}


@pytest.mark.parametrize(
    ("notes", "outcome", "expected"),
    [
        ({1: Note(worker="w")}, {"output": 1}, ["Scheduled", "Started", "Succeeded"]),
        ({1: Note()}, {"output": 1}, ["Scheduled", "Started", "Succeeded"]),
        ({1: Note()}, {"timed_out": True}, ["Scheduled", "TimedOut"]),
        ({1: Note(worker="")}, {"timed_out": True}, ["Scheduled", "Started", "TimedOut"]),
    ],
)
def test_an_activity_is_started_by_who_takes_it(notes, outcome, expected):
    sample = case(task(ACTIVITY, TimeoutSeconds=3), tasks=answered(**outcome))
    h = history(sample, notes=notes)
    found = [k for k in kinds(h) if k.startswith("Activity")]
    assert found == ["Activity" + k for k in expected]
    for event in h.events:
        if event["type"] == "ActivityStarted":
            worker = {"details": {"workerName": "w"}} if notes[1].worker else {}
            assert {k: v for k, v in event.items() if k == "details"} == worker


def test_an_activity_that_is_not_there():
    h = history(case(task(ACTIVITY)))
    assert kinds(h) == ["ExecutionStarted", "TaskStateEntered", "ExecutionFailed"]
    where = "executing the state 'A' (entered at the event id #2)"
    assert h.cause == f"An error occurred while {where}. The activity {ACTIVITY} does not exist."


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("TaskStartFailed", ["TaskScheduled", "TaskStartFailed"]),
        ("TaskSubmitFailed", ["TaskScheduled", "TaskStarted", "TaskSubmitFailed"]),
    ],
)
def test_failures_before_the_service_did_anything(event, expected):
    outcome = {"event": event, "error": "E", "cause": "c"}
    h = history(case(task(SEND), tasks=answered(**outcome)))
    assert kinds(h)[2:-1] == expected
    assert details(h, event)["error"] == details(h, "ExecutionFailed")["error"] == "E"


def test_a_failure_without_a_name():
    h = history(case(task(SEND), tasks=answered(error=None, cause=None)))
    assert "error" not in details(h, "TaskFailed")
    assert "details" not in h.events[-1]
    assert h.answer() == {"status": "FAILED"}


def test_variables_are_shown_where_they_are_assigned():
    states = {
        "A": {"Type": "Pass", "Assign": {"x": 1, "y.$": "$.v"}, "Next": "B"},
        "B": {"Type": "Pass", "Assign": {"x.$": "$y"}, "Next": "C"},
        "C": {"Type": "Succeed"},
    }
    h = history(case(states, {"v": [2]}))
    found = {
        e["state"]: e.get("assigned_variables") for e in h.events if "output" in e and "state" in e
    }
    assert found == {"A": {"x": 1, "y": [2]}, "B": {"x": [2]}, "C": None}


def test_credentials_may_hold_all_that_a_template_may():
    role = "States.Format('arn:aws:iam::{}:role/{}/{}', $.account, $who, $$.Execution.Name)"
    states = {"First": {"Type": "Pass", "Assign": {"who": "me"}, "Next": "A"}}
    states |= task(LAMBDA, InputPath="$.deep", Credentials={"RoleArn.$": role})
    h = history(case(states, {"deep": {"account": 7}}, tasks=answered(output=1)))
    found = details(h, "LambdaFunctionScheduled")["taskCredentials"]
    assert found == {"roleArn": "arn:aws:iam::7:role/me/one"}
    states = task(LAMBDA, Credentials={"RoleArn": "arn:aws:iam::1:role/r"})
    h = history(case(states, tasks=answered(output=1)))
    found = details(h, "LambdaFunctionScheduled")["taskCredentials"]
    assert found == {"roleArn": "arn:aws:iam::1:role/r"}


@pytest.mark.parametrize(
    ("role", "expected"),
    [
        ({"RoleArn.$": "$$.Execution.Input.roles[1]"}, "arn:aws:iam::1:role/b"),
        (
            {"RoleArn.$": "States.ArrayGetItem($$.Execution.Input.roles, 0)"},
            "arn:aws:iam::1:role/a",
        ),
        ({"RoleArn.$": "States.Format('arn:{}', $$.Execution.Input.n)"}, "arn:2"),
        (
            {"RoleArn.$": "States.Format('arn:{}:{}', $$.State.Name, $$.State.RetryCount)"},
            "arn:A:0",
        ),
        ({"RoleArn.$": "$$.Execution.RoleArn"}, "arn:aws:iam::123456789012:role/r"),
        ({"RoleArn.$": "$kept"}, "arn:aws:iam::1:role/b"),
        ({"RoleArn.$": "$.mine"}, "arn:mine"),
    ],
)
def test_credentials_see_the_input_of_the_execution(role, expected):
    first = {"Type": "Pass", "Parameters": {"mine": "arn:mine"}, "Next": "A"}
    first["Assign"] = {"kept.$": "$$.Execution.Input.roles[1]"}
    given = {"roles": ["arn:aws:iam::1:role/a", "arn:aws:iam::1:role/b"], "n": 2}
    for resource, event in ((LAMBDA, "LambdaFunctionScheduled"), (SEND, "TaskScheduled")):
        states = {"First": first} | task(resource, Credentials=role)
        h = history(case(states, given, tasks=answered(output=1)))
        assert details(h, event)["taskCredentials"] == {"roleArn": expected}


def test_credentials_of_an_item_see_the_item():
    role = {"RoleArn.$": "States.Format('arn:{}:{}', $$.Map.Item.Index, $$.Map.Item.Value.r)"}
    body = {"Type": "Task", "Resource": LAMBDA, "Credentials": role, "End": True}
    answers = [{"state": "I", "parameters": {"x": 1}, "outcome": {"output": 1}}] * 2
    states = mapped(body, ItemSelector={"x": 1}, MaxConcurrency=1)
    h = history(case(states, [{"r": "a"}, {"r": "b"}], tasks=answers))
    found = [e["details"]["taskCredentials"] for e in h.events if "Scheduled" in e["type"]]
    assert found == [{"roleArn": "arn:0:a"}, {"roleArn": "arn:1:b"}]


def scopes(inner, catch, after):
    """A Parallel whose branch has the states `inner`, fails, and is caught."""
    branch = {"StartAt": next(iter(inner)), "States": inner}
    catch |= {"ErrorEquals": ["States.ALL"], "Next": "After"}
    split = {"Type": "Parallel", "Branches": [branch], "Catch": [catch]}
    states = {"Split": split | {"Next": "After"}, "After": PASSES | {"Parameters": after}}
    return history(case(states, {"n": 7}))


def test_what_only_the_catch_of_a_state_sets_is_another_variable_within_it():
    inner = {
        "B": {"Type": "Pass", "Assign": {"x.$": "$.n"}, "Next": "C"},
        "C": {"Type": "Pass", "Assign": {"x.$": "States.MathAdd($x, 1)"}, "Next": "D"},
        "D": {"Type": "Fail", "ErrorPath": "States.Format('{}', $x)"},
    }
    catch = {"Assign": {"x": "caught", "why.$": "$.Error"}}
    h = scopes(inner, catch, {"x.$": "$x", "why.$": "$why"})
    assert h.output == {"x": "caught", "why": "8"}
    told = [e["assigned_variables"] for e in h.events if "assigned_variables" in e]
    assert told == [{"x": 7}, {"x": 8}, {"x": "caught", "why": "8"}]


def test_a_machine_further_in_may_set_it_too():
    deep = {"StartAt": "E", "States": {"E": {"Type": "Pass", "Assign": {"x": 1}, "Next": "F"}}}
    deep["States"]["F"] = PASSES | {"Parameters": {"x.$": "$x"}}
    inner = {
        "A": {"Type": "Pass", "Result": {"list": [1]}, "Next": "B"},
        "B": {"Type": "Map", "ItemsPath": "$.list", "ItemProcessor": deep, "Next": "C"},
        "C": {"Type": "Fail", "CausePath": "States.JsonToString($)", "Error": "E"},
    }
    catch = {"Assign": {"x": 2, "why.$": "$.Cause"}}
    h = scopes(inner, catch, {"x.$": "$x", "why.$": "$why"})
    assert h.output == {"x": 2, "why": '[{"x":1}]'}


# --- branches and items ----------------------------------------------------------------------


def short(h):
    """Each event as its type and the one before it."""
    return [f"{e['prev']} {e['type']}" for e in h.events][1:]


def mapped(body, **fields):
    body = {"StartAt": "I", "States": {"I": body}}
    return {"A": {"Type": "Map", "ItemProcessor": body, "End": True, **fields}}


def test_items_one_after_the_other():
    h = history(case(mapped(PASSES, MaxConcurrency=1), ["a", "b"]))
    assert short(h) == [
        "0 MapStateEntered",
        "2 MapStateStarted",
        "3 MapIterationStarted",
        "4 PassStateEntered",
        "5 PassStateExited",
        "6 MapIterationSucceeded",
        "6 MapIterationStarted",
        "8 PassStateEntered",
        "9 PassStateExited",
        "10 MapIterationSucceeded",
        "11 MapStateSucceeded",
        "11 MapStateExited",
        "13 ExecutionSucceeded",
    ]
    assert h.output == ["a", "b"]


def test_no_items():
    h = history(case(mapped(PASSES), []))
    assert kinds(h)[2:5] == ["MapStateStarted", "MapStateSucceeded", "MapStateExited"]


def test_a_failed_branch_ends_the_others():
    fails = {"StartAt": "L", "States": {"L": {"Type": "Wait", "Seconds": 1, "Next": "F"}}}
    fails["States"]["F"] = {"Type": "Fail", "Error": "E"}
    waits = {"StartAt": "W", "States": {"W": WAITS | {"Seconds": 9}}}
    inner = {"StartAt": "M", "States": mapped(WAITS | {"Seconds": 9})}
    inner["States"] = {"M": inner["States"]["A"]}
    both = {"Type": "Parallel", "Branches": [waits, inner, fails], "End": True}
    h = history(case({"A": both}, [1]))
    failure = kinds(h).index("FailStateEntered") + 1
    assert short(h)[failure - 1 :] == [
        f"{failure} WaitStateAborted",
        f"{failure} MapIterationAborted",
        f"{failure} WaitStateAborted",
        f"{failure} MapStateAborted",
        f"{failure} ParallelStateFailed",
        f"{failure + 5} ExecutionFailed",
    ]


def test_a_retry_of_branches_says_nothing_of_the_failure():
    fails = {"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "E", "Cause": "c"}}}
    retry = [{"ErrorEquals": ["E"], "MaxAttempts": 1}]
    both = {"Type": "Parallel", "Branches": [fails], "Retry": retry, "Next": "B"}
    both["Catch"] = [{"ErrorEquals": ["E"], "Next": "B"}]
    h = history(case({"A": both, "B": PASSES}))
    assert short(h)[:7] == [
        "0 ParallelStateEntered",
        "2 ParallelStateStarted",
        "3 FailStateEntered",
        "4 ParallelStateStarted",
        "5 FailStateEntered",
        "6 ParallelStateFailed",
        "7 ParallelStateExited",
    ]
    assert h.output == {"Error": "E", "Cause": "c"}


def test_times_that_are_up_together():
    body = {"Type": "Task", "Resource": LAMBDA, "TimeoutSeconds": 5, "End": True}
    never = [{"state": "I", "parameters": n, "outcome": {"timed_out": True}} for n in (1, 2)]
    h = history(case(mapped(body), [1, 2], tasks=never))
    assert kinds(h).count("LambdaFunctionTimedOut") == 2
    assert kinds(h)[-6:] == [
        "MapIterationAborted",
        "TaskStateAborted",
        "MapIterationFailed",
        "TaskStateAborted",
        "MapStateFailed",
        "ExecutionFailed",
    ]
    assert h.answer() == {"status": "FAILED", "error": "States.Timeout"}


def test_errors_within_branches_name_their_state():
    h = history(case(mapped(PASSES | {"InputPath": "$.no"}), [{}]))
    assert "the state 'I' (entered at the event id #5). Invalid path '$.no'" in h.cause
    h = history(case(mapped(PASSES, ItemSelector={"x.$": "$.no"}), [{}]))
    assert "the state 'A' (entered at the event id #2). The JSONPath '$.no'" in h.cause
    assert h.cause.endswith("could not be found in the input '[{}]'")


def test_variables_around_a_branch_are_part_of_it():
    first = PASSES | {"Assign": {"who": "me", "deep": {}}, "Next": "A"}
    del first["End"]
    role = {"RoleArn.$": "States.Format('arn:aws:iam::1:role/{}', $who)"}
    body = {"Type": "Task", "Resource": LAMBDA, "Credentials": role, "End": True}
    answers = [{"state": "I", "parameters": {}, "outcome": {"output": 1}}]
    h = history(case({"First": first} | mapped(body), [{}], tasks=answers))
    found = details(h, "LambdaFunctionScheduled")["taskCredentials"]
    assert found == {"roleArn": "arn:aws:iam::1:role/me"}
    h = history(case({"First": first} | mapped(PASSES | {"Parameters": {"x.$": "$deep.no"}}), [1]))
    assert h.cause.endswith("could not be found in the input '{}'")
    assert all("#" not in name for e in h.events for name in e.get("assigned_variables", ()))


# --- ends ------------------------------------------------------------------------------------


def test_the_time_of_the_workflow_is_up():
    states = {"A": {"Type": "Wait", "Seconds": 9, "End": True}}
    h = history(case(states, machine={"TimeoutSeconds": 5}))
    assert h.answer() == {"status": "TIMED_OUT"}
    assert h.events[-1]["type"] == "ExecutionTimedOut"
    assert h.events[-1]["time"] - h.events[0]["time"] == 5000


def test_the_time_of_a_task_is_up():
    sample = case(
        task(LAMBDA, TimeoutSeconds=5),
        tasks=answered(timed_out=True),
        machine={"TimeoutSeconds": 60},
    )
    h = history(sample)
    assert h.answer() == {"status": "FAILED", "error": "States.Timeout"}


def test_a_stop_from_outside():
    states = {"A": {"Type": "Wait", "Seconds": 9, "End": True}}
    h = history(case(states, expected={"status": "ABORTED", "error": "E", "cause": "c"}))
    assert h.answer() == {"status": "ABORTED", "error": "E", "cause": "c"}
    last = h.events[-1]
    assert (last["type"], last["prev"]) == ("ExecutionAborted", 0)
    assert last["details"] == {"error": "E", "cause": "c"}


def test_an_execution_that_is_still_running():
    h = history(RETRIED, records=2)
    assert h.answer() == {"status": "RUNNING"}
    assert kinds(h)[-1] == "LambdaFunctionFailed"


# --- what does not replay ----------------------------------------------------------------------


def refused(code, *args):
    with pytest.raises(TsmeError) as raised:
        replay_history(*args)
    assert raised.value.code == code


def test_what_does_not_replay_is_refused():
    program = compile_text(json.dumps(PASS["definition"]))
    other = compile_text(json.dumps(RETRIED["definition"]))
    run = drive(RETRIED, other)
    refused("TSME-R005", other.program, other.debug, [])
    refused("TSME-R005", other.program, other.debug, run.records[1:])
    refused("TSME-K005", program.program, program.debug, run.records)
    refused("TSME-P001", other.program, program.debug, run.records)
    refused("TSME-P001", other.program, b"", run.records)
    flipped = bytearray(run.records[1])
    flipped[0] ^= 1
    refused("TSME-R001", other.program, other.debug, [run.records[0], bytes(flipped)])


def test_of_several_executions_the_last_is_told():
    program = compile_text(json.dumps(PASS["definition"]))
    first, second = (drive(PASS | {"input": {"a": n}}, program) for n in (1, 5))
    records = first.records + second.records
    h = replay_history(program.program, program.debug, records)
    assert h.output == {"n": 6}
    assert len(h.events) == 4


def test_results_of_a_map_run_are_written():
    body = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **BODY}
    writer = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"}}
    each = {"Type": "Map", "ItemProcessor": body, "ResultWriter": writer, "End": True}
    h = history(case({"Each": each}, [1, 2]))
    arn = details(h, "MapRunStarted")["mapRunArn"]
    assert arn.startswith(ARN.replace("stateMachine", "mapRun") + "/Each:")
    key = arn.split(":")[-1] + "/manifest.json"
    assert h.output == {"MapRunArn": arn, "ResultWriterDetails": {"Bucket": "b", "Key": key}}
    assert kinds(h)[4:6] == ["MapRunSucceeded", "MapStateSucceeded"]
