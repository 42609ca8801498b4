"""Machines on either database, and by several processes on one."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from tests.server.served import ROLE, client, refusal, served
from tsme_host.server.errors import ApiError
from tsme_host.server.serving import Options, opened

ARN = "arn:aws:states:us-east-1:000000000000:stateMachine:"


def flow(comment: str) -> str:
    return json.dumps({"Comment": comment, "StartAt": "A", "States": {"A": {"Type": "Succeed"}}})


def test_a_machine_lives_and_ends_on_either_database(database_url):
    text = "'; -- <b>ä\u20ac\U0001f331 %s $1 {}"
    with served(database_url) as (url, _):
        sfn = client(url)
        made = sfn.create_state_machine(
            name="m", definition=flow(text), roleArn=ROLE, publish=True, versionDescription=text,
            tags=[{"key": text, "value": text}],
        )  # fmt: skip
        assert made["stateMachineVersionArn"] == ARN + "m:1"
        version = sfn.describe_state_machine(stateMachineArn=ARN + "m:1")
        assert (version["definition"], version["description"]) == (flow(text), text)
        changed = sfn.update_state_machine(
            stateMachineArn=ARN + "m", definition=flow("2"), publish=True
        )
        sfn.create_state_machine_alias(
            name="live",
            description=text,
            routingConfiguration=[
                {"stateMachineVersionArn": ARN + "m:1", "weight": 30},
                {"stateMachineVersionArn": changed["stateMachineVersionArn"], "weight": 70},
            ],
        )
        sfn.create_activity(name="dig")
    with served(database_url) as (url, _):
        sfn = client(url)
        found = sfn.describe_state_machine_alias(stateMachineAliasArn=ARN + "m:live")
        assert [one["weight"] for one in found["routingConfiguration"]] == [30, 70]
        assert found["description"] == text
        tags = sfn.list_tags_for_resource(resourceArn=ARN + "m")["tags"]
        assert tags == [{"key": text, "value": text}]
        newest = sfn.list_state_machine_versions(stateMachineArn=ARN + "m", maxResults=1)
        assert newest["stateMachineVersions"][0]["stateMachineVersionArn"] == ARN + "m:2"
        assert newest["nextToken"]
        assert len(sfn.list_activities()["activities"]) == 1
        for call, more in (
            (
                sfn.publish_state_machine_version,
                {"stateMachineArn": ARN + "m", "description": "\0"},
            ),
            (sfn.tag_resource, {"resourceArn": ARN + "m", "tags": [{"key": "\0", "value": ""}]}),
        ):
            code, said = refusal(call, **more)
            assert code == "ValidationException"
            assert said.endswith("Member must satisfy regular expression pattern: [^\\u0000]*")
        sfn.delete_state_machine(stateMachineArn=ARN + "m")
        code, _ = refusal(sfn.describe_state_machine_alias, stateMachineAliasArn=ARN + "m:live")
        assert code == "ResourceNotFound"


def test_of_machines_made_at_one_moment_one_is_there(database_url):
    with ExitStack() as stack, ThreadPoolExecutor(8) as pool:
        options = Options(database=database_url)
        servers = [stack.enter_context(opened(options)) for _ in range(2)]

        def make(number: int) -> str:
            request = {"name": "m", "definition": flow(str(number % 3)), "roleArn": ROLE}
            try:
                servers[number % 2].call("CreateStateMachine", request)
            except ApiError as error:
                assert error.code == "StateMachineAlreadyExists", error
                return ""
            return request["definition"]

        done = list(pool.map(make, range(24)))
        found = servers[0].call("DescribeStateMachine", {"stateMachineArn": ARN + "m"})
        assert set(done) == {"", found["definition"]}
        assert len(servers[1].call("ListStateMachines", {})["stateMachines"]) == 1


def test_of_versions_published_at_one_moment_one_is_there(database_url):
    with opened(Options(database=database_url)) as server, ThreadPoolExecutor(8) as pool:
        server.call("CreateStateMachine", {"name": "m", "definition": flow(""), "roleArn": ROLE})
        request = {"stateMachineArn": ARN + "m"}
        made = pool.map(lambda _: server.call("PublishStateMachineVersion", request), range(16))
        assert {one["stateMachineVersionArn"] for one in made} == {ARN + "m:1"}
