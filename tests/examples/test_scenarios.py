"""Every example's scenarios hold on both interpreters, and its tasks.py runs it for real."""

from __future__ import annotations

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
@pytest.mark.parametrize("name", ["coldchain", "pumps"])
def test_it_runs_with_its_own_tasks_as_its_readme_says(name: str, on: str) -> None:
    interpreters.require("micropython")
    folder = EXAMPLES / name
    files = ["--tasks", str(folder / "tasks.py"), "--input", str(folder / "input.json")]
    flow = str(folder / f"{name}.asl.json")
    done = CliRunner().invoke(main, ["run", flow, *files, "--fast", "--on", on])
    assert done.exit_code == 0, done.output
    expected = (folder / "expected.json").read_text(encoding="utf-8")
    assert done.stdout.splitlines()[-1] == expected.strip()
    assert expected.strip() in (folder / "README.md").read_text(encoding="utf-8")
