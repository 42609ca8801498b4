"""`make bench` compares like with like: what it says of littlefs and of the journal is counted."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import pytest

from sim.nor import ERASE_US, PAGE, PROGRAM_US, Nor
from tests import interpreters
from tests.bench import journal as bench
from tsme.journal import Journal

DEVICE = Path(__file__).with_name("lfs_device.py")
CHECKPOINT = bytes(100)
BOARDS = pytest.mark.parametrize("unit", bench.BOARDS.values(), ids=bench.BOARDS)


class Spy(Nor):
    """Flash that keeps a list of what it was asked for, and does sums of its own."""

    made: ClassVar[list[Spy]] = []

    def __init__(self, block: int, count: int, program_size: int) -> None:
        super().__init__(block, count, program_size, strict=True)
        Spy.made.append(self)

    def reset_counts(self) -> None:
        super().reset_counts()
        self.asked: list[tuple[str, int, int, int]] = []

    def readblocks(self, n: int, buf: Any, off: int = 0) -> None:
        self.asked.append(("read", n, off, len(buf)))
        super().readblocks(n, buf, off)

    def writeblocks(self, n: int, buf: Any, off: int = 0) -> Any:
        self.asked.append(("program", n, off, len(buf)))
        return super().writeblocks(n, buf, off)

    def ioctl(self, op: int, arg: int) -> int:
        if op == 6:
            self.asked.append(("erase", arg, 0, 0))
        return super().ioctl(op, arg)

    def sums(self) -> tuple[int, int, int, int, int, int]:
        """Time, programs, bytes programmed and read, erases, erases of the most worn block."""
        time = programs = programmed = read = 0
        worn = [0] * self.count
        for what, n, off, size in self.asked:
            if what == "read":
                read += size
            elif what == "program":
                programs += 1
                programmed += size
                time += PROGRAM_US * ((off + size - 1) // PAGE - off // PAGE + 1)
            else:
                worn[n] += 1
                time += ERASE_US
        return time, programs, programmed, read, sum(worn), max(worn)


@pytest.fixture
def spied(monkeypatch: pytest.MonkeyPatch) -> list[Spy]:
    monkeypatch.setattr(bench, "Nor", Spy)
    monkeypatch.setattr(Spy, "made", [])
    return Spy.made


def run(who: str, unit: int) -> bench.Figures:
    """A short run: a turn of the ring, or a block of littlefs worn ten times."""
    if who == "journal":
        return bench.journal(unit, 1, [CHECKPOINT])
    return bench.littlefs(unit, 10, False, 700)


@BOARDS
@pytest.mark.parametrize("who", ["journal", "littlefs"])
def test_the_figures_are_the_sums_of_what_the_flash_was_asked_for(
    who: str, unit: int, spied: list[Spy]
):
    found = run(who, unit)
    nor = spied[0]
    assert nor.sums() == (
        found.time_us,
        found.programs,
        found.programmed,
        found.read,
        found.erases,
        found.cycles + 1,
    )
    assert found == run(who, unit), "the same again"


@BOARDS
def test_littlefs_has_every_record_after_its_sync(unit: int, spied: list[Spy]):
    found = bench.littlefs(unit, 10, False, 10**6)
    fs = bench._mount(spied[0])  # as after a reset: the file was never closed
    with fs.open("log", "rb") as file:
        assert len(file.read()) == bench.RECORD * found.commits


@BOARDS
def test_the_journal_has_every_step(unit: int, spied: list[Spy]):
    found = run("journal", unit)
    last = []
    info = Journal(spied[0]).recover(lambda body: None, lambda body: last.append(bytes(body)))
    steps = int.from_bytes(last[-1], "little") + 1
    assert steps > found.commits > bench.COUNT * 120, "those of the warm-up are there as well"
    assert info.records == steps + steps // 256
    assert info.steps == len(last) == steps % 256


@BOARDS
def test_micropython_itself_makes_the_same_operations(unit: int, spied: list[Spy]):
    """The settings are those of VfsLfs2, and both versions of littlefs do the same."""
    interpreters.require("micropython")
    found = run("littlefs", unit)
    args = [str(unit), str(found.commits), "700"]
    done = interpreters.run("micropython", DEVICE, args, heap="16m")
    assert done.returncode == 0, done.stderr.decode()
    *same, read = [int(word) for word in done.stdout.split()]
    assert same == [found.time_us, found.programs, found.programmed, found.erases, 11]
    assert abs(read - found.read) < 4096, "its mount reads a little less"


@BOARDS
def test_a_step_of_32_bytes_is_one_program_operation(unit: int):
    """One that opens a block seals the one before besides: one in 126, with a block's head."""
    found = run("journal", unit)
    assert found.most_programs == 2
    assert found.programs <= found.commits * (1 + 3 / 126)


def test_no_recovery_replays_more_than_256_steps():
    """The power also goes at checkpoints, whatever step they come due after."""
    board = bench.recoveries(30)
    assert board.steps > 4000
    assert 200 < board.most <= 256


def test_names_without_a_board_have_the_worse_of_both():
    numbers = bench.measure(1, littlefs_cycles=20, journal_cycles=1, lives=2)
    for name in ("time_ratio", "life_ratio"):
        ratios = [numbers[f"journal.vs_littlefs.{board}.{name}"] for board in bench.BOARDS]
        assert numbers[f"journal.vs_littlefs.{name}"] == min(ratios)
    assert numbers["journal.program_ops_per_commit"] == 2
