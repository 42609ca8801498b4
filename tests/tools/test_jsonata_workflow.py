"""Every command knows a workflow in JSONata: checked, drawn, run, tested, told and replayed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tools.recorded import Device
from tests.tools.shell import CPYTHON_AND_MICROPYTHON, need, spawn, tsme

CAUSE = (
    "An error occurred while executing the state 'Note' (entered at the event id #{}). The "
    "JSONata expression '$states.input.nope' specified for the field 'Output/n' returned nothing "
    "(undefined)."
)
FLOW: dict[str, Any] = {
    "QueryLanguage": "JSONata",
    "StartAt": "Read",
    "States": {
        "Read": {
            "Type": "Task",
            "Resource": "read_soil",
            "Arguments": {"pin": "{% $states.input.pin %}"},
            "Assign": {"soil": "{% $states.result.moisture %}"},
            "Output": {
                "pin": "{% $states.input.pin %}",
                "dry": "{% 30 - $states.result.moisture %}",
            },
            "Next": "Dry?",
        },
        "Dry?": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $soil < 30 %}", "Next": "Sleep"}],
            "Default": "Note",
        },
        "Sleep": {"Type": "Wait", "Seconds": "{% $states.input.dry %}", "Next": "Each"},
        "Each": {
            "Type": "Map",
            "Items": "{% [1..3] %}",
            "ItemSelector": "{% $states.context.Map.Item.Value * $soil %}",
            "ItemProcessor": {"StartAt": "One", "States": {"One": {"Type": "Pass", "End": True}}},
            "Output": "{% {'sum': $sum($states.result)} %}",
            "End": True,
        },
        "Note": {"Type": "Pass", "Output": {"n": "{% $states.input.nope %}"}, "End": True},
    },
}
TASKS = """import tsme
tasks = tsme.Tasks()

@tasks.task("read_soil", effect="pure")
def read_soil(payload):
    return {"moisture": payload["pin"]}
"""
TESTS = {
    "workflow": "flow.asl.json",
    "cases": [
        {
            "name": "dry",
            "input": {"pin": 4},
            "tasks": {"Read": {"output": {"moisture": 10}}},
            "expect": {"output": {"sum": 60}, "duration_ms": 20000},
        },
        {
            "name": "wet",
            "input": {"pin": 4},
            "tasks": {"Read": {"output": {"moisture": 50}}},
            "expect": {
                "status": "FAILED",
                "error": "States.QueryEvaluationError",
                "cause": CAUSE.format(9),
                "states": ["Read", "Dry?", "Note"],
            },
        },
    ],
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "flow.asl.json").write_text(json.dumps(FLOW), encoding="utf-8")
    (tmp_path / "flow.test.json").write_text(json.dumps(TESTS), encoding="utf-8")
    (tmp_path / "tasks.py").write_text(TASKS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def out(*args: str | Path) -> str:
    result = tsme(*args)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_it_is_checked_and_its_references_told(folder: Path):
    assert out("check", "flow.asl.json") == "flow.asl.json: ok\n"
    told = json.loads(out("check", "--references", "flow.asl.json"))
    assert told == {"Dry?": ["soil"], "Each": ["soil"]}


def test_it_is_drawn_with_its_conditions(folder: Path):
    drawn = out("graph", "flow.asl.json")
    assert '-->|"$soil #lt; 30"|' in drawn
    assert "$states.input.dry" in drawn


def test_its_program_names_each_expression(folder: Path):
    out("compile", "flow.asl.json", "-o", "flow.tsm")
    listed = out("disasm", "flow.tsm")
    assert "expressions" in listed
    assert "; Output/dry: 30 - $states.result.moisture" in listed
    assert "; Choices[0]/Condition: $soil < 30" in listed


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_it_runs_and_its_journal_tells_of_it(folder: Path, on: str):
    run = ("run", "flow.asl.json", "-t", "tasks.py", "--fast", "--on", need(on))
    done = spawn(*run, "-i", '{"pin": 10}', "--journal", "j.bin", cwd=folder)
    assert (done.returncode, json.loads(done.stdout)) == (0, {"sum": 60}), done.stderr
    assert out("replay", "j.bin", "--program", "flow.asl.json").startswith("identical: ")
    done = spawn(*run, "-i", '{"pin": 40}', "--journal", "k.bin", cwd=folder)
    assert done.returncode == 1
    assert CAUSE.format(9) in done.stderr
    events = json.loads(out("history", "k.bin", "--program", "flow.asl.json"))["events"]
    assert events[-2]["evaluationFailedEventDetails"] == {
        "error": "States.QueryEvaluationError",
        "cause": CAUSE.format(9),
        "location": "Output/n",
        "state": "Note",
    }


@pytest.mark.parametrize("on", ["cpython", "core", "micropython"])
def test_its_scenarios_are_judged_on_every_interpreter(folder: Path, on: str):
    done = spawn("test", "flow.test.json", "--on", need(on), cwd=folder)
    assert done.returncode == 0, done.stdout
    assert "2 cases: 2 passed" in done.stdout


def test_an_execution_moves_to_other_expressions(folder: Path):
    states: dict[str, Any] = {
        "A": {"Type": "Pass", "Assign": {"x": "{% $states.input + 1 %}"}, "Next": "W"},
        "W": {"Type": "Wait", "Seconds": "{% 3600 %}", "Next": "P"},
        "P": {
            "Type": "Pass",
            "Output": "{% $map([1..$x], function($v){ $v * 2 }) %}",
            "End": True,
        },
    }
    flow = {"QueryLanguage": "JSONata", "StartAt": "A", "States": states}
    device = Device(folder / "j.bin", json.dumps(flow))
    device.start(1)
    device.save()
    (folder / "old.asl.json").write_text(json.dumps(flow), encoding="utf-8")
    states["P"]["Output"] = "{% $x * 3 %}"
    (folder / "new.asl.json").write_text(json.dumps(flow), encoding="utf-8")
    known = ("--program", "old.asl.json", "--program", "new.asl.json")
    result = tsme("migrate", "j.bin", "new.asl.json", "--program", "old.asl.json")
    assert "has moved" in result.output
    assert json.loads(out("resume", "j.bin", "--fast", *known)) == 6


def test_it_is_simulated(folder: Path):
    done = spawn("sim", "flow.asl.json", "--seeds", "12", "-j", "1", cwd=folder)
    assert done.returncode == 0, done.stderr
    assert "States.QueryEvaluationError" in done.stdout or "succeeded" in done.stdout
