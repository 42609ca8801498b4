"""A server of `tsme serve` in this process, at a port of its own, and boto3 that talks to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import boto3
from botocore.config import Config

from tsme_host.server import serving, shapes
from tsme_host.server.server import Server

ROLE = "arn:aws:iam::000000000000:role/any"


@contextmanager
def served(url: str, **options: Any) -> Iterator[tuple[str, Server]]:
    """-> (the URL of the endpoint, the server behind it), until the block ends"""
    given = replace(serving.Options(database=url, port=0), **options)
    with serving.opened(given) as server, serving.served(given, server) as endpoint:
        yield endpoint, server


def client(endpoint: str, key: str = "any", secret: str = "any", **config: Any) -> Any:
    """boto3's client, whose every answer is held to botocore's model."""
    settings = {"inject_host_prefix": False, "retries": {"total_max_attempts": 1}}
    made = boto3.session.Session().client(
        "stepfunctions",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
        config=Config(**settings | {"read_timeout": 90} | config),
    )
    made.meta.events.register("after-call.sfn.*", _hold)
    return made


def _hold(http_response: Any, model: Any, **_: Any) -> None:
    """What came over the wire has the shape that the model says."""
    import json

    if http_response.status_code == 200:
        answer = json.loads(http_response.content)
        known = shapes.model()["shapes"][model.output_shape.name].get("members", {})
        assert set(answer) <= set(known), f"members nobody knows: {set(answer) - set(known)}"
        shapes.check_answer(model.name, answer)
    assert http_response.headers["x-amzn-RequestId"]


def refusal(call: Any, **request: Any) -> tuple[str, str]:
    """-> (code, message) of the error that a call of the client ends with"""
    from botocore.exceptions import ClientError

    try:
        answer = call(**request)
    except ClientError as error:
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    raise AssertionError(f"it was not refused: {answer}")
