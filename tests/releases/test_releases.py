"""Journals of earlier releases: what they hold stays what it was, or is refused by name."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests import interpreters
from tests.releases import make
from tests.releases.machine import Meter
from tests.tools.shell import tsme as command
from tsme import Engine, TsmeError, kernel
from tsme.journal import STEP, Journal
from tsme.journal.ram_flash import RamFlash
from tsme.kernel import Kernel, State, protocol
from tsme.machine import Machine
from tsme.values.cbor import decode
from tsme_host.tools.files import read_program
from tsme_host.tools.journal.replayer import know

HERE = Path(__file__).parent
BOARDS = ["cpython", "micropython", "micropython32"]
NAMES = ("retry", "tree", "machine")
NOW = HERE / "1"
BEFORE = HERE / "0"  # of a release that did not number them
REFUSED = (
    "TSME-K007: the execution began with behaviour %d of the engine, and this tsme has 1: another "
    "release made it; let that one run it to its end, or give up what it began: retire()"
)


def recovered(board: str, folder: Path, name: str, copy: Path) -> list[str]:
    """What an interpreter says of a journal; which it may not change."""
    shutil.copy(folder / f"{name}.bin", copy)
    program = "-" if name == "machine" else NOW / f"{name}.tsm"
    done = interpreters.run(board, HERE / "device.py", [copy, program])
    assert done.returncode == 0, done.stderr.decode()
    assert copy.read_bytes() == (folder / f"{name}.bin").read_bytes()
    return done.stdout.decode().splitlines()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_kept_is_what_this_release_writes(name: str, tmp_path: Path) -> None:
    make.make(tmp_path)
    assert (tmp_path / f"{name}.bin").read_bytes() == (NOW / f"{name}.bin").read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_every_record_that_is_kept_comes_out_again(name: str) -> None:
    program = NOW / f"{name}.tsm"
    given = f"{HERE / 'machine.py'}:Meter" if name == "machine" else str(program)
    result = command("replay", str(NOW / f"{name}.bin"), "--program", given)
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.startswith("identical: ")


@pytest.mark.parametrize("name", NAMES)
def test_interpreters_recover_what_is_kept_alike(name: str, tmp_path: Path) -> None:
    told = []
    for board in BOARDS:
        interpreters.require(board)
        told.append(recovered(board, NOW, name, tmp_path / "j.bin"))
    assert told[0][0].startswith("execution ")
    assert len(told[0]) == 2
    assert told[1:] == told[:1] * (len(BOARDS) - 1)


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("name", NAMES)
def test_a_journal_without_a_behaviour_is_refused_by_name_and_untouched(
    board: str, name: str, tmp_path: Path
) -> None:
    interpreters.require(board)
    assert recovered(board, BEFORE, name, tmp_path / "j.bin") == [REFUSED % 0]


def later(monkeypatch: pytest.MonkeyPatch, checkpoint: bool, ends: bool = False) -> RamFlash:
    """A journal as a later release makes it, of behaviour 2."""
    monkeypatch.setattr(kernel, "BEHAVIOUR", 2)
    flash = RamFlash(512, 16)
    journal = Journal(flash)
    journal.format()
    core = Kernel(Machine(Meter))
    digest = core.client.program.digest
    events: list[Any] = [(protocol.START, make.EPOCH, 1, digest, 7, {"every": 1000}, None, 2)]
    events += [(protocol.STOP, make.EPOCH + 5, "Stopped", "")] * ends
    state = State()
    for event in events:
        step = core.step(state, event)
        journal.commit(STEP, step.record)
        state = step.state
    if checkpoint:
        journal.checkpoint(core.checkpoint(state))
    monkeypatch.undo()
    return flash


@pytest.mark.parametrize("checkpoint", [False, True])
def test_a_downgrade_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, checkpoint: bool, tmp_path: Path
) -> None:
    flash = later(monkeypatch, checkpoint)
    before = bytes(flash.data)
    engine = Engine(Meter, Journal(flash))
    engine.task("read")(lambda payload: None)
    for _ in range(2):
        with pytest.raises(TsmeError) as caught:
            engine.run_sync({"every": 1000})
        assert str(caught.value) == REFUSED % 2
    assert bytes(flash.data) == before
    path = tmp_path / "j.bin"
    path.write_bytes(before)
    result = command("replay", str(path), "--program", f"{HERE / 'machine.py'}:Meter")
    assert result.exit_code == 2
    assert " ".join(result.stderr.split()) == f"tsme: error {REFUSED % 2}"
    shown = command("journal", "show", str(path))
    assert shown.exit_code == 0
    assert "start" in shown.stdout or "checkpoint" in shown.stdout


def test_what_ended_under_another_behaviour_is_in_nobodys_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    flash = later(monkeypatch, checkpoint=True, ends=True)
    engine = Engine(Meter, Journal(flash))
    assert not engine.recover()
    outcome = engine.outcome()
    assert outcome is not None
    assert outcome.error == "Stopped"
    assert decode(engine.kernel.checkpoint(engine.state), 0, True)[0][0] == 2


def test_programs_that_are_kept_are_loaded() -> None:
    for path in sorted(NOW.glob("*.tsm")):
        assert know(read_program(str(path))).program.code
