"""With --auth nobody gets anything without a key of the file."""

from __future__ import annotations

import json
import urllib.request
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from tests.server.served import client, refusal, served
from tsme_host.server.auth import Keys
from tsme_host.tools.errors import HostError

KEY, SECRET = "AKIAEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPx'\"<b>"
TARGET = "AWSStepFunctions.ListActivities"


@pytest.fixture
def keys(tmp_path):
    path = tmp_path / "keys"
    path.write_text(
        f"[default]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"
        "[ci]\naws_access_key_id = CI\naws_secret_access_key = second\n"
    )
    return str(path)


@pytest.fixture
def guarded(sqlite_url, keys):
    with served(sqlite_url, auth=keys) as (url, _):
        yield url


def signed(endpoint, body=b"{}", key=KEY, secret=SECRET, when=None, **headers):
    """A request as botocore signs it; `when` moves its clock."""
    given = {"X-Amz-Target": TARGET, "Content-Type": "application/x-amz-json-1.0", **headers}
    request = AWSRequest(method="POST", url=endpoint + "/", data=body, headers=given)
    signer = SigV4Auth(Credentials(key, secret), "states", "eu-west-1")
    if when is None:
        signer.add_auth(request)
    else:
        request.context["timestamp"] = f"{when:%Y%m%dT%H%M%SZ}"
        request.headers["X-Amz-Date"] = request.context["timestamp"]
        text = signer.string_to_sign(request, signer.canonical_request(request))
        signer._inject_signature_to_request(request, signer.signature(text, request))
    return dict(request.headers.items())


def ask(endpoint, headers, body=b"{}"):
    """-> (status, code, message)"""
    answer = httpx.post(endpoint + "/", headers=headers, content=body)
    told = answer.json()
    assert answer.headers["x-amzn-RequestId"]
    return answer.status_code, told.get("__type"), told.get("message")


def test_who_has_a_key_of_the_file_is_served(guarded):
    for key, secret in ((KEY, SECRET), ("CI", "second")):
        sfn = client(guarded, key=key, secret=secret)
        made = sfn.create_activity(name=f"dig-{key}")
        assert sfn.describe_activity(activityArn=made["activityArn"])["name"] == f"dig-{key}"


def test_a_wrong_secret_and_an_unknown_key_are_refused(guarded):
    code, text = refusal(client(guarded, key=KEY, secret="guess").list_activities)
    assert code == "InvalidSignatureException"
    assert text == (
        "The request signature we calculated does not match the signature you provided. Check "
        "your AWS Secret Access Key and signing method. Consult the service "
        "documentation for details."
    )
    code, text = refusal(client(guarded, key="nobody", secret=SECRET).list_activities)
    assert (code, text) == (
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
    )


def test_a_request_without_a_signature_is_refused(guarded):
    status, code, text = ask(guarded, {"X-Amz-Target": TARGET})
    assert (status, code) == (400, "MissingAuthenticationTokenException")
    assert text == "Missing Authentication Token"
    header = f"AWS4-HMAC-SHA256 Credential={KEY}/20260101/eu-west-1/states/aws4_request"
    status, code, text = ask(guarded, {"X-Amz-Target": TARGET, "Authorization": header})
    assert (status, code) == (400, "IncompleteSignatureException")
    assert "Authorization header requires 'Signature' parameter." in text
    assert "Authorization header requires 'SignedHeaders' parameter." in text


def test_what_was_signed_cannot_be_changed(guarded):
    headers = signed(guarded)
    assert ask(guarded, headers)[0] == 200
    assert ask(guarded, headers, b'{"maxResults":1}')[1] == "InvalidSignatureException"
    other = headers | {"X-Amz-Target": "AWSStepFunctions.ListStateMachines"}
    assert ask(guarded, other)[1] == "InvalidSignatureException"
    # Unsigned, the body could be anything: so its hash may not be left out of what is signed.
    open_body = signed(guarded, **{"X-Amz-Content-SHA256": "UNSIGNED-PAYLOAD"})
    assert ask(guarded, open_body)[1] == "InvalidSignatureException"


