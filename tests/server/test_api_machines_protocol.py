"""The protocol of the endpoint: what is no request of the API is refused, and it goes on."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest

from tests.server.served import ROLE, client, served
from tsme_host.server import shapes
from tsme_host.server.errors import ApiError

TARGET = "AWSStepFunctions."


def post(url: str, target: str | None, body: bytes | str, path: str = "/"):
    """-> (status, JSON of the answer, headers)"""
    parts = urlsplit(url)
    headers = {"Content-Type": "application/x-amz-json-1.0"}
    if target is not None:
        headers["X-Amz-Target"] = target
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        connection.request("POST", path, body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read()), answer.headers
    finally:
        connection.close()


def test_an_answer_has_the_form_of_aws(endpoint):
    status, answer, headers = post(endpoint, TARGET + "ListStateMachines", "{}")
    assert (status, answer) == (200, {"stateMachines": []})
    assert headers["Content-Type"] == "application/x-amz-json-1.0"
    assert len(headers["x-amzn-RequestId"]) == 36
    status, answer, _ = post(endpoint, TARGET + "ListStateMachines", "", "/any/path?x=1")
    assert (status, answer) == (200, {"stateMachines": []})


@pytest.mark.parametrize(
    ("target", "body", "code"),
    [
        (None, "{}", "UnknownOperationException"),
        ("DynamoDB.ListTables", "{}", "UnknownOperationException"),
        (TARGET + "Nonsense", "{}", "UnknownOperationException"),
        (TARGET + "__class__", "{}", "UnknownOperationException"),
        (TARGET + "ListStateMachines", "{", "SerializationException"),
        (TARGET + "ListStateMachines", "[]", "SerializationException"),
        (TARGET + "ListStateMachines", "null", "SerializationException"),
        (TARGET + "ListStateMachines", b"\xff\xfe", "SerializationException"),
        (TARGET + "ListStateMachines", "[" * 100_000, "SerializationException"),
        (TARGET + "ListStateMachines", '{"maxResults": NaN}', "SerializationException"),
        (TARGET + "ListStateMachines", '{"maxResults": "1"}', "SerializationException"),
        (TARGET + "ListStateMachines", '{"maxResults": true}', "SerializationException"),
        (TARGET + "ListStateMachines", '{"nextToken": "\\ud800"}', "SerializationException"),
        (TARGET + "ListStateMachines", '{"maxResults": -1}', "ValidationException"),
        (TARGET + "DescribeStateMachine", "{}", "ValidationException"),
        (TARGET + "DescribeStateMachine", '{"stateMachineArn": null}', "ValidationException"),
        (TARGET + "TagResource", '{"resourceArn": "a", "tags": [[]]}', "SerializationException"),
    ],
)
def test_what_is_no_request_is_refused_and_the_server_goes_on(endpoint, target, body, code):
    status, answer, _ = post(endpoint, target, body)
    assert (status, answer["__type"]) == (400, code)
    assert answer["message"]
    assert post(endpoint, TARGET + "ListStateMachines", "{}")[0] == 200


def test_no_error_of_the_model_has_a_status_of_its_own():
    # An error with `error: {httpStatusCode: ..}` would have to be answered with that one.
    errors = [one for one in shapes.model()["shapes"].values() if one.get("exception")]
    assert len(errors) > 30
    assert not [one for one in errors if "error" in one]


def test_all_that_is_wrong_is_in_one_line(endpoint):
    body = json.dumps({"name": "x" * 81, "type": "SLOW", "roleArn": ROLE})
    _, answer, _ = post(endpoint, TARGET + "CreateStateMachine", body)
    assert answer["message"] == (
        "3 validation errors detected: Value null at 'definition' failed to satisfy constraint: "
        f"Member must not be null; Value '{'x' * 81}' at 'name' failed to satisfy constraint: "
        "Member must have length less than or equal to 80; Value 'SLOW' at 'type' failed to "
        "satisfy constraint: Member must satisfy enum value set: [STANDARD, EXPRESS]"
    )


def test_a_body_beyond_two_mebibytes_is_refused(endpoint):
    status, answer, _ = post(endpoint, TARGET + "ListStateMachines", b" " * ((2 << 20) + 1))
    assert (status, answer["__type"]) == (413, "RequestEntityTooLargeException")


def test_members_that_nobody_knows_are_nothing(endpoint):
    body = json.dumps({"maxResults": 1, "later": {"x": [1]}, "nextToken": None})
    assert post(endpoint, TARGET + "ListStateMachines", body)[0] == 200


def test_in_process_it_is_the_same_without_a_network(sqlite_url):
    with served(sqlite_url) as (url, server):
        made = server.call("CreateActivity", {"name": "dig"})
        assert (
            server.call("ListActivities", {})["activities"][0]["activityArn"]
            == made["activityArn"]
        )
        assert client(url).list_activities()["activities"][0]["name"] == "dig"
        server.call("DeleteStateMachine", {"stateMachineArn": server.place.machine("none")})
        with pytest.raises(ApiError, match="InvalidName"):
            server.call("CreateActivity", {"name": "a b"})
        with pytest.raises(ApiError, match="UnknownOperationException"):
            server.call("Nonsense", {})


def test_a_lost_database_is_an_error_to_try_again_after(own_postgres):
    with served(own_postgres.database()) as (url, _):
        own_postgres.stop()
        status, answer, _ = post(url, TARGET + "CreateActivity", '{"name": "dig"}')
        assert (status, answer["__type"]) == (503, "ServiceUnavailableException")
        assert answer["message"].startswith("TSME-S0")
        own_postgres.start()
        status, answer, _ = post(url, TARGET + "ListActivities", "{}")
        assert (status, answer) == (200, {"activities": []})
        assert post(url, TARGET + "CreateActivity", '{"name": "dig"}')[0] == 200


def test_each_operation_of_the_model_is_there_or_refused_by_name(endpoint):
    for name in shapes.operations():
        status, answer, _ = post(endpoint, TARGET + name, '{"x": 1}')
        code = answer.get("__type")
        assert status == 200 or code in (
            "ValidationException",
            "UnsupportedOperation",
            "MissingRequiredParameter",
        ), (name, answer)
        assert code != "UnsupportedOperation" or name in answer["message"]


def test_an_answer_does_not_wait_for_the_client_to_say_that_it_has_its_head():
    """asyncio sets TCP_NODELAY only where a socket names its protocol."""
    import socket

    from tsme_host.server.serving import _bound

    with _bound("127.0.0.1", 0) as listening:
        assert listening.proto == socket.IPPROTO_TCP
