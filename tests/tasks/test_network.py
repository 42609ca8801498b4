"""Tasks of the network do on every interpreter what their page says, against real servers."""

from __future__ import annotations

import json
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests import interpreters
from tests.tasks.servers import Seen, broker, free_port, http_server, raw_server, time_server
from tests.tasks.test_library import BOARDS

DEVICE = Path(__file__).with_name("network_device.py")
boards = pytest.mark.parametrize("board", BOARDS)
Calls = list[Any]


def asked(board: str, folder: Path, part: str, calls: Calls, **options: Any) -> list[Any]:
    """What tasks gave, in order."""
    interpreters.require(board)
    path = folder / "jobs.json"
    path.write_text(json.dumps([[part, options, calls]]), encoding="utf-8")
    done = interpreters.run(board, DEVICE, [path], timeout=120)
    assert not done.returncode, done.stderr.decode()
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


# --- http -------------------------------------------------------------------------------------


@boards
def test_each_method_sends_what_its_payload_says(board: str, tmp_path: Path):
    with http_server() as port:
        url = f"http://127.0.0.1:{port}/x"
        found = asked(
            board,
            tmp_path,
            "http",
            [
                ["http:get", {"url": url, "query": {"q": "a b&ü", "n": [1, True]}}],
                ["http:post", {"url": url, "body": {"z": 1, "a": [1.5]}}],
                ["http:put", {"url": url, "body": "text", "headers": {"X-Own": "1"}}],
                ["http:patch", {"url": url, "body": [1]}],
                ["http:delete", {"url": url}],
                ["http:head", {"url": url}],
                ["http:post_keyed", {"url": url, "body": 1}],
            ],
            device="d7",
        )
        seen = list(Seen.asked)
    assert [one["status"] for one in found] == [200] * 7
    assert found[0]["body"] == {
        "method": "GET",
        "path": "/x?q=a%20b%26%C3%BC&n=1&n=true",
        "body": "",
    }
    assert found[0]["headers"]["content-type"] == "application/json; charset=utf-8"
    assert found[5]["body"] is None
    assert [one[0] for one in seen] == ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "POST"]
    assert [one[3] for one in seen] == ["", '{"a":[1.5],"z":1}', "text", "[1]", "", "", "1"]
    assert seen[1][2]["content-type"] == "application/json"
    assert (seen[2][2]["content-type"][:10], seen[2][2]["x-own"]) == ("text/plain", "1")
    assert "content-length" not in seen[0][2]
    # The same action has the same key whenever it is started.
    assert [one[2].get("idempotency-key") for one in seen] == [None] * 6 + ["d7-3-14"]


@boards
def test_answers_of_every_kind_are_read_and_errors_named_as_aws_names_them(
    board: str, tmp_path: Path
):
    with http_server() as port:
        base = f"http://127.0.0.1:{port}/"

        def get(path: str, **more: Any) -> list[Any]:
            return ["http:get", {"url": base + path, **more}]

        found = asked(
            board,
            tmp_path,
            "http",
            [
                get("missing"),
                get("moved"),
                get("round"),
                get("away", headers={"Authorization": "secret"}),
                get("binary"),
                get("large"),
                get("large", max_bytes=20000),
                get("nothing"),
                get("chunked"),
                get("chunked", max_bytes=500),
                get("endless"),
                get("half"),
                get("silent", timeout_s=0.3),
                ["http:post", {"url": base + "moved", "body": 1}],
                ["request", [base + "away", {"Authorization": "secret"}]],
            ],
        )
        seen = list(Seen.asked)
    assert found[0][0] == "States.Http.StatusCode.404"
    assert found[0][1].endswith("/missing answered 404: there is none")
    assert found[1]["body"]["path"] == "/found?x=1"
    assert found[2] == ["Http.ServiceException", "http:get: it redirects more than 5 times"]
    assert found[3]["body"]["path"] == "/found"
    # What is secret does not follow to another host.
    sent = [head.get("authorization") for _, path, head, _ in seen if path in ("/away", "/found")]
    assert sent == ["secret", None, "secret", None]
    assert found[4]["body"] == {"base64": "+vv8/f7/"}
    assert found[5][0] == "Http.ServiceException"
    assert "the answer has 20000 bytes, more than 16384" in found[5][1]
    assert found[6]["body"] == "x" * 20000
    assert (found[7]["status"], found[7]["body"]) == (204, None)
    assert found[8]["body"] == "some parts, " + "one answer" * 100
    assert "the answer has more than 500 bytes" in found[9][1]
    assert "a line is longer than 1024 bytes" in found[10][1]
    assert found[11][0] == "States.Http.Socket"
    assert "ended within an answer" in found[11][1]
    assert found[12][0] == "States.Http.Socket"
    assert "no answer within 0.3 s" in found[12][1]
    assert found[13][0] == "States.Http.StatusCode.302"  # only what is pure is asked elsewhere
    assert found[14] == 200


