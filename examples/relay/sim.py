"""The shutter under simulation: `tsme sim examples/relay/sim.py`.

The world outside has two latching relays, which stay as they are whatever becomes of the device,
and hands that press everything at any time.
"""

from __future__ import annotations

from typing import Any, ClassVar

from relay import PAUSE, Relay

from tsme.testing import Call, Device, Dice, Simulation

HANDS: tuple[dict[str, Any], ...] = (
    {"add": "Up"},
    {"add": "Up"},
    {"add": "Down"},
    {"add": "Down"},
    {"toggle": "Down"},
    {"remove": ["Up", "Down"]},
    {"add": "Locked"},
    {"remove": "Locked"},
    {"remove": "Locked"},
)


class RelaySim(Simulation):
    machine = Relay
    errors: ClassVar = {"close": ("Stuck",), "open": ("Stuck",)}
    pause = 2000

    def __init__(self) -> None:
        self.closed: set[str] = set()
        self.opened = self.since = 0  # how often Opened came, and when it did last
        self.rests = 0  # tick of Resting
        self.lives = 1  # of the device

    def signal(self, dice: Dice, device: Device) -> dict[str, Any]:
        return HANDS[dice.below(len(HANDS))]

    def task(self, dice: Dice, call: Call) -> None:
        if call.late:
            return  # the handler was cancelled
        if call.resource == "open":
            self.closed.clear()
            return
        self.closed.add(call.payload["relay"])
        assert len(self.closed) == 1, "both relays are closed"

    def check(self, device: Device) -> None:
        active = set(device.active_states())
        assert not active & {"Up", "Down"} or "Locked" not in active, "it is locked and wanted"
        assert not {"Rising", "Falling"} <= active, "it rises and falls"
        for relay, state in (("up", "Rising"), ("down", "Falling")):
            if relay in self.closed:
                assert active & {state, "Opening"}, f"the relay {relay} is closed for nothing"
        self.paused(device)

    def paused(self, device: Device) -> None:
        """The motor was given time to stand, as far as steps are seen: the one in which the power
        fails may be none of them."""
        now, opened = device.state.now, (device.ticks("Opened") + 1) // 2
        rests = device.ticks("Resting")
        if opened != self.opened:
            self.opened, self.since = opened, now if device.lives == self.lives else 0
        if rests > self.rests:
            assert now - self.since >= PAUSE, "the motor is still turning"
        self.rests, self.lives = rests, device.lives

    def finish(self, devices: dict[str, Device]) -> None:
        device = devices["relay"]
        if device.value is not None and not device.state.pending:
            assert device.is_active("Resting"), "nobody goes on"
            assert not self.closed
