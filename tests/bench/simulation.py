"""How fast examples run under simulation, one process on one core, CPU time.

`sim.stf.steps_per_s`: the counter with its checks and all faults but those of the power, without
the guard.  `sim.dentist.ops_per_s`: the dentist with everything, as `tsme sim` runs it.  An
operation is a step that was committed, a signal that was refused, or a reset that was survived.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from itertools import count, islice

from tests.interpreters import ROOT
from tsme_sim.campaign import campaign
from tsme_sim.coverage import Coverage
from tsme_sim.reproducer import simulations
from tsme_sim.simulation import FAULTS, Simulation

STEPS = 60_000  # of the counter, in a process
OPERATIONS = 30_000  # of the dentist
LONG = 2000  # moves of a counter's seed


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


def operations(seen: Coverage) -> int:
    refused = sum(sum(device.rejected.values()) for device in seen.devices.values())
    power = seen.faults["reset"] + seen.faults["power cut in a flash operation"]
    return seen.steps + refused + power


def rates() -> dict[str, float]:
    """Of one run of each, in this process."""
    out = {}
    for name, kind, most in (
        ("sim.stf.steps_per_s", counter(), STEPS),
        ("sim.dentist.ops_per_s", dentist(), OPERATIONS),
    ):
        campaign(kind, range(1))  # what is imported at need
        done = 0
        seeds = count()
        begun = time.process_time()
        while done < most:
            result = campaign(kind, islice(seeds, 16))
            assert result.failure is None, result.failure
            done += result.seen.steps if "stf" in name else operations(result.seen)
        out[name] = done / (time.process_time() - begun)
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
