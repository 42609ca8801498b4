"""A Wait ends when its time has come, whatever the board's sleep and clock are like."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests import interpreters
from tsme_host.compiler.compile import compile_text

DEVICE = Path(__file__).with_name("time_device.py")
BOARDS = ["cpython", "micropython", "micropython32", "micropythonf32"]
HOUR = 3600
DAY = 24 * HOUR


def play(board: str, case: str, folder: Path, states: dict[str, Any]) -> list[str]:
    interpreters.require(board)
    path = folder / "p.tsm"
    text = json.dumps({"StartAt": next(iter(states)), "States": states})
    path.write_bytes(compile_text(text).program)
    done = interpreters.run(board, DEVICE, [case, path], heap="1M")
    assert not done.returncode, done.stderr.decode() + done.stdout.decode()
    return done.stdout.decode().splitlines()


def wait(seconds: int) -> dict[str, Any]:
    return {"W": {"Type": "Wait", "Seconds": seconds, "End": True}}


def lived(board: str, case: str, folder: Path, seconds: int) -> list[int]:
    """Boots, ms slept in all and at once, steps; it has succeeded."""
    [line] = play(board, case, folder, wait(seconds))
    status, *numbers = line.split()
    assert status == "succeeded"
    return [int(n) for n in numbers]


CASES = [
    (board, case, seconds)
    for board in BOARDS
    for case in ("battery", "pico")
    for seconds in (10, HOUR, 10 * HOUR + 1)
]
CASES += [("cpython", "battery", 60 * DAY), ("cpython", "pico", 60 * DAY)]
CASES += [("micropython32", "pico", 25 * DAY)]  # 2^31 ms are 24.8 days


@pytest.mark.parametrize(("board", "case", "seconds"), CASES)
def test_a_board_that_deep_sleeps_ends_its_wait(
    board: str, case: str, seconds: int, tmp_path: Path
) -> None:
    """An RP2040 is in 2021 again after each sleep; no board can sleep for months at once."""
    boots, slept, longest, steps = lived(board, case, tmp_path, seconds)
    sleeps = -(-seconds // HOUR)
    assert (boots, slept) == (sleeps + 1, seconds * 1000)
    assert longest <= 3600000
    assert steps == 2 + (sleeps if case == "pico" else 0), (
        "a record a sleep, if the clock needs it"
    )


@pytest.mark.parametrize("board", BOARDS)
def test_a_board_that_boots_slowly_ends_its_wait(board: str, tmp_path: Path) -> None:
    """Its clock is then after the last step, and still tells nothing of the sleep."""
    boots, slept, *_ = lived(board, "slow", tmp_path, 10 * HOUR)
    assert boots == 11
    assert slept == 36000000


@pytest.mark.parametrize("board", BOARDS)
def test_a_clock_that_was_set_once_costs_one_sleep(board: str, tmp_path: Path) -> None:
    boots, slept, *_ = lived(board, "first_set", tmp_path, 10 * HOUR)
    assert (boots, slept) == (12, 11 * 3600000)


@pytest.mark.parametrize("board", BOARDS)
def test_who_is_woken_early_and_has_a_clock_ends_its_wait_in_time(
    board: str, tmp_path: Path
) -> None:
    boots, _, _, steps = lived(board, "set_at_boot", tmp_path, 2 * HOUR)
    assert (boots, steps) == (5, 2)


@pytest.mark.parametrize("board", BOARDS)
def test_a_sleep_that_comes_back_is_written_down_once(board: str, tmp_path: Path) -> None:
    boots, slept, longest, steps = lived(board, "stays", tmp_path, 60 * DAY)
    assert (boots, slept, longest, steps) == (1, 5184000000, 3600000, 3)


@pytest.mark.parametrize("board", BOARDS)
def test_what_was_not_slept_does_not_count(board: str, tmp_path: Path) -> None:
    assert play(board, "cut", tmp_path, wait(5 * HOUR)) == ["0 True"]


CALL = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken",
    "Parameters": {"FunctionName": "ask", "Payload": {"token.$": "$$.Task.Token"}},
    "TimeoutSeconds": 7 * HOUR,
    "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "W"}],
    "End": True,
}


@pytest.mark.parametrize("board", BOARDS)
def test_a_callback_that_never_comes_times_out_on_a_board_that_sleeps(
    board: str, tmp_path: Path
) -> None:
    [line] = play(board, "pico", tmp_path, {"C": CALL} | wait(3 * HOUR))
    assert line.split()[:3] == ["succeeded", "11", "36000000"]


@pytest.mark.parametrize("board", BOARDS)
def test_one_odd_reading_of_the_clock_is_corrected_and_said(board: str, tmp_path: Path) -> None:
    lines = play(board, "glitches", tmp_path, wait(HOUR))
    assert lines == ["succeeded 3600000 1"] * 6


@pytest.mark.parametrize("board", BOARDS)
def test_a_long_power_cut_is_believed_and_said(board: str, tmp_path: Path) -> None:
    first, second = play(board, "leap", tmp_path, wait(2 * HOUR))
    assert first.split()[:2] == ["succeeded", "2"]
    assert "the clock is 30 days after the last step" in second


@pytest.mark.parametrize("board", BOARDS)
def test_a_clock_that_gives_no_time_is_refused_before_anything_changes(
    board: str, tmp_path: Path
) -> None:
    assert play(board, "refused", tmp_path, wait(1)) == ["TSME-T006 0 True"] * 6
