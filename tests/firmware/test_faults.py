"""Whatever a handler does, nothing hangs, and it is said what it did and what to write instead."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests import interpreters
from tsme.engine.engine import Engine
from tsme.program import Program
from tsme_host.compiler.compile import compile_text

DEVICE = Path(__file__).with_name("faults_device.py")
BOARDS = ["cpython", "micropython", "micropython32", "micropythonf32"]
boards = pytest.mark.parametrize("board", BOARDS)


def play(board: str, case: str, folder: Path, **fields: Any) -> list[str]:
    interpreters.require(board)
    task = {
        "Type": "Task",
        "Resource": "a",
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}],
        "End": True,
        **fields,
    }
    flow = {"StartAt": "A", "States": {"A": task, "Caught": {"Type": "Pass", "End": True}}}
    path = folder / "p.tsm"
    path.write_bytes(compile_text(json.dumps(flow)).program)
    done = interpreters.run(board, DEVICE, [case, path], heap="1M")
    assert not done.returncode, done.stderr.decode() + done.stdout.decode()
    return done.stdout.decode().splitlines()


@boards
def test_whatever_a_handler_raises_fails_its_task(board: str, tmp_path: Path) -> None:
    names = ["Odd x", "GeneratorExit ", "BaseException b", "ValueError v", "MemoryError "]
    lines = play(board, "caught", tmp_path)
    assert lines == [f"succeeded {name}" for name in names for _ in range(3)]


@boards
def test_a_handler_that_yields_fails_its_task(board: str, tmp_path: Path) -> None:
    lines = play(board, "yields", tmp_path)
    assert len(lines) == 4
    for line in lines:
        assert line.startswith('succeeded TypeError handler "a": it yields; '), line
        assert line.endswith("write return, or async def and await"), line


@boards
def test_what_ends_a_program_ends_the_run_as_that(board: str, tmp_path: Path) -> None:
    lines = play(board, "ends", tmp_path)
    ended = ["SystemExit True", "TSME.Interrupted"] * 2
    assert lines == ended + ["KeyboardInterrupt True", "TSME.Interrupted"] * 2


@boards
def test_the_end_of_an_iterator_is_no_result(board: str, tmp_path: Path) -> None:
    assert play(board, "iterates", tmp_path) == ["StopIteration"]


@boards
def test_a_result_after_its_time_is_a_timeout(board: str, tmp_path: Path) -> None:
    """On record as that: 1 start, 5 timer."""
    lines = play(board, "late", tmp_path, TimeoutSeconds=3)
    assert len(lines) == 6
    for at in (0, 3):
        assert lines[at] == "succeeded States.Timeout [1, 5]"
        assert 'handler "a" came back after 4 s, when its time was up' in lines[at + 1]
        assert "write async def, and await asyncio.sleep()" in lines[at + 1]
        assert lines[at + 2] == "States.Timeout"


@boards
def test_a_result_at_the_last_moment_counts(board: str, tmp_path: Path) -> None:
    assert play(board, "in_time", tmp_path, TimeoutSeconds=3) == ["succeeded in time ", "[]"]


@boards
def test_a_heartbeat_counts_when_it_was_made(board: str, tmp_path: Path) -> None:
    lines = play(board, "beats", tmp_path, HeartbeatSeconds=2)
    assert lines == ["succeeded alive ", "[]"]


@boards
def test_what_is_no_value_is_named_with_what_to_write(board: str, tmp_path: Path) -> None:
    lines = play(board, "values", tmp_path)
    assert all(line.startswith('handler "a" returned ') for line in lines[:5]), lines
    assert lines[0].endswith("an int64, which is no JSON value (TSME-V001); write int(...)")
    assert lines[1].endswith("a bool_, which is no JSON value (TSME-V001); write bool(...)")
    assert lines[2].endswith("a set, which is no JSON value (TSME-V001); write sorted(...)")
    assert "a value that contains itself" in lines[3]
    assert "nesting" in lines[4]
    assert lines[5].endswith("write list(...)")
    assert "yields" in lines[6] or lines[6].endswith("write list(...)")


@boards
def test_a_once_task_whose_result_cannot_be_kept_is_not_run_again(
    board: str, tmp_path: Path
) -> None:
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 3}]
    lines = play(board, "kept", tmp_path, Retry=retry)
    assert len(lines) == 5
    for line in lines:
        assert line.startswith("1 States.DataLimitExceeded "), line
    assert lines[0].endswith("no memory for what the handler returned")
    assert lines[1].endswith("no room")
    assert "nesting" in lines[2]
    assert 'handler "a" returned a set' in lines[3]


@boards
def test_an_async_handler_may_wait_for_anything(board: str, tmp_path: Path) -> None:
    assert play(board, "awaits", tmp_path) == ["succeeded 4 "]


def test_a_clock_that_fails_as_a_handler_comes_back_ends_the_run() -> None:
    """Its result cannot be told without a time, and nothing else would ever wake the loop."""

    class NoClock(Exception):
        pass

    flow = {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": "go", "End": True}}}
    read = [1767225600000]

    def clock() -> int:
        if not read:
            raise NoClock
        return read[0]

    engine = Engine(Program(compile_text(json.dumps(flow)).program), clock=clock)

    @engine.task("go")
    def go(payload: object) -> int:
        read.clear()
        return 1

    with pytest.raises(NoClock):
        engine.run_sync({})
