"""The counter under simulation: `tsme sim examples/counter/sim.py`."""

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
        self.look(device.value["count"])
        self.sent = dice.below(9) - 3  # they come in groups of up to five, and go in threes
        return self.sent

    def check(self, device: Device) -> None:
        state = device.value
        check(state)
        count = state["count"]
        assert count == self.known + self.sent, f"{self.sent} came to {self.known}: {count}"
        self.known = count

    def look(self, count: int) -> None:
        """After a reset the newest signal is there, or it is not."""
        if count != self.known:
            assert count == self.known + self.sent, f"{count}, not {self.known}"
            self.known = count

    def finish(self, devices: dict[str, Device]) -> None:
        if devices["counter"].value:
            self.look(devices["counter"].value["count"])