def test_the_target_must_be_signed(guarded):
    headers = signed(guarded)
    parts = headers["Authorization"].split("SignedHeaders=")
    names, rest = parts[1].split(", ", 1)
    left = ";".join(name for name in names.split(";") if name != "x-amz-target")
    headers["Authorization"] = f"{parts[0]}SignedHeaders={left}, {rest}"
    code, text = ask(guarded, headers)[1:]
    assert code == "InvalidSignatureException"
    assert text == "'x-amz-target' must be a 'SignedHeader' in the AWS Authorization."


def test_a_clock_that_is_off_by_more_than_five_minutes_is_told_so(guarded):
    now = datetime.now(UTC)
    assert ask(guarded, signed(guarded, when=now - timedelta(minutes=4)))[0] == 200
    code, text = ask(guarded, signed(guarded, when=now - timedelta(hours=1)))[1:]
    assert code == "InvalidSignatureException"
    assert text.startswith("Signature expired: ")
    assert text.endswith(" - 5 min.)")
    code, text = ask(guarded, signed(guarded, when=now + timedelta(hours=1)))[1:]
    assert code == "InvalidSignatureException"
    assert text.startswith("Signature not yet current: ")
    assert text.endswith(" + 5 min.)")


def test_the_scope_must_be_of_this_service(guarded):
    headers = signed(guarded)
    headers["Authorization"] = headers["Authorization"].replace("/states/", "/s3/")
    code, text = ask(guarded, headers)[1:]
    assert code == "InvalidSignatureException"
    assert text.startswith("Credential should be scoped to correct service: 'states'.")


def test_what_is_no_header_of_a_signature_is_refused_and_nothing_breaks(guarded):
    start = "AWS4-HMAC-SHA256 "
    for header in (
        "x",
        start + "x",
        start + "Credential=/////, SignedHeaders=;, Signature=",
        start + "Credential=a/b/c/d/e, SignedHeaders=host, Signature='\"<b>",
    ):
        status, code, _ = ask(guarded, {"X-Amz-Target": TARGET, "Authorization": header,
                                        "X-Amz-Date": "20260101"})  # fmt: skip
        assert (status, code) == (400, "IncompleteSignatureException"), header
    headers = signed(guarded)
    headers["X-Amz-Date"] = "../../x"
    assert ask(guarded, headers)[0] == 400


def test_all_else_that_is_served_asks_for_the_same_key(guarded):
    answer = httpx.get(guarded + "/")
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")
    assert httpx.get(guarded + "/", auth=(KEY, "guess")).status_code == 401
    assert httpx.get(guarded + "/", auth=("nobody", "")).status_code == 401
    assert httpx.get(guarded + "/", auth=(KEY, SECRET)).status_code not in (401, 403)
    answer = httpx.post(
        guarded + "/", auth=(KEY, SECRET), headers={"X-Amz-Target": TARGET}, content=b"{}"
    )
    assert answer.json() == {"activities": []}


def test_without_auth_any_key_will_do(endpoint):
    assert client(endpoint, key="any", secret="thing").list_activities()["activities"] == []
    request = urllib.request.Request(endpoint, b"{}", {"X-Amz-Target": TARGET})
    with urllib.request.urlopen(request) as answer:
        assert json.loads(answer.read()) == {"activities": []}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read"),
        ("", "has no keys"),
        ("nonsense", "cannot be read"),
        ("[a]\naws_access_key_id = K\n", "has no key in [a]"),
        ("[a]\naws_access_key_id = K\naws_secret_access_key = 1\n"
         "[b]\naws_access_key_id = K\naws_secret_access_key = 2\n", 'two secrets for "K"'),
    ],
)  # fmt: skip
def test_a_file_that_has_no_keys_is_told_before_anything_is_served(tmp_path, text, said):
    path = tmp_path / "keys"
    if text is not None:
        path.write_text(text)
    with pytest.raises(HostError, match="TSME-S060") as caught:
        Keys.read(str(path))
    assert said in caught.value.message
    assert str(path) in caught.value.message