@boards
def test_what_cannot_be_asked_is_refused_before_it_is_sent(board: str, tmp_path: Path):
    wrong = [
        ({"url": "ftp://x"}, "must begin with http:// or https://"),
        ({"url": "http://a b/"}, "holds a blank"),
        ({"url": "http://me:secret@x/"}, "must not hold a password"),
        ({"url": "http://x:y/"}, "names no host and port"),
        ({"url": "http:///x"}, "names no host and port"),
        ({"url": "http://127.0.0.1:9/", "headers": {"A": "b\r\nX: 1"}}, "cannot be: 'a'"),
        ({"url": "http://127.0.0.1:9/", "headers": [1]}, '"headers" must be an object'),
        ({"url": "http://127.0.0.1:9/", "timeout_s": 0}, '"timeout_s" must be a number'),
        ({"url": "http://127.0.0.1:9/", "method": "GET"}, 'there is no "method"'),
        ({}, '"url" is missing'),
    ]
    calls = [["http:get", payload] for payload, _ in wrong]
    calls.append(["http:get", {"url": f"http://127.0.0.1:{free_port()}/"}])
    *found, nobody = asked(board, tmp_path, "http", calls)
    for (payload, says), result in zip(wrong, found, strict=True):
        assert result[0] == "Http.ValidationException", payload
        assert says in result[1]
    assert nobody[0] == "States.Http.Socket"
    assert "cannot be reached" in nobody[1] or "the connection broke" in nobody[1]


@boards
def test_whoever_is_no_http_server_is_told_as_such(board: str, tmp_path: Path):
    def ssh(connection: socket.socket) -> None:
        connection.recv(1000)
        connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")

    with raw_server(ssh) as port:
        calls = [["http:get", {"url": f"http://127.0.0.1:{port}/"}]]
        (found,) = asked(board, tmp_path, "http", calls)
    assert found == ["Http.ServiceException", "http:get: this is no HTTP server"]


def test_https_is_verified_where_the_interpreter_can(tmp_path: Path):
    """On CPython alone: this MicroPython is built without TLS."""
    interpreters.require("openssl")
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext"
    both = tmp_path / "both.pem"
    subprocess.run(
        [
            *words.split(),
            "subjectAltName=IP:127.0.0.1",
            "-keyout",
            both,
            "-out",
            both.with_suffix(".crt"),
        ],
        check=True,
        capture_output=True,
    )
    both.write_text(both.read_text() + both.with_suffix(".crt").read_text())
    with http_server(both) as port:
        calls = [["http:get", {"url": f"https://127.0.0.1:{port}/x"}]]
        (found,) = asked("cpython", tmp_path, "http", calls)
    assert found[0] == "States.Http.Socket"
    assert "CERTIFICATE_VERIFY_FAILED" in found[1].upper()


# --- ntp --------------------------------------------------------------------------------------

SECOND_ERA = 2085978506500  # ms: 2036-02-07T06:28:26.500Z


@boards
def test_the_clock_is_set_to_the_server_s_time_at_a_whole_second(board: str, tmp_path: Path):
    with time_server() as port:
        setting, found = asked(
            board, tmp_path, "ntp", [["ntp:sync", {}]], host="127.0.0.1", port=port, clock=1
        )
    what, ms = setting
    assert what == "set"
    assert SECOND_ERA <= ms < SECOND_ERA + 60000
    assert ms % 1000 < 500  # it waited for it, as well as a busy computer can
    assert found["host"] == "127.0.0.1"
    assert found["offset_ms"] > 0
    assert 0 <= found["round_trip_ms"] < 60000
    assert found["time"].startswith("2036-02-07T06:2")


def spoiled(at: int, value: int) -> Any:
    def change(answer: bytearray) -> bytearray:
        answer[at] = value
        return answer

    return change


def another(answer: bytearray) -> bytearray:
    answer[24] ^= 0xFF
    return answer


def kiss(answer: bytearray) -> bytearray:
    answer[1] = 0
    answer[12:16] = b"RATE"
    return answer


@boards
@pytest.mark.parametrize(
    ("change", "says"),
    [
        (another, "no answer within 0.4 s"),  # somebody else's question
        (spoiled(0, 0x23), "no answer within 0.4 s"),  # a client, no server
        (spoiled(0, 0xE4), "the server does not know the time itself within 0.4 s"),
        (spoiled(1, 16), "the server does not know the time itself within 0.4 s"),
        (kiss, "the server refuses: RATE"),
        (lambda answer: answer[:20], "no answer within 0.4 s"),
        (lambda answer: None, "no answer within 0.4 s"),
    ],
)
def test_what_is_no_answer_to_the_question_sets_no_clock(
    board: str, change: Any, says: str, tmp_path: Path
):
    with time_server(change) as port:
        (found,) = asked(
            board,
            tmp_path,
            "ntp",
            [["ntp:sync", {"timeout_s": 0.4}]],
            host="127.0.0.1",
            port=port,
            clock=1,
        )
    assert found == ["Ntp.TimeoutException", f"ntp:sync: {says}"]


