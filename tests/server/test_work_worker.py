"""`tsme worker` polls an endpoint for tasks, and does them by the handlers of a file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError

from tests.server.executing import begin, ended, events, kinds
from tests.server.served import client, served
from tests.server.test_work_mocks import machine
from tests.server.working import LIMIT, task
from tests.tools.shell import COMMAND, assert_one_clear_line, spawn, tsme
from tsme_host.server.operations.tokens import beat
from tsme_host.server.server import Call, Server
from tsme_host.server.work import asking as polls

ARN = "arn:aws:states:us-east-1:000000000000:activity:"
TASKS = """
import asyncio
import time
from pathlib import Path

import tsme

tasks = tsme.Tasks()


@tasks.task("dig")
def dig(payload):
    return {"z": payload["cm"], "a": None}


@tasks.task("slip")
async def slip(payload):
    await asyncio.sleep(0)
    raise tsme.TaskError("Rock", "it's <hard>")


@tasks.task("wrong")
def wrong(payload):
    return payload["none"]


@tasks.task("large")
def large(payload):
    return "x" * 300_000


@tasks.task("hold")
def hold(payload):
    Path(payload["begun"]).write_text("")
    while not Path(payload["go"]).exists():
        time.sleep(0.02)
    return "held"


@tasks.task("ask", context=True)
def ask(payload, context):
    context.heartbeat()
    try:
        return context.attempt
    except AttributeError as error:
        return [context.token, context.activity, str(error)]
