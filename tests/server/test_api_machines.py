"""State machines of the endpoint, as boto3 sees them."""

from __future__ import annotations

import json

import pytest

from tests.server.served import ROLE, client, refusal, served

ARN = "arn:aws:states:us-east-1:000000000000:stateMachine:"


def flow(comment: str = "", **more: object) -> str:
    return json.dumps(
        {"Comment": comment, "StartAt": "A", "States": {"A": {"Type": "Succeed"}}, **more}
    )


def make(sfn, name: str = "garden", **more):
    return sfn.create_state_machine(
        **({"name": name, "definition": flow(), "roleArn": ROLE} | more)
    )


def test_a_machine_is_what_was_made(sfn):
    made = make(sfn, type="EXPRESS", tags=[{"key": "team", "value": "a"}])
    assert made["stateMachineArn"] == ARN + "garden"
    assert "stateMachineVersionArn" not in made
    found = sfn.describe_state_machine(stateMachineArn=ARN + "garden")
    del found["ResponseMetadata"]
    assert found == {
        "stateMachineArn": ARN + "garden",
        "name": "garden",
        "status": "ACTIVE",
        "definition": flow(),
        "roleArn": ROLE,
        "type": "EXPRESS",
        "creationDate": made["creationDate"],
        "loggingConfiguration": {"level": "OFF", "includeExecutionData": False},
        "tracingConfiguration": {"enabled": False},
        "encryptionConfiguration": {"type": "AWS_OWNED_KEY"},
    }


def test_what_nothing_here_does_is_kept_and_given_back(sfn):
    group = "arn:aws:logs:us-east-1:000000000000:log-group:g:*"
    given = {
        "loggingConfiguration": {
            "level": "ALL",
            "includeExecutionData": True,
            "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}],
        },
        "tracingConfiguration": {"enabled": True},
        "encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "key"},
    }
    make(sfn, **given)
    found = sfn.describe_state_machine(stateMachineArn=ARN + "garden")
    assert {name: found[name] for name in given} == given
    code, text = refusal(make, sfn=sfn, name="b", loggingConfiguration={"level": "ALL"})
    assert code == "InvalidLoggingConfiguration"
    assert text == "Invalid Logging Configuration: Must specify exactly one Log Destination."
    key = {"type": "CUSTOMER_MANAGED_KMS_KEY"}
    code, _ = refusal(make, sfn=sfn, name="b", encryptionConfiguration=key)
    assert code == "InvalidEncryptionConfiguration"


def test_the_same_request_finds_the_same_machine(sfn):
    first = make(sfn)
    for same in ({}, {"roleArn": ROLE + "2"}, {"tags": [{"key": "k", "value": "v"}]}):
        again = make(sfn, **same)
        assert again["stateMachineArn"] == first["stateMachineArn"]
        assert again["creationDate"] == first["creationDate"]
    assert sfn.describe_state_machine(stateMachineArn=ARN + "garden")["roleArn"] == ROLE
    assert sfn.list_tags_for_resource(resourceArn=ARN + "garden")["tags"] == []
    for other in ({"definition": flow("x")}, {"type": "EXPRESS"}, {"publish": True}):
        code, text = refusal(make, sfn=sfn, **other)
        assert code == "StateMachineAlreadyExists"
        assert text == f"State Machine Already Exists: '{ARN}garden'"


def test_a_definition_is_refused_in_the_words_of_aws(sfn):
    broken = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Ghost"}}})
    code, text = refusal(make, sfn=sfn, definition=broken)
    assert code == "InvalidDefinition"
    assert text == (
        "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: "
        "Ghost at /States/A/Next, MISSING_END_STATE: Workflow has no terminal state at null'"
    )
    for text in ("{", "[]", "null", '"x"', "{" * 500, '{"StartAt": "<b>\'--"}'):
        assert refusal(make, sfn=sfn, definition=text)[0] == "InvalidDefinition"


def test_an_express_machine_waits_for_no_token(sfn):
    resource = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
    state = {"Type": "Task", "Resource": resource, "Parameters": {}, "End": True}
    definition = json.dumps({"StartAt": "A", "States": {"A": state}})
    make(sfn, definition=definition)
    code, text = refusal(make, sfn=sfn, name="fast", type="EXPRESS", definition=definition)
    assert code == "InvalidDefinition"
    assert "/States/A/Resource" in text


