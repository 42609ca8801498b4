"""Machines whose executions run: what they began with is kept, and what runs keeps a machine."""

from __future__ import annotations

import json

import pytest

from tests.server.served import ROLE, client, refusal, served
from tsme_host.server.operations import finding
from tsme_host.server.serving import Options, opened
from tsme_host.server.terms import NewExecution

ARN = "arn:aws:states:us-east-1:000000000000:stateMachine:m"


def flow(comment: str = "") -> str:
    """It waits for a day."""
    states = {"A": {"Type": "Wait", "Seconds": 86400, "End": True}}
    return json.dumps({"Comment": comment, "StartAt": "A", "States": states})


@pytest.fixture
def running(sqlite_url):
    """-> (boto3's client, the server, the ARN of an execution that waits)"""
    with served(sqlite_url) as (url, server):
        sfn = client(url)
        sfn.create_state_machine(name="m", definition=flow(), roleArn=ROLE)
        with server.database.read() as connection:
            found = finding.target(connection, ARN)
        arn = server.place.execution("m", "one")
        server.runner.begin(
            NewExecution(arn, "one", found.digest, machine=ARN, notes={"machine": found.note()})
        ).result()
        yield sfn, server, arn


def test_an_execution_keeps_what_it_began_with(running):
    sfn, _, execution = running
    before = sfn.describe_state_machine_for_execution(executionArn=execution)
    sfn.update_state_machine(stateMachineArn=ARN, definition=flow("changed"), roleArn=ROLE + "2")
    after = sfn.describe_state_machine_for_execution(executionArn=execution)
    del before["ResponseMetadata"], after["ResponseMetadata"]
    assert after == before
    assert (after["definition"], after["roleArn"]) == (flow(), ROLE)
    assert (after["stateMachineArn"], after["name"]) == (ARN, "m")
    code, text = refusal(sfn.describe_state_machine_for_execution, executionArn=execution + "x")
    assert code == "ExecutionDoesNotExist"
    assert text == f"Execution Does Not Exist: '{execution}x'"
    code, _ = refusal(sfn.describe_state_machine_for_execution, executionArn=ARN)
    assert code == "InvalidArn"


def test_a_deleted_machine_goes_with_its_last_execution(running):
    from tsme.kernel.protocol import STOP

    sfn, server, arn = running
    # The deletion itself would stop it, where StopExecution is there: here something holds it.
    with_stop = dict(server.operations)
    server.operations = {k: v for k, v in with_stop.items() if k != "StopExecution"}
    sfn.delete_state_machine(stateMachineArn=ARN)
    assert sfn.describe_state_machine(stateMachineArn=ARN)["status"] == "DELETING"
    for call, more in (
        (sfn.update_state_machine, {"stateMachineArn": ARN, "roleArn": ROLE}),
        (sfn.publish_state_machine_version, {"stateMachineArn": ARN}),
        (sfn.create_state_machine, {"name": "m", "definition": flow("2"), "roleArn": ROLE}),
    ):
        assert refusal(call, **more)[0] == "StateMachineDeleting"
    with server.database.read() as connection, pytest.raises(Exception, match="Deleting"):
        finding.target(connection, ARN)
    number = _number(server, arn)
    ended = server.runner.wait(number)
    server.runner.feed(number, STOP, None, None).result()
    ended.result()
    code, _ = refusal(sfn.describe_state_machine, stateMachineArn=ARN)
    assert code == "StateMachineDoesNotExist"
    assert sfn.list_state_machines()["stateMachines"] == []
    made = sfn.create_state_machine(name="m", definition=flow("2"), roleArn=ROLE)
    assert made["stateMachineArn"] == ARN
    # The old execution still tells what it ran.
    found = sfn.describe_state_machine_for_execution(executionArn=arn)
    assert found["definition"] == flow()


