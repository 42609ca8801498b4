"""The task library gives the same on every interpreter, and says what is wrong with a payload."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests import interpreters

DEVICE = Path(__file__).with_name("library_device.py")
BOARDS = ["cpython", "micropython", "micropython32", "micropythonf32"]
NONE = "; on a laptop tsme.sim.install() puts a twin in its place"


def wrong(task: str, cause: str, kind: str = "Validation") -> list[str]:
    service = task.split(":", maxsplit=1)[0].capitalize()
    return [f"{service}.{kind}Exception", f"{task}: {cause}"]


# What library_device.py prints: the values of a line.
EXPECTED: dict[str, list[list[Any]]] = {
    "gpio": [
        [1],
        [0],
        [1],
        [1],
        [1],
        [20],
        [20],
        [[0, 1, 0, 1], [0, 1]],  # the valve began with 0; the relay is inverted
        [True],
        [wrong("gpio:wait", "the pin was not 1 within 20 ms", "Timeout")],
        [1],
        [wrong("gpio:write", '"value" is missing')],
        [wrong("gpio:write", '"value" is missing')],
        [wrong("gpio:write", '"value" must be a whole number from 0 to 1, not 2')],
        [wrong("gpio:write", '"pin" must be the number or name of a pin, not None')],
        [wrong("gpio:write", 'there is no "vale"; it takes pin, value')],
        [wrong("gpio:write", '"pin" 999 cannot be used: invalid pin')],
        [1],
        [wrong("gpio:read", "\"pull\" must be one of up, down, none, not 'sideways'")],
        [
            {
                "gpio:pulse": "once",
                "gpio:read": "pure",
                "gpio:wait": "pure",
                "gpio:write": "idempotent",
            }
        ],
    ],
    "pwm": [
        [{"duty_u16": 4915, "freq": 50}],
        [{"duty_u16": 4915, "freq": 50}],
        [{"duty_u16": 65535, "freq": 1000}],
        [{"duty_u16": 65535, "freq": 1000}],
        [True],
        [False],
        [None],
        [wrong("pwm:set", "it takes one of percent, duty_u16, duty_ns")],
        [wrong("pwm:set", "it takes one of percent, duty_u16, duty_ns")],
        [wrong("pwm:set", '"freq" must be a whole number from 1 to 40000000, not 0')],
        [wrong("pwm:set", '"percent" must be a number from 0 to 100, not 101')],
    ],
    "adc": [
        [{"microvolts": 1007095, "u16": 20000}],
        [{"microvolts": 1007095, "u16": 20000}],
        [{"microvolts": 0, "u16": 0}],
        [wrong("adc:read", '"samples" must be a whole number from 1 to 1000, not 0')],
    ],
    "changes": [
        [[0, 0]],
        [[1000, "pin", 2000, -1, "pin", 3000]],
        [[2026, 11, 29], [18, 0, 5, 250000]],
    ],
    "resets": [
        [True],
        [1],
        [["deepsleep", 5000, 5000]],
        [["reset", None, 5000]],
        [True, 0, [[5000, "deepsleep"], [5000, "reset"]]],
        ["watchdog"],
    ],
}


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("case", EXPECTED)
def test_a_task_gives_what_its_page_says_and_refuses_the_rest_by_name(board: str, case: str):
    interpreters.require(board)
    done = interpreters.run(board, DEVICE, [case])
    assert not done.returncode, done.stderr.decode()
    wanted = [
        " ".join(json.dumps(v, separators=(",", ":")) for v in line) for line in EXPECTED[case]
    ]
    assert done.stdout.decode().splitlines() == wanted


@pytest.mark.parametrize("board", BOARDS)
def test_a_module_says_what_the_firmware_lacks_before_anything_runs(board: str):
    interpreters.require(board)
    done = interpreters.run(board, DEVICE, ["without"])
    assert not done.returncode, done.stderr.decode()
    assert done.stdout.decode().splitlines() == [
        f"TSME-G001: this firmware has no machine.{name}, which tsme.tasks.{part} needs{NONE}"
        for name, part in (("Pin", "gpio"), ("PWM", "pwm"), ("ADC", "adc"))
    ]
