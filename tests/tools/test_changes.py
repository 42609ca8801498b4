"""When the workflow changes: an execution keeps the program that it began with."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from tests.tools.shell import COMMAND, CPYTHON_AND_MICROPYTHON, need, spawn, steps
from tsme_host.tools.journal.image import read_log

OLD: dict[str, Any] = {
    "StartAt": "First",
    "States": {
        "First": {"Type": "Wait", "Seconds": 3600, "Next": "Last"},
        "Last": {"Type": "Pass", "Result": "old", "End": True},
    },
}


def write(folder: Path, flow: object) -> None:
    (folder / "flow.asl.json").write_text(json.dumps(flow))


def edited(**states: object) -> dict[str, object]:
    """The workflow with other states, None for one that is gone."""
    all_of_them = OLD["States"] | states
    return OLD | {"States": {name: state for name, state in all_of_them.items() if state}}


NEW = edited(Last={"Type": "Pass", "Result": "new", "End": True})


def interrupted(folder: Path, *more: str) -> None:
    """Begin an execution, or go on with it, and stop the command after a record more."""
    path = folder / "j.bin"
    before = steps(path)
    command = [str(COMMAND), "run", "flow.asl.json", "-j", "j.bin", *more]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    while steps(path) <= before:
        time.sleep(0.02)
        assert process.poll() is None, process.communicate()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=120)


@pytest.fixture
def waiting(tmp_path: Path) -> Path:
    """A folder in which an execution waits, and the workflow has been edited since."""
    write(tmp_path, OLD)
    interrupted(tmp_path)
    write(tmp_path, NEW)
    return tmp_path


def run(folder: Path, *args: str) -> tuple[int, str, str]:
    done = spawn(*args, cwd=folder)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_an_execution_goes_on_as_it_began_and_the_next_is_new(waiting: Path, on: str) -> None:
    code, out, err = run(
        waiting, "run", "flow.asl.json", "-j", "j.bin", "--fast", "--on", need(on)
    )
    assert (code, out) == (0, '"old"\n')
    assert re.search(r"tsme: execution 1 goes on with its own program \(\w{16}\); ", err)
    assert '"flow.asl.json" is for the next one, and for this one with tsme migrate j.bin ' in err
    code, out, _ = run(waiting, "run", "flow.asl.json", "-j", "j.bin", "--fast", "--on", on)
    assert (code, out) == (0, '"new"\n')


def test_tools_find_the_programs_of_all_executions_beside_the_journal(waiting: Path) -> None:
    for _ in range(2):
        run(waiting, "run", "flow.asl.json", "-j", "j.bin", "--fast")
    code, out, err = run(waiting, "replay", "j.bin")
    assert (code, err) == (0, "")
    assert re.fullmatch(r"identical: \d steps, 2 executions, 1 checkpoint\n", out)
    shown = run(waiting, "journal", "show", "j.bin")[1]
    assert shown.count("First, waits 1 h") == 2
    assert shown.count("Last → succeeded") == 2
    for number, output in ((1, "old"), (2, "new")):
        code, out, _ = run(waiting, "history", "j.bin", "--execution", str(number))
        end = json.loads(out)["events"][-1]["executionSucceededEventDetails"]
        assert (code, json.loads(end["output"])) == (0, output)
    assert run(waiting, "journal", "effects", "j.bin")[0] == 0


def test_a_program_is_dropped_once_the_journal_holds_nothing_of_it(tmp_path: Path) -> None:
    digests = []
    for n in range(3):
        write(tmp_path, edited(First=None) | {"StartAt": "Last", "TimeoutSeconds": 9 + n})
        for _ in range(2):
            assert run(tmp_path, "run", "flow.asl.json", "-j", "j.bin", "-i", f"[{n}]")[0] == 0
        kept = {p.name[:16] for p in (tmp_path / "j.bin.programs").glob("*.tsm")}
        assert kept == {d.hex() for d in read_log(str(tmp_path / "j.bin")).programs}
        digests.append(kept)
    assert [len(kept) for kept in digests] == [1, 2, 3]
    spawn("journal", "resize", "j.bin", "--blocks", "4", cwd=tmp_path)
    assert run(tmp_path, "run", "flow.asl.json", "-j", "j.bin")[0] == 0
    kept = {p.name[:16] for p in (tmp_path / "j.bin.programs").glob("*.tsm")}
    assert kept == {d.hex() for d in read_log(str(tmp_path / "j.bin")).programs}


def test_a_program_that_is_nowhere_is_one_clear_error(waiting: Path) -> None:
    shutil.rmtree(waiting / "j.bin.programs")
    before = (waiting / "j.bin").read_bytes()
    code, out, err = run(waiting, "run", "flow.asl.json", "-j", "j.bin")
    assert (code, out) == (2, "")
    assert err.startswith('tsme: error TSME-H043: execution 1 in "j.bin" needs the program ')
    assert err.endswith("or give the execution up: tsme retire j.bin\n")
    assert (waiting / "j.bin").read_bytes() == before
    assert not (waiting / "j.bin.programs").exists()
    for command in (["replay"], ["history"], ["journal", "effects"]):
        code, out, err = run(waiting, *command, "j.bin")
        assert code == 2
        assert err.startswith('tsme: error TSME-H043: there is no program for "j.bin"')
    write(waiting, OLD)  # the cure
    assert run(waiting, "run", "flow.asl.json", "-j", "j.bin", "--fast")[:2] == (0, '"old"\n')
