"""Mocks answer in place of services, as users of other emulators know it."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from tests.server import executing
from tests.server.processes import serving
from tests.server.served import ROLE, client, refusal, served
from tests.server.working import task
from tests.tools.shell import assert_one_clear_line, tsme
from tsme_host.database.tables import executions
from tsme_host.server.work.mocks import read_mocks
from tsme_host.tools.errors import HostError

CONFIG = {
    "StateMachines": {
        "water": {
            "TestCases": {
                "HappyPath": {"T": "Opened"},
                "RetryPath": {"T": "OpenedAtLast"},
                "Jammed": {"T": "Jammed"},
            }
        }
    },
    "MockedResponses": {
        "Opened": {"0": {"Return": {"MessageId": "m1"}}},
        "OpenedAtLast": {
            "0-1": {"Throw": {"Error": "Sqs.Busy", "Cause": "later"}},
            "2": {"Return": {"MessageId": "m3"}},
        },
        "Jammed": {"0-3": {"Throw": {"Error": "Sqs.Broken", "Cause": "for good"}}},
    },
}
SEND = task(
    "arn:aws:states:::sqs:sendMessage",
    Parameters={"QueueUrl": "q", "MessageBody": "b"},
    Retry=[{"ErrorEquals": ["Sqs.Busy"], "IntervalSeconds": 1, "MaxAttempts": 3}],
)


@pytest.fixture
def config(tmp_path):
    path = tmp_path / "MockConfigFile.json"
    path.write_text(json.dumps(CONFIG))
    return str(path)


def machine(sfn, name="water", flow=SEND):
    made = sfn.create_state_machine(name=name, definition=json.dumps(flow), roleArn=ROLE)
    return made["stateMachineArn"]


def number_of(server, arn):
    """The number of an execution in the database."""
    with server.database.read() as connection:
        query = select(executions.c.id).where(executions.c.arn == arn)
        return connection.execute(query).scalar_one()


def ended(server, sfn, arn, **request):
    """-> DescribeExecution of a new execution, once it has ended"""
    begun = sfn.start_execution(stateMachineArn=arn, **request)["executionArn"]
    server.runner.wait(number_of(server, begun)).result(30)
    return sfn.describe_execution(executionArn=begun)


def test_a_test_case_is_named_behind_the_machine(sqlite_url, config):
    with served(sqlite_url, mocks=config, wait_scale=0) as (url, server):
        sfn = client(url)
        arn = machine(sfn)
        found = ended(server, sfn, f"{arn}#HappyPath")
        assert (found["status"], json.loads(found["output"])) == ("SUCCEEDED", {"MessageId": "m1"})
        found = ended(server, sfn, f"{arn}#RetryPath")
        assert json.loads(found["output"]) == {"MessageId": "m3"}
        found = ended(server, sfn, f"{arn}#Jammed")
        assert (found["status"], found["error"]) == ("FAILED", "Sqs.Broken")
        # Each execution has all answers again.
        assert ended(server, sfn, f"{arn}#HappyPath")["status"] == "SUCCEEDED"
        # Without a test case nothing is mocked.
        assert ended(server, sfn, arn)["error"] == "TSME.NoHandler"
        code, text = refusal(sfn.start_execution, stateMachineArn=f"{arn}#Sad'\"<b>")
        assert code == "ValidationException"
        assert text == "There is no test case 'Sad'\"<b>' of 'water' in the mock configuration"


def test_without_mocks_an_arn_has_no_test_case(sqlite_url):
    with served(sqlite_url) as (url, _):
        sfn = client(url)
        arn = machine(sfn)
        assert refusal(sfn.start_execution, stateMachineArn=f"{arn}#HappyPath")[0] == "InvalidArn"


def test_a_test_file_answers_by_its_cases(sqlite_url, tmp_path):
    flow = task("open")
    (tmp_path / "valve.asl.json").write_text(json.dumps(flow))
    path = tmp_path / "valve.test.json"
    path.write_text(
        json.dumps(
            {
                "tasks": {"open": {"output": "for all"}},
                "cases": [
                    {"name": "once", "tasks": {"T": [{"output": 1, "delay_ms": 20}]}},
                    {"name": "jams", "tasks": {"T": {"error": "Jam", "cause": "at 40 %"}}},
                ],
            }
        )
    )
    with served(sqlite_url, mocks=str(path)) as (url, server):
        sfn = client(url)
        arn = machine(sfn, "valve", flow)
        assert ended(server, sfn, f"{arn}#once")["output"] == "1"
        assert ended(server, sfn, f"{arn}#jams")["error"] == "Jam"
        assert ended(server, sfn, arn)["output"] == '"for all"'


def test_a_call_beyond_the_last_answer_fails_by_its_state(sqlite_url, tmp_path):
    path = tmp_path / "m.json"
    chosen = {"StateMachines": {"water": {"TestCases": {"a": {"T": "Once"}}}}}
    chosen["MockedResponses"] = {"Once": {"0": {"Throw": {"Error": "Sqs.Busy", "Cause": ""}}}}
    path.write_text(json.dumps(chosen))
    with served(sqlite_url, mocks=str(path), wait_scale=0.01) as (url, server):
        sfn = client(url)
        found = ended(server, sfn, machine(sfn) + "#a")
    assert found["error"] == "TSME.NoMock"
    assert found["cause"] == "T has 1 mocked answers, and was called again"


def test_a_wait_takes_as_long_as_the_scale_says(sqlite_url):
    wait = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 3000, "End": True}}}
    for scale in (0, 0.0001):
        with served(sqlite_url, wait_scale=scale) as (url, server):
            sfn = client(url)
            arn = machine(sfn, "waits", wait)
            found = ended(server, sfn, arn)
            assert found["status"] == "SUCCEEDED"
            assert (found["stopDate"] - found["startDate"]).total_seconds() >= 3000


@pytest.mark.parametrize("how", [{"wait_scale": 0.0001}, {"clock": "accelerated"}])
def test_a_clock_of_its_own_goes_on_after_a_restart(how, sqlite_url):
    with served(sqlite_url, **how) as (url, _):
        sfn = client(url)
        dig = sfn.create_activity(name="dig")["activityArn"]
        flow = task(dig)
        flow["States"]["W"] = {"Type": "Wait", "Seconds": 3000, "Next": flow["StartAt"]}
        arn = machine(sfn, "waits", flow | {"StartAt": "W"})
        execution = sfn.start_execution(stateMachineArn=arn)["executionArn"]
        assert sfn.get_activity_task(activityArn=dig)["taskToken"]
    with served(sqlite_url, **how) as (url, _):
        sfn = client(url)
        later = sfn.start_execution(stateMachineArn=arn)["startDate"]
        found = sfn.describe_execution(executionArn=execution)
        assert (later - found["startDate"]).total_seconds() >= 3000
        newest = sfn.list_executions(stateMachineArn=arn)["executions"]
        assert [one["startDate"] for one in newest] == [later, found["startDate"]]


# What AWS's guide shows of Step Functions Local, its workflow and its file, as they stand there.
HELLO = {"StatusCode": 200, "Payload": {"StatusCode": 200, "body": "Hello from Lambda!"}}
NOT_READY = {"Error": "Lambda.ResourceNotReadyException", "Cause": "Lambda resource is not ready."}
GUIDE = {
    "StateMachines": {
        "LambdaSQSIntegration": {
            "TestCases": {
                "HappyPath": {
                    "LambdaState": "MockedLambdaSuccess",
                    "SQSState": "MockedSQSSuccess",
                },
                "RetryPath": {"LambdaState": "MockedLambdaRetry", "SQSState": "MockedSQSSuccess"},
                "HybridPath": {"LambdaState": "MockedLambdaSuccess"},
            }
        }
    },
    "MockedResponses": {
        "MockedLambdaSuccess": {"0": {"Return": HELLO}},
        "LambdaMockedResourceNotReady": {"0": {"Throw": NOT_READY}},
        "MockedSQSSuccess": {
            "0": {
                "Return": {
                    "MD5OfMessageBody": "3bcb6e8e-7h85-4375-b0bc-1a59812c6e51",
                    "MessageId": "3bcb6e8e-8b51-4375-b0bc-1a59812c6e51",
                }
            }
        },
        "MockedLambdaRetry": {
            "0": {"Throw": NOT_READY},
            "1-2": {"Throw": {"Error": "Lambda.TimeoutException", "Cause": "Lambda timed out."}},
            "3": {"Return": HELLO},
        },
    },
}
GUIDES = {
    "Comment": "This state machine is called: LambdaSQSIntegration",
    "StartAt": "LambdaState",
    "States": {
        "LambdaState": {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Parameters": {"Payload.$": "$", "FunctionName": "HelloWorldFunction"},
            "Retry": [
                {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 2, "MaxAttempts": 3,
                 "BackoffRate": 2}
            ],
            "Next": "SQSState",
        },
        "SQSState": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sqs:sendMessage",
            "Parameters": {
                "QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/myQueue",
                "MessageBody.$": "$",
            },
            "End": True,
        },
    },
}  # fmt: skip


def test_the_example_of_aws_guide_runs_by_the_variables_that_others_know(tmp_path, monkeypatch):
    path = tmp_path / "MockConfigFile.json"
    path.write_text(json.dumps(GUIDE))
    monkeypatch.setenv("SFN_MOCK_CONFIG", str(path))
    monkeypatch.setenv("SFN_WAIT_SCALE", "0")
    with serving(tmp_path) as url:
        sfn = client(url)
        arn = machine(sfn, "LambdaSQSIntegration", GUIDES)
        found = {}
        for case in ("HappyPath", "RetryPath", "HybridPath"):
            begun = executing.begin(sfn, f"{arn}#{case}", {"n": 1})
            found[case] = executing.ended(sfn, begun)
            failures = executing.kinds(executing.events(sfn, begun)).count("TaskFailed")
            assert failures == {"HappyPath": 0, "RetryPath": 3, "HybridPath": 1}[case]
        for case in ("HappyPath", "RetryPath"):
            answer = GUIDE["MockedResponses"]["MockedSQSSuccess"]["0"]["Return"]
            assert json.loads(found[case]["output"]) == answer
        assert found["HybridPath"]["error"] == "TSME.NoHandler"  # it is done as usual


@pytest.mark.parametrize(
    ("responses", "where", "what"),
    [
        ('{"A": {"0": {"Give": 1}}}', "1:34", "there are Return, Throw"),
        ('{"A": {"0": {"Return": 1, "Throw": {"Error": "E"}}}}', "1:33", 'either "Return" or'),
        (
            '{"A": {"0": {"Return": 1}, "2-1": {"Return": 2}}}',
            "1:48",
            '"2-1" is no number of calls',
        ),
        ('{"A": {"1": {"Return": 1}}}', "1:27", "there is no answer for call 0"),
        ('{"A": {"0": {"Throw": {"Cause": "c"}}}}', "1:43", 'Throw needs "Error"'),
        ('{"A": {"0": {"Return": 1}', "1:", ""),
    ],
)
def test_a_mistake_is_one_line_with_its_place_and_how_to_mend_it(tmp_path, responses, where, what):
    path = tmp_path / "m.json"
    path.write_text('{"MockedResponses": ' + responses + "}")
    done = tsme("serve", "--mocks", str(path))
    assert done.exit_code == 2
    assert_one_clear_line(done.stderr, done.stderr.split()[2].rstrip(":"))
    assert f"{path}:{where}" in done.stderr
    assert what in done.stderr


def test_mistakes_in_mocks_are_told_before_anything_is_served(tmp_path):
    path = tmp_path / "m.json"
    path.write_text('{"StateMachines": {"a": {"TestCases": {"b": {"T": "Nope"}}}}}')
    with pytest.raises(HostError, match='no MockedResponses "Nope"'):
        read_mocks(str(path))


def test_what_is_mocked_is_told_as_if_it_had_been_done(sqlite_url, tmp_path):
    names = ("sync", "token", "taken")
    config = {
        "StateMachines": {name: {"TestCases": {"case": {"T": "Done"}}} for name in names},
        "MockedResponses": {"Done": {"0": {"Return": {"Status": "SUCCEEDED"}}}},
    }
    path = tmp_path / "MockConfigFile.json"
    path.write_text(json.dumps(config))
    with served(sqlite_url, mocks=str(path), wait_scale=0) as (url, server):
        sfn = client(url)

        def told(name, resource):
            arn = machine(sfn, name, task(resource, TimeoutSeconds=60))
            found = ended(server, sfn, f"{arn}#case")
            assert json.loads(found["output"]) == {"Status": "SUCCEEDED"}
            return executing.kinds(executing.events(sfn, found["executionArn"]))[2:-2]

        submitted = ["TaskScheduled", "TaskStarted", "TaskSubmitted", "TaskSucceeded"]
        assert told("sync", "arn:aws:states:::states:startExecution.sync:2") == submitted
        assert told("token", "arn:aws:states:::sqs:sendMessage.waitForTaskToken") == submitted
        activity = sfn.create_activity(name="dig")["activityArn"]
        assert told("taken", activity) == [
            "ActivityScheduled", "ActivityStarted", "ActivitySucceeded",
        ]  # fmt: skip
