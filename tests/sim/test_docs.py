"""What docs/SIMULATION.md shows is what happens."""

import re

import pytest

from tests.interpreters import ROOT
from tests.tools.shell import tsme
from tsme.testing import Simulation
from tsme_sim.terms import FAULTS

TEXT = (ROOT / "docs" / "SIMULATION.md").read_text(encoding="utf-8")
MACHINE, SIMULATION = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)[:2]
FAILURE = re.findall(r"```\n(✗ .*?)```", TEXT, re.DOTALL)[0]


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with the two files of the example."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "meter.py").write_text(MACHINE, encoding="utf-8")
    (tmp_path / "test_meter.py").write_text(SIMULATION, encoding="utf-8")
    return tmp_path


def test_the_example_fails_as_it_is_shown(here):
    done = tsme("sim", "test_meter.py", "--seeds", "20", "--jobs", "1")
    assert done.exit_code == 1, done.stderr
    assert FAILURE.strip() in done.stdout


def test_the_example_passes_when_it_is_mended_as_it_is_said(here, monkeypatch):
    payload, waterworks = re.search(r"With `(.*?)` as payload, and\s+`(.*?)`", TEXT).groups()
    machine = MACHINE.replace('{"litres": litres}', payload)
    simulation = SIMULATION.replace('self.billed += call.payload["litres"]', waterworks)
    assert machine != MACHINE
    assert simulation != SIMULATION
    (here / "meter.py").write_text(machine, encoding="utf-8")
    (here / "test_meter.py").write_text(simulation, encoding="utf-8")
    done = tsme("sim", "test_meter.py", "--seeds", "60", "--jobs", "1")
    assert done.exit_code == 0, done.stdout


def test_every_member_and_fault_is_described():
    described = set(re.findall(r"`(\w+)[`(]", TEXT))
    members = {name for name in vars(Simulation) if not name.startswith("_")}
    assert members - described == set()
    assert set(FAULTS) - described == set()
