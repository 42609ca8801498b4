"""Real journals: a month of the greenhouse on MicroPython, and what tests make themselves."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import interpreters
from tests.interpreters import ROOT
from tests.tools.shell import tsme
from tsme_host.tools.limits import no_limits

GREENHOUSE = ROOT / "examples" / "greenhouse"
NAMES = ("greenhouse.asl.json", "greenhouse.test.json", "tasks.py", "input.json",
         "seattle-weather.csv")  # fmt: skip


@pytest.fixture(autouse=True)
def free() -> Iterator[None]:
    with no_limits():
        yield


@pytest.fixture(scope="session")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the month's journal, `g.bin`, and all that it was made of."""
    interpreters.require("micropython")
    folder = tmp_path_factory.mktemp("greenhouse")
    for name in NAMES:
        shutil.copy(GREENHOUSE / name, folder / name)
    words: list[str | Path] = ["--input", folder / "input.json", "--tasks", folder / "tasks.py"]
    words += ["--on", "micropython", "--fast", "--now", "2015-07-18T20:00:00Z", "--seed", "1"]
    flow = folder / "greenhouse.asl.json"
    done = tsme("run", flow, *words, "--journal", folder / "g.bin")
    assert done.exit_code == 0, done.output
    return folder


@pytest.fixture
def month(recorded: Path, tmp_path: Path) -> Path:
    """The same, to be written to."""
    shutil.copytree(recorded, tmp_path / "month")
    return tmp_path / "month"
