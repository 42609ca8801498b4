"""Deep sleep: an Engine that is reset by each sleep goes on with its execution."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import interpreters
from tests.tasks.test_library import BOARDS
from tsme_host.compiler.compile import compile_text

FLOW = {
    "StartAt": "On",
    "States": {
        "On": {
            "Type": "Task",
            "Resource": "gpio:write",
            "Parameters": {"pin": 5, "value": 1},
            "Next": "Day",
        },
        "Day": {"Type": "Wait", "Seconds": 7230, "Next": "Woken"},
        "Woken": {"Type": "Task", "Resource": "sleep:cause", "Parameters": {}, "End": True},
    },
}


@pytest.mark.parametrize("board", BOARDS)
def test_an_engine_that_sleeps_deeply_goes_on_after_each_reset(board: str, tmp_path: Path):
    interpreters.require(board)
    program = tmp_path / "flow.tsm"
    program.write_bytes(compile_text(json.dumps(FLOW)).program)
    done = interpreters.run(board, Path(__file__).with_name("sleep_device.py"), [program])
    assert not done.returncode, done.stderr.decode()
    outcome, sleeps, pulses = done.stdout.decode().splitlines()
    assert "succeeded" in outcome
    assert "deepsleep" in outcome
    # Two hours in sleeps of at most one, and half a minute; nothing is done twice.
    assert sleeps == "4 3 3600000 7230000"
    assert pulses == "1"
