"""Tasks of the library on a Pico's own `machine`: real rp2 firmware, pins seen from outside."""

from __future__ import annotations

import json

from tsme_host.compiler.compile import compile_text
from tsme_host.tools.boards.rp2040js import Pico

FLOW = {
    "StartAt": "Button",
    "States": {
        "Button": {
            "Type": "Task",
            "Resource": "gpio:wait",
            "Parameters": {"pin": "button", "value": 0, "pull": "up"},
            "ResultPath": None,
            "Next": "Light",
        },
        "Light": {
            "Type": "Task",
            "Resource": "adc:read",
            "Parameters": {"pin": 26, "samples": 3},
            "ResultPath": "$.adc",
            "Next": "Pulse",
        },
        "Pulse": {
            "Type": "Task",
            "Resource": "gpio:pulse",
            "Parameters": {"pin": 4, "ms": 200},
            "ResultPath": "$.pulse",
            "Next": "Servo",
        },
        "Servo": {
            "Type": "Task",
            "Resource": "pwm:set",
            "Parameters": {"pin": 15, "freq": 50, "percent": 7.5},
            "ResultPath": "$.servo",
            "Next": "Cause",
        },
        "Cause": {
            "Type": "Task",
            "Resource": "sleep:cause",
            "Parameters": {},
            "ResultPath": "$.cause",
            "Next": "Wrong",
        },
        "Wrong": {
            "Type": "Task",
            "Resource": "gpio:write",
            "Parameters": {"pin": 99, "value": 1},
            "Catch": [
                {
                    "ErrorEquals": ["Gpio.ValidationException"],
                    "ResultPath": "$.wrong",
                    "Next": "End",
                }
            ],
            "Next": "End",
        },
        "End": {"Type": "Succeed"},
    },
}
MAIN = b"""
from machine import UART

uart = UART(0)
try:
    import tsme
    from tsme.tasks import PINS, adc, gpio, pwm, sleep
    from tsme.values.json import dumps

    PINS["button"] = 5
    tasks = tsme.Tasks()
    for part in (adc, pwm, sleep):
        part.register(tasks)
    gpio.register(tasks, {4: 0})
    with open("flow.tsm", "rb") as f:
        program = tsme.Program(f.read())
    engine = tsme.Engine(program, tasks=tasks)
    uart.write("ready\\n")
    outcome = engine.run_sync({})
    uart.write(dumps([outcome.status, outcome.output, outcome.error, outcome.cause]) + "\\n")
except BaseException as e:
    uart.write(repr(e) + "\\n")
"""


def test_a_workflow_of_tasks_moves_pins_that_are_seen_from_outside() -> None:
    with Pico(usb=False) as board:
        program = compile_text(json.dumps(FLOW)).program
        board.put_files({"main.py": MAIN, "flow.tsm": program})
        board.start()
        board.analog(26, 0.5)
        said = board.run(until="\n", line="uart", ms=60_000).uart
        assert said == "ready\n"
        assert board.run(ms=200).uart == ""
        assert board.pin(4) == 0  # it waits for the button
        board.drive(5, 0)
        levels = []
        said = ""
        for _ in range(400):
            said += board.run(until="\n", line="uart", ms=20).uart
            levels.append(board.pin(4))
            if "\n" in said:
                break
    assert said.startswith("["), said
    status, output, error, cause = json.loads(said)
    assert (status, error, cause) == ("succeeded", None, None)
    assert 32000 < output["adc"]["u16"] < 33500
    assert "microvolts" not in output["adc"]  # a Pico is not calibrated
    assert output["pulse"] == 200
    assert 5 <= levels.count(1) <= 15  # of 20 ms each: 200 ms, and what a step takes
    assert output["servo"]["freq"] == 50
    assert abs(output["servo"]["duty_u16"] - 4915) < 20
    assert output["cause"] == "power"
    assert output["wrong"]["Error"] == "Gpio.ValidationException"
    assert "cannot be used" in output["wrong"]["Cause"]
