"""A simulation may run the real handlers, in a world of twins that its seed decides."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import tsme
import tsme.sim
from tsme.tasks import gpio
from tsme.testing import Call, Device, Dice, Simulation
from tsme_sim.campaign import campaign

tsme.sim.install()
TASKS = tsme.Tasks()
gpio.register(TASKS)
FLOW = {
    "StartAt": "Dry?",
    "States": {
        "Dry?": {
            "Type": "Task",
            "Resource": "gpio:read",
            "Parameters": {"pin": 7},
            "ResultPath": "$.dry",
            "Next": "Choose",
        },
        "Choose": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.dry", "NumericEquals": 1, "Next": "Water"}],
            "Default": "End",
        },
        "Water": {
            "Type": "Task",
            "Resource": "gpio:pulse",
            "Parameters": {"pin": 5, "ms": 1000},
            "Next": "End",
            "Catch": [{"ErrorEquals": ["TSME.Interrupted"], "Next": "End"}],
        },
        "End": {"Type": "Succeed"},
    },
}


class ValveSim(Simulation):
    start = {}  # noqa: RUF012
    effects = {"gpio:read": "pure", "gpio:pulse": "once"}  # noqa: RUF012
    faults = ("slow", "late", "clock", "reset", "cut")

    def __init__(self) -> None:
        self.world = tsme.sim.World(virtual=True)
        self.asked = False

    def task(self, dice: Dice, call: Call) -> Any:
        if call.late:
            return None
        if not self.asked:
            self.asked = True
            self.world.set("pin:7", dice.below(2))
        return tsme.sim.perform(self.world, TASKS, call.name, call.payload)

    def finish(self, devices: dict[str, Device]) -> None:
        pulses = [value for _, value in self.world.values("pin:5")].count(1)
        assert pulses <= 1, "a once task ran twice"
        assert pulses <= self.world.get("pin:7", 0), "it was not dry"


def test_handlers_run_in_the_world_of_each_seed_and_the_guard_lets_them(tmp_path: Path) -> None:
    path = tmp_path / "valve.asl.json"
    path.write_text(json.dumps(FLOW), encoding="utf-8")
    ValveSim.program = str(path)
    report = campaign(ValveSim, range(60))
    assert report.failure is None, report.failure
