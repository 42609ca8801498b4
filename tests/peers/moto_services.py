"""Handlers, as tsme serve --tasks takes them, for the services that moto's workflows call.

A `Resource` of a service is a name like any other: whoever has a handler of that name does it.
These call boto3, which moto answers.
"""

from __future__ import annotations

import json
from typing import Any, Final

import boto3
from botocore.exceptions import ClientError

import tsme

tasks = tsme.Tasks()
# (what the Resource says, boto3's client, its method, what errors are called and whose they are)
_CALLS: Final = (
    ("aws-sdk:dynamodb:putItem", "dynamodb", "put_item", "DynamoDb", "DynamoDb"),
    ("aws-sdk:dynamodb:updateItem.waitForTaskToken", "dynamodb", "update_item", "DynamoDb", ""),
    ("aws-sdk:dynamodb:listTables", "dynamodb", "list_tables", "DynamoDb", "DynamoDb"),
    ("dynamodb:deleteItem", "dynamodb", "delete_item", "DynamoDB", "AmazonDynamoDBv2"),
    ("aws-sdk:dynamodb:deleteItem", "dynamodb", "delete_item", "DynamoDb", "DynamoDb"),
    ("sns:publish", "sns", "publish", "SNS", "AmazonSNS"),
    ("sqs:sendMessage.waitForTaskToken", "sqs", "send_message", "SQS", "AmazonSQS"),
)


def _handler(client: str, method: str, name: str, service: str) -> Any:
    def handler(payload: dict[str, Any]) -> Any:
        given = dict(payload)
        if isinstance(given.get("MessageBody"), dict):  # the integration takes JSON
            given["MessageBody"] = json.dumps(given["MessageBody"])
        try:
            answer = getattr(boto3.client(client, "us-east-1"), method)(**given)
        except ClientError as error:
            said, meta = error.response["Error"], error.response["ResponseMetadata"]
            cause = (
                f"{said['Message']} (Service: {service}; Status Code: {meta['HTTPStatusCode']}; "
                f"Error Code: {said['Code']}; Request ID: {meta.get('RequestId')}; Proxy: null)"
            )
            raise tsme.TaskError(f"{name}.{said['Code']}", cause) from None
        return {key: value for key, value in answer.items() if key != "ResponseMetadata"}

    return handler


@tasks.task("arn:aws:states:::s3:getObject")
def read(payload: dict[str, Any]) -> str:
    """What an ItemReader reads."""
    found = boto3.client("s3", "us-east-1").get_object(
        Bucket=payload["Bucket"], Key=payload["Key"]
    )
    text: str = found["Body"].read().decode()
    return text


for _resource, *_call in _CALLS:
    tasks.task(f"arn:aws:states:::{_resource}")(_handler(*_call))
