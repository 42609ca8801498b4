"""Tasks call Lambda functions at an HTTP endpoint, and see what AWS's tasks would see."""

from __future__ import annotations

import io
import json
import socket
import subprocess
import sys
import zipfile

import boto3
import pytest

from tests.server.lambdas import Failed, lambdas
from tests.server.working import running, task
from tsme_host.server.work.functions import Functions
from tsme_host.server.work.ways import ways
from tsme_host.tools.errors import HostError

ARN = "arn:aws:lambda:us-east-1:000000000000:function:"
INVOKE = "arn:aws:states:::lambda:invoke"


def invoke(resource=INVOKE, **parameters):
    return task(resource, Parameters={"FunctionName": "add", "Payload.$": "$"} | parameters)


def test_a_function_by_its_arn_gets_the_input_and_gives_the_result(sqlite_url):
    with (
        lambdas(add=lambda v: {"é": "ü", "sum": v["a"] + v["b"]}) as (url, calls),
        running(sqlite_url, Functions(url)) as here,
    ):
        row = here.run(task(ARN + "add"), {"a": 1, "b": 2})
        assert row.output == '{"é":"ü","sum":3}'  # in the order of the answer
        here.run(task(ARN + "add:live"), {"a": 1, "b": 2})
    assert [call.name for call in calls] == [ARN + "add"] * 2
    assert [call.qualifier for call in calls] == [None, "live"]
    signed = calls[0].headers["authorization"]
    assert signed.startswith("AWS4-HMAC-SHA256 Credential=")
    assert "/lambda/aws4_request" in signed


def test_invoke_gives_payload_status_and_version(sqlite_url):
    with (
        lambdas(add=lambda v: v["n"] + 1) as (url, calls),
        running(sqlite_url, Functions(url)) as here,
    ):
        row = here.run(invoke(Qualifier="7"), {"n": 1})
        assert json.loads(row.output) == {"ExecutedVersion": "7", "Payload": 2, "StatusCode": 200}
        sdk = invoke("arn:aws:states:::aws-sdk:lambda:invoke")
        sdk["States"]["T"]["Parameters"]["Payload.$"] = "States.JsonToString($)"
        assert json.loads(here.run(sdk, {"n": 2}).output)["Payload"] == "3"
    assert [call.qualifier for call in calls] == ["7", None]
    assert calls[0].headers["x-amz-invocation-type"] == "RequestResponse"


def test_a_function_that_fails_gives_its_type_and_its_payload_untouched(sqlite_url):
    told = '{"errorMessage":"no water",  "errorType": "Dry", "trace":[]}'

    def dry(_):
        raise Failed(told)

    def odd(_):
        raise Failed("gone")

    with lambdas(dry=dry, odd=odd) as (url, _), running(sqlite_url, Functions(url)) as here:
        row = here.run(task(ARN + "dry"), {})
        assert (row.status, row.error, row.cause) == ("FAILED", "Dry", told)
        assert here.run(invoke(FunctionName="dry"), {}).cause == told
        row = here.run(task(ARN + "odd"), {})
        assert (row.error, row.cause) == ("Lambda.Unknown", "gone")


def test_what_the_service_refuses_is_named_as_aws_names_it(sqlite_url):
    with lambdas() as (url, _), running(sqlite_url, Functions(url)) as here:
        row = here.run(invoke(FunctionName="a'\"<b>/../x"), {})
    assert row.error == "Lambda.ResourceNotFoundException"
    assert row.cause == (
        "Function not found: a'\"<b>/../x (Service: AWSLambda; Status Code: 404; Error Code: "
        "ResourceNotFoundException; Request ID: r-1; Proxy: null)"
    )


def test_an_endpoint_that_nobody_serves_is_an_error_that_retry_can_name(sqlite_url):
    with socket.socket() as taken:  # a port at which nobody listens
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        with running(sqlite_url, Functions(url)) as here:
            row = here.run(task(ARN + "add"), {})
    assert row.error == "Lambda.SdkClientException"
    assert row.cause.startswith("Unable to execute HTTP request: ")


MOTO = """
import sys
from moto.core.config import default_user_config
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

default_user_config.setdefault("lambda", {})["use_docker"] = False  # its simple backend
server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
server.stop()
"""


@pytest.fixture
def moto():
    """The URL of moto's server, in a process of its own."""
    command = [sys.executable, "-c", MOTO]
    with subprocess.Popen(command, stdin=-1, stdout=-1, stderr=-3, text=True) as process:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        process.stdin.close()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()


def deployed(moto, name):
    """A function of this name at moto's server."""
    made = {"endpoint_url": moto, "region_name": "us-east-1"}
    made |= {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    iam = boto3.client("iam", **made)
    role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as packed:
        packed.writestr("f.py", "def handler(event, context): return event")
    boto3.client("lambda", **made).create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=role,
        Handler="f.handler",
        Code={"ZipFile": code.getvalue()},
    )


def test_motos_lambda_is_reached_by_the_same_api(sqlite_url, moto):
    """moto runs functions in Docker; its simple backend gives back what it got."""
    deployed(moto, "add")
    with running(sqlite_url, Functions(moto)) as here:
        row = here.run(invoke(), {"n": 1})
        assert row.status == "SUCCEEDED", (row.error, row.cause)
        answer = json.loads(row.output)
        assert (answer["StatusCode"], answer["Payload"]) == (200, {"n": 1})


@pytest.mark.parametrize(
    "wrong", ["lambda", "ftp://a", "http://", "http://a/?x=1", "http://[", ""]
)
def test_what_is_no_endpoint_is_told_before_anything_is_served(wrong):
    with pytest.raises(HostError, match="TSME-S061"):
        ways(None, wrong)
