"""The station under simulation: `tsme sim examples/connection/sim.py`.

The world outside has a broker, which takes a reading only from who is connected and loses the
connection now and then, and a sensor.
"""

from __future__ import annotations

from typing import Any, ClassVar

from connection import FIRST, MOST, Connection

from tsme.testing import Call, Device, Dice, Simulation, TaskError


class ConnectionSim(Simulation):
    machine = Connection
    errors: ClassVar = {"connect": ("Refused",), "disconnect": ("Broken",), "send": ("Broken",)}
    pause = 1500

    def __init__(self) -> None:
        self.connected = False
        self.readings: dict[int, int] = {}
        self.wanted = self.failures = self.tries = self.since = 0  # ticks, and when one failed
        self.lives = 1

    def signal(self, dice: Dice, device: Device) -> dict[str, Any]:
        what = dice.below(24)
        if what == 0:
            self.connected = False  # and nobody says so
        if what < 3:
            self.connected = False
            return {"add": "Lost"}
        if what == 3:
            return {"remove": "Wanted"}
        if what < 10:
            return {"add": "Wanted"}
        return {"add": "Reading", "args": {"value": dice.below(40)}}

    def task(self, dice: Dice, call: Call) -> None:
        if call.resource != "send":
            if not call.late:
                self.connected = call.resource == "connect"
            return
        if not self.connected:
            raise TaskError("Offline")
        number, value = call.payload["number"], call.payload["value"]
        assert number <= len(self.readings) + 1, f"reading {len(self.readings) + 1} is missing"
        assert self.readings.setdefault(number, value) == value

    def check(self, device: Device) -> None:
        data, active = device.value, set(device.active_states())
        queue = data["queue"]
        assert len(queue) <= MOST, f"{len(queue)} readings wait"
        assert data["last"] - len(queue) <= len(self.readings), "a reading is forgotten"
        assert ("Waiting" in active) == bool(queue)
        links = active & {"Connecting", "Connected", "Disconnecting", "Disconnected"}
        assert len(links) == 1, f"it is {' and '.join(sorted(links))}"
        self.patient(device)

    def patient(self, device: Device) -> None:
        """After a failure it waits, if it is not told to go on; as far as steps are seen."""
        now, seen = device.state.now, device.lives == self.lives
        wanted, tries = device.ticks("Wanted"), (device.ticks("Connecting") + 1) // 2
        failures = (device.ticks("ErrConnecting") + 1) // 2
        if failures != self.failures:
            self.since = now if seen else 0
        if tries != self.tries and wanted == self.wanted and seen:
            assert now - self.since >= FIRST, "it tries again at once"
        self.wanted, self.tries, self.failures, self.lives = wanted, tries, failures, device.lives

    def finish(self, devices: dict[str, Device]) -> None:
        device = devices["connection"]
        if device.value is not None and device.is_active("Wanted") and not device.state.pending:
            assert not device.value["queue"], "nobody goes on"
            assert device.is_active("Connected")