def test_a_time_that_is_further_off_than_allowed_is_not_taken(tmp_path: Path):
    with time_server() as port:
        (found,) = asked(
            "cpython",
            tmp_path,
            "ntp",
            [["ntp:sync", {"most_ms": 60000}]],
            host="127.0.0.1",
            port=port,
            clock=1,
        )
    assert found[0] == "Ntp.ServiceException"
    assert "more than 60000" in found[1]


# --- mqtt -------------------------------------------------------------------------------------


@boards
def test_messages_go_through_a_real_broker_and_back(board: str, tmp_path: Path):
    with broker(tmp_path) as port:
        found = asked(
            board,
            tmp_path,
            "mqtt",
            [
                ["mqtt:publish", {"topic": "a/kept", "message": {"z": 1, "a": 2}, "retain": True}],
                ["mqtt:publish", {"topic": "a/lost", "message": "nobody hears it", "qos": 0}],
                ["mqtt:receive", {"topic": "a/#", "timeout_s": 20}],
                ["mqtt:publish_once", {"topic": "a/long", "message": "ü" * 8000, "retain": True}],
                ["mqtt:receive", {"topic": "a/long", "timeout_s": 20}],
                ["mqtt:receive", {"topic": "b", "timeout_s": 0.5}],
            ],
            host="127.0.0.1",
            port=port,
        )
    assert found[0] == {"bytes": 13, "topic": "a/kept"}
    assert found[1] == {"bytes": 15, "topic": "a/lost"}
    assert found[2].pop("ms") >= 0
    assert found[2] == {"message": '{"a":2,"z":1}', "retained": True, "topic": "a/kept"}
    assert (found[4]["message"], found[4]["topic"]) == ("ü" * 8000, "a/long")
    assert found[5] == ["Mqtt.TimeoutException", "mqtt:receive: no answer within 0.5 s"]


@boards
def test_a_session_that_is_kept_gets_what_came_while_it_was_away_and_once(
    board: str, tmp_path: Path
):
    """As after a deep sleep: the second and third process find what the broker kept."""
    with broker(tmp_path) as port:
        options = {"host": "127.0.0.1", "port": port, "client": "garden"}
        receive = ["mqtt:receive", {"topic": "orders", "session": True, "timeout_s": 3}]
        (first,) = asked(board, tmp_path, "mqtt", [receive], **options)
        assert first[0] == "Mqtt.TimeoutException"
        send = [["mqtt:publish", {"topic": "orders", "message": "water"}]]
        asked(board, tmp_path, "mqtt", send, **options | {"client": "laptop"})
        receive[1]["timeout_s"] = 20  # type: ignore[index]
        again = ["mqtt:receive", {"topic": "orders", "session": True, "timeout_s": 0.5}]
        second, third = asked(board, tmp_path, "mqtt", [receive, again], **options)
    assert (second["message"], second["retained"]) == ("water", False)
    assert third[0] == "Mqtt.TimeoutException"


@boards
def test_a_broker_that_refuses_is_named_with_its_reason(board: str, tmp_path: Path):
    calls: Calls = [["mqtt:publish", {"topic": "a", "message": "b"}]]
    with broker(tmp_path, "allow_anonymous false") as port:
        (found,) = asked(
            board, tmp_path, "mqtt", calls, host="127.0.0.1", port=port, user="me", password="no"
        )
    assert found[0] == "Mqtt.ServiceException"
    assert found[1].startswith("mqtt:publish: the broker: it does not a")
    (found,) = asked(board, tmp_path, "mqtt", calls, host="127.0.0.1", port=port)
    assert found[0] == "Mqtt.ConnectionException"


@boards
def test_a_message_counts_as_sent_when_the_broker_has_said_so(board: str, tmp_path: Path):
    """QoS 1: a broker that takes it and says nothing has perhaps not kept it."""

    def silent(connection: socket.socket) -> None:
        connection.settimeout(30)
        connection.recv(100)
        connection.sendall(b"\x20\x02\x00\x00")
        while connection.recv(100):
            pass

    with raw_server(silent) as port:
        found = asked(
            board,
            tmp_path,
            "mqtt",
            [
                ["mqtt:publish", {"topic": "a", "message": "b", "timeout_s": 0.5}],
                ["mqtt:publish", {"topic": "a", "message": "b", "qos": 0}],
            ],
            host="127.0.0.1",
            port=port,
        )
    assert found[0] == ["Mqtt.TimeoutException", "mqtt:publish: no answer within 0.5 s"]
    assert found[1] == {"bytes": 1, "topic": "a"}


