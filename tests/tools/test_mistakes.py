"""A newcomer's mistake gives one clear line on stderr, exit code 2, and never a traceback."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests import interpreters
from tests.tools.shell import (
    COMMAND,
    CPYTHON_AND_MICROPYTHON,
    assert_one_clear_line,
    example,
    need,
    spawn,
    steps,
    tsme,
)
from tsme_host.tools import inputs


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    example(tmp_path)
    tsme("compile", tmp_path / "flow.asl.json")
    (tmp_path / "flows").mkdir()
    (tmp_path / "binary.bin").write_bytes(bytes(range(256)) * 16)
    (tmp_path / "blank.bin").write_bytes(b"\xff" * 8192)
    (tmp_path / "empty.tsm").write_bytes(b"")
    (tmp_path / "bad.json").write_text('{\n  "day": }\n', encoding="utf-8")
    (tmp_path / "cut.tsm").write_bytes((tmp_path / "flow.tsm").read_bytes()[:40])
    (tmp_path / "syntax.py").write_text("import tsme\ntasks = (\n", encoding="utf-8")
    (tmp_path / "latin.json").write_bytes('{"a": "ü"}'.encode("latin-1"))
    (tmp_path / "empty.json").write_bytes(b"")
    (tmp_path / "link.asl.json").symlink_to("nowhere.json")
    monkeypatch.chdir(tmp_path)
    return tmp_path


MISTAKES = {
    "a misspelt command": ("chekc flow.asl.json", "TSME-H001", 'did you mean "check"?'),
    "a misspelt subcommand": ("journal shwo j.bin", "TSME-H001", 'did you mean "show"?'),
    "a misspelt option": ("run flow.tsm --taks t.py", "TSME-H001", 'did you mean "--tasks"?'),
    "a misspelt top option": ("--vresion", "TSME-H001", 'did you mean "--version"?'),
    "a journal as an option": (
        "replay --journal j.bin", "TSME-H001", "it is an argument: tsme replay JOURNAL"),
    "a journal as an option, in short": (
        "migrate -j j.bin flow.asl.json", "TSME-H001", "argument: tsme migrate NAME|JOURNAL FLOW"),
    "a workflow as an option": (
        "run --flow flow.tsm", "TSME-H001", "it is an argument: tsme run [NAME=]FLOW..."),
    "nothing to work on": ("check", "TSME-H001", "missing argument"),
    "one thing too many": ("disasm flow.tsm flow.tsm", "TSME-H001", "extra argument"),
    "a number that is none": ("compile flow.asl.json --budget x", "TSME-H001", "--budget"),
    "a number out of range": ("compile flow.asl.json --budget 0", "TSME-H001", "--budget"),
    "an interpreter that is none": ("run flow.tsm --on lua", "TSME-H001", "micropython"),
    "an option without a value": ("run flow.tsm --tasks", "TSME-H001", "--tasks"),
    "history without a program": ("history blank.bin", "TSME-H043", "--program"),
    "history of what is no journal": (
        "history flow.tsm --program flow.tsm", "TSME-H040", "not a journal"),
    "heap for the wrong interpreter": (
        "run flow.tsm -t tasks.py --heap 90k", "TSME-H002", "micropython"),
    "a time for the real clock": (
        "run flow.tsm -t tasks.py --now 2026-01-31T06:00:00Z", "TSME-H002", "--fast"),
    "a time that is none": (
        "run flow.tsm -t tasks.py --fast --now today", "TSME-H002", "2026-01-31T06:00:00Z"),
    "a seed that is too large": (
        "run flow.tsm -t tasks.py --seed 18446744073709551616", "TSME-H002", "2^64"),
    "a heap that is no size": (
        "run flow.tsm -t tasks.py --on micropython --heap big", "TSME-H002", "100k"),
    "no name for a program": ("compile -", "TSME-H002", "-o"),
    "a picture format we lack": ("graph flow.asl.json -o flow.png", "TSME-H003", ".svg"),
    "an export format we lack": ("journal export blank.bin -o x.csv", "TSME-H003", ".cborseq"),
    "a missing workflow": ("check flow.asl.jsn", "TSME-H010", 'did you mean "flow.asl.json"?'),
    "a missing folder": ("check nowhere/flow.json", "TSME-H010", 'no folder "nowhere"'),
    "a missing program": ("disasm x.tsm", "TSME-H010", "x.tsm"),
    "a missing input": ("run flow.tsm -t tasks.py -i in.json", "TSME-H010", "in.json"),
    "missing tasks": ("run flow.tsm -t task.py", "TSME-H010", 'did you mean "tasks.py"?'),
    "a missing journal": ("journal show j.bin", "TSME-H010", "j.bin"),
    "a folder as workflow": ("check flows", "TSME-H011", "folder"),
    "a folder as program": ("disasm flows", "TSME-H011", "folder"),
    "a folder as journal": ("run flow.tsm -t tasks.py -j flows", "TSME-H011", "folder"),
    "a folder as target": ("compile flow.asl.json -o flows", "TSME-H013", "folder"),
    "a target in no folder": ("compile flow.asl.json -o out/p.tsm", "TSME-H013", 'folder "out"'),
    "a journal in no folder": ("run flow.tsm -t tasks.py -j no/j.bin", "TSME-H013", "folder"),
    "a program over its workflow": (
        "compile flow.asl.json -o flow.asl.json", "TSME-H013", "overwritten"),
    "a program as workflow": ("check flow.tsm", "TSME-H014", "compiled program"),
    "a binary file as workflow": ("check binary.bin", "TSME-H014", "binary"),
    "a binary file as input": ("run flow.tsm -t tasks.py -i binary.bin", "TSME-H014", "binary"),
    "an empty program": ("disasm empty.tsm", "TSME-H014", "empty"),
    "a cut program": ("disasm cut.tsm", "TSME-P001", "not a TSME program"),
    "a cut program to run": ("run cut.tsm -t tasks.py", "TSME-P001", "not a TSME program"),
    "a text in another encoding": ("check latin.json", "TSME-C001", "latin.json:1:8"),
    "bad JSON in a file": ("run flow.tsm -t tasks.py -i bad.json", "TSME-C003", "bad.json:2:10"),
    "an empty input": ("run flow.tsm -t tasks.py -i empty.json", "TSME-C003", "write JSON"),
    "bad JSON as a mock": (
        "test-state flow.asl.json -s Read --mock {x}", "TSME-C003", "--mock:1:2"),
    "a context that is no object": (
        "test-state flow.asl.json -s Read --context [1]", "TSME-H062", "--context"),
    "a link to nothing": ("check link.asl.json", "TSME-H010", 'link to "nowhere.json"'),
    "bad JSON as argument": ("run flow.tsm -t tasks.py -i {x}", "TSME-C003", "--input:1:2"),
    "no tasks": ("run flow.tsm", "TSME-H020", "read_soil, open_valve"),
    "tasks that are no Python": ("run flow.tsm -t syntax.py", "TSME-H021", "syntax.py:2:"),
    "tasks that are binary": ("run flow.tsm -t binary.bin", "TSME-H021", "binary"),
    "a journal that is none": ("journal show flow.tsm", "TSME-H040", "not a journal"),
    "a journal to run on that is none": (
        "run flow.tsm -t tasks.py -j flow.asl.json", "TSME-H040", "not a journal"),
    "replay of nothing": ("replay blank.bin --program flow.tsm", "TSME-H044", "no records"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_gives_one_clear_line(folder: Path, mistake: str):
    line, code, clue = MISTAKES[mistake]
    before = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    result = tsme(*line.split())
    assert result.exit_code == 2
    assert result.stdout == ""
    assert_one_clear_line(result.stderr, code)
    assert clue in result.stderr
    after = {path: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert after == before


TASKS = {
    "a module that is not there": ("import nothere\n", "TSME-H021", "tasks.py:1"),
    "no handlers at all": ("import tsme\n", "TSME-H022", "tasks = tsme.Tasks()"),
    "something else called tasks": ("tasks = 1\n", "TSME-H022", "tasks = tsme.Tasks()"),
    "a missing handler": (
        'import tsme\ntasks = tsme.Tasks()\n@tasks.task("read_soil")\ndef f(p): pass\n',
        "TSME-T002",
        "open_valve",
    ),
    "an effect that is none": (
        'import tsme\ntasks = tsme.Tasks()\n@tasks.task("x", effect="twice")\ndef f(p): pass\n',
        "TSME-T001",
        "twice",
    ),
    "an exception while it loads": ("x = 1\nx.y()\n", "TSME-H021", "tasks.py:2: AttributeError"),
}


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
@pytest.mark.parametrize("mistake", TASKS)
def test_a_mistake_in_the_tasks_file_gives_one_clear_line(folder: Path, mistake: str, on: str):
    source, code, clue = TASKS[mistake]
    (folder / "tasks.py").write_text(source, encoding="utf-8")
    done = spawn("run", "flow.tsm", "-t", "tasks.py", "--on", need(on), cwd=folder)
    assert done.returncode == 2
    assert done.stdout == ""
    assert_one_clear_line(done.stderr, code)
    assert clue in done.stderr


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_a_handler_that_raises_fails_the_workflow_and_its_line_is_named(folder: Path, on: str):
    source = (folder / "tasks.py").read_text(encoding="utf-8")
    source = source.replace("return f", 'return payload["hours"] + f')
    (folder / "tasks.py").write_text(source, encoding="utf-8")
    args = ["-t", "tasks.py", "-i", '{"day": 1}', "--on", need(on)]
    done = spawn("run", "flow.tsm", *args, cwd=folder)
    assert done.returncode == 1
    assert done.stdout == ""
    assert 'handler "open_valve" raised at tasks.py:14: KeyError' in done.stderr
    assert "execution 1 failed: KeyError" in done.stderr
    assert "Traceback" not in done.stderr


def test_micropython_that_is_not_there_gives_one_clear_line(folder: Path):
    args = ["-t", "tasks.py", "--on", "micropython"]
    done = spawn("run", "flow.tsm", *args, cwd=folder, TSME_MICROPYTHON="/nowhere", PATH="")
    if done.returncode != 1:  # the one that setup built is taken before
        assert_one_clear_line(done.stderr, "TSME-H031")


def test_a_heap_that_is_too_small_gives_one_clear_line(folder: Path):
    args = ["-t", "tasks.py", "--on", need("micropython"), "--heap", "120k"]
    done = spawn("run", "flow.tsm", *args, cwd=folder)
    assert done.returncode == 2
    assert_one_clear_line(done.stderr, "TSME-H033")


def test_a_file_that_may_not_be_read_gives_one_clear_line(folder: Path):
    (folder / "flow.asl.json").chmod(0)
    folder.chmod(0o755)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)  # nobody: root may read everything
    try:
        result = tsme("check", "flow.asl.json")
    finally:
        os.seteuid(user)
    assert_one_clear_line(result.stderr, "TSME-H012")


def test_our_own_mistake_gives_one_clear_line_too(folder: Path, monkeypatch: pytest.MonkeyPatch):
    def broken(data: bytes) -> str:
        raise KeyError("x")

    monkeypatch.setattr(inputs, "decode", broken)
    result = tsme("check", "flow.asl.json")
    assert result.exit_code == 2
    assert_one_clear_line(result.stderr, "TSME-H099")


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_ctrl_c_ends_cleanly_and_the_journal_goes_on(folder: Path, on: str):
    source = '{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":600,"End":true}}}'
    (folder / "wait.asl.json").write_text(source, encoding="utf-8")
    command = [str(COMMAND), "run", "wait.asl.json", "-j", "j.bin", "--on", need(on)]
    process = subprocess.Popen(
        [*command, "-i", "[1]"], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True, start_new_session=True,
    )  # fmt: skip
    while not steps(folder / "j.bin"):
        time.sleep(0.02)
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    stdout, stderr = process.communicate(timeout=120)
    assert (process.returncode, stdout) == (130, "")
    assert "interrupted; the same command goes on from the journal" in stderr
    assert "Traceback" not in stderr
    done = spawn(*command[1:], "--fast", cwd=folder)
    assert (done.returncode, done.stdout) == (0, "[1]\n")
    assert "execution 1 was interrupted after step 1; going on with it" in done.stderr


def test_output_into_a_closed_pipe_ends_quietly(folder: Path):
    done = subprocess.run(
        f"{COMMAND} disasm flow.tsm | head -1", shell=True, cwd=folder, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.stdout.startswith("program ")
    assert done.stderr == ""


def test_a_limit_that_a_program_asks_for_is_to_be_raised_to_that(tmp_path: Path):
    flow = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    given = {"Comment": "tsme: step_bytes=65536", **flow}
    (tmp_path / "flow.asl.json").write_text(json.dumps(given), encoding="utf-8")
    done = spawn("run", "flow.asl.json", cwd=tmp_path)
    assert_one_clear_line(done.stderr, "TSME-L001")
    assert "write --limit step_bytes=65536, on a board" in done.stderr
    assert spawn("run", "flow.asl.json", "--limit", "step_bytes=65536", cwd=tmp_path).stdout


def test_a_journal_with_blocks_of_another_size_is_left_to_its_device(tmp_path: Path):
    kept = interpreters.ROOT / "tests" / "releases" / "1"
    image = (kept / "retry.bin").read_bytes()
    (tmp_path / "pulled.bin").write_bytes(image)
    words = ["--tasks", "tasks.py", "--journal", "pulled.bin"]
    (tmp_path / "tasks.py").write_text("import tsme\n\ntasks = tsme.Tasks()\n", encoding="utf-8")
    done = spawn("run", str(kept / "retry.tsm"), *words, cwd=tmp_path)
    assert_one_clear_line(done.stderr, "TSME-H048")
    assert (
        '"pulled.bin" has blocks of 512 bytes, a journal of tsme run of 4096; it goes'
        in done.stderr
    )
    assert (tmp_path / "pulled.bin").read_bytes() == image
    assert spawn("journal", "show", "pulled.bin", cwd=tmp_path).returncode == 0


def test_check_says_when_a_wildcard_of_a_retry_does_not_mean_a_reset(tmp_path: Path):
    assert spawn("init", "garden", cwd=tmp_path).returncode == 0
    done = spawn("check", "garden/soil.asl.json", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "garden/soil.asl.json: ok\n")
    assert done.stderr == (
        "note: if a task with Retry (Measure) is `once` and a reset interrupts it, States.ALL and "
        "States.TaskFailed do not run it again; TSME.Interrupted does\n"
    )
