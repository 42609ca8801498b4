"""Journals of earlier releases: what they hold stays what it was, or is refused by name."""

from __future__ import annotations

import shutil
from binascii import crc32
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
from tsme_host.tools.journal import store
from tsme_host.tools.journal.image import read_log
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
    assert " ".join(result.stderr.split()) == f"tsme: error {said(REFUSED % 2, path)}"
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


GOING_ON = ["run", "resume", "stop", "migrate", "token list"]
READING = ["replay", "history", "journal effects"]


def said(error: str, path: Path) -> str:
    """What a command says where a device would be told this."""
    return error.replace("retire()", f"tsme retire {path}")


@pytest.mark.parametrize("words", GOING_ON + READING)
@pytest.mark.parametrize("name", ["retry", "tree"])
def test_every_command_refuses_a_release_before_by_name_and_touches_nothing(
    words: str, name: str, tmp_path: Path
) -> None:
    path = tmp_path / "j.bin"
    shutil.copy(BEFORE / f"{name}.bin", path)
    flow = tmp_path / "flow.asl.json"
    shutil.copy(NOW / f"{name}.asl.json", flow)
    given: dict[str, list[str | Path]] = {
        "run": ["run", flow, "-j", path],
        "migrate": ["migrate", path, flow],
    }
    for programs in (False, True):  # nothing of them is kept, or something else
        if programs:
            store.keep(str(path), (NOW / f"{name}.tsm").read_bytes())
        result = command(*given.get(words, [*words.split(), path]))
        assert result.exit_code == 2
        assert " ".join(result.stderr.split()) == f"tsme: error {said(REFUSED % 0, path)}"
    assert path.read_bytes() == (BEFORE / f"{name}.bin").read_bytes()


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("retired", [False, True])
def test_show_reads_a_journal_of_another_release(
    tmp_path: Path, kept: bool, retired: bool
) -> None:
    path = tmp_path / "j.bin"
    shutil.copy(BEFORE / "retry.bin", path)
    if kept:
        store.keep(str(path), (NOW / "retry.tsm").read_bytes())
    if retired:
        assert command("retire", str(path), "--cause", "too old").exit_code == 0
    shown = command("journal", "show", str(path))
    assert shown.exit_code == 0
    assert "start" in shown.stdout
    assert shown.stderr.startswith("tsme: not replayed: the execution began with behaviour 0 ")
    assert ("TSME.Retired: too old" in shown.stdout) == retired
    replayed = command("replay", str(path))
    assert replayed.exit_code == 2
    assert ("retire" in replayed.stderr) == (not retired)


@pytest.mark.parametrize("words", ["run", "disasm", "replay"])
def test_a_program_from_before_the_format_was_frozen_is_said_to_be_one(
    words: str, tmp_path: Path
) -> None:
    old = BEFORE / "tree.tsm"
    journal = tmp_path / "j.bin"
    shutil.copy(NOW / "tree.bin", journal)
    if words == "replay":
        result = command("replay", journal, "--program", old)
    else:
        result = command(words, old)
    assert result.exit_code == 2
    assert result.stderr == (
        "tsme: error TSME-P003: a program of a release before this one; compile its workflow "
        "again\n"
    )
    later = tmp_path / "later.tsm"
    later.write_bytes(b"\x88\x03" + b"\x00" * 7)
    assert "TSME-P003: program format 3; this tsme reads 2" in command("run", later).stderr


def test_a_kept_program_that_cannot_be_read_is_in_nobodys_way(tmp_path: Path) -> None:
    journal = tmp_path / "j.bin"
    shutil.copy(NOW / "tree.bin", journal)
    digest = read_log(str(journal)).programs[-1]
    store.keep(str(journal), (NOW / "tree.tsm").read_bytes())
    old = (BEFORE / "tree.tsm").read_bytes()
    for file in store.folder(str(journal)).glob("*.tsm"):
        file.write_bytes(old)
        file.rename(file.with_name(f"{digest.hex()}-{crc32(old):08x}.tsm"))
    assert store.kept(str(journal)) == []
    assert "has, but TSME-P003: " in store.lacking(str(journal), digest)
    assert "has, but TSME-P003: " in command("resume", journal).stderr
    assert command("replay", journal, "--program", NOW / "tree.tsm").exit_code == 0
