"""What one thing costs on CPython beside another: small values into large ones, and growth.

Each figure is the best of some runs in this process; `growth` is a ratio of two of them.  With
TSME_PARENT=folder, another working tree that `make setup` was run in, workloads run on both in
turns, and the ratios of their speeds are figures, too.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.speeds import REPEAT, SHARED
from tests.interpreters import ROOT
from tsme import LIMITS
from tsme.kernel import Kernel, State
from tsme.kernel.protocol import CONTINUE, START
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme_host.compiler.compile import compile_text

# Compiles a workload with the tree that runs this, into a program and an input.
COMPILE = """
import json, sys
try:
    from tsme.values import cbor
except ImportError:  # a parent that had no folders
    from tsme import cbor
from tsme_host.compiler.compile import compile_text
name, shared, program, value = sys.argv[1:]
text = open(f"{shared}/{name}.asl.json").read()
open(program, "wb").write(compile_text(text).program)
open(value, "wb").write(cbor.encode(json.load(open(f"{shared}/{name}.input.json"))))
"""


def best(run: Callable[[], int], repeat: int) -> float:
    """Nanoseconds of CPU for one of what `run` says it did."""
    costs = []
    for _ in range(repeat):
        began = time.process_time_ns()
        count = run()
        costs.append((time.process_time_ns() - began) / count)
    return min(costs)


def loop(result: Any) -> str:
    """A workflow that puts `result` beside what is there, again and again."""
    put = {"Type": "Pass", "Result": result, "ResultPath": "$.small", "Next": "Again"}
    again = {
        "Type": "Choice",
        "Choices": [{"Variable": "$.n", "NumericEquals": 1, "Next": "End"}],
        "Default": "Put",
    }
    states = {"Put": put, "Again": again, "End": {"Type": "Succeed"}}
    return json.dumps({"StartAt": "Put", "States": states})


def put_beside(result: Any, repeat: int) -> float:
    """Microseconds of a transition of loop(), in a document of 100 KB."""
    large = {f"k{n}": [f"text {n}", n, {"a": n}] for n in range(4000)}
    program: Any = Program(compile_text(loop(result)).program)
    kernel = Kernel(Interpreter(program))
    value = {"large": large, "n": 0}
    state = kernel.step(State(), (START, 0, 1, program.digest, 1, value, None, 1)).state
    states = [state]

    def run() -> int:
        step = kernel.step(states[0], (CONTINUE, 0))
        states[0] = step.state
        return int(kernel.work or 0)

    return best(run, 3 * repeat) / 1000


def array_unique(count: int, repeat: int) -> float:
    """Nanoseconds of a workflow that takes what is there once of so many one-item arrays."""
    take = {"Type": "Pass", "Parameters": {"a.$": "States.ArrayUnique($.a)"}, "End": True}
    program: Any = Program(
        compile_text(json.dumps({"StartAt": "A", "States": {"A": take}})).program
    )
    kernel = Kernel(Interpreter(program))
    value = {"a": [[n] for n in range(count)]}

    def run() -> int:
        kernel.step(State(), (START, 0, 1, program.digest, 1, value, None, 1))
        return 1

    return best(run, repeat)


def against(parent: Path, repeat: int) -> dict[str, float]:
    """How many times as fast as `parent` each workload is, median of pairs run in turns."""
    out: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in REPEAT:
            costs: list[list[int]] = [[], []]
            for _ in range(repeat):
                for at, tree in enumerate((parent, ROOT)):
                    costs[at].append(one(tree, name, Path(folder)))
            pairs = zip(*costs, strict=True)
            ratio = statistics.median(was / now for was, now in pairs)
            out[f"host.py.{name}.ratio_to_parent"] = round(ratio, 3)
    return out


def one(tree: Path, name: str, folder: Path) -> int:
    """Nanoseconds of a run of a workload in a working tree, by its own bench."""
    python = str(tree / ".venv" / "bin" / "python")
    files = [str(folder / f"{tree.name}-{name}.{ending}") for ending in ("tsm", "cbor")]
    environment = os.environ | {"PYTHONPATH": f"{tree}/firmware/lib:{tree}"}

    def run(*words: str) -> str:
        done = subprocess.run(
            [python, *words], capture_output=True, env=environment, cwd=tree, check=False
        )
        if done.returncode:
            raise SystemExit(f"bench: {name} in {tree}: {done.stderr.decode()}")
        return done.stdout.decode()

    if not Path(files[0]).exists():
        run("-c", COMPILE, name, str(SHARED / "bench"), *files)
    return int(run("tests/bench/device.py", *files, "nor", str(REPEAT[name])).split()[0])


def measure(repeat: int) -> dict[str, float]:
    """Costs; and ratios, if TSME_PARENT names a tree."""
    before = LIMITS["state_bytes"]
    LIMITS["state_bytes"] = 1 << 20
    try:
        out = {
            "host.py.put_object_100kb.us": round(put_beside({"a": 1}, repeat), 2),
            "host.py.put_scalar_100kb.us": round(put_beside(7, repeat), 2),
        }
        ratio = array_unique(3900, repeat) / array_unique(390, repeat)
        out["host.py.array_unique.growth"] = round(ratio, 1)
    finally:
        LIMITS["state_bytes"] = before
    parent = os.environ.get("TSME_PARENT")
    if parent and (SHARED / "bench").is_dir():
        out |= against(Path(parent), repeat)
    return out
