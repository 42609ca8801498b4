"""A world that writes nothing down is the very same world."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from tsme.kernel import Kernel
from tsme_sim import world
from tsme_sim.campaign import campaign
from tsme_sim.coverage import Coverage
from tsme_sim.light import LightKernel
from tsme_sim.reproducer import simulations
from tsme_sim.things import things
from tsme_sim.world import World

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CALM = ("fail", "slow", "silent", "late", "order", "lose", "twice", "clock")  # no power faults


def ends(kind: Any, seed: int, kernel: type) -> Any:
    """What a seed's world has come to: states, what is pending, what was seen."""
    seen = Coverage()
    made = World(kind, things(kind), seed, seen)
    (device,) = made.devices
    assert type(device.kernel) is kernel
    made.run(kind.steps)
    state = device.state
    told = [state.client, state.pending, state.steps, state.now, state.next_id, state.rng]
    return told, made.moves, made.now, seen.devices, seen.faults


@pytest.mark.parametrize("name", ["counter", "loyalty", "dentist"])
def test_it_comes_to_the_same_as_one_that_does(name, monkeypatch):
    sys.modules.pop(name, None)
    (kind,) = simulations(EXAMPLES / name / "sim.py").values()
    monkeypatch.setattr(kind, "faults", CALM)
    monkeypatch.setattr(kind, "guard", False)
    seeds = (1, 2, 3, 5)
    light = [ends(kind, seed, LightKernel) for seed in seeds]
    monkeypatch.setattr(world, "light", lambda what: what)
    assert light == [ends(kind, seed, Kernel) for seed in seeds]


def test_one_seed_of_32_writes_and_is_replayed(monkeypatch):
    (kind,) = simulations(EXAMPLES / "counter" / "sim.py").values()
    monkeypatch.setattr(kind, "faults", CALM)
    monkeypatch.setattr(kind, "guard", False)
    replayed = []
    whole = world.Device.replayed
    monkeypatch.setattr(
        world.Device, "replayed", lambda self: replayed.append(self.world.seed) or whole(self)
    )
    assert campaign(kind, range(65)).failure is None
    assert replayed == [0, 32, 64]
