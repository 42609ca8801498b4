# ruff: noqa: A002, N805, RUF012
"""A mistake that only some seeds have, in a file that other processes can load."""

from tsme.testing import Simulation


class Count:
    initial = {"count": 0}

    def stf(state, input, actions):
        state["count"] += input.value


class Rare(Simulation):
    machine = Count
    steps = 40
    faults = ("reset",)

    def signal(self, dice, device):
        return dice.below(1000)

    def check(self, device):
        assert device.value["count"] % 499 != 498, "a rare number"
