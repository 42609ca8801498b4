"""A browser that was sent here by a page somewhere else reads and changes nothing."""

from __future__ import annotations

import http.client
import json
from urllib.parse import urlsplit

import pytest

from tests.server.served import client, served
from tsme_host.server.errors import ApiError
from tsme_host.server.hosts import Hosts

LIST = {"X-Amz-Target": "AWSStepFunctions.ListActivities"}
MAKE = {"X-Amz-Target": "AWSStepFunctions.CreateActivity"}


def ask(url: str, method: str, path: str, headers: dict[str, str], body: str = "{}"):
    """-> (status, text), of a request with exactly these headers"""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.putrequest(method, path, skip_host="Host" in headers)
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body.encode())
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def test_names_that_nobody_gave_the_server_are_refused(sqlite_url):
    with served(sqlite_url, allowed_host=("tsme.lan",)) as (url, _):
        port = urlsplit(url).port
        for host in ("localhost", "LOCALHOST:1", f"127.0.0.1:{port}", "[::1]:8083", "tsme.lan",
                     "tsme.LAN:8083", "a.localhost"):  # fmt: skip
            assert ask(url, "POST", "/", {"Host": host, **LIST})[0] == 200, host
            assert ask(url, "GET", "/", {"Host": host}, "")[0] == 200, host
        for host in ("evil.example", "127.0.0.1.evil.example", "tsme.lan.evil.example",
                     "localhost.evil.example:8083", "notlocalhost", "'--", "<b>x</b>",
                     ""):  # fmt: skip
            status, text = ask(url, "POST", "/", {"Host": host, **LIST})
            assert (status, json.loads(text)["__type"]) == (403, "AccessDeniedException"), host
            for path in ("/", "/page/executions", "/metrics"):
                status, text = ask(url, "GET", path, {"Host": host}, "")
                assert status == 403, (host, path)
                assert text.startswith("TSME-S043: "), (host, path)
        _, text = ask(url, "POST", "/", {"Host": "evil.example:1", **LIST})
        assert json.loads(text)["message"] == (
            'TSME-S043: this server is not called "evil.example"; tsme serve --allowed-host '
            "evil.example if it is"
        )
        assert client(url).list_activities()["activities"] == []


def test_a_page_of_another_origin_changes_nothing(sqlite_url):
    with served(sqlite_url) as (url, _):
        own = urlsplit(url).netloc
        for origin in ("http://evil.example", f"http://{own}.evil.example", "null",
                       "http://127.0.0.1:1", "file://", "<b>x</b>"):  # fmt: skip
            headers = {"Host": own, "Origin": origin, **MAKE}
            status, text = ask(url, "POST", "/", headers, '{"name": "dig"}')
            assert status == 403, origin
            assert json.loads(text)["message"].startswith("TSME-S044: "), origin
            # Without the header of the API it would be nothing anyway, and is refused first.
            simple = {"Host": own, "Origin": origin, "Content-Type": "text/plain"}
            assert ask(url, "POST", "/", simple, '{"name": "dig"}')[0] == 403
        assert client(url).list_activities()["activities"] == []
        # What a browser asks before such a request gets no leave either.
        asked = {"Host": own, "Origin": "http://evil.example",
                 "Access-Control-Request-Method": "POST",
                 "Access-Control-Request-Headers": "x-amz-target"}  # fmt: skip
        assert ask(url, "OPTIONS", "/", asked, "")[0] == 405
        headers = {"Host": own, "Origin": f"http://{own}", **MAKE}
        assert ask(url, "POST", "/", headers, '{"name": "dig"}')[0] == 200
        assert len(client(url).list_activities()["activities"]) == 1


def test_what_says_of_no_operation_that_it_is_for_it_is_refused(sqlite_url):
    with served(sqlite_url) as (url, _):
        status, text = ask(url, "POST", "/any", {})
        assert (status, json.loads(text)["__type"]) == (400, "UnknownOperationException")


@pytest.mark.parametrize(
    ("address", "given", "host", "fine"),
    [
        ("127.0.0.1", (), b"10.0.0.5", False),
        ("127.0.0.2", (), b"127.0.0.2:8083", True),
        ("127.0.0.2", (), b"x.example", False),
        ("::1", (), b"[::1]:8083", True),
        ("::1", (), b"x.example", False),
        ("localhost", (), b"x.example", False),
        # Where others reach it, it is called as they like, unless it is told its names.
        ("0.0.0.0", (), b"x.example", True),
        ("10.0.0.5", ("x.example",), b"10.0.0.5:80", True),
        ("10.0.0.5", ("x.example",), b"x.example", True),
        ("10.0.0.5", ("x.example",), b"y.example", False),
    ],
)
def test_which_names_are_its_own(address, given, host, fine):
    hosts = Hosts(address, given)
    for _ in range(2):
        if fine:
            hosts.check("GET", {b"host": host})
        else:
            with pytest.raises(ApiError, match="TSME-S043"):
                hosts.check("GET", {b"host": host})


def test_an_origin_that_was_given_may_change_things():
    hosts = Hosts("127.0.0.1", ("tsme.lan",))  # behind a proxy, which asks for 127.0.0.1
    hosts.check("POST", {b"host": b"127.0.0.1:8083", b"origin": b"https://tsme.lan"})
    hosts.check("GET", {b"host": b"127.0.0.1:8083", b"origin": b"https://evil.example"})
    with pytest.raises(ApiError, match="TSME-S044"):
        hosts.check("POST", {b"host": b"127.0.0.1:8083", b"origin": b"https://evil.example"})
