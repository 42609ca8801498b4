"""Reproducers, and what the proof itself must not get wrong."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from sim.nor import ERASE_SHAPES, PROGRAM_SHAPES, PowerLoss
from tests.crash.flash import LETTERS, Op, Traced, erase_shapes, program_shapes
from tests.crash.geometry import GEOMETRIES, Geometry
from tests.crash.lives import Life, fails, read, shrink, write
from tests.crash.oracle import CHECKPOINT, STEP, Oracle, Seen, Wrong
from tests.crash.world import World

HOME = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "text", ["256x3p32:mLmLmL.sm@4f20.is@2b.s", "2048x2e256:", "512x4p1:wpq.@1g64.zr@12k"]
)
def test_a_reproducer_is_read_as_it_was_written(text: str) -> None:
    assert write(*read(text)) == text


@pytest.mark.parametrize(
    "text", ["", "s@4f20", "256x3p32:y", "256x3x32:s", "256x3p32:s@f", "256x3p32:s@1y", "x:s@1a"]
)
def test_what_is_no_reproducer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no"):
        read(text)


def test_every_shape_has_a_letter_and_is_tried() -> None:
    assert set(LETTERS) == {*PROGRAM_SHAPES, *ERASE_SHAPES}
    assert {shape for shape, _ in program_shapes(96, 32)} == set(PROGRAM_SHAPES)
    assert {shape for shape, _ in erase_shapes(256, 32)} == set(ERASE_SHAPES)


@pytest.mark.parametrize("geometry", GEOMETRIES[::4], ids=str)
def test_a_torn_operation_is_what_the_model_leaves_of_it(geometry: Geometry) -> None:
    """Exploring tears an operation by itself; a reproducer cuts a whole life."""
    flash = geometry.flash(Traced)
    flash.mind = lambda: None
    old = bytes(range(7, 7 + geometry.program_size % 200 + 32)) * 32
    unit = max(32, geometry.program_size)
    flash.writeblocks(0, old[:unit], 0)
    before = flash.state()
    for buf in (None, old[-unit:]):
        op = Op(1, before, None, 0 if buf is None else 1, 0, buf)
        shapes = erase_shapes(geometry.block, 32) if buf is None else program_shapes(unit, 1)
        for shape in shapes:
            flash.tear(op, *shape)
            torn = flash.state()
            flash.restore(before)
            flash.cut_at(1, *shape)
            with pytest.raises(PowerLoss):
                flash.ioctl(6, 0) if buf is None else flash.writeblocks(1, buf, 0)
            assert flash.state() == torn


def seen(records: list[tuple[int, bytes]], first: int = 0, **other: object) -> Seen:
    steps = sum(kind == STEP for kind, _ in records)
    kept = [(number, kind, body) for number, (kind, body) in enumerate(records, first)]
    found = Seen(first + len(records), steps, False, list(records), kept, [], False)
    for name, value in other.items():
        setattr(found, name, value)
    return found


ONE = (STEP, b"one")
TWO = (STEP, b"two")
STATE = (CHECKPOINT, b"state")


def held(*records: tuple[int, bytes], under_way: tuple[int, bytes] | None = None) -> Oracle:
    oracle = Oracle()
    for number, record in enumerate(records):
        oracle.begins(*record)
        oracle.done(number)
    if under_way:
        oracle.begins(*under_way)
        oracle.power_went()
    return oracle


@pytest.mark.parametrize(
    ("found", "what"),
    [
        (seen([ONE]), "1 of 2 committed records are lost"),
        (seen([ONE, TWO, TWO]), "1 records are invented"),
        (seen([ONE, ONE]), "recovered are"),
        (seen([ONE, TWO], steps=1), "1 steps are said"),
        (seen([ONE, TWO], torn=True), "nothing was"),
        (seen([ONE, TWO], damage=[1]), "damage is reported"),
        (seen([ONE, TWO], wrote=True), "recovery wrote"),
        (seen([ONE, TWO], kept=[(1, *TWO)]), r"leaves out \[0\]"),
        (seen([ONE, TWO], kept=[(0, *ONE), (0, *ONE)]), "number 0 after 0"),
        (seen([ONE, TWO], kept=[(0, *ONE), (1, *ONE)]), "another record 1"),
    ],
)
def test_the_oracle_minds_everything(found: Seen, what: str) -> None:
    with pytest.raises(Wrong, match=what):
        held(ONE, TWO).check(found)


def test_the_record_under_way_may_be_there_or_not_but_no_other() -> None:
    for records in ([ONE], [ONE, TWO]):
        oracle = held(ONE, under_way=TWO)
        oracle.check(seen(records))
        assert oracle.committed == tuple(records)
    with pytest.raises(Wrong, match="recovered are"):
        held(ONE, under_way=TWO).check(seen([ONE, STATE]))


def test_what_is_older_than_the_newest_checkpoint_may_be_gone() -> None:
    held(ONE, STATE, TWO).check(seen([STATE, TWO], 1))
    held(ONE, TWO, STATE).check(seen([STATE], 2, kept=[(0, *ONE), (2, *STATE)]))
    with pytest.raises(Wrong, match=r"recovered are \[step"):
        held(ONE, STATE, TWO).check(seen([ONE, STATE, TWO]))


def test_a_commit_has_the_next_number() -> None:
    oracle = held(ONE)
    oracle.begins(*TWO)
    with pytest.raises(Wrong, match="the commit gave number 2"):
        oracle.done(2)


def test_no_row_of_cuts_locks_the_journal_up() -> None:
    """Every life is cut in its first operations; progress is made all the same."""
    world = World(Geometry(512, 2).flash())
    world.boot()
    world.act("s")  # so that the device was tried
    for life in range(400):
        try:
            world.boot()
            world.flash.cut_at(1 + life % 4, ("first", "random", "last", "none")[life % 7 % 4])
            world.act("e")
            world.act("s")
            world.act("e")
        except PowerLoss:
            world.oracle.power_went()
            world.flash.power_on()
    world.flash.power_on()  # no cut is left over for what follows
    assert len(world.oracle.committed) > 200
    world.live_on()


FOUND = [
    "256x2p1:s@1f1.L@2z.s",  # the first erase hit the block with the claim
    "256x2p1:s@1f1.L@2f64.is",
    "256x2e16:s@1f1.L@2f64.c",  # a claim went into a block that only looked blank
    "256x2e16:s@1f1.s@1f1.s@1z.s",  # torn claims everywhere, and half an erase: refused
    "256x3e32:s@1f1.s@1f1.s@1f3.s@1k.s",
    "256x4p4:mLLcw.s@1f1.L@2l128",  # a half-erased block behind a failed one: damage
    "256x4p4:Lcw.s@1f8.C@2l248.s",
    "256x4p4:ws@1h1.c@1h1.c",  # torn claims, and the one block that was tried is worn out
]


@pytest.mark.parametrize("text", FOUND)
def test_what_was_found_once_stays_mended(text: str) -> None:
    assert fails(text) is None


def crash(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run what `make crash` runs."""
    command = [sys.executable, "-m", "tests.crash", *arguments]
    return subprocess.run(command, cwd=HOME, capture_output=True, text=True, check=False)


