"""Mocks answer in place of services, as users of other emulators know it."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from tests.server.served import ROLE, client, refusal, served
from tests.server.working import task
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


def test_mistakes_in_mocks_are_told_before_anything_is_served(tmp_path):
    path = tmp_path / "m.json"
    path.write_text('{"StateMachines": {"a": {"TestCases": {"b": {"T": "Nope"}}}}}')
    with pytest.raises(HostError, match='no MockedResponses "Nope"'):
        read_mocks(str(path))
