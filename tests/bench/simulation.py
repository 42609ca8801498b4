"""How fast examples run under simulation, one process on one core, CPU time.

`sim.core.steps_per_s`: the counter with its checks and all faults but those of the power, without
the guard; each step in a journal, each seed recovered from it at its end.
`sim.core.dentist.ops_per_s`: the dentist in a rush, with everything, as `tsme sim` runs it.
`sim.core.dentist.calm_ops_per_s`: as its example has it, where most requests come to something.
An operation is a step that was committed, a signal that was refused, or a reset that was survived.
`sim.core.users_steps_per_s`: what signal(), stf() and check() of the counter alone would allow,
called from Python with nothing around.

With TSME_PARENT=folder, another working tree that `make setup` was run in, `sim.core.ratio`,
`sim.core.dentist.ratio` and `sim.core.dentist.calm_ratio` say how many times as fast as there,
in turns.

The rush is the workload of the figure that the bar is taken from (PHASM's dentist: 90,000
operations in 4 s): 10,000 operations a seed, six of ten are requests for a slot or for any time
that suits, the calendar is full after some hundred of them, and nobody cancels.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.interpreters import ROOT
from tsme_sim.campaign import campaign
from tsme_sim.coverage import Coverage
from tsme_sim.device import Device
from tsme_sim.reproducer import simulations
from tsme_sim.rng import Dice
from tsme_sim.simulation import Simulation
from tsme_sim.terms import FAULTS

SEEDS = range(32)  # two of them are under guard, as in any campaign
ENOUGH = 4.0  # seconds for a figure: what takes less runs again
LONG = 10_000  # moves of a counter's seed, as of the dentist's in a rush
PATIENTS = ("ada", "bob", "cy", "dee", "eve", "fay", "gus", "hal")
WISHED = ("check-up",) * 4 + ("cleaning",) * 2 + ("filling", "root canal")
WEEK = ("mon", "tue", "wed", "thu", "fri")


def counter() -> type[Simulation]:
    """The counter as it is, without what needs a journal and without the guard."""
    (kind,) = simulations(ROOT / "examples" / "counter" / "sim.py").values()
    kind.faults = tuple(fault for fault in FAULTS if fault not in ("reset", "cut", "worn"))
    kind.steps = LONG
    kind.guard = False
    return kind


def dentist() -> type[Simulation]:
    (kind,) = simulations(ROOT / "examples" / "dentist" / "sim.py").values()
    return kind


def rush() -> type[Simulation]:
    """The dentist, whom all want to see this week."""
    kind: Any = dentist()

    class Rush(kind):  # type: ignore[misc]
        steps = 10_000

        def signal(self, dice: Dice, device: Device) -> dict[str, Any]:
            x = dice.draw()
            self.number += 1
            name, what = PATIENTS[x & 7], WISHED[x >> 3 & 7]
            message = {"do": "book", "number": self.number, "patient": name, "kind": what}
            if x >> 6 & 15 < 9:  # 35 of 60, as there
                message["slot"] = [WEEK[(x >> 16) % 5], 540 + (x >> 10 & 31) * 15]
                return message
            message["wishes"] = wishes = []
            for _ in range(1 + (x >> 14 & 1) + (x >> 15 & 1)):
                x >>= 16
                begin = 540 + (x & 31) * 15
                until = min(begin + 60 + (x >> 5 & 15) * 15, 1140)
                wishes.append([WEEK[(x >> 9) % 5], begin, until])
            return message

    return Rush


def operations(seen: Coverage) -> int:
    refused = sum(sum(device.rejected.values()) for device in seen.devices.values())
    power = sum(seen.faults[name] for name in seen.faults if name.startswith(("reset", "power")))
    return seen.steps + refused + power


def rates() -> dict[str, float]:
    """The best of some runs of each in this process."""
    out: dict[str, float] = {}
    for name, kind in (
        ("steps_per_s", counter()),
        ("dentist.ops_per_s", rush()),
        ("dentist.calm_ops_per_s", dentist()),
    ):
        campaign(kind, range(1))  # what is imported at need
        out[name] = spent = 0.0
        while spent < ENOUGH:
            begun = time.process_time()
            result = campaign(kind, SEEDS)
            seconds = time.process_time() - begun
            assert result.failure is None, result.failure
            done = result.seen.steps if name == "steps_per_s" else operations(result.seen)
            out[name] = max(out[name], done / seconds)
            spent += seconds
    return out


class _Given:
    """What stf() and signal() of the counter look at, and nothing else."""

    value: Any = 1


def users(steps: int = 300_000) -> float:
    """Steps a second of the user's functions of the counter alone."""
    kind: Any = counter()
    stf = kind.machine.stf
    sim, dice, device, given = kind(), Dice(1), _Given(), _Given()
    device.value = {"count": 1000}
    sim.known = 1000
    best = 0.0
    for _ in range(3):
        begun = time.process_time()
        for _ in range(steps):
            given.value = sim.signal(dice, device)
            stf(device.value, given, None)
            sim.check(device)
        best = max(best, steps / (time.process_time() - begun))
    return best


def in_tree(tree: Path) -> dict[str, float]:
    """What a working tree's own code makes of this module's workloads."""
    environment = os.environ | {"PYTHONPATH": str(tree)}
    command = [str(tree / ".venv" / "bin" / "python"), "-c", Path(__file__).read_text()]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tree, env=environment, check=False
    )
    if done.returncode:
        raise SystemExit(f"bench: simulation in {tree}: {done.stderr}")
    rates: dict[str, float] = json.loads(done.stdout)
    return rates


RATIOS = {"steps_per_s": "ratio", "dentist.ops_per_s": "dentist.ratio"}
RATIOS["dentist.calm_ops_per_s"] = "dentist.calm_ratio"


def measure(repeat: int) -> dict[str, float]:
    """The best of `repeat` processes: what a busy machine takes away is not theirs."""
    best: dict[str, float] = {}
    pairs: dict[str, list[float]] = {name: [] for name in RATIOS}
    parent = os.environ.get("TSME_PARENT")
    for _ in range(repeat):
        now = in_tree(ROOT)
        was = in_tree(Path(parent)) if parent else {}
        for name, rate in now.items():
            best[f"sim.core.{name}"] = max(best.get(f"sim.core.{name}", 0), round(rate))
            if name in was:
                pairs[name].append(rate / was[name])
    best["sim.core.users_steps_per_s"] = round(users())
    for name, ratios in pairs.items():
        if ratios:
            best[f"sim.core.{RATIOS[name]}"] = round(statistics.median(ratios), 2)
    return best


if __name__ == "__main__":
    print(json.dumps(rates()))
