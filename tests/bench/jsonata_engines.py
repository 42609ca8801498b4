"""JSONata beside other engines, in turns on one machine.

Workload f whole: ours with a journal, ministack and sfnx in process; its expressions in npm
jsonata. Forty expressions, beside jsonata-python. What grows with the data; what a board's heap
has to hold; how large programs are.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests import interpreters
from tests.bench import programs, speeds
from tests.bench.costs import COMPILE
from tests.bench.forty import DATA, EXPRESSIONS
from tests.bench.speeds import DEVICE, SHARED
from tests.interpreters import ROOT
from tests.jsonata.expressions import compile_expression
from tsme.program import Program
from tsme.values import cbor
from tsme_host.compiler.backend.instructions import ALL
from tsme_host.compiler.compile import compile_text

HERE = Path(__file__).parent
ENGINES = ROOT / "build" / "jsonata"
RUNNERS = ROOT / "build" / "jsonata-bench"
RUNS = 3  # of workload f in a process
LONG = 60_000_000  # ns that an expression is evaluated for in a process, about
TENTH, WHOLE = 1000, 10000  # items of what growth is measured with

Told = list[list[Any]]  # expression, data, how often


def measure(repeat: int) -> dict[str, float]:
    """Medians of `repeat` turns; sizes once."""
    subprocess.run([ROOT / "setup" / "jsonata.sh", "bench"], check=True, stdout=sys.stderr)
    out: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if (SHARED / "bench").is_dir():
            out |= whole(folder, repeat)
        out |= forty(folder, repeat)
        out |= growth(folder, repeat)
        out |= heap(folder)
    return out | size_ratio()


def said(command: Sequence[object], **environment: str) -> list[int]:
    """The numbers that a process prints first in its lines."""
    done = subprocess.run(
        [str(word) for word in command],
        capture_output=True,
        check=False,
        cwd=ROOT,
        env=os.environ | environment,
    )
    if done.returncode:
        raise SystemExit(f"bench: {command[1]}: {done.stderr.decode()}")
    words = [line.split()[0] for line in done.stdout.decode().splitlines() if line]
    return [int(word) for word in words if word.isdigit()]


# --- workload f --------------------------------------------------------------------------------


def whole(folder: Path, repeat: int) -> dict[str, float]:
    """Ratios of the times that workload f takes."""
    program, given = folder / "f.tsm", folder / "f.cbor"
    shared = SHARED / "bench"
    said([sys.executable, "-c", COMPILE, "f", shared, program, given])
    asl, value = shared / "f.asl.json", shared / "f.input.json"
    ours = interpreters.environment("cpython")

    def other(name: str) -> int:
        peers = [sys.executable, HERE / "peers.py", name, asl, value]
        return said(peers, PYTHONPATH=str(RUNNERS / "python"))[0]

    def python() -> int:
        return said([sys.executable, DEVICE, program, given, "nor", str(RUNS)], **ours)[0]

    def in_c() -> int:
        script = [sys.executable, "-m", "tests.bench.core_device", program, given, str(10 * RUNS)]
        return said(script, **interpreters.environment("core"))[0]

    def node() -> int:
        return said(
            ["node", HERE / "workload.js", value], NODE_PATH=str(ENGINES / "node_modules")
        )[0]

    turns = [(python(), in_c(), other("ministack"), other("sfnx"), node()) for _ in range(repeat)]
    python_ns, core_ns, *_ = (statistics.median(column) for column in zip(*turns, strict=True))
    states = 3001
    return {
        "host.py.f.transitions_per_s": round(states * 1e9 / python_ns),
        "host.core.f.transitions_per_s": round(states * 1e9 / core_ns),
        "host.py.f.vs_ministack": median(t[2] / t[0] for t in turns),
        "host.py.f.vs_sfnx": median(t[3] / t[0] for t in turns),
        "host.core.f.vs_jsonata_js": median(t[4] / t[1] for t in turns),
    }


def median(ratios: Iterator[float]) -> float:
    return round(statistics.median(ratios), 2)


# --- expressions -------------------------------------------------------------------------------


def jobs_of(told: Told, folder: Path) -> Path:
    """What forty_device.py reads."""
    path = folder / "jobs.cbor"
    jobs = []
    for text, data, count in told:
        program = compile_expression(text, {}, True, 0).program
        jobs.append(cbor.encode([program, body_of(program), data, count], True))
    path.write_bytes(b"".join(jobs))
    return path


def body_of(program: bytes) -> int:
    """Where the EVAL of an expression's program leads."""
    code = Program(program).code
    evals = [n for n in range(0, len(code), 2) if code[n] == ALL["EVAL"].number]
    return int(code[evals[0] + 1])


