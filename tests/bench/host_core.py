"""How many times as fast as another working tree's engine the C core runs workloads on CPython.

With TSME_PARENT=folder, a tree that `make setup` was run in: `ratio` is to its Python engine,
`ratio_to_native` to that with what it has in C for CPython.  All three run in turns, on the NOR
flash model with a journal; a ratio is the median of the turns'.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
from pathlib import Path

from tests.bench.costs import COMPILE
from tests.bench.speeds import REPEAT, SHARED
from tests.interpreters import ROOT

FASTER = 10  # as many more runs in a process, so that it takes as long
PLAIN = """
import runpy, sys
sys.modules["tsme_native"] = None
sys.argv = sys.argv[1:]
sys.path.insert(0, "tests/bench")
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def run(tree: Path, *words: str) -> str:
    """What a script of a working tree prints, with its Python."""
    environment = os.environ | {"PYTHONPATH": f"{tree}/firmware/lib:{tree}", "TSME_CORE": "1"}
    command = [str(tree / ".venv" / "bin" / "python"), *words]
    done = subprocess.run(command, capture_output=True, env=environment, cwd=tree, check=False)
    if done.returncode:
        raise SystemExit(f"bench: {' '.join(words)} in {tree}: {done.stderr.decode()}")
    return done.stdout.decode()


def turn(parent: Path, name: str, folder: Path) -> tuple[int, int, int]:
    """Nanoseconds of a run: of the parent's Python engine, with its C, of the core."""
    files = {}
    for tree in (parent, ROOT):
        files[tree] = [str(folder / f"{tree.name}-{name}.{ending}") for ending in ("tsm", "cbor")]
        if not Path(files[tree][0]).exists():
            run(tree, "-c", COMPILE, name, str(SHARED / "bench"), *files[tree])
    few, much = str(REPEAT[name]), str(FASTER * REPEAT[name])
    script = "tests/bench/device.py"
    python = run(parent, "-c", PLAIN, script, *files[parent], "nor", few)
    native = run(parent, script, *files[parent], "nor", few)
    core = run(ROOT, "-m", "tests.bench.core_device", *files[ROOT], much)
    return int(python.split()[0]), int(native.split()[0]), int(core.split()[0])


def measure(repeat: int) -> dict[str, float]:
    """Ratios, if TSME_PARENT names a tree."""
    out: dict[str, float] = {}
    parent = os.environ.get("TSME_PARENT")
    if not parent or not (SHARED / "bench").is_dir():
        return out
    with tempfile.TemporaryDirectory() as folder:
        for name in REPEAT:
            turns = [turn(Path(parent), name, Path(folder)) for _ in range(repeat)]
            ratios = [(python / core, native / core) for python, native, core in turns]
            out[f"host.core.{name}.us"] = round(statistics.median(t[2] for t in turns) / 1000, 1)
            out[f"host.core.{name}.ratio"] = round(statistics.median(r[0] for r in ratios), 1)
            native = statistics.median(r[1] for r in ratios)
            out[f"host.core.{name}.ratio_to_native"] = round(native, 1)
    return out