def test_make_crash_ends_with_a_line_of_numbers() -> None:
    done = crash("--seconds", "1")
    assert re.fullmatch(r"[1-9]\d* cut states, 0 violations", done.stdout.splitlines()[-1])
    assert (done.returncode, done.stderr) == (0, "")


def test_make_crash_fails_if_something_is_wrong_and_says_how_to_see_it_again() -> None:
    done = crash("--seconds", "2", "--broken", "tail")
    assert done.returncode == 1, done.stderr
    last = done.stdout.splitlines()[-1]
    assert re.fullmatch(r"\d+ cut states, [1-9]\d* violations", last)
    text = re.findall(r"make crash REPRO=(\S+)", done.stdout)[0]
    again = crash("--repro", text, "--broken", "tail")
    assert again.returncode == 1
    assert "the power goes" in again.stdout
    assert "VIOLATION" in again.stdout
    whole = crash("--repro", text)
    assert whole.returncode == 0
    assert whole.stdout.splitlines()[-2] == "all is as it should be"


def test_a_reproducer_is_told_step_by_step() -> None:
    told: list[str] = []
    assert fails("256x4p4:s.m@1f20.s", told.append) is None
    assert [line for line in told if line.startswith("the power")] == ["the power goes: first 20"]
    assert sum(" program " in line for line in told) > 3
    assert sum(line.startswith("recovered: ") for line in told) == 4


def test_a_reproducer_of_nothing_is_not_shrunk() -> None:
    assert shrink("256x4p4:s.m@1f20.s") == ("256x4p4:s.m@1f20.s", "it does not happen again")


def test_a_life_without_a_cut_goes_on_as_after_a_reset() -> None:
    assert Life.parse("sm") == Life("sm")
    assert fails("256x4p4:sm.e.c") is None
