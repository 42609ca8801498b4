"""One seed decides everything, and all faults happen to machines that can bear them."""

import json
import os
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.interpreters import ROOT
from tests.sim.shops import EagerSim, PairSim, ShopSim
from tsme.testing import Dice, Simulation, TaskError
from tsme_host.tools.limits import no_limits
from tsme_sim.campaign import campaign
from tsme_sim.coverage import Coverage
from tsme_sim.reproducer import simulations
from tsme_sim.rng import mix
from tsme_sim.subjects import subjects_of
from tsme_sim.swarm import MOVES, Swarm
from tsme_sim.terms import FAULTS
from tsme_sim.world import World

SEEDS = 40


def left(world):
    """Of each device: all records, the flash, and what it came to."""
    return {
        d.name: (d.records, d.flash.state(), str(d.value), d.state.steps, d.state.now)
        for d in world.devices
    }


def ran(kind, seed, **rest):
    """What a world that has run left behind, and the world."""
    world = World(kind, subjects_of(kind), seed, Coverage(), **rest)
    with no_limits():
        world.run(kind.steps)
    return left(world), world


def digests():
    """A number that has every byte of some worlds in it; the same in each process."""
    out = 0
    for kind in (ShopSim, PairSim):
        for seed in range(3):
            worlds, world = ran(kind, seed)
            for name in worlds:
                for record in worlds[name][0]:
                    out = mix(out, int.from_bytes(record, "little") % (1 << 61))
            out = mix(out, world.now, len(world.moves))
    return out


# --- one seed decides everything ---


@pytest.mark.parametrize("kind", [ShopSim, PairSim])
def test_a_seed_gives_the_same_world_byte_for_byte(kind):
    for seed in range(12):
        first, one = ran(kind, seed)
        again, two = ran(kind, seed)
        assert first == again
        assert one.moves == two.moves
        assert any(steps for *_, steps, _ in first.values())


def test_the_guard_changes_nothing_in_the_world():
    for seed in (0, 1, 2, 3, 32, 64):
        guarded, free = (ran(ShopSim, seed, guard=on)[0] for on in (True, False))
        assert guarded == free


def test_other_seeds_give_other_worlds():
    worlds = [str(ran(ShopSim, seed)[0]) for seed in range(12)]
    assert len(set(worlds)) == len(worlds)


def test_another_process_with_other_hashes_gives_the_same_world():
    code = "from tests.sim.test_world import digests; print(digests())"
    here = str(digests())
    for hashes in ("1", "4711"):
        environment = os.environ | {"PYTHONHASHSEED": hashes}
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        assert done.stdout.strip() == here


def test_moves_that_were_recorded_make_the_world_again():
    for seed in range(8):
        first, one = ran(ShopSim, seed)
        world = World(ShopSim, subjects_of(ShopSim), seed, Coverage())
        with no_limits():
            world.replay(one.moves)
        assert left(world) == first


# --- dice ---


def test_dice_are_a_whole_random_generator_that_begins_anew():
    dice = Dice(7)
    first = [dice.random(), dice.randint(1, 6), dice.choice("abc"), dice.sample(range(99), 5)]
    dice.begin(7)
    assert first == [
        dice.random(),
        dice.randint(1, 6),
        dice.choice("abc"),
        dice.sample(range(99), 5),
    ]
    assert isinstance(dice, random.Random)
    assert Dice(7).draw() == 7191089600892374487  # SplitMix64, and so on every Python
    assert all(0 <= Dice(n).random() < 1 for n in range(500))
    assert [Dice(3).getrandbits(k) < 1 << k for k in (1, 63, 64, 65, 200)] == [True] * 5


def test_below_gives_each_number_about_as_often():
    dice = Dice(1)
    counts = Counter(dice.below(10) for _ in range(20000))
    assert sorted(counts) == list(range(10))
    assert all(1800 < n < 2200 for n in counts.values())


def test_mixed_numbers_differ_when_any_part_does():
    assert len({mix(a, b, c) for a in range(10) for b in range(10) for c in range(10)}) == 1000


# --- swarm ---


def test_each_seed_has_a_mix_of_its_own_and_all_faults_alone_and_together():
    mixes = [Swarm(ShopSim, seed) for seed in range(400)]
    for fault in FAULTS:
        assert 120 < sum(fault in one for one in mixes) < 280
    pairs = {(a, b) for one in mixes for a in one.rates for b in one.rates}
    assert len(pairs) == len(FAULTS) ** 2
    assert len({tuple(sorted(one.rates.items())) for one in mixes}) > 390
    assert all(len(one.table) == 256 for one in mixes)


