"""Scenarios whose tasks are played by their handlers, in twins of a board and virtual time."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.interpreters import ROOT
from tests.tools.shell import assert_one_clear_line, spawn

FLOW: dict[str, Any] = {
    "StartAt": "Measure",
    "States": {
        "Measure": {"Type": "Task", "Resource": "measure", "ResultPath": "$.soil", "Next": "Day"},
        "Day": {"Type": "Wait", "Seconds": 86400, "Next": "Water"},
        "Water": {
            "Type": "Task",
            "Resource": "gpio:pulse",
            "TimeoutSeconds": 20,
            "Parameters": {"pin": "valve", "ms.$": "$.ms"},
            "ResultPath": None,
            "Catch": [{"ErrorEquals": ["States.Timeout"], "ResultPath": None, "Next": "Again"}],
            "End": True,
        },
        "Again": {"Type": "Task", "Resource": "measure", "ResultPath": "$.soil", "End": True},
    },
}
TASKS = """\
import time

from machine import ADC, Pin
import tsme
from tsme.tasks import PINS, gpio

PINS["valve"] = 5
tasks = tsme.Tasks()
gpio.register(tasks, {"valve": 0})
sensor = ADC(Pin(26))


@tasks.task("measure", effect="pure")
def measure(payload):
    time.sleep(1.5)
    return sensor.read_u16()
