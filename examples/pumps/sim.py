"""The pumps under simulation, night after night: `tsme sim examples/pumps/sim.py`.

A pump runs from when it was really opened until it was really closed, and has a meter.
"""

from __future__ import annotations

from typing import Any, ClassVar

from tsme.testing import Call, Device, Dice, Simulation, TaskError

BEDS = {"beans": 600, "roses": 300, "leeks": 900, "mint": 120}  # seconds
FLOW = 6  # litres a minute


class PumpsSim(Simulation):
    program = "pumps.asl.json"
    start: ClassVar = {
        "tank": "north",
        "beds": [{"bed": bed, "seconds": seconds} for bed, seconds in BEDS.items()],
    }
    again = True
    effects: ClassVar = {"open_pump": "once", "tank_level": "pure"}
    errors: ClassVar = {
        "open_pump": ("Jammed", "Offline"),
        "close_pump": ("Offline",),
        "tank_level": ("Offline",),
    }

    def __init__(self) -> None:
        self.running: set[str] = set()  # beds
        self.watered: dict[tuple[int, str], int] = {}  # litres, by night and bed

    def task(self, dice: Dice, call: Call) -> Any:
        if call.name == "tank_level":
            litres = dice.below(100) if dice.below(8) == 0 else 100 + dice.below(3000)
            return {"tank": "north", "litres": litres}
        if call.late:
            return None  # the handler was cancelled
        bed, night = call.payload["bed"], call.execution
        if call.name == "close_pump":
            self.running.discard(bed)
            return self.watered.get((night, bed), 0)
        if dice.below(8) == 0:
            raise TaskError("Jammed", f"the pump of the {bed} does not move")
        assert (night, bed) not in self.watered, f"the {bed} are watered twice in night {night}"
        self.watered[night, bed] = call.payload["seconds"] // 60 * FLOW
        self.running.add(bed)
        assert len(self.running) <= 2, f"too many pumps at a time: {sorted(self.running)}"
        return None

    def check(self, device: Device) -> None:
        if device.status == "running":
            return
        assert not self.running, f"the night is over, and they run: {sorted(self.running)}"
        if device.status == "succeeded":
            night = device.state.execution
            watered = [self.watered.get((night, bed), 0) for bed in BEDS]
            assert device.result["litres"] == watered, f"{watered} was watered"
            assert not any(self.watered.get((night, bed)) for bed in device.result["jammed"])

    def finish(self, devices: dict[str, Device]) -> None:
        device = devices["pumps"]
        assert device.status != "running", "the night has no end"
        self.check(device)
