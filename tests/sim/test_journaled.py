# ruff: noqa: A002, A006, RUF012
"""Every seed writes a journal, on flash, and whether that is done in C is nothing to see."""

from __future__ import annotations

import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any

import pytest

from tests.sim.planted import CountSim
from tests.sim.shops import PairSim, ShopSim
from tsme.testing import Dice, Simulation
from tsme_host.tools.limits import no_limits
from tsme_sim import core, terms, world
from tsme_sim.campaign import campaign, one
from tsme_sim.coverage import Coverage
from tsme_sim.reproducer import simulations
from tsme_sim.subjects import subjects_of
from tsme_sim.swarm import CUT, RESET, SIGNAL, Swarm
from tsme_sim.world import World

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
CALM = ("fail", "slow", "silent", "late", "order", "lose", "twice", "clock")  # no power faults


def example(name: str) -> Any:
    sys.modules.pop(name, None)
    (kind,) = simulations(EXAMPLES / name / "sim.py").values()
    return kind


def ends(kind: Any, seed: int) -> Any:
    """What a seed's world has come to: states, what is pending, flash, what was seen."""
    seen = Coverage()
    made = World(kind, subjects_of(kind), seed, seen)
    with no_limits():
        made.run(kind.steps)
    told = []
    for d in made.devices:
        state = d.state
        told += [repr(state.client), repr(state.pending), state.steps, state.now, state.next_id]
        told += [state.rng, state.digest, state.bound, list(d.records), d.lives, d.sure]
        flash = d.flash
        told += [flash.state(), flash.ops, flash.time_us, flash.programs_of, flash.erases_of]
        told += [flash.programmed_of, flash.failing]
    return told, made.moves, made.now, seen.devices, seen.faults


@pytest.mark.parametrize("kind", ["counter", "loyalty", "dentist", "pumps", ShopSim, PairSim])
def test_it_comes_to_the_same_in_python(kind, monkeypatch):
    assert core.core, "the extension is not built here"
    kind = example(kind) if isinstance(kind, str) else kind
    monkeypatch.setattr(kind, "guard", False)
    seeds = (0, 1, 2, 3, 5, 32)
    quick = [ends(kind, seed) for seed in seeds]
    monkeypatch.setattr(core, "core", None)
    for seed, one_ in zip(seeds, quick, strict=True):
        for a, b in zip(one_, ends(kind, seed), strict=True):
            assert a == b, seed


def test_every_seed_writes_all_of_its_steps_whatever_its_faults(monkeypatch):
    for faults in (CALM, terms.FAULTS):
        kind = example("counter")
        monkeypatch.setattr(kind, "faults", faults)
        for seed in range(8):
            made = World(kind, subjects_of(kind), seed, Coverage())
            made.run(kind.steps)
            (device,) = made.devices
            steps = list(device.records)
            assert len(steps) == device.state.steps > 0
            written = [body for _, kind_, body, *_ in device.written() if kind_ == 1]
            assert written
            assert steps[-len(written) :] == written


def test_one_seed_of_32_is_replayed_from_its_first_step(monkeypatch):
    kind = example("counter")
    monkeypatch.setattr(kind, "faults", CALM)
    monkeypatch.setattr(kind, "guard", False)
    replayed = []
    whole = world.Device.replayed
    monkeypatch.setattr(
        world.Device, "replayed", lambda self: replayed.append(self.world.seed) or whole(self)
    )
    assert campaign(kind, range(65)).failure is None
    assert replayed == [0, 32, 64]


SEEDS = range(32)


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


@pytest.mark.parametrize("move", [RESET, CUT])
def test_the_move_of_a_fault_that_is_left_out_does_nothing(move):
    power = ("reset", "cut", "worn")
    for seed in (0, 1):
        moves = [(SIGNAL, 0, 77), (move, 0, 99), (SIGNAL, 0, 78), (move, 0, 0), (SIGNAL, 0, 79)]
        assert one(CountSim, subjects_of(CountSim), seed, Coverage(), moves, power) is None


def test_a_reset_ends_a_cut_that_was_to_come():
    seed = next(s for s in SEEDS if {"cut", "reset"} <= set(Swarm(CountSim, s).rates))
    seen = Coverage()
    moves = [(SIGNAL, 0, 77), (CUT, 0, 7), (RESET, 0, 99)] + [(SIGNAL, 0, 78)] * 20
    assert one(CountSim, subjects_of(CountSim), seed, seen, moves) is None
    assert seen.faults["reset"] == 1
    assert not seen.faults["power cut in a flash operation"]


def test_a_value_that_keeps_its_order_has_it_in_a_replay_as_well():
    class Keeps(Anything):
        machine = machine(stf=lambda state, input, actions: state.update(input.value))
        sent = OrderedDict(b=1, a={"d": 1, "c": [2, OrderedDict(z=1, y=2)]})

    assert failures(Keeps, SEEDS) == []


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

    assert failures(Takes, SEEDS) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (1, True),
        ([1, {"a": 2}], [1, {"a": 2.5}]),
        ({"a": 1, "b": 2}, OrderedDict(b=2, a=1)),
        ("a", None),
    ],
)
def test_a_replay_that_differs_is_found(first, second):
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
    found = failures(Other, SEEDS)
    assert found
    assert all(text.startswith("Mismatch: TSME-R001") for text in found), found


@pytest.mark.parametrize(
    ("value", "code"),
    [(1 << 70, "TSME-V002"), ("\ud800", "TSME-V004"), (["x" * 1000] * 40, "TSME-J007")],
)
def test_what_cannot_be_written_is_found(value, code):
    class Large(Anything):
        machine = machine(stf=lambda state, input, actions: state.__setitem__("x", value))

    found = failures(Large, SEEDS)
    assert len(found) == len(SEEDS)
    assert all(code in text for text in found)


def test_dice_that_begin_anew_forget_half_a_pair():
    dice = Dice(1)
    alone = [dice.begin(7).gauss(0, 1), dice.begin(8).gauss(0, 1)]
    dice.begin(9).gauss(0, 1)
    assert [dice.begin(7).gauss(0, 1), dice.begin(8).gauss(0, 1)] == alone
