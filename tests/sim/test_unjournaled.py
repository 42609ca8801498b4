# ruff: noqa: A002, A006, RUF012
"""A world that writes nothing down is the very same world."""

from __future__ import annotations

import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

from tests.sim.planted import CountSim
from tests.sim.shops import ShopSim
from tsme.kernel import Kernel
from tsme.testing import Dice, Simulation
from tsme_sim import world
from tsme_sim.campaign import campaign, one
from tsme_sim.coverage import Coverage
from tsme_sim.reproducer import simulations
from tsme_sim.subjects import subjects_of
from tsme_sim.swarm import CUT, RESET, SIGNAL, Swarm
from tsme_sim.unjournaled import UnjournaledKernel, UnjournaledMachine
from tsme_sim.world import World

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CALM = ("fail", "slow", "silent", "late", "order", "lose", "twice", "clock")  # no power faults


def ends(kind: Any, seed: int, kernel: type) -> Any:
    """What a seed's world has come to: states, what is pending, what was seen."""
    seen = Coverage()
    made = World(kind, subjects_of(kind), seed, seen)
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
    unjournaled = [ends(kind, seed, UnjournaledKernel) for seed in seeds]
    monkeypatch.setattr(world, "unjournaled", lambda what: what)
    assert unjournaled == [ends(kind, seed, Kernel) for seed in seeds]


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


LIGHT = range(1, 32)
FEW = range(0, 96, 32)  # that write


class Anything(Simulation):
    """A machine that stf() makes."""

    guard = False
    sent: Any = 1

    def signal(self, dice, device):
        return self.sent


def machine(**members: Any) -> Any:
    return type("Machine", (), {"initial": {"n": 0, "x": None}, **members})


def failures(kind: Any, seeds: Any) -> list[str]:
    found = [campaign(kind, [seed]).failure for seed in seeds]
    return [failure.message for failure in found if failure]


def test_whether_a_seed_writes_is_its_own_affair_and_not_the_guards():
    for seed in range(65):
        for guard in (None, True, False):
            (device,) = World(ShopSim, subjects_of(ShopSim), seed, Coverage(), guard=guard).devices
            assert isinstance(device.client, UnjournaledMachine) == bool(seed % 32)
            assert (device.flash is None) == bool(seed % 32)


@pytest.mark.parametrize("move", [RESET, CUT])
def test_the_move_of_a_fault_that_is_left_out_does_nothing(move):
    power = ("reset", "cut", "worn")
    for seed in (0, 1):
        moves = [(SIGNAL, 0, 77), (move, 0, 99), (SIGNAL, 0, 78), (move, 0, 0), (SIGNAL, 0, 79)]
        assert one(CountSim, subjects_of(CountSim), seed, Coverage(), moves, power) is None


def test_a_reset_ends_a_cut_that_was_to_come():
    seed = next(s for s in LIGHT if {"cut", "reset"} <= set(Swarm(CountSim, s).rates))
    seen = Coverage()
    moves = [(SIGNAL, 0, 77), (CUT, 0, 7), (RESET, 0, 99)] + [(SIGNAL, 0, 78)] * 20
    assert one(CountSim, subjects_of(CountSim), seed, seen, moves) is None
    assert seen.faults["reset"] == 1
    assert not seen.faults["power cut in a step"]


def test_a_value_that_keeps_its_order_has_it_in_a_replay_as_well():
    class Keeps(Anything):
        machine = machine(stf=lambda state, input, actions: state.update(input.value))
        sent = OrderedDict(b=1, a={"d": 1, "c": [2, OrderedDict(z=1, y=2)]})

    assert failures(Keeps, [*LIGHT, *FEW]) == []


def test_a_handler_may_change_what_it_is_given():
    class Takes(Anything):
        machine = machine(
            tasks=("a",),
            stf=lambda state, input, actions: (
                input.kind == "signal" and actions.task("a", {"x": [1], "y": 2}, timeout=9000)
            ),
        )

        def task(self, dice, call):
            call.payload["x"].append(call.payload.pop("y"))

    assert failures(Takes, [*LIGHT, *FEW]) == []


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        (1, True, "x is True, not 1"),
        ([1, {"a": 2}], [1, {"a": 2.0}], "x.1.a is 2.0, not 2"),
        ({"a": 1, "b": 2}, OrderedDict(b=2, a=1), "x is {'b': 2, 'a': 1}, not {'a': 1, 'b': 2}"),
        ("a", None, "x is None, not 'a'"),
    ],
)
def test_a_replay_that_differs_says_where(first, second, told):
    class Other(Anything):
        faults = ("reset",)
        live = True

        def check(self, device):
            Other.live = False

        def signal(self, dice, device):
            Other.live = True
            return 1

    def stf(state, input, actions):
        state["x"] = first if Other.live else second

    Other.machine = machine(stf=stf)
    found = failures(Other, LIGHT)
    assert found
    assert all(text.endswith(f"gives another state: {told}") for text in found), found


@pytest.mark.parametrize(
    ("value", "code"),
    [(1 << 70, "TSME-V002"), ("\ud800", "TSME-V004"), (["x" * 1000] * 40, "TSME-J007")],
)
def test_what_cannot_be_written_is_found_where_nobody_writes(value, code):
    class Large(Anything):
        machine = machine(stf=lambda state, input, actions: state.__setitem__("x", value))

    assert all(code in text for text in failures(Large, LIGHT))
    assert len(failures(Large, LIGHT)) == len(LIGHT)
    assert len(failures(Large, FEW)) == len(FEW)


def test_dice_that_begin_anew_forget_half_a_pair():
    dice = Dice(1)
    alone = [dice.begin(7).gauss(0, 1), dice.begin(8).gauss(0, 1)]
    dice.begin(9).gauss(0, 1)
    assert [dice.begin(7).gauss(0, 1), dice.begin(8).gauss(0, 1)] == alone
