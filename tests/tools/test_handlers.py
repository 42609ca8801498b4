"""What a handler does wrong: `tsme run` names it, says what it did, and what to write instead."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tools.shell import CPYTHON_AND_MICROPYTHON, assert_one_clear_line, need, spawn

TASK = {"Type": "Task", "Resource": "measure", "End": True}
RETRY = {"ErrorEquals": ["States.ALL"], "MaxAttempts": 2, "IntervalSeconds": 1}
HEAD = "import tsme\ntasks = tsme.Tasks()\n"
MARK = '@tasks.task("measure")\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, more in (
        ("flow", {}),
        ("retry", {"Retry": [RETRY]}),
        ("late", {"TimeoutSeconds": 1}),
    ):
        flow = {"StartAt": "Measure", "States": {"Measure": TASK | more}}
        (tmp_path / f"{name}.asl.json").write_text(json.dumps(flow), encoding="utf-8")
    return tmp_path


def run(folder: Path, tasks: str, on: str, *more: str, flow: str = "flow"):
    """The workflow with these tasks; what hangs does not hang the test."""
    (folder / "tasks.py").write_text(HEAD + tasks, encoding="utf-8")
    given = ["run", f"{flow}.asl.json", "-t", "tasks.py", "--on", need(on)]
    return spawn(*given, *more, cwd=folder)


def body(line: str, kind: str = "def") -> str:
    return f"{MARK}{kind} measure(payload):\n    {line}\n"


both = pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
INSTEAD = "write return, or async def and await"


@both
@pytest.mark.parametrize("kind", ["def", "async def"])
@pytest.mark.parametrize("line", ["yield 1", "yield", "x = yield 1"])
def test_a_handler_that_yields_is_refused_before_anything_runs(
    folder: Path, line: str, kind: str, on: str
):
    done = run(folder, body(line, kind), on)
    assert done.returncode == 2
    assert_one_clear_line(done.stderr, "TSME-H024")
    assert 'tasks.py:5: the handler "measure" yields' in done.stderr
    assert INSTEAD in done.stderr


@both
def test_a_function_within_a_handler_may_yield(folder: Path, on: str):
    inner = "def each():\n        yield 1\n        yield 2\n    return list(each())"
    assert run(folder, body(inner), on).stdout == "[1, 2]\n"


@both
@pytest.mark.parametrize("line", ["return (n for n in [1, 2])", "return each()"])
def test_a_generator_that_is_returned_fails_the_task(folder: Path, line: str, on: str):
    done = run(folder, "def each():\n    yield 1\n" + body(line), on)
    assert done.returncode == 1
    assert (
        f'handler "measure": it yields; a handler gives its result once: {INSTEAD}' in done.stderr
    )


@both
@pytest.mark.parametrize("kind", ["def", "async def"])
def test_sys_exit_in_a_handler_ends_the_run_and_is_named(folder: Path, kind: str, on: str):
    done = run(folder, "import sys\n" + body("sys.exit(3)", kind), on)
    assert done.returncode == 2
    assert_one_clear_line(done.stderr, "TSME-H034")
    assert 'handler "measure" called sys.exit(3) at tasks.py:6' in done.stderr
    assert 'raise tsme.TaskError("Name", "cause")' in done.stderr


@both
def test_sys_exit_while_the_tasks_file_is_read_is_named(folder: Path, on: str):
    done = run(folder, "import sys\nsys.exit(3)\n", on)
    assert_one_clear_line(done.stderr, "TSME-H021")
    assert "tasks.py:4: SystemExit: 3" in done.stderr


@both
def test_a_process_that_dies_names_the_state_that_ran(folder: Path, on: str):
    done = run(folder, "import os\n" + body("os.system('kill -9 $PPID')"), on)
    assert_one_clear_line(done.stderr, "TSME-H032")
    assert 'ended without a result (signal 9) while "Measure" ran' in done.stderr


ARRAY = "class Int64:\n    def tolist(self):\n        return 1\n"


@both
@pytest.mark.parametrize("kind", ["def", "async def"])
@pytest.mark.parametrize("value", ["Int64()", "{'a': [1, Int64()]}"])
def test_a_value_of_numpy_is_named_with_what_to_write(
    folder: Path, value: str, kind: str, on: str
):
    done = run(folder, ARRAY + body(f"return {value}", kind), on)
    assert done.returncode == 1
    assert "Int64, which is no JSON value (TSME-V001); write .tolist() behind it" in done.stderr
    assert 'handler "measure" returned a ' in done.stderr


NESTED = "a = 1\n    for _ in range(200):\n        a = [a]\n    return a"
SELVES = {
    "a = []\n    a.append(a)\n    return a": "returned a list that contains itself",
    "a = {}\n    a['b'] = [a, a]\n    return a": "returned a dict that contains itself",
    NESTED: "returned a value that is nested more than 64 deep",
}


@both
@pytest.mark.parametrize("line", SELVES)
def test_a_value_without_an_end_names_its_handler(folder: Path, line: str, on: str):
    done = run(folder, body(line), on)
    assert done.returncode == 1
    assert f'handler "measure" {SELVES[line]}' in done.stderr


@both
def test_a_value_that_is_there_twice_is_no_mistake(folder: Path, on: str):
    assert run(folder, body("a = [1]\n    return [a, a]"), on).stdout == "[[1], [1]]\n"


@both
def test_a_plain_handler_that_outlasts_its_time_is_named_when_it_comes_back(folder: Path, on: str):
    done = run(folder, "import time\n" + body("time.sleep(1.2)"), on, flow="late")
    assert 'tsme: handler "measure" came back after 1 s, when its time was up' in done.stderr
    assert "write async def, and await asyncio.sleep()" in done.stderr


@both
def test_what_a_handler_raises_is_said_once_and_not_at_every_retry(folder: Path, on: str):
    done = run(folder, body("return payload['day']"), on, "--fast", flow="retry")
    assert done.stderr.count("raised at tasks.py:5: KeyError") == 1
    assert "Traceback" not in done.stderr


@both
def test_the_traceback_of_a_handler_is_shown_once_and_is_its_own(folder: Path, on: str):
    tasks = "def inner(p):\n    return p['day']\n" + body("return inner(payload)")
    done = run(folder, tasks, on, "--fast", "--traceback", flow="retry")
    assert done.stderr.count("Traceback") == 1
    for line, name in ((7, "measure"), (4, "inner")):
        assert f'File "tasks.py", line {line}, in {name}' in done.stderr
    assert "unixtasks.py" not in done.stderr


def test_a_tasks_file_is_a_module_as_any_other(folder: Path):
    tasks = (
        "@dataclass\nclass Soil:\n    wet: int\n"
        + body("return {'wet': Soil(41).wet, 'in': Soil.__module__}")
    )  # fmt: skip
    (folder / "tasks.py").write_text(
        "from __future__ import annotations\nfrom dataclasses import dataclass\n" + HEAD + tasks,
        encoding="utf-8",
    )
    done = spawn("run", "flow.asl.json", "-t", "tasks.py", "-j", "j.bin", cwd=folder)
    assert json.loads(done.stdout) == {"wet": 41, "in": "tasks"}
    given = ["--program", "flow.asl.json", "--tasks", "tasks.py"]
    assert spawn("journal", "effects", "j.bin", *given, cwd=folder).returncode == 0


@both
def test_a_decorator_without_its_brackets_is_named(folder: Path, on: str):
    done = run(folder, "@tasks.task\ndef measure(payload):\n    return 1\n", on)
    assert_one_clear_line(done.stderr, "TSME-T005")
    assert "tasks.py:3: write @tasks.task('measure'), with the name of the task" in done.stderr


@both
def test_a_near_miss_of_a_tasks_name_is_seen(folder: Path, on: str):
    done = run(folder, body("return 1").replace('"measure"', '"measur"'), on)
    assert_one_clear_line(done.stderr, "TSME-T002")
    assert "no handler for measure; write @tasks.task('measure')" in done.stderr
    assert done.stderr.endswith('did you mean "measur"?\n')


@both
def test_a_module_that_has_no_twin_is_answered_with_the_pattern(folder: Path, on: str):
    done = run(folder, "import bluetooth\n" + body("return 1"), on)
    assert_one_clear_line(done.stderr, "TSME-H021")
    assert 'docs/BOARDS.md, "One file for laptop and board"' in done.stderr
