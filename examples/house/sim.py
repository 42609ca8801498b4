"""The house under simulation: `tsme sim examples/house/sim.py`.

Each workflow is on a device of its own.  The beds are watered from the tank that the pump fills;
there is one soil and one tank, whoever looks.
"""

from __future__ import annotations

from typing import Any, ClassVar

from tsme.testing import Call, Device, Dice, Simulation

DRY, LOW, TIMES = 300, 90, 3


class HouseSim(Simulation):
    devices: ClassVar = {"garden": "garden.asl.json", "tank": "tank.asl.json"}
    again = True
    effects: ClassVar = {"moisture": "pure", "water": "once", "level": "pure"}
    errors: ClassVar = {
        "moisture": ("NoAnswer",),
        "water": ("Stuck",),
        "level": ("NoAnswer",),
        "pump": ("NoAnswer",),
    }

    def __init__(self) -> None:
        self.soil, self.level = 200, 60
        self.measured = -1  # of the soil, the newest
        self.watered: dict[int, int] = {}  # times, by run
        self.pumping = False

    def task(self, dice: Dice, call: Call) -> Any:
        if call.name == "moisture":
            self.measured = self.soil = max(self.soil - dice.below(60), 0)
            return self.soil
        if call.name == "level":
            self.level = max(self.level - dice.below(8), 0)
            return self.level
        if call.late:
            return None  # the handler was cancelled
        if call.name == "water":
            assert self.measured < DRY, f"beds with {self.measured} are watered"
            run = call.execution
            self.watered[run] = self.watered.get(run, 0) + 1
            assert self.watered[run] <= TIMES, f"watered {self.watered[run]} times in run {run}"
            self.soil += 70
            self.level = max(self.level - 5, 0)
        else:
            assert call.name == "pump"
            if self.pumping and not call.payload["on"]:
                self.level += 15
            self.pumping = call.payload["on"]
            assert self.level < LOW + 15, f"the tank runs over: {self.level}"
        return None

    def check(self, device: Device) -> None:
        if device.status == "running":
            return
        if device.name == "tank":
            assert not self.pumping, "the run is over, and the pump is on"
            assert device.status == "failed" or device.result["level"] >= LOW, "it is not full"
        elif device.status == "succeeded":
            times, soil = device.result["times"], device.result["soil"]
            run = device.state.execution
            assert self.watered.get(run, 0) <= times <= TIMES, f"{times} times in run {run}"
            assert times == TIMES or soil >= DRY, f"the beds are left dry: {soil}"

    def finish(self, devices: dict[str, Device]) -> None:
        for device in devices.values():
            assert device.status != "running", f"the run of the {device.name} has no end"
            self.check(device)