def test_names_roles_and_arns_are_checked(sfn):
    for name in ("a b", "a'; --", "../up", "<b>", 'a"b', "a\u0000b", "a\u009fb", "a\uffff"):
        code, text = refusal(make, sfn=sfn, name=name)
        assert (code, text) == ("InvalidName", f"Invalid Name: '{name}'")
    code, text = refusal(make, sfn=sfn, roleArn="me")
    assert (code, text) == ("InvalidArn", "Invalid Role Arn: 'me'")
    code, text = refusal(sfn.describe_state_machine, stateMachineArn=ARN + "none")
    assert code == "StateMachineDoesNotExist"
    assert text == f"State Machine Does Not Exist: '{ARN}none'"
    for arn in ("x", "arn:aws:states", ARN, ARN + "a b", ARN + "a:b:c", ARN[:-1] + "x:a"):
        assert refusal(sfn.describe_state_machine, stateMachineArn=arn)[0] == "InvalidArn", arn
    code, text = refusal(sfn.delete_state_machine, stateMachineArn=ARN + "garden/label")
    assert code == "ValidationException"


def test_an_update_is_a_new_revision_if_it_changes_something(sfn):
    make(sfn)
    first = sfn.update_state_machine(stateMachineArn=ARN + "garden", definition=flow("new"))
    found = sfn.describe_state_machine(stateMachineArn=ARN + "garden")
    assert (found["definition"], found["revisionId"]) == (flow("new"), first["revisionId"])
    same = sfn.update_state_machine(stateMachineArn=ARN + "garden", definition=flow("new"))
    assert same["revisionId"] == first["revisionId"]
    role = sfn.update_state_machine(stateMachineArn=ARN + "garden", roleArn=ROLE + "2")
    assert role["revisionId"] != first["revisionId"]
    found = sfn.describe_state_machine(stateMachineArn=ARN + "garden")
    assert (found["definition"], found["roleArn"]) == (flow("new"), ROLE + "2")
    code, text = refusal(sfn.update_state_machine, stateMachineArn=ARN + "garden")
    assert code == "MissingRequiredParameter"
    assert text == (
        "Either the definition, the role ARN, the LoggingConfiguration, "
        "or the TracingConfiguration must be specified"
    )
    code, _ = refusal(sfn.update_state_machine, stateMachineArn=ARN + "x", roleArn=ROLE)
    assert code == "StateMachineDoesNotExist"
    code, _ = refusal(sfn.update_state_machine, stateMachineArn=ARN + "garden", definition="{}")
    assert code == "InvalidDefinition"


def test_machines_come_in_pages(sfn):
    names = [f"m{n}" for n in range(5)]
    for name in reversed(names):
        make(sfn, name)
    pages = list(
        sfn.get_paginator("list_state_machines").paginate(PaginationConfig={"PageSize": 2})
    )
    assert [len(page["stateMachines"]) for page in pages] == [2, 2, 1]
    assert [one["name"] for page in pages for one in page["stateMachines"]] == names
    assert len(sfn.list_state_machines(maxResults=0)["stateMachines"]) == 5
    for token in ("x", "W10=", "WzFd", "bnVsbA==", "é"):
        code, text = refusal(sfn.list_state_machines, nextToken=token)
        assert (code, text) == ("InvalidToken", "Invalid Token: 'Invalid token'")
    code, text = refusal(sfn.list_state_machines, maxResults=1001)
    assert code == "ValidationException"
    assert text == (
        "1 validation error detected: Value '1001' at 'maxResults' failed to satisfy "
        "constraint: Member must have value less than or equal to 1000"
    )


def test_a_deleted_machine_is_gone_with_all_that_was_its(sfn):
    make(sfn, publish=True, tags=[{"key": "k", "value": "v"}])
    route = [{"stateMachineVersionArn": ARN + "garden:1", "weight": 100}]
    sfn.create_state_machine_alias(name="live", routingConfiguration=route)
    for _ in range(2):
        sfn.delete_state_machine(stateMachineArn=ARN + "garden")
    for arn in ("garden", "garden:1", "garden:live"):
        code, _ = refusal(sfn.describe_state_machine, stateMachineArn=ARN + arn)
        assert code == "StateMachineDoesNotExist"
    make(sfn, definition=flow("new"))
    assert sfn.list_tags_for_resource(resourceArn=ARN + "garden")["tags"] == []
    assert not sfn.list_state_machine_versions(stateMachineArn=ARN + "garden")[
        "stateMachineVersions"
    ]


