"""What somebody meets who uses the command for the first time: each answer says what to do."""

from __future__ import annotations

import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.alive import freeze
from tests.tools.shell import (
    COMMAND,
    CPYTHON_AND_MICROPYTHON,
    assert_one_clear_line,
    need,
    spawn,
    steps,
    tsme,
)

STATES = {
    "echo": {"A": {"Type": "Pass", "End": True}},
    "hour": {
        "A": {"Type": "Pass", "Next": "Sleep"},
        "Sleep": {"Type": "Wait", "Seconds": 3600, "End": True},
    },
    "measure": {"A": {"Type": "Task", "Resource": "measure", "End": True}},
    "two": {"A": {"Type": "Pass", "Next": "B"}},
    "path": {"A": {"Type": "Pass", "InputPath": "$.day", "End": True}},
}
HANDLER = """import tsme
tasks = tsme.Tasks()
@tasks.task("measure")
def measure(payload):
    return {}
"""
CDLL = ctypes.CDLL(None)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, states in STATES.items():
        text = json.dumps({"StartAt": "A", "States": states})
        (tmp_path / f"{name}.asl.json").write_text(text, encoding="utf-8")
    handler(tmp_path, "1")
    return tmp_path


def handler(folder: Path, returned: str) -> None:
    (folder / "tasks.py").write_text(HANDLER.replace("{}", returned), encoding="utf-8")


def begin(folder: Path, *args: str, until: Callable[[Path], int]) -> subprocess.Popen[str]:
    """`tsme run` in a group of its own, as soon as the journal j.bin holds what it should."""
    process = subprocess.Popen(
        [COMMAND, "run", *args], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL, text=True, start_new_session=True,
    )  # fmt: skip
    while not until(folder / "j.bin"):
        time.sleep(0.02)
        if process.poll() is not None:
            pytest.fail(process.communicate()[1])
    return process


def first_line(process: subprocess.Popen[str]) -> str:
    """What it says first, or nothing if it says nothing for a minute."""
    assert process.stderr
    silent = threading.Timer(60, os.killpg, (process.pid, signal.SIGKILL))
    silent.start()
    try:
        return process.stderr.readline()
    finally:
        silent.cancel()


def interrupt(process: subprocess.Popen[str]) -> str:
    """Ctrl-C: a terminal tells the whole group.  What it says then."""
    os.killpg(process.pid, signal.SIGINT)
    try:
        return process.communicate(timeout=120)[1]
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


# --- journals ---------------------------------------------------------------------------------


def test_two_runs_cannot_share_a_journal(folder: Path):
    process = begin(folder, "hour.asl.json", "-j", "j.bin", until=steps)
    freeze(process.pid)  # it makes the next block ready, whenever it comes to that
    before = (folder / "j.bin").read_bytes()
    second = spawn("run", "hour.asl.json", "-j", "j.bin", "--fast", cwd=folder)
    assert second.returncode == 2
    assert_one_clear_line(second.stderr, "TSME-H047")
    assert '"j.bin" is in use by another tsme run' in second.stderr
    assert (folder / "j.bin").read_bytes() == before
    os.killpg(process.pid, signal.SIGCONT)
    interrupt(process)
    assert spawn("run", "hour.asl.json", "-j", "j.bin", "--fast", cwd=folder).returncode == 0


