"""The calls of Terraform's AWS provider, in its order, for what a configuration has of ours.

Neither Terraform with this provider nor OpenTofu is in a registry that this project builds from,
so boto3 makes the calls that the provider's source makes (internal/service/sfn):
aws_sfn_state_machine, aws_sfn_alias and aws_sfn_activity are created, read, planned anew, updated
and destroyed.
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests.server.served import ROLE, refusal

Attributes = dict[str, Any]


def definition(wait: int) -> str:
    states = {"W": {"Type": "Wait", "Seconds": wait, "End": True}}
    return json.dumps({"StartAt": "W", "States": states}, indent=2)


def validated(sfn: Any, text: str) -> None:
    """What `terraform plan` asks of a definition that has changed."""
    answer = sfn.validate_state_machine_definition(definition=text, type="STANDARD")
    assert answer["result"] == "OK", answer["diagnostics"]


def read(sfn: Any, arn: str) -> Attributes:
    """A refresh of aws_sfn_state_machine: its state."""
    found = sfn.describe_state_machine(stateMachineArn=arn)
    versions = sfn.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"]
    tags = sfn.list_tags_for_resource(resourceArn=arn)["tags"]
    names = ("stateMachineArn", "name", "definition", "roleArn", "status", "type")
    return {name: found[name] for name in names} | {
        "logging": found["loggingConfiguration"],
        "tracing": found["tracingConfiguration"],
        "description": found.get("description"),
        "revision": found.get("revisionId"),
        "version": versions[0]["stateMachineVersionArn"] if versions else None,
        "tags": {tag["key"]: tag["value"] for tag in tags},
    }


def gone(sfn: Any, arn: str) -> None:
    """As it waits until a machine that is being deleted is not there any more."""
    end = time.monotonic() + 60
    while arn in [one["stateMachineArn"] for one in sfn.list_state_machines()["stateMachines"]]:
        assert sfn.describe_state_machine(stateMachineArn=arn)["status"] in ("ACTIVE", "DELETING")
        assert time.monotonic() < end, "it is still there"
    assert (
        refusal(sfn.describe_state_machine, stateMachineArn=arn)[0] == "StateMachineDoesNotExist"
    )


@pytest.fixture
def made(sfn: Any) -> str:
    """`terraform apply` of a machine that publishes.  -> its ARN"""
    validated(sfn, definition(1))
    return sfn.create_state_machine(
        name="night", definition=definition(1), roleArn=ROLE, type="STANDARD", publish=True,
        tags=[{"key": "team", "value": "garden"}],
        loggingConfiguration={"includeExecutionData": False, "level": "OFF"},
        tracingConfiguration={"enabled": False},
    )["stateMachineArn"]  # fmt: skip


def test_a_machine_that_was_applied_has_no_changes_to_plan(sfn: Any, made: str):
    state = read(sfn, made)
    assert state == read(sfn, made)
    assert state == {
        "stateMachineArn": made, "name": "night", "definition": definition(1), "roleArn": ROLE,
        "status": "ACTIVE", "type": "STANDARD", "description": None, "revision": None,
        "logging": {"includeExecutionData": False, "level": "OFF"}, "tracing": {"enabled": False},
        "version": made + ":1", "tags": {"team": "garden"},
    }  # fmt: skip


def test_a_change_is_there_with_the_answer_and_is_a_version(sfn: Any, made: str):
    validated(sfn, definition(2))
    # The provider always gives definition and role, and an empty description of the version.
    sfn.update_state_machine(
        stateMachineArn=made, definition=definition(2), roleArn=ROLE, publish=True,
        versionDescription="", tracingConfiguration={"enabled": True},
    )  # fmt: skip
    state = read(sfn, made)
    assert (state["definition"], state["version"]) == (definition(2), made + ":2")
    assert (state["tracing"], state["tags"]) == ({"enabled": True}, {"team": "garden"})
    sfn.tag_resource(resourceArn=made, tags=[{"key": "team", "value": "sea"}])
    sfn.untag_resource(resourceArn=made, tagKeys=["none"])
    assert read(sfn, made) == state | {"tags": {"team": "sea"}}
    again = sfn.update_state_machine(
        stateMachineArn=made, definition=definition(2), roleArn=ROLE, publish=True,
        versionDescription="",
    )  # fmt: skip
    assert again["stateMachineVersionArn"] == made + ":2"


def test_an_alias_follows_the_versions_that_it_is_given(sfn: Any, made: str):
    route = [{"stateMachineVersionArn": made + ":1", "weight": 100}]
    given = {"name": "live", "description": "", "routingConfiguration": route}
    alias = sfn.create_state_machine_alias(**given)["stateMachineAliasArn"]
    found = sfn.describe_state_machine_alias(stateMachineAliasArn=alias)
    assert found["routingConfiguration"] == route
    assert (found["name"], found.get("description", "")) == ("live", "")
    sfn.update_state_machine_alias(stateMachineAliasArn=alias, description="what runs")
    found = sfn.describe_state_machine_alias(stateMachineAliasArn=alias)
    assert (found["routingConfiguration"], found["description"]) == (route, "what runs")
    sfn.delete_state_machine_alias(stateMachineAliasArn=alias)
    code, _ = refusal(sfn.describe_state_machine_alias, stateMachineAliasArn=alias)
    assert code == "ResourceNotFound"


def test_what_is_destroyed_is_gone_although_executions_ran(sfn: Any, made: str):
    sfn.update_state_machine(stateMachineArn=made, definition=definition(5000), roleArn=ROLE)
    sfn.start_execution(stateMachineArn=made, name="sleeps")
    sfn.delete_state_machine(stateMachineArn=made)
    gone(sfn, made)


def test_an_activity_is_made_read_and_destroyed(sfn: Any):
    arn = sfn.create_activity(name="dig", tags=[{"key": "k", "value": "v"}])["activityArn"]
    found = sfn.describe_activity(activityArn=arn)
    assert (found["name"], found["activityArn"]) == ("dig", arn)
    assert sfn.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "k", "value": "v"}]
    sfn.delete_activity(activityArn=arn)
    assert refusal(sfn.describe_activity, activityArn=arn)[0] == "ActivityDoesNotExist"


def test_a_definition_that_is_wrong_is_told_when_it_is_planned(sfn: Any):
    answer = sfn.validate_state_machine_definition(
        definition='{"StartAt": "A", "States": {}}', type="STANDARD"
    )
    assert answer["result"] == "FAIL"
    assert {one["severity"] for one in answer["diagnostics"]} == {"ERROR"}