@boards
@pytest.mark.parametrize(
    ("bytes_", "says"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "what is no MQTT"),
        (b"\x20\xff\xff\xff\xff\x01", "what is no MQTT"),
        (b"\x20\x03\x00\x00\x00", "what is no MQTT"),
        (b"\x20", "ended within an answer"),
        (b"\x20\x02\x00\x63", "it refuses"),
    ],
)
def test_whoever_is_no_broker_does_no_harm(board: str, bytes_: bytes, says: str, tmp_path: Path):
    def answer(connection: socket.socket) -> None:
        connection.settimeout(30)
        connection.recv(100)
        connection.sendall(bytes_)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(100):
            pass

    with raw_server(answer) as port:
        calls: Calls = [["mqtt:publish", {"topic": "a", "message": "b", "timeout_s": 20}]]
        (found,) = asked(board, tmp_path, "mqtt", calls, host="127.0.0.1", port=port)
    assert found[0] in ("Mqtt.ServiceException", "Mqtt.ConnectionException")
    assert says in found[1]


@boards
def test_a_topic_that_cannot_be_is_refused(board: str, tmp_path: Path):
    calls: Calls = [
        ["mqtt:publish", {"topic": "a/#", "message": "b"}],
        ["mqtt:publish", {"topic": "a", "message": "b", "qos": 2}],
        ["mqtt:publish", {"topic": "a", "message": "x" * 16385}],
        ["mqtt:publish", {"topic": "a"}],
    ]
    found = asked(board, tmp_path, "mqtt", calls, host="127.0.0.1", port=1)
    assert {one[0] for one in found} == {"Mqtt.ValidationException"}
    assert "without + and #" in found[0][1]
    assert "one of 0, 1" in found[1][1]
    assert "16385 bytes" in found[2][1]


# --- wifi -------------------------------------------------------------------------------------


@boards
def test_wifi_joins_what_it_knows_and_says_why_it_cannot(board: str, tmp_path: Path):
    world = tmp_path / "wifi_device.py"
    world.write_text(WIFI, encoding="utf-8")
    interpreters.require(board)
    done = interpreters.run(board, world)
    assert not done.returncode, done.stderr.decode()
    found = [json.loads(line) for line in done.stdout.decode().splitlines()]
    assert found[0] == {"connected": False}
    assert found[1] == [
        {"channel": 1, "rssi": -40, "ssid": "cafe"},
        {"channel": 1, "rssi": -50, "ssid": "shed"},
        {"channel": 1, "rssi": -70, "ssid": "home"},
    ]
    assert found[2]["ssid"] == "shed"  # the strongest that it knows
    assert found[3]["ssid"] == "home"
    assert (found[4]["connected"], found[4]["rssi"], found[4]["ssid"]) == (True, -70, "home")
    assert found[5] == ["Wifi.ServiceException", "wifi:connect: shed does not accept the key"]
    assert found[6] == ["Wifi.NotFoundException", "wifi:connect: there is no network attic here"]
    assert found[7][0] == "Wifi.ValidationException"  # cafe, of which it has no key
    assert found[8]["ssid"] == "home"
    assert found[9] is True
    assert found[10] == {"connected": False}
    assert found[11][0] == "Wifi.NotFoundException"
    assert "none of these networks is here: attic, home, shed" in found[11][1]


WIFI = """\
import asyncio
import json
import tsme.sim
from tsme import TaskError, Tasks
from tsme.engine.tasks import settled

tsme.sim.install()
world = tsme.sim.current()
from tsme.tasks import wifi

tasks = Tasks()
wifi.register(tasks, {"home": "secret", "shed": None, "attic": "x"})
there = {"home": {"key": "secret", "rssi": -70}, "shed": {"rssi": -50}, "cafe": {"rssi": -40}}
for name in there:
    world.set("wifi:" + name, there[name])


def call(name, **payload):
    try:
        found = asyncio.run(settled(tasks.handlers[name].function(payload), name))
    except TaskError as e:
        found = [e.error, e.cause]
    print(json.dumps(found))


call("wifi:status")
call("wifi:scan")
call("wifi:connect")
call("wifi:connect", ssid="home")
call("wifi:status")
world.set("wifi:shed", {"key": "another"})
call("wifi:connect", ssid="shed")
call("wifi:connect", ssid="attic")
call("wifi:connect", ssid="cafe")
world.set("wifi:shed", {})
call("wifi:connect", ssid="home")
call("wifi:disconnect")
call("wifi:status")
world.set("wifi:shed", None)
world.set("wifi:home", None)
call("wifi:connect")
"""