def test_variables_that_states_read_are_told(sfn):
    states = {
        "A": {"Type": "Pass", "Assign": {"n": 1}, "Next": "B"},
        "B": {"Type": "Pass", "Parameters": {"v.$": "$n"}, "End": True},
    }
    make(sfn, definition=json.dumps({"StartAt": "A", "States": states}))
    found = sfn.describe_state_machine(stateMachineArn=ARN + "garden")
    assert found["variableReferences"] == {"B": ["n"]}


# --- versions -------------------------------------------------------------------------------


def test_a_revision_is_published_once(sfn):
    make(sfn)
    arn = ARN + "garden"
    first = sfn.publish_state_machine_version(stateMachineArn=arn, description="one")
    assert first["stateMachineVersionArn"] == arn + ":1"
    again = sfn.publish_state_machine_version(stateMachineArn=arn)
    assert again["stateMachineVersionArn"] == arn + ":1"
    again = sfn.publish_state_machine_version(stateMachineArn=arn, description="one")
    assert again["stateMachineVersionArn"] == arn + ":1"
    code, text = refusal(sfn.update_state_machine, stateMachineArn=arn + ":1", definition=flow())
    assert code == "StateMachineDoesNotExist"
    assert text == f"State Machine Does Not Exist: '{arn}:1'"
    second = sfn.update_state_machine(stateMachineArn=arn, definition=flow("2"), publish=True)
    assert second["stateMachineVersionArn"] == arn + ":2"
    listed = sfn.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"]
    assert [one["stateMachineVersionArn"] for one in listed] == [arn + ":2", arn + ":1"]
    old = sfn.describe_state_machine(stateMachineArn=arn + ":1")
    assert (old["definition"], old["description"]) == (flow(), "one")
    assert old["stateMachineArn"] == arn + ":1"
    assert "revisionId" not in old
    new = sfn.describe_state_machine(stateMachineArn=arn + ":2")
    assert new["revisionId"] == second["revisionId"]
    described = sfn.publish_state_machine_version(stateMachineArn=arn, description="two")
    assert described["stateMachineVersionArn"] == arn + ":3"


def test_a_version_of_another_revision_is_a_conflict(sfn):
    make(sfn)
    code, text = refusal(
        sfn.publish_state_machine_version, stateMachineArn=ARN + "garden", revisionId="1-2-3"
    )
    assert code == "ConflictException"
    assert text == (
        "Failed to publish the State Machine version for revision 1-2-3. "
        "The current State Machine revision is INITIAL."
    )


def test_publish_with_create_is_version_1(sfn):
    made = [make(sfn, publish=True, versionDescription="first") for _ in range(2)]
    assert [one["stateMachineVersionArn"] for one in made] == [ARN + "garden:1"] * 2
    code, text = refusal(make, sfn=sfn, name="b", versionDescription="first")
    assert code == "ValidationException"
    assert text == "Version description can only be set when publish is true"


def test_a_deleted_version_has_no_successor_of_its_number(sfn):
    make(sfn, publish=True)
    arn = ARN + "garden"
    for _ in range(2):
        sfn.delete_state_machine_version(stateMachineVersionArn=arn + ":1")
    again = sfn.publish_state_machine_version(stateMachineArn=arn)
    assert again["stateMachineVersionArn"] == arn + ":2"
    code, _ = refusal(sfn.delete_state_machine_version, stateMachineVersionArn=arn)
    assert code == "InvalidArn"


# --- aliases --------------------------------------------------------------------------------


def route(*pairs):
    return [
        {"stateMachineVersionArn": f"{ARN}garden:{number}", "weight": weight}
        for number, weight in pairs
    ]


@pytest.fixture
def two_versions(sfn):
    make(sfn, publish=True)
    sfn.update_state_machine(stateMachineArn=ARN + "garden", definition=flow("2"), publish=True)
    return sfn


