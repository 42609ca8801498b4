"""What a client may ask is limited, and what it says stays text: in SQL, in answers, in files."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.server.served import client, refusal, served
from tsme_host.server.errors import ApiError
from tsme_host.server.limits import DEEPEST, LARGEST, Rate

TARGET = {"X-Amz-Target": "AWSStepFunctions.ListActivities"}
# What would be something else than text, if anybody took it for SQL, HTML, a path or a format.
PROBES = (
    "x'--", 'x"--', "x' OR '1'='1", "<b>x</b>", "&lt;", "../../x", "..\\x", "/etc/hostname",
    "%s%(x)s", "{0}{x}", "${x}", ":name", "x\0y", "\U0001f600", "x;y", "\u202ex",
)  # fmt: skip


def test_a_request_of_more_bytes_than_the_limit_is_refused(endpoint):
    at_most = b'{"maxResults":1' + b" " * (LARGEST - 16) + b"}"
    assert len(at_most) == LARGEST
    assert httpx.post(endpoint, headers=TARGET, content=at_most).status_code == 200
    answer = httpx.post(endpoint, headers=TARGET, content=at_most + b" ")
    assert answer.status_code == 413
    assert answer.json() == {
        "__type": "RequestEntityTooLargeException",
        "message": "a request has at most 2097152 bytes",
    }


@pytest.mark.parametrize("depth", [DEEPEST + 1, 5000, 200000])
def test_a_request_that_is_nested_too_deeply_is_refused(endpoint, depth):
    for text in ("[" * depth + "]" * depth, '{"a":' * depth + "1" + "}" * depth):
        answer = httpx.post(endpoint, headers=TARGET, content=text.encode())
        assert answer.status_code == 400
        assert answer.json()["__type"] == "SerializationException"


def test_a_client_that_asks_too_often_is_throttled_and_others_are_not():
    now = [0.0]
    rate = Rate(10, lambda: now[0])
    for _ in range(20):  # at once
        rate.take("a")
    with pytest.raises(ApiError, match="Rate exceeded") as caught:
        rate.take("a")
    assert (caught.value.code, caught.value.status) == ("ThrottlingException", 400)
    rate.take("b")
    now[0] += 0.5
    for _ in range(5):
        rate.take("a")
    with pytest.raises(ApiError):
        rate.take("a")


def test_an_sdk_that_is_throttled_comes_again(sqlite_url):
    with served(sqlite_url, rate=1) as (url, _):
        once = client(url)
        for _ in range(2):
            once.list_activities()
        assert refusal(once.list_activities) == ("ThrottlingException", "Rate exceeded")
        patient = client(url, retries={"total_max_attempts": 10, "mode": "standard"})
        answer = patient.list_activities()
        assert answer["activities"] == []
        assert answer["ResponseMetadata"]["RetryAttempts"] > 0


def test_names_are_text_or_are_refused(endpoint, sfn):
    before = sfn.create_activity(name="dig")["activityArn"]
    for probe in PROBES:
        request = {"name": probe}
        answer = httpx.post(
            endpoint,
            headers={"X-Amz-Target": "AWSStepFunctions.CreateActivity"},
            content=json.dumps(request).encode(),
        )
        told = answer.json()
        assert answer.headers["content-type"] == "application/x-amz-json-1.0"
        if answer.status_code == 200:
            found = sfn.describe_activity(activityArn=told["activityArn"])
            assert found["name"] == probe
            sfn.delete_activity(activityArn=told["activityArn"])
        else:
            assert (answer.status_code, told["__type"]) == (400, "InvalidName"), probe
            assert told["message"] == f"Invalid Name: '{probe}'"
    assert [one["activityArn"] for one in sfn.list_activities()["activities"]] == [before]


def test_tags_and_tokens_are_text(sfn):
    for number, probe in enumerate(PROBES):
        if "\0" in probe:
            continue
        arn = sfn.create_activity(name=f"a{number}", tags=[{"key": probe, "value": probe}])
        assert arn["activityArn"].endswith(f":a{number}")
        code, _ = refusal(sfn.list_activities, nextToken=probe)
        assert code == "InvalidToken"
        code, _ = refusal(sfn.describe_activity, activityArn=probe)
        assert code == "InvalidArn"
    assert len(sfn.list_activities()["activities"]) == len(PROBES) - 1


def test_a_path_reaches_no_file(endpoint):
    for path in ("/../../etc/hostname", "/%2e%2e/%2e%2e/etc/hostname", "/..%2f..%2fx", "//x"):
        with httpx.Client() as http:
            request = http.build_request("GET", endpoint)
            request.extensions["target"] = path.encode()
            answer = http.send(request)
        assert answer.status_code in (400, 404, 405), path
        assert len(answer.content) < 100
