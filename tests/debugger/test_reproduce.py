"""A moment in files is that very moment: replay comes to it, and a simulation begins there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.tools.shell import spawn
from tsme_host.tools.debugger import track
from tsme_host.tools.debugger.opening import open_file
from tsme_host.tools.debugger.reproduce import reproduce
from tsme_host.tools.errors import HostError
from tsme_host.tools.journal.replayer import find

TALLY = """
class Tally:
    initial = {"count": 0}

    def stf(state, input, actions):
        if input.kind == "signal":
            state["count"] += input.value
            if state["count"] > 20:
                raise KeyError("too much")
"""


def test_a_simulation_begins_at_the_moment(month: Path):
    opened = open_file(str(month / "g.bin"), [])
    moment = opened.track.moment(40)
    assert moment is not None
    said = reproduce(opened, moment)
    assert "tsme sim" in said
    again = open_file(str(month / "g-40.bin"), []).track.moment(40)
    assert again is not None
    assert again.after.digest == moment.after.digest
    done = spawn("replay", "g-40.bin", cwd=month)
    assert done.returncode == 0, done.stderr
    assert "41 steps" in done.stdout
    done = spawn("sim", "g-40.py", "--seeds", "8", "--jobs", "1", cwd=month)
    assert done.returncode in (0, 1), done.stderr
    assert "8 seeds" in done.stdout, done.stdout + done.stderr


def test_what_runs_goes_on_from_the_moment(month: Path):
    """`tsme resume` takes the image for the journal of an execution under way."""
    opened = open_file(str(month / "g.bin"), [])
    moment = opened.track.moment(120)
    assert moment is not None
    reproduce(opened, moment)
    done = spawn("resume", "g-120.bin", "--tasks", "tasks.py", "--fast", cwd=month)
    assert "after step 121; going on with it" in done.stderr
    assert "TimeoutSeconds are over" in done.stderr  # years have passed since


def test_of_an_anchor_that_was_made_too(month: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(track, "LONG", 16)
    opened = open_file(str(month / "g.bin"), [])
    moment = opened.track.moment(60)
    assert moment is not None
    assert 48 in opened.track.anchors
    reproduce(opened, moment)
    again = open_file(str(month / "g-60.bin"), []).track
    assert again.first == 47
    found = again.moment(60)
    assert found is not None
    assert found.after.digest == moment.after.digest


def test_an_end_is_written_and_not_simulated(month: Path):
    opened = open_file(str(month / "g.bin"), [])
    moment = opened.track.moment(opened.track.next - 1)
    assert moment is not None
    assert "has ended" in reproduce(opened, moment)
    assert not list(month.glob("g-*.py"))
    assert list(month.glob("g-*.bin"))


def test_what_cannot_be_replayed_is_refused(month: Path):
    for kept in (month / "g.bin.programs").iterdir():
        kept.unlink()
    opened = open_file(str(month / "g.bin"), [])
    moment = opened.track.moment(40)
    assert moment is not None
    with pytest.raises(HostError, match=r"TSME-H092"):
        reproduce(opened, moment)


def test_a_machine_is_simulated_from_where_it_was(tmp_path: Path):
    """And a mistake that is near is found: one signal more, and it raises."""
    (tmp_path / "tally.py").write_text(TALLY)
    known = find(f"{tmp_path}/tally.py:Tally")
    from tsme.journal import STEP, Journal
    from tsme.journal.ram_flash import RamFlash
    from tsme.kernel import Kernel, State
    from tsme.kernel.protocol import SIGNAL, START

    flash = RamFlash(4096, 16)
    journal = Journal(flash)
    journal.recover()
    kernel = Kernel(known.machine)
    state = State()
    digest = known.program.digest
    events: list[tuple[Any, ...]] = [(START, 1000, 1, digest, 1, None, None, 1)]
    events += [(SIGNAL, 1000 + n, 4) for n in range(5)]
    for event in events:
        step = kernel.step(state, event)
        journal.commit(STEP, step.record)
        state = step.state
    (tmp_path / "c.bin").write_bytes(flash.data)
    opened = open_file(str(tmp_path / "c.bin"), [known.name])
    moment = opened.track.moment(5)
    assert moment is not None
    reproduce(opened, moment)
    script = tmp_path / "c-5.py"
    more = "\n    def signal(self, dice, device):\n        return 1\n"
    script.write_text(script.read_text() + more)
    done = spawn("sim", script.name, "--seeds", "4", "--jobs", "1", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "too much" in done.stdout
    saved = next(tmp_path.glob("*.sim.json"))
    done = spawn("sim", "--replay", saved.name, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "too much" in done.stdout


def test_a_journal_that_nothing_can_begin_at_is_refused(month: Path):
    opened = open_file(str(month / "g.bin"), [])
    moment = opened.track.moment(40)
    assert moment is not None
    reproduce(opened, moment)
    (month / "g.bin").replace(month / "g-40.bin")  # it has ended there
    done = spawn("sim", "g-40.py", "--seeds", "1", "--jobs", "1", cwd=month)
    assert done.returncode == 2
    assert "TSME-H095" in done.stderr
    assert "has ended" in done.stderr
