"""Activities of the endpoint, as boto3 sees them."""

from __future__ import annotations

from tests.server.served import refusal

ACTIVITY = "arn:aws:states:us-east-1:000000000000:activity:"


def test_an_activity_is_what_was_made(sfn):
    made = sfn.create_activity(name="dig", tags=[{"key": "team", "value": "garden"}])
    assert made["activityArn"] == ACTIVITY + "dig"
    found = sfn.describe_activity(activityArn=made["activityArn"])
    assert found["name"] == "dig"
    assert found["creationDate"] == made["creationDate"]
    assert found["encryptionConfiguration"] == {"type": "AWS_OWNED_KEY"}


def test_making_an_activity_again_gives_the_same(sfn):
    made = [sfn.create_activity(name="dig") for _ in range(2)]
    assert made[0]["activityArn"] == made[1]["activityArn"]
    assert made[0]["creationDate"] == made[1]["creationDate"]
    key = {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "k"}
    code, text = refusal(sfn.create_activity, name="dig", encryptionConfiguration=key)
    assert (code, text) == ("ActivityAlreadyExists", f"Activity Already Exists: '{ACTIVITY}dig'")


def test_activities_come_in_pages(sfn):
    names = [f"a{n}" for n in range(5)]
    for name in reversed(names):
        sfn.create_activity(name=name)
    pages = list(sfn.get_paginator("list_activities").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["activities"]) for page in pages] == [2, 2, 1]
    assert [one["name"] for page in pages for one in page["activities"]] == names


def test_a_deleted_activity_is_gone(sfn):
    arn = sfn.create_activity(name="dig")["activityArn"]
    for _ in range(2):  # the second time there is nothing to do
        sfn.delete_activity(activityArn=arn)
    code, text = refusal(sfn.describe_activity, activityArn=arn)
    assert (code, text) == ("ActivityDoesNotExist", f"Activity Does Not Exist: '{arn}'")


def test_names_and_arns_are_checked(sfn):
    for name in ("a b", "a/b", "a:b", "<b>", "a'\"--", "a\nb"):
        code, text = refusal(sfn.create_activity, name=name)
        assert (code, text) == ("InvalidName", f"Invalid Name: '{name}'")
    long = "x" * 81
    code, text = refusal(sfn.create_activity, name=long)
    assert code == "ValidationException"
    assert text == (
        f"1 validation error detected: Value '{long}' at 'name' failed to satisfy constraint: "
        "Member must have length less than or equal to 80"
    )
    code, text = refusal(sfn.describe_activity, activityArn="nonsense")
    assert (code, text) == ("InvalidArn", "Invalid Arn: 'Invalid ARN prefix: nonsense'")
    code, text = refusal(
        sfn.describe_activity, activityArn="arn:aws:states:us-east-1:000000000000:stateMachine:m"
    )
    assert code == "InvalidArn"
    assert text == "Invalid Arn: 'Resource type not valid in this context: stateMachine'"
    assert sfn.create_activity(name="Gießkanne")["activityArn"] == ACTIVITY + "Gießkanne"
