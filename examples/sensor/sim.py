"""The sensor under simulation: `tsme sim examples/sensor/sim.py`.

The world outside has a battery that is not always warm enough, and a gateway that knows a sample
by its number.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sensor import MOST, Sensor

from tsme.testing import Call, Device, Dice, Simulation


class SensorSim(Simulation):
    machine = Sensor
    start: ClassVar = {"every": 20000, "times": 60}
    errors: ClassVar = {"measure": ("NoAnswer",), "send": ("Offline",)}
    pause = 4000

    def __init__(self) -> None:
        self.mv = 3000
        self.samples: dict[int, int] = {}  # that the gateway has

    def task(self, dice: Dice, call: Call) -> Any:
        if call.resource == "measure":
            self.mv = min(max(self.mv + dice.below(301) - 150, 2300), 3200)
            return {"value": dice.below(400), "mv": self.mv}
        for number, value in call.payload["samples"]:
            assert self.samples.setdefault(number, value) == value
        return call.payload["samples"][-1][0]

    def check(self, device: Device) -> None:
        if device.value is None:
            return  # it is over
        data = device.value
        samples = data["samples"]
        assert len(samples) <= MOST, f"{len(samples)} samples are kept"
        gone = data["last"] - data["dropped"] - len(samples)
        assert gone <= len(self.samples), "a sample is forgotten"
        assert not device.is_active("Low") or not device.is_active("Sending"), (
            "it sends, and is low"
        )
        assert device.state.pending, "it never wakes again"
        if not device.is_active("Measuring") and not device.is_active("Sending"):
            assert not device.state.tasks(), "it cannot sleep"

    def finish(self, devices: dict[str, Device]) -> None:
        device = devices["sensor"]
        if device.status == "succeeded":
            kept = device.result["dropped"] + device.result["left"]
            assert kept + len(self.samples) >= 60, "a sample is forgotten"