def test_a_fault_that_is_left_out_changes_no_other_rate():
    for seed in range(50):
        whole, part = Swarm(ShopSim, seed), Swarm(ShopSim, seed, ("cut",))
        assert part.rates == {k: v for k, v in whole.rates.items() if k != "cut"}


def test_a_simulation_has_only_the_faults_that_it_names():
    class Calm(ShopSim):
        faults = ("slow",)

    assert {fault for seed in range(50) for fault in Swarm(Calm, seed).rates} == {"slow"}
    assert not Swarm(Calm, 1).power
    assert {MOVES[kind] for seed in range(50) for kind in Swarm(Calm, seed).table} == {
        "signal",
        "next",
    }


# --- faults happen, and are harmless to who can bear them ---


def test_every_fault_strikes_and_a_correct_machine_bears_it():
    everywhere = ["slow task", "silent task", "result twice", "results in another order"]
    everywhere += [
        "message lost",
        "message twice",
        "clock jump",
        "reset",
        "TSME.Interrupted asked",
    ]
    everywhere += ["power cut in a flash operation", "worn block"]
    result = campaign(ShopSim, range(10 * SEEDS))
    assert result.failure is None
    seen = result.seen.faults
    assert {name: seen[name] >= 5 for name in everywhere} == dict.fromkeys(everywhere, True), seen
    of = result.seen.devices["shop"]
    assert of.tasks["pay"] > 100
    assert of.tasks["print"] > 100
    assert set(of.states) == {"idle", "busy"}


def test_tasks_fail_with_the_errors_that_are_named():
    class Declines(ShopSim):
        errors = ("Declined",)
        faults = ("fail",)

        def check(self, device):
            pass

    result = campaign(Declines, range(10))
    assert result.failure is None
    assert result.seen.faults["task fails"] >= 5


def test_devices_talk_with_loss_and_duplication_and_agree_in_the_end():
    result = campaign(PairSim, range(SEEDS))
    assert result.failure is None
    assert result.seen.faults["message lost"] >= 5
    assert result.seen.faults["message twice"] >= 5
    assert result.seen.devices["hub"].inputs[8] > 100


def test_a_device_that_trusts_messages_to_come_once_is_found():
    failure = campaign(EagerSim, range(20)).failure
    assert failure is not None
    assert failure.seed < 10


def test_a_workflow_meets_its_scenarios_answers_and_its_states_are_counted():
    file = Path(ROOT) / "examples" / "pumps" / "pumps.asl.json"
    kind = simulations(file)["Workflow"]
    result = campaign(kind, range(16))
    assert result.failure is None
    (seen,) = result.seen.devices.values()
    assert {"Open", "Close", "Pump"} & set(seen.states)
    assert sum(seen.retries.values()) > 0
    assert sum(seen.ends.values()) > 5


@pytest.mark.parametrize(
    ("failures", "edges", "catches"), [(0, 1, 0), (1, 1, 0), (2, 1, 0), (3, 0, 1)]
)
def test_who_goes_on_after_a_retry_was_not_caught(tmp_path, failures, edges, catches):
    retry = [{"ErrorEquals": ["Jam"], "MaxAttempts": 2}]
    catch = [{"ErrorEquals": ["States.ALL"], "Next": "Give up"}]
    states = {
        "Try": {"Type": "Task", "Resource": "try", "Retry": retry, "Catch": catch, "Next": "Done"},
        "Done": {"Type": "Succeed"},
        "Give up": {"Type": "Pass", "End": True},
    }
    flow = tmp_path / "try.asl.json"
    flow.write_text(json.dumps({"StartAt": "Try", "States": states}), encoding="utf-8")

    class Try(Simulation):
        program = str(flow)
        faults = ()
        calls = 0

        def task(self, dice, call):
            self.calls += 1
            if self.calls <= failures:
                raise TaskError("Jam")

    result = campaign(Try, range(1))
    assert result.failure is None
    (seen,) = result.seen.devices.values()
    assert seen.retries["Try"] == min(failures, 2)
    assert seen.edges["Try", "Done"] == edges
    assert seen.catches["Try", "Give up"] == catches
    assert sum(seen.catches.values()) == catches


def test_lines_that_run_are_counted_and_those_that_do_not_are_known():
    seen = campaign(ShopSim, range(1)).seen
    ((path, could),) = seen.could.items()
    assert path.endswith("shops.py")
    assert seen.lines[path] <= could
    assert len(seen.lines[path]) > 15

    class Silent(Simulation):
        machine = ShopSim.machine

    missed = campaign(Silent, range(1)).seen
    assert missed.could[path] == could
    assert missed.lines[path] == set()
