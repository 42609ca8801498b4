"""What `tsme debug` opens, and what it says where it cannot."""

from __future__ import annotations

import builtins
import json
import sys
from pathlib import Path

import pytest

from tests.debugger.test_track import ticking
from tests.tools.shell import assert_one_clear_line, spawn, tsme
from tests.tools.test_regions import WAIT, folder  # noqa: F401
from tsme import FileFlash, Regions
from tsme.program.store import ProgramRegion
from tsme_host.compiler.compile import compile_text
from tsme_host.database.database import Database
from tsme_host.tools.commands import debug
from tsme_host.tools.errors import HostError


def test_an_execution_of_a_database_has_its_moments(recorded: Path, tmp_path: Path):
    url = f"sqlite:///{tmp_path}/t.db"
    done = tsme("store", "import", recorded / "g.bin", "--database", url)
    assert done.exit_code == 0, done.output
    with Database.open(url) as database:
        one = debug.stored(database, "g-1", [str(recorded / "greenhouse.asl.json")])
        moment = one.track.moment(46)
        assert moment is not None
        assert "OpenValve" in moment.played.route
        assert moment.known is not None
        assert one.sources.find(moment.known)[1][0] == "{"
        with pytest.raises(HostError, match="TSME-S010"):
            debug.stored(database, "none", [])


def test_what_comes_into_a_database_is_followed(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/t.db"

    def come(steps: int) -> None:
        journal = ticking(tmp_path, steps, checkpoints=False)
        done = tsme("store", "import", journal, "--database", url, "--program",
                    tmp_path / "ticks.asl.json")  # fmt: skip
        assert done.exit_code == 0, done.output

    come(20)
    with Database.open(url) as database:
        (name,) = [item.name for item in tmp_path.glob("*.bin")]
        one = debug.stored(database, f"{Path(name).stem}-1", [])
        assert one.again is not None
        assert one.again() is None
        before = one.track.next
        come(33)
        data = one.again()
        assert data is not None
        assert one.track.grown(data)
        assert one.track.next == before + 13
        moment = one.track.moment(one.track.next - 1)
        assert moment is not None
        assert moment.known is not None


def test_all_journals_of_a_partition_are_side_by_side(folder: Path):  # noqa: F811
    found = debug.files(["flash.bin"], ["flow.asl.json"])
    assert [one.track.name for one in found] == ["pumps", "garden"]
    for number, one in enumerate(found, 1):
        moment = one.track.moment(one.track.next - 1)
        assert moment is not None
        assert (moment.after.execution, moment.played.ended) == (number, "succeeded")
    (folder / "flash.bin").touch()
    for one in found:
        assert one.again is not None
        data = one.again()
        assert data is not None
        assert not one.track.grown(data)
        assert one.again() is None


def test_programs_in_a_region_of_the_partition_are_found(
    folder: Path,  # noqa: F811
):
    flash = FileFlash("flash.bin", 1024, 30)
    store = ProgramRegion(Regions(flash).open("programs"))
    compiled = compile_text(json.dumps(WAIT))
    store.put(compiled.program)
    flash.close()
    found = debug.files(["flash.bin"], [])
    moments = [one.track.moment(one.track.next - 1) for one in found]
    assert [moment and moment.played.ended for moment in moments] == ["succeeded"] * 2
    shown = tsme("replay", "flash.bin", "--region", "garden")
    assert (shown.exit_code, shown.stdout[:9]) == (0, "identical")


def test_several_files_of_one_name_are_told_apart(recorded: Path, tmp_path: Path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "g.bin").write_bytes((recorded / "g.bin").read_bytes())
    paths = [str(recorded / "g.bin"), str(tmp_path / "other" / "g.bin")]
    assert [one.track.name for one in debug.files(paths, [])] == paths


def test_it_needs_a_terminal(recorded: Path):
    done = spawn("debug", "g.bin", cwd=recorded)
    assert done.returncode == 2
    assert_one_clear_line(done.stderr, "TSME-H093")


@pytest.mark.parametrize(
    ("words", "code"),
    [(["debug"], "TSME-H001"), (["debug", "--execution", "x"], "TSME-H002")],
)
def test_what_is_missing_is_said(tmp_path: Path, words: list[str], code: str):
    done = spawn(*words, cwd=tmp_path)
    assert done.returncode == 2
    assert_one_clear_line(done.stderr, code)


def test_what_is_no_journal_is_said(tmp_path: Path):
    for name, data, code in (
        ("no.bin", b"no journal", "H040"),
        ("ff.bin", b"\xff" * 8192, "H040"),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(HostError, match=f"TSME-{code}"):
            debug.files([str(tmp_path / name)], [])
    with pytest.raises(HostError, match="TSME-H010"):
        debug.files([str(tmp_path / "away.bin")], [])


def test_without_textual_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    real = builtins.__import__

    def without(name: str, *args: object, **more: object) -> object:
        if name.endswith("debugger.app"):
            raise ModuleNotFoundError("no", name="textual")
        return real(name, *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    with pytest.raises(HostError, match=r"TSME-H094.*textual"):
        debug.screens()


GAUGE = """
class Gauge:
    initial = {"n": 0}

    def stf(state, input, actions):
        if input.kind == "signal":
            state["n"] += input.value
"""
SIM = """
from gauge import Gauge

from tsme.testing import Simulation


class GaugeSim(Simulation):
    machine = Gauge

    def signal(self, dice, device):
        return dice.below(5)

    def check(self, device):
        assert device.value["n"] < 12, "it overflows"
"""


def test_a_failure_of_a_simulation_is_opened_at_its_end(tmp_path: Path):
    (tmp_path / "gauge.py").write_text(GAUGE)
    (tmp_path / "test_gauge.py").write_text(SIM)
    done = spawn("sim", "test_gauge.py", "--seeds", "3", "--jobs", "1", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    saved = next(tmp_path.glob("*.sim.json"))
    (one,) = debug.files([str(saved)], [])
    assert one.note.startswith("AssertionError: it overflows")
    moment = one.track.moment(one.track.next - 1)
    assert moment is not None
    assert not moment.played.difference
    assert moment.after.client["n"] >= 12
    before = one.track.moment(one.track.next - 2)
    assert before is not None
    assert before.after.client["n"] < 12
