"""The task library gives the same on every interpreter, and says what is wrong with a payload."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import interpreters

DEVICE = Path(__file__).with_name("library_device.py")
BOARDS = ["cpython", "micropython", "micropython32", "micropythonf32"]
NONE = "; on a laptop tsme.sim.install() puts a twin in its place"

# What library_device.py prints, by case.
EXPECTED: dict[str, list[str]] = json.loads(
    DEVICE.with_name("library_expected.json").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("case", EXPECTED)
def test_a_task_gives_what_its_page_says_and_refuses_the_rest_by_name(
    board: str, case: str, tmp_path: Path
):
    interpreters.require(board)
    if case == "card" and board == "cpython":
        return  # has no FAT: test_sd.py has what it does instead
    done = interpreters.run(board, DEVICE, [case, tmp_path])
    assert not done.returncode, done.stderr.decode()
    assert done.stdout.decode().splitlines() == EXPECTED[case]


@pytest.mark.parametrize("board", BOARDS)
def test_a_module_says_what_the_firmware_lacks_before_anything_runs(board: str):
    interpreters.require(board)
    done = interpreters.run(board, DEVICE, ["without"])
    assert not done.returncode, done.stderr.decode()
    assert done.stdout.decode().splitlines() == [
        f"TSME-G001: this firmware has no machine.{name}, which tsme.tasks.{part} needs{NONE}"
        for name, part in (("Pin", "gpio"), ("PWM", "pwm"), ("ADC", "adc"))
    ]
