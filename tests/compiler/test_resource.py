"""A Resource is a plain task name or an ARN; what AWS would not recognise is refused."""

import json

import pytest

from tsme_host.compiler.frontend.check import find_problems


def problems(resource):
    state = {"Type": "Task", "Resource": resource, "End": True}
    return find_problems(json.dumps({"StartAt": "A", "States": {"A": state}}))[1]


@pytest.mark.parametrize(
    "resource",
    [
        "read_soil",
        "urn:garden:valve",
        "https://example.org/task",
        "${ReadSoil}",
        "arn:aws:lambda:${Region}:${Account}:function:${Name}",
        "arn:aws:lambda:eu-west-1:123456789012:function:read",
        "arn:aws:lambda:eu-west-1:123456789012:function:read:$LATEST",
        "arn:aws-cn:lambda:cn-north-1:123456789012:function:read:live",
        "arn:aws:lambda:your-region:your-account:function:read",
        "arn:aws:lambda:REGION:ACCOUNT_ID:function:read",
        "arn:aws:lambda:YOUR_REGION:YOUR_ACCOUNT:function:read:live",
        "arn:aws:states:::lambda:invoke",
        "arn:aws:states:::lambda:invoke.waitForTaskToken",
        "arn:aws:states:::states:startExecution.sync:2",
        "arn:aws:states:::sagemaker:createTrainingJob.sync",
        "arn:aws:states:::aws-sdk:dynamodb:query",
        "arn:aws:states:eu-west-1:123456789012:activity:my.activity",
    ],
)
def test_a_resource_that_can_be_matched_is_accepted(resource):
    assert problems(resource) == []


@pytest.mark.parametrize(
    ("resource", "message", "hint"),
    [
        ("", "Resource is empty", "write an ARN"),
        ("read soil", 'Resource "read soil" holds white space or control', "write an ARN"),
        ("${ReadSoil", 'Resource "${ReadSoil" has a substitution that is not', "write ${name}"),
        ("arn:aws:lambda:r:1:function:f:", "Resource", "write arn:aws:lambda:REGION"),
        ("arn:aws:lambda:r:1:function:f:$X", "Resource", "write arn:aws:lambda:REGION"),
        ("arn:aws:states:::dynamodb:query", "there is no integration dynamodb:query", "use arn"),
        ("arn:aws:states:::sqs:sendMesage", "there is no integration", 'did you mean "sendMess'),
        ("arn:aws:states:::ecs:runTask.synk", "there is no integration pattern", "did you mean"),
    ],
)
def test_a_resource_that_nothing_can_match_is_refused(resource, message, hint):
    (problem,) = problems(resource)
    assert problem.code == "TSME-C018"
    assert problem.message.startswith(message)
    assert problem.hint.startswith(hint)
