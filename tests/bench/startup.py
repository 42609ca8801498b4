"""What a short command costs: CPU time of its process against that of `python -c pass`.

`cli.help.cpu_ratio` is `tsme --help`, `cli.check.cpu_ratio` `tsme check` of a small workflow.  The
processes take turns, so that a busy machine is busy for all of them; the middle of each counts.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from pathlib import Path

from tests.interpreters import ROOT

ROUNDS = 8  # for each repetition
FLOW = ROOT / "tests" / "tools" / "data" / "flow.asl.json"
TSME = str(Path(sys.executable).with_name("tsme"))
COMMANDS = {
    "python": [sys.executable, "-c", "pass"],
    "help": [TSME, "--help"],
    "check": [TSME, "check", str(FLOW)],
}


def cpu(command: list[str]) -> float:
    """Seconds of user and system time that a process takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(repeat: int) -> dict[str, float]:
    """The ratios, from `repeat` times some processes of each."""
    spent: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(repeat * ROUNDS):
        for name, command in COMMANDS.items():
            spent[name].append(cpu(command))
    middle = {name: statistics.median(times) for name, times in spent.items()}
    return {
        f"cli.{name}.cpu_ratio": round(middle[name] / middle["python"], 2)
        for name in ("help", "check")
    }