@pytest.mark.parametrize(
    ("comment", "status"), [("", "SUCCEEDED"), ("tsme: items=1001", "FAILED")]
)
def test_a_server_has_more_room_than_a_board_unless_the_workflow_says_less(
    sqlite_url, comment, status
):
    body = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    state = {"Type": "Map", "ItemProcessor": body, "MaxConcurrency": 1, "End": True}
    definition = {"Comment": comment, "StartAt": "M", "States": {"M": state}}
    with opened(Options(database=sqlite_url)) as server:
        request = {"name": "m", "definition": json.dumps(definition), "roleArn": ROLE}
        server.call("CreateStateMachine", request)
        with server.database.read() as connection:
            found = finding.target(connection, ARN)
        arn = server.place.execution("m", "one")
        new = NewExecution(arn, "one", found.digest, machine=ARN, input=json.dumps([0] * 1500))
        number = server.runner.begin(new).result()
        assert server.runner.wait(number).result(120).status == status


def _number(server, arn: str) -> int:
    from sqlalchemy import select

    from tsme_host.database.tables import executions

    with server.database.read() as connection:
        return connection.scalar(select(executions.c.id).where(executions.c.arn == arn))


def test_deleting_a_machine_stops_its_executions(sqlite_url):
    with served(sqlite_url) as (url, _):
        sfn = client(url)
        sfn.create_state_machine(name="m", definition=flow(), roleArn=ROLE)
        started = [
            sfn.start_execution(stateMachineArn=ARN, name=f"e{n}")["executionArn"]
            for n in range(5)
        ]
        sfn.delete_state_machine(stateMachineArn=ARN)
        for arn in started:
            assert sfn.describe_execution(executionArn=arn)["status"] == "ABORTED"
        code, _ = refusal(sfn.describe_state_machine, stateMachineArn=ARN)
        assert code == "StateMachineDoesNotExist"
        code, _ = refusal(sfn.start_execution, stateMachineArn=ARN)
        assert code == "StateMachineDoesNotExist"


@pytest.mark.parametrize("others", [0, 1])
def test_an_execution_that_begins_while_its_machine_is_deleted_is_stopped(others, sqlite_url):
    with served(sqlite_url) as (url, server):
        sfn = client(url)
        sfn.create_state_machine(name="m", definition=flow(), roleArn=ROLE)
        for _ in range(others):
            sfn.start_execution(stateMachineArn=ARN)
        with server.database.read() as connection:
            found = finding.target(connection, ARN)
        arn = server.place.execution("m", "late")
        notes = {"machine": found.note()}
        new = NewExecution(arn, "late", found.digest, machine=ARN, notes=notes)
        write, begun = server.write, []

        def then_begin(what):
            out = write(what)
            if not begun:  # StartExecution had found the machine before
                begun.append(server.runner.begin(new).result())
            return out

        server.write = then_begin
        sfn.delete_state_machine(stateMachineArn=ARN)
        assert sfn.describe_execution(executionArn=arn)["status"] == "ABORTED"
        server.write = write
        sfn.create_state_machine(name="m", definition=flow("2"), roleArn=ROLE)


def test_an_execution_of_an_alias_tells_its_version(sqlite_url):
    with served(sqlite_url) as (url, _):
        sfn = client(url)
        sfn.create_state_machine(name="m", definition=flow("1"), roleArn=ROLE, publish=True)
        route = [{"stateMachineVersionArn": ARN + ":1", "weight": 100}]
        sfn.create_state_machine_alias(name="live", routingConfiguration=route)
        sfn.update_state_machine(stateMachineArn=ARN, definition=flow("2"), roleArn=ROLE + "2")
        arn = sfn.start_execution(stateMachineArn=ARN + ":live")["executionArn"]
        found = sfn.describe_execution(executionArn=arn)
        assert found["stateMachineVersionArn"] == ARN + ":1"
        assert found["stateMachineAliasArn"] == ARN + ":live"
        ran = sfn.describe_state_machine_for_execution(executionArn=arn)
        assert (ran["definition"], ran["roleArn"]) == (flow("1"), ROLE)
        assert "revisionId" not in ran
