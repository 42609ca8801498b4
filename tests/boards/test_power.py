"""The power of an emulated chip fails at any instruction; the laptop pulls and replays."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from tests.boards.emulation import QEMU, emulated
from tests.tools.shell import spawn
from tsme_host.tools.boards.emulators import Emulated
from tsme_host.tools.link.opening import open_board

CUTS = 8
ROUNDS = 150  # 15 seconds and more: longer than all the cuts take
FLOW = {
    "StartAt": "Water",
    "States": {
        "Water": {
            "Type": "Task",
            "Resource": "water",
            "ResultPath": "$.done",
            "Next": "More",
            "Catch": [{"ErrorEquals": ["TSME.Interrupted"], "ResultPath": "$.x", "Next": "More"}],
        },
        "More": {
            "Type": "Pass",
            "Parameters": {"n.$": "States.MathAdd($.n, 1)"},
            "Next": "Enough?",
        },
        "Enough?": {
            "Type": "Choice",
            "Default": "Water",
            "Choices": [{"Variable": "$.n", "NumericGreaterThanEquals": ROUNDS, "Next": "End"}],
        },
        "End": {"Type": "Succeed"},
    },
}
TASKS = """\
import asyncio

import tsme

tasks = tsme.Tasks()


@tasks.task("water", effect="once")
async def water(payload):
    await asyncio.sleep(0.1)
    return payload["n"]
"""


def prepared(board: Emulated, folder: Path) -> None:
    """The workflow is under way."""
    (folder / "flow.asl.json").write_text(json.dumps(FLOW), encoding="utf-8")
    (folder / "tasks.py").write_text(TASKS, encoding="utf-8")
    project = 'tasks = "tasks.py"\n[workflows]\nflow = "flow.asl.json"\n'
    (folder / "tsme.toml").write_text(project, encoding="utf-8")
    done = spawn(
        *("push", "flow", "--no-logs", "--input", '{"n": 0}', "--port", board.address),
        cwd=folder,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", QEMU)
def test_wherever_the_power_fails_a_board_goes_on_and_its_journal_replays(
    name: str, tmp_path: Path
):
    dice = random.Random(name)
    with emulated(name, tmp_path / "state") as board:
        board.power_on()
        prepared(board, tmp_path)
        steps = 0
        for cut in range(CUTS):
            assert not board.wait(dice.uniform(0.1, 2.5))  # some of these are within a boot
            board.cut()
            board.power_on()
            if cut % 3 == 2:  # the laptop looks: what was there is still there
                with open_board(board.address, patience=120) as client:
                    found = client.describe("flow")
                assert found.status in ("running", "succeeded")
                assert found.steps >= steps
                steps = found.steps
        options = ("--port", board.address)
        with open_board(board.address, patience=120) as client:
            while client.describe("flow").status == "running":
                assert not board.wait(0.5)
            ended = client.describe("flow")
            assert (ended.status, ended.output) == ("succeeded", {"n": ROUNDS})
            assert (client.status().mode, client.status().failures) == ("run", 0)
        done = spawn("journal", "pull", "flow", *options, cwd=tmp_path, timeout=300)
        assert done.returncode == 0, done.stderr
    done = spawn("replay", "flow.bin", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "identical" in done.stdout