def test_an_alias_leads_to_versions_by_weight(two_versions):
    sfn = two_versions
    given = {"name": "live", "description": "d", "routingConfiguration": route((1, 90), (2, 10))}
    made = sfn.create_state_machine_alias(**given)
    assert made["stateMachineAliasArn"] == ARN + "garden:live"
    assert sfn.create_state_machine_alias(**given)["creationDate"] == made["creationDate"]
    found = sfn.describe_state_machine_alias(stateMachineAliasArn=ARN + "garden:live")
    assert {name: found[name] for name in given} == given
    code, text = refusal(sfn.create_state_machine_alias, **(given | {"description": "other"}))
    assert code == "ConflictException"
    assert text == (
        "Failed to create alias because an alias with the same name and a "
        "different routing configuration already exists."
    )
    changed = sfn.update_state_machine_alias(
        stateMachineAliasArn=ARN + "garden:live", routingConfiguration=route((2, 100))
    )
    found = sfn.describe_state_machine_alias(stateMachineAliasArn=ARN + "garden:live")
    assert found["routingConfiguration"] == route((2, 100))
    assert (found["description"], found["updateDate"]) == ("d", changed["updateDate"])


def test_what_starts_is_chosen_by_weight(sqlite_url):
    from sqlalchemy import select

    from tsme_host.database.tables import programs
    from tsme_host.server.operations import finding

    with served(sqlite_url) as (url, server):
        sfn = client(url)
        make(sfn, publish=True)
        arn = ARN + "garden"
        sfn.update_state_machine(stateMachineArn=arn, definition=flow("2"), publish=True)
        sfn.create_state_machine_alias(name="live", routingConfiguration=route((1, 90), (2, 10)))
        sfn.update_state_machine(stateMachineArn=arn, definition=flow("3"))
        with server.database.read() as connection:
            found = {
                chance: finding.target(connection, arn + ":live", lambda at=chance: at)
                for chance in (0.0, 0.89, 0.91, 0.999999)
            }
            own = finding.target(connection, arn)
            kept = connection.execute(select(programs.c.digest, programs.c.definition))
            definitions = {bytes(row.digest): row.definition for row in kept}
        assert finding.quick(server.database, arn) == own
        assert finding.quick(server.database, arn + ":live") is None
    assert [one.version for one in found.values()] == [arn + ":1"] * 2 + [arn + ":2"] * 2
    assert {one.alias for one in found.values()} == {arn + ":live"}
    assert {one.arn for one in found.values()} == {arn}
    of_versions = [definitions[found[chance].digest] for chance in (0.0, 0.91)]
    assert of_versions == [flow(), flow("2")]
    assert (definitions[own.digest], own.version, own.alias) == (flow("3"), None, None)
    # One program, and yet each has its own definition.
    assert found[0.0].digest[:8] == own.digest[:8]
    assert found[0.0].digest != own.digest


@pytest.mark.parametrize(
    ("routes", "text"),
    [
        (
            route((1, 90), (2, 20)),
            "Sum of routing configuration weights must equal 100. Received: [90, 20]",
        ),
        (
            route((1, 50), (1, 50)),
            "Routing configuration must contain distinct state machine version ARNs. "
            f"Received: [{ARN}garden:1, {ARN}garden:1]",
        ),
        (
            [{"stateMachineVersionArn": ARN + "garden", "weight": 100}],
            "Routing configuration must contain state machine version ARNs. "
            f"Received: [{ARN}garden]",
        ),
        (
            route((1, 101)),
            "1 validation error detected: Value '101' at 'routingConfiguration.1.member.weight' "
            "failed to satisfy constraint: Member must have value less than or equal to 100",
        ),
        (
            route((1, 40), (2, 40), (1, 20)),
            "1 validation error detected: Value '[RoutingConfigurationListItem("
            f"stateMachineVersionArn={ARN}garden:1, weight=40), RoutingConfigurationListItem("
            f"stateMachineVersionArn={ARN}garden:2, weight=40), RoutingConfigurationListItem("
            f"stateMachineVersionArn={ARN}garden:1, weight=20)]' at 'routingConfiguration' "
            "failed to satisfy constraint: Member must have length less than or equal to 2",
        ),
    ],
)
def test_routes_that_lead_nowhere_are_refused(two_versions, routes, text):
    found = refusal(
        two_versions.create_state_machine_alias, name="live", routingConfiguration=routes
    )
    assert found == ("ValidationException", text)


