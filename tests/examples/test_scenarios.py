"""Every example's scenarios hold on both interpreters, and its tasks.py runs it for real."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests import interpreters
from tsme_host.tools.cli import main

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/*.test.json"))


def test_every_example_has_scenarios() -> None:
    assert sorted(path.parent.name for path in EXAMPLES.glob("*/*.asl.json")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_its_scenarios_hold_on_both_interpreters(name: str) -> None:
    interpreters.require("micropython")
    done = CliRunner().invoke(main, ["test", str(EXAMPLES / name), "--on", "both"])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize("on", ["cpython", "micropython"])
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("coldchain", {"stops": 5, "alarms": 1, "last": [41, 52], "text": "5 stops, 1 alarms"}),
        ("pumps", {"litres": [60, 0, 90, 12], "jammed": ["roses"], "tank": 2400}),
    ],
)
def test_it_runs_with_its_own_tasks(name: str, expected: object, on: str) -> None:
    interpreters.require("micropython")
    folder = EXAMPLES / name
    files = ["--tasks", str(folder / "tasks.py"), "--input", str(folder / "input.json")]
    flow = str(folder / f"{name}.asl.json")
    done = CliRunner().invoke(main, ["run", flow, *files, "--fast", "--on", on])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout.splitlines()[-1]) == expected
