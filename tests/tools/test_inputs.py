"""Without a word an execution starts with {}, as at AWS, whichever command starts it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tools.shell import CPYTHON_AND_MICROPYTHON, assert_one_clear_line, need, spawn, tsme
from tsme_sim.reproducer import load, simulations
from tsme_sim.subjects import subjects_of

ECHO = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
PICKY = {
    "StartAt": "A",
    "States": {
        "A": {"Type": "Choice", "Choices": [{"Variable": "$.day", "IsNumeric": True, "Next": "B"}],
              "Default": "C"},
        "B": {"Type": "Succeed"},
        "C": {"Type": "Fail", "Error": "NoDay"},
    },
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, flow in (("echo", ECHO), ("picky", PICKY)):
        (tmp_path / f"{name}.asl.json").write_text(json.dumps(flow), encoding="utf-8")
    test = {"cases": [{"name": "it", "expect": {"output": {}}}]}
    (tmp_path / "echo.test.json").write_text(json.dumps(test), encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_run_starts_with_an_empty_object(folder: Path, on: str):
    assert spawn("run", "echo.asl.json", "--on", need(on), cwd=folder).stdout == "{}\n"
    null = spawn("run", "echo.asl.json", "-i", "null", "--on", on, cwd=folder)
    assert null.stdout == "null\n"


def test_test_and_test_state_start_with_an_empty_object(folder: Path):
    assert tsme("test", "echo.test.json").exit_code == 0
    done = tsme("test-state", "echo.asl.json", "--state", "A")
    assert "output: {}" in done.stdout


def test_a_workflow_is_simulated_with_an_empty_object_or_what_is_given(folder: Path):
    (kind,) = simulations(folder / "picky.asl.json").values()
    assert subjects_of(kind)[0].starts == [{}]
    given = ["--seeds", "4", "--jobs", "1", "--json"]
    ends = json.loads(tsme("sim", "picky.asl.json", *given).stdout)["devices"]["picky"]["ends"]
    assert set(ends) == {"States.Runtime"}
    done = tsme("sim", "picky.asl.json", *given, "--input", '{"day": 1}')
    assert set(json.loads(done.stdout)["devices"]["picky"]["ends"]) == {"succeeded"}


def test_a_saved_failure_keeps_the_input_that_was_given(folder: Path):
    (kind,) = simulations(folder / "picky.asl.json", ({"day": 1},)).values()
    assert subjects_of(kind)[0].starts == [{"day": 1}]
    value = {"simulation": "picky.asl.json:Workflow", "commit": "", "seed": 1, "moves": [],
             "message": "", "where": "", "without": [], "inputs": [{"day": 1}]}  # fmt: skip
    (folder / "a.sim.json").write_text(json.dumps(value), encoding="utf-8")
    assert load(folder / "a.sim.json").inputs == ({"day": 1},)


def test_a_simulation_says_itself_what_it_starts_with(folder: Path):
    (folder / "sim.py").write_text(
        "from tsme.testing import Simulation\n"
        "class Echo(Simulation):\n    program = 'echo.asl.json'\n",
        encoding="utf-8",
    )
    done = tsme("sim", "sim.py", "--input", "1")
    assert done.exit_code == 2
    assert_one_clear_line(done.stderr, "TSME-H002")
    assert "write start = ... in its class" in done.stderr
