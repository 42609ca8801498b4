"""`tsme token`: whoever is outside completes callbacks and activities of a run."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cbor2
import msgpack
import pytest

from tests.tools.shell import (
    COMMAND,
    CPYTHON_AND_MICROPYTHON,
    assert_one_clear_line,
    need,
    spawn,
    tsme,
)

ACTIVITY = "arn:aws:states:eu-central-1:123456789012:activity:dig"
ASK = {
    "Type": "Task",
    "Resource": "ask.waitForTaskToken",
    "Parameters": {"token.$": "$$.Task.Token"},
    "Catch": [{"ErrorEquals": ["No"], "ResultPath": "$.no", "Next": "End"}],
    "Next": "Dig",
}
DIG = {"Type": "Task", "Resource": ACTIVITY, "TimeoutSeconds": 3600, "End": True}
FLOW = {"StartAt": "Ask", "States": {"Ask": ASK, "Dig": DIG, "End": {"Type": "Succeed"}}}
TASKS = """
import tsme
tasks = tsme.Tasks()
@tasks.task("ask.waitForTaskToken")
def ask(payload):
    print("asked", payload["token"])
"""
RUN = ("run", "flow.asl.json", "--tasks", "tasks.py", "--journal", "j.bin")
OF = ("--program", "flow.asl.json")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "flow.asl.json").write_text(json.dumps(FLOW))
    (tmp_path / "tasks.py").write_text(TASKS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@contextmanager
def running(folder: Path, *more: str) -> Iterator[subprocess.Popen[str]]:
    """A run that gets Ctrl-C at the end, should it still be there."""
    process = subprocess.Popen(
        [str(COMMAND), *RUN, "--input", "{}", *more], cwd=folder, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does
            process.communicate(timeout=120)


def listed() -> list[dict[str, object]]:
    done = tsme("token", "list", "j.bin", *OF, "--json")
    return json.loads(done.stdout) if done.exit_code == 0 else []


def until(state: str) -> str:
    """The token of a state that is waited for."""
    while True:
        for item in listed():
            if item["state"] == state:
                return str(item["token"])
        time.sleep(0.05)


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_a_callback_and_an_activity_are_completed_while_it_runs(folder: Path, on: str):
    with running(folder, "--on", need(on)) as process:
        token = until("Ask")
        done = tsme("token", "success", "j.bin", token, '{"b": 1, "a": [2.5, null]}', *OF)
        assert (done.exit_code, done.stdout) == (0, "")
        assert done.stderr == 'tsme: sent to "Ask"\n'
        token = until("Dig")
        [item] = listed()
        assert item["resource"] == ACTIVITY
        assert item["payload"] == {"b": 1, "a": [2.5, None]}
        assert tsme("token", "heartbeat", "j.bin", token, *OF).exit_code == 0
        assert tsme("token", "success", "j.bin", token, "7", *OF).exit_code == 0
        stdout, stderr = process.communicate(timeout=120)
    assert (process.returncode, stdout) == (0, "7\n")
    assert "asked 1-1" in stderr
    assert not (folder / "j.bin.mail").exists()
    assert tsme("replay", "j.bin", *OF).exit_code == 0


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_a_result_may_be_cbor_or_message_pack(folder: Path, on: str):
    value = {"z": [2**62, 1.0, -0.0], "a": {"é": None}}
    (folder / "one.msgpack").write_bytes(msgpack.packb(value))
    with running(folder, "--on", need(on), "--format", "cbor") as process:
        done = tsme("token", "success", "j.bin", until("Ask"), "one.msgpack", *OF)
        assert done.exit_code == 0, done.output
        token = until("Dig")
        assert repr(listed()[0]["payload"]) == repr(value)
        given = ("token", "success", "j.bin", token, "-", "--format", "cbor", *OF)
        assert tsme(*given, stdin=cbor2.dumps(value)).exit_code == 0
        stdout: Any = process.stdout
        data = stdout.buffer.read()
        with process:  # which closes what it prints to
            assert process.wait(timeout=120) == 0
    assert repr(cbor2.loads(data)) == repr(value)


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_what_is_sent_while_nothing_runs_counts_when_it_goes_on(folder: Path, on: str):
    with running(folder, "--on", need(on)):
        token = until("Ask")
    args = ("token", "failure", "j.bin", token, "--error", "No", "--cause", "away", *OF)
    for _ in range(2):  # the second changes nothing
        sent = tsme(*args)
        assert "it counts when tsme run goes on" in sent.stderr
    done = spawn(*RUN, "--on", on, "--fast", cwd=folder)
    assert done.returncode == 0
    assert json.loads(done.stdout) == {"no": {"Error": "No", "Cause": "away"}}
    assert listed() == []


def test_what_was_left_for_another_journal_is_not_taken(folder: Path):
    with running(folder):
        token = until("Ask")
    assert tsme("token", "success", "j.bin", token, *OF).exit_code == 0
    (folder / "j.bin").unlink()
    with running(folder):
        assert until("Ask") == token
        time.sleep(0.5)
        assert [item["state"] for item in listed()] == ["Ask"]


def test_the_list_is_for_people_too(folder: Path):
    with running(folder):
        until("Ask")
    done = tsme("token", "list", "j.bin", *OF)
    assert done.stdout == '1-1  Ask  ask.waitForTaskToken  {"token": "1-1"}\n'


def test_mistakes_give_one_clear_line(folder: Path):
    with running(folder):
        until("Ask")
    for args, code, clue in (
        (("success", "j.bin", "1-9"), "TSME-T003", 'there are 1-1 ("Ask")'),
        (("success", "j.bin", "1-1", "{x}"), "TSME-C003", "OUTPUT:1:2"),
        (("success", "nothing.bin", "1-1"), "TSME-H010", "nothing.bin"),
        (("failure", "flow.asl.json", "1-1"), "TSME-H040", "not a journal"),
        (("sucess", "j.bin", "1-1"), "TSME-H001", 'did you mean "success"?'),
    ):
        done = tsme("token", *args, *OF)
        assert (done.exit_code, done.stdout) == (2, "")
        assert_one_clear_line(done.stderr, code)
        assert clue in done.stderr
    assert [item["token"] for item in json.loads(tsme("token", "list", "j.bin", "--json").stdout)]


def test_a_fast_run_waits_for_an_answer_that_no_time_brings(folder: Path):
    with running(folder, "--fast") as process:
        token = until("Ask")
        time.sleep(0.3)
        assert process.poll() is None
        tsme("token", "failure", "j.bin", token, "--error", "No", *OF)
        stdout, _ = process.communicate(timeout=120)
    assert json.loads(stdout) == {"no": {"Error": "No", "Cause": ""}}
