"""`tsme run`: the same on CPython and MicroPython, with or without a journal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tools.shell import CPYTHON_AND_MICROPYTHON, example, need, spawn

RUN = ["run", "flow.asl.json", "-t", "tasks.py", "--fast"]
OUTPUT = {"day": 1, "soil": {"moisture": 12.5}, "valve": "opened for 20 s"}
ECHO = '{"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "echo.asl.json").write_text(ECHO, encoding="utf-8")
    return example(tmp_path)


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_the_output_alone_goes_to_stdout_and_what_handlers_print_to_stderr(folder: Path, on: str):
    done = spawn(*RUN, "-i", '{"day": 1}', "--on", need(on), cwd=folder)
    assert done.returncode == 0
    assert list(json.loads(done.stdout).items()) == list(OUTPUT.items())
    assert "reading soil on day 1" in done.stderr


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_a_workflow_that_fails_exits_with_1_and_says_error_and_cause(folder: Path, on: str):
    source = (folder / "tasks.py").read_text(encoding="utf-8")
    broken = source.replace("    print(", '    raise tsme.TaskError("Broken", "wire")\n    print(')
    (folder / "tasks.py").write_text(broken, encoding="utf-8")
    done = spawn(*RUN, "-i", '{"day": 1}', "--on", need(on), cwd=folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "execution 1 failed: NoSensor: the soil sensor does not answer\n"
    done = spawn(*RUN, "-i", '{"day": 1}', "--on", on, "--json", cwd=folder)
    assert done.returncode == 1
    assert json.loads(done.stdout) == {
        "status": "failed",
        "output": None,
        "error": "NoSensor",
        "cause": "the soil sensor does not answer",
        "execution": 1,
    }


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_a_workflow_whose_time_is_up_has_timed_out_and_has_no_error(folder: Path, on: str):
    states = {"W": {"Type": "Wait", "Seconds": 3, "End": True}}
    flow = {"StartAt": "W", "TimeoutSeconds": 1, "States": states}
    (folder / "late.json").write_text(json.dumps(flow))
    run = ("run", "late.json", "--fast", "--on", need(on))
    done = spawn(*run, cwd=folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "execution 1 timed out: its TimeoutSeconds are over\n"
    done = spawn(*run, "--json", "--journal", "j.bin", cwd=folder)
    assert json.loads(done.stdout) == {
        "status": "timed_out",
        "output": None,
        "error": None,
        "cause": None,
        "execution": 1,
    }
    told = json.loads(spawn("history", "j.bin", "--program", "late.json", cwd=folder).stdout)
    last = told["events"][-1]
    assert (last["type"], last["previousEventId"]) == ("ExecutionTimedOut", 0)
    assert last["executionTimedOutEventDetails"] == {"error": "States.Timeout"}


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
@pytest.mark.parametrize(
    "text",
    [
        "1",
        "1.0",
        "-0.0",
        "9223372036854775807",
        "1e300",
        '"ü☃😀"',
        '{"z": 1, "a": [1.5, null, true]}',
    ],
)
def test_values_keep_their_kind_and_order(folder: Path, on: str, text: str):
    done = spawn("run", "echo.asl.json", "-i", text, "--on", need(on), cwd=folder)
    assert done.returncode == 0, done.stderr
    assert repr(json.loads(done.stdout)) == repr(json.loads(text))


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
@pytest.mark.parametrize("deep", [31, 32])
def test_an_output_as_deep_as_a_value_may_be_is_printed(folder: Path, on: str, deep: int):
    text = "[" * deep + "7" + "]" * deep
    for more in ([], ["--json"], ["-j", f"{deep}.bin"]):
        done = spawn("run", "echo.asl.json", "-i", text, "--on", need(on), *more, cwd=folder)
        assert (done.returncode, done.stderr) == (0, "")
        told = json.loads(done.stdout)
        assert (told["output"] if "--json" in more else told) == json.loads(text)
    for command in ("history", "replay"):
        done = spawn(command, f"{deep}.bin", "--program", "echo.asl.json", cwd=folder)
        assert (done.returncode, done.stderr) == (0, "")


def test_the_input_may_be_a_file_or_come_from_stdin(folder: Path):
    (folder / "in.json").write_text("[1, 2]", encoding="utf-8")
    done = spawn("run", "echo.asl.json", "-i", "in.json", cwd=folder)
    assert done.stdout == "[1, 2]\n"
    assert spawn("run", "echo.asl.json", cwd=folder).stdout == "{}\n"


def test_both_interpreters_write_the_same_journal(folder: Path):
    journals = []
    for on in CPYTHON_AND_MICROPYTHON:
        name = f"{on}.bin"
        args = ["-i", '{"day": 1}', "--seed", "7", "--now", "2026-01-31T06:00:00Z", "-j", name]
        assert spawn(*RUN, *args, "--on", need(on), cwd=folder).returncode == 0
        journals.append((folder / name).read_bytes())
    assert journals[0] == journals[1]


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_a_second_run_with_the_same_journal_is_the_next_execution(folder: Path, on: str):
    for number in (1, 2, 3):
        done = spawn(
            *RUN, "-i", '{"day": 1}', "-j", "j.bin", "--json", "--on", need(on), cwd=folder
        )
        assert json.loads(done.stdout)["execution"] == number


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
@pytest.mark.parametrize("more", [["-j", "j.bin"], []])
def test_a_path_that_names_nothing_is_told_in_awss_words(folder: Path, more: list[str], on: str):
    flow = ECHO.replace('"Pass"', '"Pass", "InputPath": "$.no.such"')
    (folder / "echo.asl.json").write_text(flow, encoding="utf-8")
    done = spawn("run", "echo.asl.json", "-i", '{"no": {}}', *more, "--on", need(on), cwd=folder)
    assert done.returncode == 1
    assert done.stderr == (
        "execution 1 failed: States.Runtime: An error occurred while executing the state 'A' "
        "(entered at the event id #2). Invalid path '$.no.such' : "
        "No results for path: $['no']['such']\n"
    )


@pytest.mark.parametrize("first", CPYTHON_AND_MICROPYTHON)
def test_what_one_interpreter_began_another_can_end(folder: Path, first: str):
    """The process is killed while the valve opens: a `once` task, so it is not run again."""
    source = (folder / "tasks.py").read_text(encoding="utf-8")
    killer = "    import os\n    os.system('kill -9 $PPID')\n    return f"
    (folder / "deadly.py").write_text(source.replace("    return f", killer), encoding="utf-8")
    args = ["-i", '{"day": 1}', "-j", "j.bin", "--on"]
    done = spawn("run", "flow.asl.json", "-t", "deadly.py", *args, need(first), cwd=folder)
    assert done.returncode == 2
    assert "TSME-H032" in done.stderr
    second = {"cpython": "micropython", "micropython": "cpython"}[first]
    args[1] = '{"day": 2}'
    done = spawn(*RUN, *args, need(second), cwd=folder)
    assert done.returncode == 1
    assert "execution 1 was interrupted after step 3; going on with it" in done.stderr
    assert "the input is not used" in done.stderr
    assert "execution 1 failed: TSME.Interrupted" in done.stderr


def test_an_execution_that_has_ended_is_in_no_other_programs_way(folder: Path):
    spawn(*RUN, "-i", '{"day": 1}', "-j", "j.bin", cwd=folder)
    done = spawn("run", "echo.asl.json", "-i", "5", "-j", "j.bin", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "5\n")
    assert "execution 1 has ended; starting execution 2" in done.stderr


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_fast_skips_waits_but_a_timeout_still_counts(folder: Path, on: str):
    flow = {
        "StartAt": "Slow",
        "States": {
            "Slow": {"Type": "Task", "Resource": "slow", "TimeoutSeconds": 1, "End": True},
        },
    }
    (folder / "slow.asl.json").write_text(json.dumps(flow), encoding="utf-8")
    tasks = (
        "import asyncio\nimport tsme\ntasks = tsme.Tasks()\n"
        '@tasks.task("slow")\nasync def slow(p):\n    await asyncio.sleep(60)\n'
    )
    (folder / "slow.py").write_text(tasks, encoding="utf-8")
    done = spawn("run", "slow.asl.json", "-t", "slow.py", "--fast", "--on", need(on), cwd=folder)
    assert done.returncode == 1
    assert done.stderr == "execution 1 failed: States.Timeout\n"