def times(told: Told, folder: Path, *interpreter: str) -> dict[str, list[int]]:
    """Nanoseconds of each expression on interpreters of ours, and in jsonata-python."""
    given = folder / "told.json"
    given.write_text(json.dumps(told))
    jobs = jobs_of(told, folder)
    out = {
        name: said(
            interpreters.command(name, HERE / "forty_device.py", [jobs], "64m"),
            **interpreters.environment(name),
        )
        for name in interpreter
    }
    python = [sys.executable, HERE / "forty_python.py", given]
    out["python"] = said(python, PYTHONPATH=str(ENGINES / "python"))
    return out


def forty(folder: Path, repeat: int) -> dict[str, float]:
    """How many times as fast as jsonata-python on CPython: the mean, and the worst expression."""
    first = times([[text, DATA, 1] for text in EXPRESSIONS], folder)["python"]
    told: Told = [
        [text, DATA, max(1, LONG // ns)] for text, ns in zip(EXPRESSIONS, first, strict=True)
    ]
    ratios: dict[str, list[list[float]]] = {"cpython": [], "micropython": []}
    for _ in range(repeat):
        found = times(told, folder, *ratios)
        for name, column in ratios.items():
            column.append(
                [b / max(a, 1) for a, b in zip(found[name], found["python"], strict=True)]
            )
    out: dict[str, float] = {}
    for name, label in (("cpython", "host.py"), ("micropython", "micropython")):
        each = [statistics.median(turns) for turns in zip(*ratios[name], strict=True)]
        worst = min(range(len(each)), key=each.__getitem__)
        print(f"{label}: the worst of {len(each)} expressions is {EXPRESSIONS[worst]}")
        mean = math.exp(statistics.fmean(map(math.log, each)))
        out[f"{label}.jsonata.vs_python"] = round(mean, 2)
        out[f"{label}.jsonata.vs_python_worst"] = round(each[worst], 2)
    return out


def growth(folder: Path, repeat: int) -> dict[str, float]:
    """How many times as long a filter and a sort of ten times as many items take; and a sort by a
    function, which is called as often as items are compared."""

    def grown(text: str) -> float:
        told: Told = [
            [text, {"xs": [{"n": n, "v": n * 7919 % 1009} for n in range(count)]}, runs]
            for count, runs in ((TENTH, 20), (WHOLE, 2))
        ]
        path = jobs_of(told, folder)
        command = interpreters.command("cpython", HERE / "forty_device.py", [path])
        environment = interpreters.environment("cpython")
        turns = [said(command, **environment) for _ in range(repeat)]
        return statistics.median(large / small for small, large in turns)

    by_function = grown("$sort(xs, function($a, $b) { $a.v > $b.v }).n")
    return {
        "jsonata.growth": round(grown("xs[v % 2 = 0]^(v).n"), 2),
        "jsonata.growth_by_function": round(by_function, 2),
    }


# --- memory and size ---------------------------------------------------------------------------

TAKES = {"readings": [3, 1, 2], "factor": 2}
WITH = {
    "QueryLanguage": "JSONata",
    "StartAt": "A",
    "States": {
        "A": {
            "Type": "Pass",
            "Output": "{% $sum($map($states.input.readings, function($r) { $r * 2 })) %}",
            "End": True,
        }
    },
}
WITHOUT = {
    "StartAt": "A",
    "States": {"A": {"Type": "Pass", "InputPath": "$.readings[0]", "End": True}},
}


def heap(folder: Path) -> dict[str, float]:
    """What a workflow with $map, $sum and a function takes above one without JSONata."""
    speeds.cross_compile(folder)
    used = []
    for name, machine in (("with", WITH), ("without", WITHOUT)):
        work: Any = SimpleNamespace(program=folder / f"{name}.tsm", input=folder / f"{name}.cbor")
        work.program.write_bytes(compile_text(json.dumps(machine)).program)
        work.input.write_bytes(cbor.encode(TAKES))
        used.append(speeds.heap_in_use(work, "micropython32", folder, "kernel"))
    return {"micropython32.jsonata.heap_bytes": used[0] - used[1]}


def definitions() -> Iterator[str]:
    """The recorded definitions that have JSONata, and those of the folder DEFINITIONS."""
    seen = set()
    for text in [*recorded(), *programs.public()]:
        if text not in seen and is_jsonata(json.loads(text)):
            seen.add(text)
            yield text


def recorded() -> Iterator[str]:
    for path in sorted((SHARED / "conformance" / "aws").glob("*.json")):
        case = json.loads(path.read_text())
        if case["kind"] == "execution" and isinstance(case.get("definition"), dict):
            yield json.dumps(case["definition"])


def is_jsonata(machine: dict[str, Any]) -> bool:
    """Is its language JSONata, or that of one of its states?"""
    if machine.get("QueryLanguage") == "JSONata":
        return True
    states = [state for state in machine["States"].values() if isinstance(state, dict)]
    return any(state.get("QueryLanguage") == "JSONata" for state in states)


def size_ratio() -> dict[str, float]:
    texts = list(definitions())
    if not texts:
        return {}
    ratio, _, count = programs.size_ratios(texts)
    return {"program.jsonata.size_ratio_median": round(ratio, 4), "program.jsonata.count": count}