def test_aliases_keep_versions_and_come_in_pages(two_versions):
    sfn = two_versions
    for name, number in (("c", 1), ("a", 1), ("b", 2)):
        sfn.create_state_machine_alias(name=name, routingConfiguration=route((number, 100)))
    arn = ARN + "garden"

    def listed(**request):
        found = sfn.list_state_machine_aliases(**request)
        names = [one["stateMachineAliasArn"] for one in found["stateMachineAliases"]]
        return [name.rpartition(":")[2] for name in names], found.get("nextToken")

    names, token = listed(stateMachineArn=arn, maxResults=2)
    assert names == ["a", "b"]
    assert listed(stateMachineArn=arn, maxResults=2, nextToken=token) == (["c"], None)
    assert listed(stateMachineArn=arn + ":1")[0] == ["a", "c"]
    code, text = refusal(sfn.delete_state_machine_version, stateMachineVersionArn=arn + ":1")
    assert code == "ConflictException"
    assert text == (
        "Version to be deleted must not be referenced by an alias. "
        "Current list of aliases referencing this version: [a, c]"
    )
    for name in "acca":  # those that are gone, too
        sfn.delete_state_machine_alias(stateMachineAliasArn=f"{arn}:{name}")
    code, text = refusal(sfn.delete_state_machine_alias, stateMachineAliasArn=arn)
    assert code == "InvalidArn"
    sfn.delete_state_machine_version(stateMachineVersionArn=arn + ":1")
    code, text = refusal(sfn.describe_state_machine_alias, stateMachineAliasArn=arn + ":a")
    assert code == "ResourceNotFound"
    assert text == "Request references a resource that does not exist."
    code, text = refusal(sfn.update_state_machine_alias, stateMachineAliasArn=arn + ":b")
    assert code == "ValidationException"
    assert text.startswith("You must specify at least one of the description or ")
    code, text = refusal(
        sfn.create_state_machine_alias, name="1", routingConfiguration=route((2, 100))
    )
    assert code == "ValidationException"
    found = refusal(
        sfn.create_state_machine_alias, name="gone", routingConfiguration=route((1, 100))
    )
    assert found == ("ResourceNotFound", f"Resource not found: '{arn}:1'")


# --- tags -----------------------------------------------------------------------------------


def test_tags_are_added_changed_and_taken_away(sfn):
    make(sfn, tags=[{"key": "a", "value": "1"}])
    activity = sfn.create_activity(name="dig")["activityArn"]
    for arn in (ARN + "garden", activity):
        sfn.tag_resource(
            resourceArn=arn, tags=[{"key": "a", "value": "2"}, {"key": "b", "value": "<b>'"}]
        )
        assert sfn.list_tags_for_resource(resourceArn=arn)["tags"] == [
            {"key": "a", "value": "2"},
            {"key": "b", "value": "<b>'"},
        ]
        sfn.untag_resource(resourceArn=arn, tagKeys=["a", "none"])
        assert sfn.list_tags_for_resource(resourceArn=arn)["tags"] == [
            {"key": "b", "value": "<b>'"}
        ]
    code, text = refusal(sfn.tag_resource, resourceArn=ARN + "none", tags=[])
    assert (code, text) == ("ResourceNotFound", f"Resource not found: '{ARN}none'")


def test_a_tag_that_is_given_twice_has_one_value(sfn):
    arn = make(sfn)["stateMachineArn"]
    one, other = {"key": "a", "value": "1"}, {"key": "a", "value": "2"}
    sfn.tag_resource(resourceArn=arn, tags=[one, one])
    assert sfn.list_tags_for_resource(resourceArn=arn)["tags"] == [one]
    found = refusal(sfn.tag_resource, resourceArn=arn, tags=[one, other])
    assert found == ("ValidationException", "Duplicate tag key: a")


def test_a_resource_has_fifty_tags_at_most(sfn):
    make(sfn)
    tags = [{"key": f"k{n}", "value": ""} for n in range(50)]
    sfn.tag_resource(resourceArn=ARN + "garden", tags=tags)
    sfn.tag_resource(resourceArn=ARN + "garden", tags=tags[:1])
    more = [{"key": "more", "value": ""}]
    code, _ = refusal(sfn.tag_resource, resourceArn=ARN + "garden", tags=more)
    assert code == "TooManyTags"
    code, _ = refusal(make, sfn=sfn, name="b", tags=tags + more)
    assert code == "TooManyTags"
    code, _ = refusal(sfn.describe_state_machine, stateMachineArn=ARN + "b")
    assert code == "StateMachineDoesNotExist"  # all or nothing