def test_a_journal_is_in_use_as_long_as_its_interpreter_lives(folder: Path):
    process = begin(folder, "hour.asl.json", "-j", "j.bin", until=steps)
    guard = ["pkill", "-KILL", "-g", str(process.pid), "-f", "read -r worker"]
    subprocess.run(guard, check=True)
    process.kill()  # but not the interpreter, which nobody guards any more
    process.wait()
    second = spawn("run", "hour.asl.json", "-j", "j.bin", "--fast", cwd=folder)
    assert_one_clear_line(second.stderr, "TSME-H047")
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def test_a_run_that_is_refused_leaves_no_journal(folder: Path):
    assert tsme("run", "echo.asl.json", "-j", "j.bin", "--limit", "x=1").exit_code == 2
    assert not (folder / "j.bin").exists()


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that everybody may enter, and only its owner may write."""
    folder = Path(tempfile.mkdtemp(prefix="tsme-test-"))
    text = json.dumps({"StartAt": "A", "States": STATES["echo"]})
    (folder / "echo.asl.json").write_text(text, encoding="utf-8")
    (folder / "ro.bin").write_bytes(b"")
    (folder / "ro.bin").chmod(0o444)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)
    shutil.rmtree(folder)


def bound() -> None:
    """Not even root may write everything from now on: PR_CAPBSET_DROP, CAP_DAC_OVERRIDE."""
    CDLL.prctl(24, 1)


@pytest.mark.parametrize("name", ["ro.bin", "new.bin"])
@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_a_journal_that_may_not_be_written_is_said_so(shared: Path, name: str, on: str):
    done = subprocess.run(
        [COMMAND, "run", "echo.asl.json", "-j", name, "--on", need(on)], cwd=shared,
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, preexec_fn=bound,
    )  # fmt: skip
    assert done.returncode == 2
    text = f'tsme: error TSME-H013: "{name}" cannot be written: Permission denied\n'
    assert done.stderr == text


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_a_finished_journal_says_that_another_execution_starts(folder: Path, on: str):
    run = ["run", "echo.asl.json", "-j", "j.bin", "-i", "1", "--on", need(on)]
    assert spawn(*run, cwd=folder).stderr == ""
    done = spawn(*run, cwd=folder)
    assert done.stderr == "tsme: execution 1 has ended; starting execution 2\n"
    assert done.stdout == "1\n"


WAITS = r'tsme: waiting in "Sleep" until (\d{4}-\d\d-\d\d )?\d\d:\d\d:\d\d\n'


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_a_first_run_says_for_what_it_waits(folder: Path, on: str):
    process = begin(folder, "hour.asl.json", "-j", "j.bin", "--on", need(on), until=steps)
    assert re.fullmatch(WAITS, first_line(process))
    assert re.fullmatch(r"\ntsme: interrupted; [^\n]+\n", interrupt(process))


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_a_run_that_waits_for_a_token_names_it(folder: Path, on: str):
    task = "arn:aws:states:::lambda:invoke.waitForTaskToken"
    given = {"FunctionName": "measure", "Payload": {"t.$": "$$.Task.Token"}}
    state = {"Type": "Task", "Resource": task, "Parameters": given, "End": True}
    text = json.dumps({"StartAt": "Ask", "States": {"Ask": state}})
    (folder / "ask.asl.json").write_text(text, encoding="utf-8")
    run = ["ask.asl.json", "-t", "tasks.py", "-j", "j.bin", "--on", need(on)]
    process = begin(folder, *run, until=steps)
    said = first_line(process)
    interrupt(process)
    assert said == 'tsme: waiting in "Ask" for its token 1-1\n'


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_going_on_into_a_wait_names_its_state_and_its_end(folder: Path, on: str):
    run = ["hour.asl.json", "-j", "j.bin", "--on", need(on)]
    interrupt(begin(folder, *run, until=steps))
    process = begin(folder, *run, until=steps)
    said = first_line(process)
    assert said.endswith("was interrupted after step 1; going on with it\n")
    assert re.fullmatch(WAITS, first_line(process))
    interrupt(process)
    done = spawn("run", *run, "--fast", cwd=folder)
    assert "waiting" not in done.stderr  # it does not


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_ctrl_c_in_a_handler_that_blocks_shows_no_traceback(folder: Path, on: str):
    handler(folder, "__import__('time').sleep(60)")
    source = (folder / "tasks.py").read_text(encoding="utf-8")
    source = source.replace("    return", "    open('here', 'w').close()\n    return")
    (folder / "tasks.py").write_text(source, encoding="utf-8")
    run = ["measure.asl.json", "-t", "tasks.py", "-j", "j.bin", "--on", need(on)]
    process = begin(folder, *run, until=lambda _: (folder / "here").exists())
    said = interrupt(process)
    assert process.returncode == 130
    assert said == "\ntsme: interrupted; the same command goes on from the journal\n"


# --- what a handler does ----------------------------------------------------------------------

RETURNS = {
    "{1, 2}": 'returned a set, which is no JSON value (TSME-V001); write sorted(...)',
    "{'a': [b'x']}": "returned a bytes, which is no JSON value (TSME-V001); "
    "write .decode() behind it",
    "object()": "returned an object, which is no JSON value (TSME-V001)",
    "{1: 2}": "no text but int (TSME-V005)",
    "{1: 2, 'a': 3}": "not all texts (TSME-V005)",
    "2 ** 70": "has more than 64 bits (TSME-V002)",
}  # fmt: skip


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
@pytest.mark.parametrize("returned", RETURNS)
def test_a_result_that_is_no_json_names_its_handler(folder: Path, returned: str, on: str):
    handler(folder, returned)
    run = ["run", "measure.asl.json", "-t", "tasks.py", "-i", "1", "--json", "--on", need(on)]
    done = spawn(*run, cwd=folder)
    cause = json.loads(done.stdout)["cause"]
    assert cause.startswith('handler "measure" returned ')
    assert cause.endswith(RETURNS[returned])


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_a_wrong_effect_names_its_task_and_its_line(folder: Path, on: str):
    source = HANDLER.replace('"measure")', '"measure", effect="twice")')
    (folder / "tasks.py").write_text(source, encoding="utf-8")
    done = spawn("run", "measure.asl.json", "-t", "tasks.py", "--on", need(on), cwd=folder)
    assert_one_clear_line(done.stderr, "TSME-T001")
    assert "tasks.py:3: the effect 'twice' of the task 'measure'" in done.stderr


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_two_handlers_of_one_task_are_both_named(folder: Path, on: str):
    second = HANDLER.replace("{}", "1") + '@tasks.task("measure")\ndef again(payload):\n    pass\n'
    (folder / "tasks.py").write_text(second, encoding="utf-8")
    done = spawn("run", "measure.asl.json", "-t", "tasks.py", "--on", need(on), cwd=folder)
    assert_one_clear_line(done.stderr, "TSME-T004")
    assert "the task 'measure' has two handlers: measure and again" in done.stderr
    assert "tasks.py:6: " in done.stderr


# --- input and limits -------------------------------------------------------------------------

NOTE = "tsme: no --input was given, so the input is {}\n"


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_a_failure_without_input_says_that_none_was_given(folder: Path, on: str):
    done = spawn("run", "path.asl.json", "--on", need(on), cwd=folder)
    assert done.returncode == 1
    assert done.stderr.endswith(NOTE)
    assert NOTE not in spawn("run", "path.asl.json", "-i", "{}", "--on", on, cwd=folder).stderr
    assert spawn("run", "echo.asl.json", "--on", on, cwd=folder).stderr == ""


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_a_limit_says_by_which_option_it_is_raised(folder: Path, on: str):
    handler(folder, "'x' * 50000")
    states = {
        "A": {"Type": "Task", "Resource": "measure", "Next": "B"},
        "B": {"Type": "Wait", "Seconds": 1, "End": True},
    }
    text = json.dumps({"StartAt": "A", "States": states})
    (folder / "large.asl.json").write_text(text, encoding="utf-8")
    run = ["run", "large.asl.json", "-t", "tasks.py", "-i", "1", "--fast", "--on", need(on)]
    done = spawn(*run, cwd=folder)
    assert done.returncode == 1
    found = re.search(r"--limit state_bytes=\d+", done.stderr)
    assert found, done.stderr
    done = spawn(*run, *found[0].split(), cwd=folder)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout) > 50000


def test_an_input_too_large_for_a_journal_says_how_to_make_a_larger_one(folder: Path):
    (folder / "in.json").write_text(json.dumps("x" * 200000), encoding="utf-8")
    run = ["run", "echo.asl.json", "-i", "in.json", "-j"]
    assert spawn("run", "echo.asl.json", "-i", "1", "-j", "small.bin", cwd=folder).returncode == 0
    done = spawn(*run, "small.bin", cwd=folder)
    assert "TSME-J007" in done.stderr
    command = done.stderr.rpartition("; tsme ")[2].partition(" makes")[0]
    assert command == "journal resize small.bin --limit state_bytes=262144"
    assert spawn(*command.split(), cwd=folder).returncode == 0
    assert spawn(*run, "small.bin", "--limit", "state_bytes=262144", cwd=folder).returncode == 0
    for _ in range(3):
        done = spawn(*run, "j.bin", "--limit", "state_bytes=262144", cwd=folder)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("size", "code", "clue"),
    [
        ("5k", "TSME-H002", "write 100k or more"),
        ("100k", "TSME-H033", "such as --heap 64M"),
    ],
)
def test_too_small_a_heap_says_how_large_to_make_it(folder: Path, size: str, code: str, clue: str):
    done = spawn("run", "echo.asl.json", "--on", need("micropython"), "--heap", size, cwd=folder)
    assert_one_clear_line(done.stderr, code)
    assert clue in done.stderr


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_an_interpreter_that_dies_is_given_more_memory_where_that_helps(folder: Path, on: str):
    handler(folder, "__import__('os').system('kill -9 $PPID')")
    done = spawn("run", "measure.asl.json", "-t", "tasks.py", "--on", need(on), cwd=folder)
    assert_one_clear_line(done.stderr, "TSME-H032")
    assert ("--heap 64M" in done.stderr) == (on == "micropython")


# --- one clear line ---------------------------------------------------------------------------

LINES = {
    "run two.asl.json": ("TSME-C042", "two.asl.json:1:29: no state ends this machine"),
    "replay other.bin --program two.asl.json": ("TSME-C042", "; 1 more: tsme check two.asl.json"),
    "run echo.asl.json -i ''": ("TSME-H002", "--input is empty; write JSON"),
    "run echo.asl.json -j ''": ("TSME-H002", "--journal is empty; name a file"),
    "run echo.asl.json -j /dev/null": ("TSME-H011", '"/dev/null" is a device, not a file'),
    "run echo.asl.json -i hello": ("TSME-H010", """write --input '"hello"'"""),
    "run echo.asl.json -i {'a':1}": ("TSME-C003", 'write "a"'),
    "run measure.asl.json -t two.asl.json": ("TSME-H014", "is JSON, not Python"),
    "check tasks.py": ("TSME-H014", '"tasks.py" is Python, not a workflow'),
    "disasm tasks.py": ("TSME-H014", '"tasks.py" is Python, not a workflow'),
    "compile echo.asl.json -o tasks.py": ("TSME-H013", '"tasks.py" cannot be written: it is'),
    "compile echo.asl.json -o two.asl.json": ("TSME-H013", "is there and is no program"),
    "run echo.asl.json --limit slot=9": ("TSME-H002", 'did you mean "slots"?'),
    "run echo.asl.json --limit slots": ("TSME-H002", "write --limit slots=128"),
}


@pytest.mark.parametrize("line", LINES)
def test_each_of_these_gives_one_line_that_helps(folder: Path, line: str):
    if "other.bin" in line:  # a journal alone
        spawn("run", "echo.asl.json", "-j", "other.bin", cwd=folder)
        shutil.rmtree(folder / "other.bin.programs")
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    code, clue = LINES[line]
    result = tsme(*("" if word == "''" else word for word in line.split()))
    assert result.exit_code == 2
    assert_one_clear_line(result.stderr, code)
    assert clue in result.stderr
    assert {path: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_only_names_that_are_near_are_suggested(folder: Path):
    (folder / "mh.asl.json").write_text("{}", encoding="utf-8")
    assert "did you mean" not in tsme("check", "hello").stderr
    assert "did you mean" not in tsme("check", "hello.asl.json").stderr
    assert 'did you mean "measure.asl.json"?' in tsme("check", "measur.asl.json").stderr
    assert 'did you mean "echo.asl.json"?' in tsme("check", "echo").stderr


def test_a_program_replaces_a_program_and_devices_stay_devices(folder: Path):
    for _ in range(2):
        assert tsme("compile", "echo.asl.json", "-o", "p").exit_code == 0
    assert tsme("compile", "echo.asl.json", "-o", "/dev/null").exit_code == 0
    assert not Path("/dev/null").is_file()


def test_no_description_in_the_help_is_cut():
    for args in (("--help",), ("journal", "--help")):
        # Those of tsme itself stand in groups, each with a heading of its own.
        commands = tsme(*args).stdout.partition("Options:")[2].partition("Examples:")[0]
        assert commands
        assert "..." not in commands


def test_an_interpreter_that_is_none_gives_conformance_one_line(tmp_path: Path):
    done = subprocess.run(
        [COMMAND.with_name("python"), "-m", "tests.conformance", tmp_path, "--on", "lua"],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith('conformance: there is no interpreter "lua"; ON= takes cpython,')
