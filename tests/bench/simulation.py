"""How fast examples run under simulation, one process on one core, CPU time.

`sim.stf.steps_per_s`: the counter with its checks and all faults but those of the power, without
the guard.  `sim.dentist.ops_per_s`: the dentist in a rush, with everything, as `tsme sim` runs it.
`sim.dentist.calm_ops_per_s`: as its example has it, where most requests come to something.  An
operation is a step that was committed, a signal that was refused, or a reset that was survived.

The rush is the workload of the figure that the bar is taken from (PHASM's dentist: 90,000
operations in 4 s): 10,000 operations a seed, six of ten are requests for a slot or for any time
that suits, the calendar is full after some hundred of them, and nobody cancels.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

from tests.interpreters import ROOT
from tsme_sim.campaign import campaign
from tsme_sim.coverage import Coverage
from tsme_sim.device import Device
from tsme_sim.reproducer import simulations
from tsme_sim.rng import Dice
from tsme_sim.simulation import Simulation
from tsme_sim.terms import FAULTS

SEEDS = range(32)  # one of them writes, two are under guard, as in any campaign
ENOUGH = 4.0  # seconds for a figure: what takes less runs again
LONG = 2000  # moves of a counter's seed
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
        ("sim.stf.steps_per_s", counter()),
        ("sim.dentist.ops_per_s", rush()),
        ("sim.dentist.calm_ops_per_s", dentist()),
    ):
        campaign(kind, range(1))  # what is imported at need
        out[name] = spent = 0.0
        while spent < ENOUGH:
            begun = time.process_time()
            result = campaign(kind, SEEDS)
            seconds = time.process_time() - begun
            assert result.failure is None, result.failure
            done = result.seen.steps if "stf" in name else operations(result.seen)
            out[name] = max(out[name], done / seconds)
            spent += seconds
    return out


def measure(repeat: int) -> dict[str, float]:
    """The best of `repeat` processes: what a busy machine takes away is not theirs."""
    best: dict[str, float] = {}
    for _ in range(repeat):
        command = [sys.executable, "-m", "tests.bench.simulation"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
        if done.returncode:
            raise SystemExit(f"bench: simulation: {done.stderr}")
        for name, rate in json.loads(done.stdout).items():
            best[name] = max(best.get(name, 0), round(rate))
    return best


if __name__ == "__main__":
    print(json.dumps(rates()))
