"""`tsme run` of several workflows on one board, each in a region of its own."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import pytest

from tests import interpreters
from tests.tools.shell import COMMAND, CPYTHON_AND_MICROPYTHON, spawn, tsme

TASKS = """\
import tsme

tasks = tsme.Tasks()


@tasks.task("double", effect="pure")
def double(payload):
    return payload["n"] * 2


@tasks.task("ask.waitForTaskToken")
def ask(payload):
    print("asked")
"""
DOUBLE = {"Type": "Task", "Resource": "double", "ResultPath": "$.n"}
FLOWS = {
    "short": {"A": {"Type": "Wait", "Seconds": 1, "Next": "B"}, "B": {**DOUBLE, "End": True}},
    "long": {
        "A": {**DOUBLE, "Next": "B"},
        "B": {"Type": "Wait", "Seconds": 8, "Next": "C"},
        "C": {**DOUBLE, "End": True},
    },
    "asks": {"A": {"Type": "Task", "Resource": "ask.waitForTaskToken", "End": True}},
    "fails": {"A": {"Type": "Fail", "Error": "Wrong", "Cause": "on purpose"}},
    "lacks": {"A": {"Type": "Task", "Resource": "nobody", "End": True}},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, states in FLOWS.items():
        text = json.dumps({"StartAt": "A", "States": states})
        tmp_path.joinpath(f"{name}.asl.json").write_text(text)
    tmp_path.joinpath("tasks.py").write_text(TASKS)
    return tmp_path


def told(process: subprocess.Popen[bytes], *words: bytes) -> None:
    """Wait until the command has said all of these."""
    assert process.stderr
    seen = b""
    while not all(word in seen for word in words):
        line = process.stderr.readline()
        assert line, seen
        seen += line


def wait_long(folder: Path) -> None:
    """`long` waits until it is stopped, or --fast."""
    text = folder.joinpath("long.asl.json").read_text().replace('"Seconds": 8', '"Seconds": 600')
    folder.joinpath("long.asl.json").write_text(text)


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_two_workflows_run_on_one_board(folder: Path, on: str) -> None:
    interpreters.require(on)
    words = ["long.asl.json", "other=short.asl.json", "--tasks", "tasks.py", "--fast", "--on", on]
    done = spawn(
        "run", *words, "--input", '{"n": 1}', "-i", 'other={"n": 5}', "-j", "j.bin", cwd=folder
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"long": {"n": 4}, "other": {"n": 10}}
    assert list(json.loads(done.stdout)) == ["long", "other"]  # as they were named
    for name, result in (("long", "execution 1, input"), ("other", "execution 2, input")):
        assert result in tsme("journal", "show", "j.bin", "--region", name).stdout
        replayed = tsme("replay", "j.bin", "--region", name)
        assert replayed.stdout.startswith("identical: "), replayed.output
    again = ["long.asl.json", "-t", "tasks.py", "--fast", "-j", "j.bin", "-i", '{"n": 7}']
    one = spawn("run", *again, cwd=folder)
    assert json.loads(one.stdout) == {"long": {"n": 28}}, one.stderr


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_all_go_on_after_a_kill(folder: Path, on: str) -> None:
    interpreters.require(on)
    wait_long(folder)
    words = ["run", "long.asl.json", "short.asl.json", "--tasks", "tasks.py", "--on", on,
             "--input", '{"n": 1}', "--journal", "j.bin"]  # fmt: skip
    with subprocess.Popen(
        [COMMAND, *words], cwd=folder, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        told(process, b"long: waiting")
        process.send_signal(signal.SIGINT)
        process.wait()
    done = spawn(*words, "--fast", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "tsme: long: execution 1 was interrupted after step 2; going on with it" in done.stderr
    assert json.loads(done.stdout) == {"long": {"n": 4}, "short": {"n": 2}}


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_what_else_is_under_way_goes_on_and_says_how_it_ended(folder: Path, on: str) -> None:
    interpreters.require(on)
    wait_long(folder)
    words = ["run", "long.asl.json", "other=fails.asl.json", "a=asks.asl.json", "-t", "tasks.py",
             "--on", on, "--input", '{"n": 1}', "--journal", "j.bin"]  # fmt: skip
    with subprocess.Popen(
        [COMMAND, *words], cwd=folder, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        told(process, b"long: waiting", b"token 3-1")
        process.send_signal(signal.SIGINT)
        process.wait()
    assert tsme("token", "success", "j.bin", "3-1", "5").exit_code == 0
    one = ["run", "short.asl.json", "-t", "tasks.py", "--on", on, "-i", '{"n": 3}', "-j", "j.bin"]
    done = spawn(*one, "--fast", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "tsme: long: execution 1 was interrupted after step 2; going on with it" in done.stderr
    assert json.loads(done.stdout) == {"short": {"n": 6}, "a": 5, "long": {"n": 4}}
    assert "going on" not in spawn(*one, "--fast", cwd=folder).stderr  # nothing is left of it


def test_what_else_is_under_way_says_for_what_it_waits(folder: Path) -> None:
    wait_long(folder)
    both = ["run", "long.asl.json", "short.asl.json"]
    more = ["-t", "tasks.py", "-i", '{"n": 1}', "-j", "j.bin"]
    for words in (both, ["run", "short.asl.json"]):
        with subprocess.Popen(
            [COMMAND, *words, *more], cwd=folder, stderr=subprocess.PIPE, start_new_session=True
        ) as process:
            assert process.stderr
            line = process.stderr.readline()
            while line and not line.startswith(b'tsme: long: waiting in "B" until '):
                line = process.stderr.readline()
            process.send_signal(signal.SIGINT)
            process.wait()
        assert line, words


def test_a_token_is_for_one_of_them(folder: Path) -> None:
    words = ["run", "a=asks.asl.json", "b=asks.asl.json", "-t", "tasks.py", "-j", "j.bin"]
    with subprocess.Popen(
        [COMMAND, *words],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        told(process, b"token 2-1")
        listed = tsme("token", "list", "j.bin").stdout
        assert "1-1" in listed
        assert "2-1" in listed
        assert tsme("token", "success", "j.bin", "2-1", '"two"').exit_code == 0
        assert tsme("token", "failure", "j.bin", "1-1", "--error", "No").exit_code == 0
        out, err = process.communicate(timeout=120)
    assert json.loads(out) == {"a": None, "b": "two"}, err
    assert b"a: execution 1 failed: No" in err
    assert process.returncode == 1


def test_what_is_wrong_with_one_is_said_and_the_others_run(folder: Path) -> None:
    words = ["short.asl.json", "fails.asl.json", "lacks.asl.json", "--tasks", "tasks.py", "--fast"]
    done = spawn("run", *words, "--input", '{"n": 1}', cwd=folder)
    assert done.returncode == 2
    assert json.loads(done.stdout) == {"short": {"n": 2}, "fails": None}
    assert "fails: execution 2 failed: Wrong: on purpose" in done.stderr
    assert "lacks: error TSME-T002: no handler for nobody" in done.stderr
    told = spawn("run", *words, "--input", '{"n": 1}', "--json", cwd=folder)
    statuses = {name: one["status"] for name, one in json.loads(told.stdout).items()}
    assert statuses == {"short": "succeeded", "fails": "failed", "lacks": "refused"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ["short.asl.json", "b=fails.asl.json", "-i", 'shrot={"n": 1}'],
            'no workflow here is called "shrot"; did you mean "short"?',
        ),
        (["short.asl.json", "b=fails.asl.json", "-i", "x={}"], "there are short, b"),
        (["short.asl.json", "-i", "x={}"], "no workflow here is called \"x\"; write --input '{}'"),
        (["short.asl.json", "short.asl.json"], 'two workflows have the name "short"; give one'),
        (["short.asl.json", "fails.asl.json", "-o", "x.json"], "--output is for one workflow"),
        (["short.asl.json", "none.asl.json"], "none.asl.json"),
    ],
)
def test_a_mistake_is_named(folder: Path, words: list[str], says: str) -> None:
    done = tsme("run", *words, "--tasks", "tasks.py")
    assert done.exit_code == 2
    assert says in done.stderr


def test_a_journal_of_one_is_not_cut_into_regions(folder: Path) -> None:
    alone = ["run", "fails.asl.json", "-j", "one.bin"]
    assert spawn(*alone, cwd=folder).returncode == 1
    before = folder.joinpath("one.bin").read_bytes()
    both = spawn("run", "fails.asl.json", "short.asl.json", "-t", "tasks.py", "-j", "one.bin",
                 cwd=folder)  # fmt: skip
    assert both.returncode == 2
    assert (
        'TSME-H052: "one.bin" is the journal of one workflow, and is not cut into regions; name '
        "another file for several" in both.stderr
    )
    assert folder.joinpath("one.bin").read_bytes() == before


def test_one_of_them_is_stopped_and_another_moves_to_a_new_workflow(folder: Path) -> None:
    """While nothing runs, in the file: each command takes a region, and the others stay."""
    wait_long(folder)
    words = ["run", "long.asl.json", "a=asks.asl.json", "-t", "tasks.py", "-j", "j.bin",
             "--input", '{"n": 1}']  # fmt: skip
    with subprocess.Popen(
        [COMMAND, *words], cwd=folder, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        told(process, b"long: waiting", b"token 2-1")
        process.send_signal(signal.SIGINT)
        process.wait()
    text = folder.joinpath("long.asl.json").read_text()
    folder.joinpath("long.asl.json").write_text(text.replace('"Seconds": 600', '"Seconds": 599'))
    assert "say which is meant" in tsme("migrate", "j.bin", "long.asl.json").stderr
    moved = tsme("migrate", "j.bin", "long.asl.json", "--region", "long")
    assert "execution 1 has moved from the program" in moved.stderr, moved.output
    stopped = tsme("stop", "j.bin", "--region", "a", "--cause", "enough")
    assert "execution 2 is stopped" in stopped.stderr, stopped.output
    for name, last in (("long", "identical: "), ("a", "identical: ")):
        assert tsme("replay", "j.bin", "--region", name).stdout.startswith(last)
    done = spawn("run", "long.asl.json", "-t", "tasks.py", "-j", "j.bin", "--fast", cwd=folder)
    assert json.loads(done.stdout) == {"long": {"n": 4}}, done.stderr