"""
WATERED = [[0, 0], [86401500, 1], [86421500, 0]]


def case(name: str, ms: int, expect: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "input": {"ms": ms}, "expect": expect, **more}


CASES = [
    case(
        "a pulse of 20 s",
        20000,
        {
            "output": {"ms": 20000, "soil": 100},
            "duration_ms": 86421500,
            "world": {"pin:5": WATERED, "pin:6": None},
        },
    ),
    case(
        "one that is too long is cut off when its time is up",
        30000,
        {"output": {"ms": 30000, "soil": 777}, "world": {"pin:5": WATERED}},
    ),
    case(
        "a payload that cannot be",
        0,
        {"error": "Gpio.ValidationException", "world": {"pin:5": 0}},
    ),
    case(
        "a task that is mocked is not played",
        20000,
        {"error": "Broken", "world": {"pin:5": [[0, 0]]}},
        tasks={"Water": {"error": "Broken"}},
    ),
    case("another world", 20000, {"output": {"ms": 20000, "soil": 5}}, world={"adc:26": 5}),
]


def play(folder: Path, cases: list[Any], *options: str, **more: Any):
    (folder / "flow.asl.json").write_text(json.dumps(FLOW), encoding="utf-8")
    (folder / "tasks.py").write_text(more.pop("tasks_py", TASKS), encoding="utf-8")
    file: dict[str, Any] = {
        "handlers": "tasks.py",
        "world": {"adc:26": [[0, 100], [3600000, 777]]},
    }
    file |= more | {"cases": cases}
    test = {name: value for name, value in file.items() if value is not None}
    (folder / "flow.test.json").write_text(json.dumps(test), encoding="utf-8")
    return spawn("test", *options, cwd=folder)


@pytest.mark.parametrize("on", ["cpython", "both"])
def test_handlers_run_in_virtual_time_and_what_pins_show_is_compared(tmp_path: Path, on: str):
    done = play(tmp_path, CASES, "--on", on)
    assert done.returncode == 0, done.stdout
    assert not done.stderr


def test_the_example_of_the_page_passes(tmp_path: Path):
    page = (ROOT / "docs" / "TESTING.md").read_text(encoding="utf-8")
    example = json.loads(re.findall(r"```json\n(.*?)```", page, re.DOTALL)[1])
    states = {name: FLOW["States"][name] for name in ("Measure", "Water", "Again")}
    states = states | {"Measure": states["Measure"] | {"Next": "Water"}}
    example["input"] = {"ms": 20000}
    (tmp_path / "tasks.py").write_text(TASKS, encoding="utf-8")
    flow = json.dumps(FLOW | {"States": states})
    (tmp_path / "flow.asl.json").write_text(flow, encoding="utf-8")
    (tmp_path / "flow.test.json").write_text(json.dumps(example), encoding="utf-8")
    done = spawn("test", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_an_output_that_is_another_is_told_with_its_place(tmp_path: Path):
    wrong = [[0, 0], [86401500, 1], [86401600, 0]]
    expect = {"world": {"pin:5": wrong, "pin:9": 1}}
    done = play(tmp_path, [case("short", 20000, expect)])
    assert done.returncode == 1
    assert "world pin:5 $[2][0]: expected 86401600, got 86421500" in done.stdout
    assert "world pin:9 $: expected 1, got null" in done.stdout


def test_each_case_has_a_board_that_has_just_booted(tmp_path: Path):
    """Neither globals of the tasks file nor pins remember the case before."""
    counted = TASKS.replace("tasks = tsme", "count = []\ntasks = tsme").replace(
        "    time.sleep(1.5)\n", "    count.append(1)\n    assert len(count) == 1\n"
    )
    expect = {"world": {"pin:5": [[0, 0], [86400000, 1], [86400020, 0]]}}
    cases = [case(str(n), 20, expect) for n in range(3)]
    done = play(tmp_path, cases, tasks_py=counted)
    assert done.returncode == 0, done.stdout


def test_handlers_that_sleep_or_wait_for_a_pin_see_the_world_change(tmp_path: Path):
    flow = {
        "StartAt": "W",
        "States": {"W": {"Type": "Task", "Resource": "gpio:wait", "End": True}},
    }
    (tmp_path / "w.asl.json").write_text(json.dumps(flow), encoding="utf-8")
    (tmp_path / "tasks.py").write_text(TASKS, encoding="utf-8")
    test = {
        "handlers": "tasks.py",
        "input": {"pin": 7, "value": 1},
        "cases": [
            {
                "name": "the button is pressed",
                "world": {"pin:7": [[0, 0], [2500, 1]]},
                "expect": {"output": {"ms": 2500, "value": 1}, "duration_ms": 2500},
            },
            {
                "name": "nobody comes",
                "input": {"pin": 7, "value": 1, "timeout_ms": 1000},
                "expect": {"error": "Gpio.TimeoutException", "duration_ms": 1000},
            },
        ],
    }
    (tmp_path / "w.test.json").write_text(json.dumps(test), encoding="utf-8")
    done = spawn("test", "w.test.json", cwd=tmp_path)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("more", "code", "says"),
    [
        ({"handlers": None}, "TSME-H072", "there is a world, and no handlers that live in it"),
        ({"world": {"pins:1": 1}}, "TSME-H072", 'a world knows no "pins:1"'),
        ({"handlers": "none.py"}, "TSME-H010", "none.py"),
        ({"tasks_py": "import nothere\n"}, "TSME-H021", "nothere"),
    ],
)
def test_a_file_that_cannot_be_played_is_refused_in_one_line(
    tmp_path: Path, more: dict[str, Any], code: str, says: str
):
    done = play(tmp_path, [case("one", 20, {})], **more)
    assert done.returncode == 2
    assert_one_clear_line(done.stderr, code)
    assert says in done.stderr


def test_a_task_that_nobody_handles_or_that_resets_fails_its_case(tmp_path: Path):
    without = TASKS.replace('tasks.task("measure"', 'tasks.task("measures"')
    done = play(tmp_path, [case("one", 20, {})], tasks_py=without)
    assert done.returncode == 1
    assert "Measure calls measure, which nobody handles" in done.stdout
    resets = TASKS.replace("    time.sleep(1.5)\n", "    import machine\n    machine.reset()\n")
    done = play(tmp_path, [case("one", 20, {})], tasks_py=resets)
    assert "Measure resets the board (reset)" in done.stdout
