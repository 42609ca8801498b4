"""The counter under simulation: `tsme sim examples/counter`."""

from __future__ import annotations

from counter import Counter, check

from tsme.testing import Device, Dice, Simulation


class CounterSim(Simulation):
    """A doorkeeper counts who comes and goes.  No one is lost or counted twice."""

    machine = Counter

    def __init__(self) -> None:
        self.known = 0  # what the device certainly had
        self.sent = 0  # since then: what came of it nobody knows before the next look

    def signal(self, dice: Dice, device: Device) -> int:
        self.look(device)
        self.sent = dice.below(9) - 4  # they come and go in groups
        return self.sent

    def check(self, device: Device) -> None:
        check(device.value)
        count = device.value["count"]
        assert count == self.known + self.sent, f"{self.sent} came to {self.known}: {count}"
        self.known = count

    def look(self, device: Device) -> None:
        """After a reset the newest signal is there, or it is not."""
        if device.value is None:
            return
        count = device.value["count"]
        assert count in (self.known, self.known + self.sent), f"{count}, not {self.known}"
        self.known, self.sent = count, 0

    def finish(self, devices: dict[str, Device]) -> None:
        self.look(devices["counter"])