"""


class Process:
    """A `tsme worker` that polls."""

    def __init__(self, *words: str, **environment: str) -> None:
        self.process = subprocess.Popen(
            [str(COMMAND), "worker", *words], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"NO_COLOR": "1", "PYTHONUNBUFFERED": "1"} | environment,
        )  # fmt: skip
        assert self.process.stdout
        self.first = ""

    def ready(self) -> str:
        """-> the line that says so"""
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(self.process.communicate()[1])
        return line

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """-> its exit code, and what it has said on stderr"""
        self.process.send_signal(number)
        return self.left()

    def left(self) -> tuple[int, str]:
        """The same of one that was told."""
        err = self.process.communicate(timeout=2 * LIMIT)[1]
        return self.process.returncode, err


@contextmanager
def worker(*words: str, **environment: str):
    one = Process(*words, **environment)
    try:
        yield one
    finally:
        one.process.kill()
        one.process.communicate()


@pytest.fixture
def tasks(tmp_path):
    path = tmp_path / "tasks.py"
    path.write_text(TASKS)
    return str(path)


def waits(happened: Callable[[], bool]) -> None:
    """Until a handler has begun."""
    end = time.monotonic() + LIMIT
    while not happened():
        assert time.monotonic() < end, "it does not begin"
        time.sleep(0.02)


def test_handlers_of_a_file_do_the_activities_of_their_names(sqlite_url, tasks):
    with served(sqlite_url) as (url, _), worker("--endpoint", url, "--tasks", tasks) as one:
        assert one.ready() == f"polling {url} for dig, slip, wrong, large, hold, ask\n"
        sfn = client(url)
        execution = begin(sfn, machine(sfn, "a", task(ARN + "dig")), {"cm": 40})
        assert ended(sfn, execution)["output"] == '{"a":null,"z":40}'
        told = events(sfn, execution)[3]["activityStartedEventDetails"]["workerName"]
        assert told.endswith(f"-{one.process.pid}")
        flow = machine(sfn, "b", task(ARN + "slip"))
        found = ended(sfn, begin(sfn, flow))
        assert (found["error"], found["cause"]) == ("Rock", "it's <hard>")
        found = ended(sfn, begin(sfn, machine(sfn, "c", task(ARN + "wrong")), {}))
        assert (found["error"], found["cause"]) == ("KeyError", "'none'")
        found = ended(sfn, begin(sfn, machine(sfn, "d", task(ARN + "large"))))
        assert found["error"] == "States.DataLimitExceeded"
        found = ended(sfn, begin(sfn, machine(sfn, "e", task(ARN + "ask"))))
        token, activity, error = json.loads(found["output"])
        assert (activity, error) == (
            ARN + "ask",
            'a worker of activities is not told "attempt"; give it in the input of the task',
        )
        assert token
        code, err = one.end(signal.SIGINT)
        assert code == 0
        assert err.splitlines() == ["tsme: wrong: KeyError: 'none' (tasks.py:24)"]


def test_a_worker_that_is_told_to_end_finishes_what_it_has(sqlite_url, tasks, tmp_path):
    begun, go = tmp_path / "begun", tmp_path / "go"
    beats: list[None] = []

    async def heard(server: Server, request: Any, call: Call) -> Any:
        beats.append(None)
        return await beat(server, request, call)

    with served(sqlite_url) as (url, server):
        server.operations = {**server.operations, "SendTaskHeartbeat": heard}
        words = ("--endpoint", url, "--tasks", tasks, "--activity", ARN + "hold")
        sfn = client(url)
        sfn.create_activity(name="hold")
        with worker(*words, "--name", "shed", "--heartbeat", "0.2") as one:
            assert one.ready() == f"polling {url} for hold\n"
            flow = machine(sfn, "a", task(ARN + "hold", HeartbeatSeconds=600))
            execution = begin(sfn, flow, {"begun": str(begun), "go": str(go)})
            waits(begun.exists)
            one.process.send_signal(signal.SIGTERM)
            # It goes on to say that it is under way.
            enough = len(beats) + 5
            waits(lambda: len(beats) >= enough)
            assert sfn.describe_execution(executionArn=execution)["status"] == "RUNNING"
            go.write_text("")
            assert one.left() == (0, "")
        assert ended(sfn, execution)["output"] == '"held"'
        assert events(sfn, execution)[3]["activityStartedEventDetails"] == {"workerName": "shed"}


def test_the_task_of_a_worker_that_is_killed_is_done_by_another(sqlite_url, tasks, tmp_path):
    begun, go = tmp_path / "begun", tmp_path / "go"
    retry = [{"ErrorEquals": ["States.HeartbeatTimeout"], "IntervalSeconds": 1}]
    with served(sqlite_url) as (url, _):
        words = ("--endpoint", url, "--tasks", tasks, "--activity", "hold", "--heartbeat", "0.3")
        sfn = client(url)
        with worker(*words) as one, worker(*words) as two:
            one.ready()
            two.ready()
            flow = task(ARN + "hold", HeartbeatSeconds=5, Retry=retry)
            execution = begin(sfn, machine(sfn, "a", flow), {"begun": str(begun), "go": str(go)})
            waits(begun.exists)
            held = events(sfn, execution)[3]["activityStartedEventDetails"]["workerName"]
            of = {str(each.process.pid): each for each in (one, two)}
            of[held.rpartition("-")[2]].process.kill()
            go.write_text("")
            assert ended(sfn, execution)["output"] == '"held"'
        found = kinds(events(sfn, execution))
        assert found.count("ActivityTimedOut") == 1
        assert found.count("ActivityStarted") == 2
        # Whoever polled when it was killed is given nothing.
        assert found.count("ActivityScheduled") == 2


def test_a_worker_waits_for_an_endpoint_that_is_away(sqlite_url, tasks, tmp_path):
    begun, go = tmp_path / "begun", tmp_path / "go"
    with served(sqlite_url) as (url, _):
        sfn = client(url)
        flow = machine(sfn, "a", task(ARN + "hold"))
        port = int(url.rpartition(":")[2])
        one = Process("--endpoint", url, "--tasks", tasks, "--activity", "hold")
        one.ready()  # it has made the activity, without which the execution would fail
        execution = begin(sfn, flow, {"begun": str(begun), "go": str(go)})
        waits(begun.exists)
    try:
        go.write_text("")  # its result comes when nobody takes it
        assert one.process.stderr
        told = [one.process.stderr.readline()]
        with served(sqlite_url, port=port) as (url, _):
            assert ended(client(url), execution)["output"] == '"held"'
            one.process.send_signal(signal.SIGTERM)
            told += one.process.stderr.read().splitlines()
            assert one.left() == (0, "")
        # The first server may have answered on a connection that it had not closed yet.
        assert len(told) % 2 == 0
        for i, line in enumerate(told):
            state = "is there again" if i % 2 else "is away, and is asked again"
            assert line.startswith(f"tsme: {url} {state}"), told
    finally:
        one.process.kill()
        one.process.communicate()


class Late:
    """An endpoint that each operation finds away once; `slow` hears of it when it may."""

    def __init__(self) -> None:
        self.asked, self.may = threading.Event(), threading.Event()
        self.found: set[str] = set()

    def find(self, operation):
        if operation not in self.found:
            self.found.add(operation)
            raise ConnectionClosedError(endpoint_url="there")
        return {}

    def slow(self):
        self.asked.set()
        assert self.may.wait(LIMIT)
        return self.find("slow")

    def quick(self):
        return self.find("quick")


def test_what_was_asked_before_an_endpoint_was_there_again_is_no_news(monkeypatch):
    told: list[str] = []
    log = SimpleNamespace(warning=lambda text, *of: told.append((text % of).partition(",")[0]))
    monkeypatch.setattr(polls, "_log", log)
    api = Late()
    asking = polls.Asking(api, "there")
    slow = threading.Thread(target=asking.ask, args=("slow",))
    slow.start()
    assert api.asked.wait(LIMIT)
    asking.ask("quick")  # is away, and there again
    api.may.set()
    slow.join(LIMIT)
    assert told == ["there is away", "there is there again"]


def test_requests_are_signed_and_a_key_that_is_not_known_is_told(sqlite_url, tasks, tmp_path):
    keys = tmp_path / "keys"
    keys.write_text("[default]\naws_access_key_id = AKIAEXAMPLE\naws_secret_access_key = s3cret\n")
    words = ("--tasks", tasks, "--activity", "dig")
    with served(sqlite_url, auth=str(keys)) as (url, _):
        with worker("--endpoint", url, *words, AWS_SHARED_CREDENTIALS_FILE=str(keys)) as one:
            assert one.ready() == f"polling {url} for dig\n"
            sfn = client(url, "AKIAEXAMPLE", "s3cret")
            execution = begin(sfn, machine(sfn, "a", task(ARN + "dig")), {"cm": 1})
            assert ended(sfn, execution)["status"] == "SUCCEEDED"
            assert one.end() == (0, "")
        given = {"AWS_ACCESS_KEY_ID": "AKIAOTHER", "AWS_SECRET_ACCESS_KEY": "s"}
        done = spawn("worker", *words, cwd=tmp_path, AWS_ENDPOINT_URL_SFN=url, **given)
        assert_one_clear_line(done.stderr, "TSME-S064")
        assert f"{url} refuses: UnrecognizedClientException" in done.stderr
        assert done.returncode == 2


def test_what_a_worker_cannot_do_is_told_in_one_line(sqlite_url, tasks, monkeypatch):
    def refused(*words: str) -> str:
        done = tsme("worker", "--tasks", tasks, *words)
        assert done.exit_code == 2
        assert_one_clear_line(done.stderr, done.stderr.split()[2].rstrip(":"))
        return done.stderr

    assert "TSME-S062" in refused("--endpoint", "shed")
    assert 'no handler does the activity "fly"; there are dig' in refused("--activity", "fly")
    with served(sqlite_url) as (url, _):
        told = refused("--endpoint", url, "--activity", ARN + "dig")
    assert f"{url} refuses: ActivityDoesNotExist: Activity Does Not Exist: '{ARN}dig'" in told
    monkeypatch.setenv("AWS_PROFILE", "nobody's")
    assert "TSME-S063" in refused()
