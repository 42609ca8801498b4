"""The bundle for CircuitPython holds the package, and runs where nothing else of it is."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests import interpreters
from tests.circuitpython.test_lacking import DEVICE, PRELUDE, example, outcome
from tests.interpreters import ROOT

LIB = ROOT / "firmware" / "lib" / "tsme"


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is in CIRCUITPY after the bundle's lib was copied."""
    folder = tmp_path_factory.mktemp("bundle")
    words = [sys.executable, str(ROOT / "setup" / "bundle.py"), str(folder)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    examples, sources = map(Path, done.stdout.splitlines())
    assert examples.name.startswith("tsme-examples-")
    with zipfile.ZipFile(sources) as held:
        held.extractall(folder)
    (top,) = (path for path in folder.iterdir() if path.is_dir())
    return top


def test_it_holds_all_that_a_board_needs_as_it_is(bundle: Path):
    held = {path.relative_to(bundle / "lib") for path in (bundle / "lib").rglob("*.py")}
    names = {str(path.relative_to("tsme")) for path in held}
    assert {"engine/engine.py", "journal/spiflash.py", "tasks/signal.py"} <= names
    assert not [n for n in names if n.startswith("sim/") or n in ("testing.py", "tasks/gpio.py")]
    for name in names:
        assert (bundle / "lib" / "tsme" / name).read_bytes() == (LIB / name).read_bytes()
    assert sorted(path.name for path in (bundle / "examples").rglob("*.py")) == [
        "counter.py",
        "main.py",
    ]


def test_an_example_runs_on_what_is_in_it_where_all_else_is_lacking(bundle: Path, tmp_path: Path):
    interpreters.require("micropython")
    told = example("coldchain", tmp_path / "board")
    command = interpreters.command("micropython", PRELUDE, [DEVICE, *told])
    environment = os.environ | {"MICROPYPATH": f"{bundle / 'lib'}:.frozen"}
    done = subprocess.run(command, capture_output=True, env=environment, check=False, timeout=300)
    assert not done.returncode, done.stderr.decode()
    assert outcome(tmp_path / "board")
