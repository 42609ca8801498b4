"""A partition that is cut into regions, pulled from a board: `--region` says which journal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tools.shell import tsme
from tsme import Board, Journal, ProgramFiles, RamFlash, Region, Tasks
from tsme.values.cbor import encode
from tsme_host.compiler.compile import compile_text

WAIT = {"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 30, "End": True}}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With `flash.bin`, where two executions of flow.asl.json have run, and a store's region."""
    monkeypatch.chdir(tmp_path)
    tmp_path.joinpath("flow.asl.json").write_text(json.dumps(WAIT))
    program = compile_text(json.dumps(WAIT)).program
    flash = RamFlash(1024, 30)
    now = [1_700_000_000_000]

    def sleep(ms: int) -> None:
        now[0] += ms

    board = Board(
        flash, ProgramFiles(str(tmp_path / "store")), Tasks(), lambda: now[0], sleep, lambda: 7
    )
    for name, number in (("pumps", 1), ("garden", 2)):
        board.start(name, program, {"n": number}, blocks=6)
    board.regions.create("programs", 4, 1)
    board.run_sync()
    tmp_path.joinpath("flash.bin").write_bytes(flash.data)
    return tmp_path


def test_a_partition_is_listed_and_one_of_its_journals_shown(folder: Path) -> None:
    shown = tsme("journal", "show", "flash.bin")
    assert shown.exit_code == 0
    assert shown.stdout.splitlines() == [
        "flash.bin: 3 regions",
        "  pumps     journal   6 blocks of 1024 bytes",
        "  garden    journal   6 blocks of 1024 bytes",
        "  programs  programs  4 blocks of 1024 bytes",
    ]
    assert "--region NAME" in shown.stderr
    one = tsme("journal", "show", "flash.bin", "--region", "garden")
    assert "execution 2, input" in one.stdout
    assert "execution 1, input" not in one.stdout
    listed = json.loads(tsme("journal", "show", "flash.bin", "--json").stdout)
    assert [part["start"] for part in listed["regions"]] == [4, 10, 16]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["replay"], "identical: 2 steps, 1 execution"),
        (["history", "--table"], "ExecutionSucceeded"),
        (["journal", "effects"], ""),
    ],
)
def test_every_reader_takes_a_region(folder: Path, words: list[str], says: str) -> None:
    more = ["flash.bin", "--program", "flow.asl.json"]
    done = tsme(*words, *more, "--region", "pumps")
    assert (done.exit_code, says in done.stdout) == (0, True), done.stderr
    refused = tsme(*words, *more)
    assert refused.exit_code == 2
    assert "pumps, garden; say which is meant with --region NAME" in refused.stderr


def test_an_export_is_of_one_region(folder: Path) -> None:
    done = tsme("journal", "export", "flash.bin", "--region", "garden")
    assert json.loads(done.stdout)[0]["fields"]["execution"] == 2


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["show", "flash.bin", "--region", "pump"], 'no region "pump"; did you mean "pumps"?'),
        (["show", "flash.bin", "--region", "programs"], "holds programs and no journal"),
        (["repair", "flash.bin"], "this command is for files with one journal alone;"),
        (["resize", "flash.bin", "--blocks", "9"], "a board changes its regions itself"),
    ],
)
def test_what_is_no_journal_of_it_says_so(folder: Path, words: list[str], says: str) -> None:
    before = folder.joinpath("flash.bin").read_bytes()
    done = tsme("journal", *words)
    assert done.exit_code == 2
    assert "TSME-H052" in done.stderr
    assert says in done.stderr
    assert folder.joinpath("flash.bin").read_bytes() == before


def test_a_journal_by_itself_has_no_regions(folder: Path) -> None:
    part = folder.joinpath("flash.bin").read_bytes()[4 * 1024 : 10 * 1024]
    folder.joinpath("one.bin").write_bytes(part)
    done = tsme("journal", "show", "one.bin", "--region", "pumps")
    assert "is not cut into regions; leave out --region" in done.stderr
    assert tsme("journal", "show", "one.bin").exit_code == 0
    folder.joinpath("table.bin").write_bytes(folder.joinpath("flash.bin").read_bytes()[:4096])
    assert tsme("journal", "show", "table.bin").exit_code == 2


def test_a_table_of_a_later_release_says_so(folder: Path) -> None:
    data = folder.joinpath("flash.bin").read_bytes()
    flash = RamFlash(1024, 30)
    flash.data[:] = data
    journal = Journal(Region(flash, 0, 4))
    journal.recover()
    journal.checkpoint(encode(["regions", 2, 4, 0]))
    folder.joinpath("flash.bin").write_bytes(flash.data)
    done = tsme("journal", "show", "flash.bin")
    assert done.exit_code == 2
    assert 'TSME-H052: the regions of "flash.bin" cannot be read: TSME-J003' in done.stderr


def test_an_execution_on_a_board_moves_by_a_plan_made_from_its_image(folder: Path) -> None:
    now = [1_700_000_000_000]
    flash = RamFlash(1024, 30)
    store = ProgramFiles(str(folder / "other"))

    def sleep(ms: int) -> None:
        now[0] += ms

    def board() -> Board:
        return Board(flash, store, Tasks(), lambda: now[0], sleep, lambda: 7)

    first = board()
    for name in ("pumps", "garden"):
        first.start(name, compile_text(json.dumps(WAIT)).program, blocks=6)
    folder.joinpath("flash.bin").write_bytes(flash.data)
    changed = json.dumps(WAIT).replace('"End": true', '"Next": "B"')
    changed = changed.replace(
        '"A": {', '"B": {"Type": "Pass", "Result": "new", "End": true}, "A": {'
    )
    folder.joinpath("new.asl.json").write_text(changed)
    words = ["migrate", "flash.bin", "new.asl.json", "--region", "garden", "-o", "plan.cbor"]
    away = tsme(*words)
    assert 'TSME-H043: the region "garden" of "flash.bin" needs the program ' in away.stderr
    assert away.stderr.endswith("the workflow as it was, or FILE.py:CLASS for a machine\n")
    planned = tsme(*words, "--program", "flow.asl.json")
    assert planned.exit_code == 0, planned.output
    second = board()
    plan = folder.joinpath("plan.cbor").read_bytes()
    second.migrate("garden", compile_text(changed).program, plan)
    assert len(store.digests()) == 2  # the pumps need the old one
    third = board()
    third.run_sync()
    ended = [third.outcome(name) for name in ("pumps", "garden")]
    assert [outcome and outcome.output for outcome in ended] == [None, "new"]
