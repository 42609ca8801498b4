"""Blocks that can no longer be erased or programmed: nothing is lost, and they are named."""

from itertools import product

import pytest

from sim.nor import Nor
from tests.crash.geometry import Geometry
from tests.crash.world import World
from tsme.errors import LimitError, TsmeError
from tsme.journal import CHECKPOINT, STEP, Journal
from tsme.journal.heads import read_mark, read_place

Fault = tuple[str | None, str | None, bool]

# What an erase and a program operation do in such a block, and whether the device says so.
ERASES: list[Fault] = [
    ("none", None, True),
    ("none", None, False),
    ("zeros", None, False),
    ("random", None, False),
    ("last", None, False),
    ("blank", None, True),
    ("all", None, True),
]
PROGRAMS: list[Fault] = [
    (None, "none", True),
    (None, "none", False),
    (None, "first", False),
    (None, "half", True),
    (None, "random", False),
    (None, "all", True),
]
FAULTS = [*ERASES, *PROGRAMS, ("none", "none", True), ("random", "random", False)]


def failing(flash: Nor, *blocks: int, fault: Fault = ("none", "none", True)) -> None:
    for block in blocks:
        flash.failing[block] = fault


@pytest.mark.parametrize("geometry", ["512x4p32", "512x5p256", "1024x6e64", "256x9p8"])
@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_whichever_block_fails_however_nothing_is_lost(geometry: str, fault: Fault) -> None:
    """From the beginning, and later, twice round the ring; it stays retired after a reboot."""
    shape = Geometry.parse(geometry)
    found = 0
    for block, late in product(range(shape.count), (False, True)):
        world = World(shape.flash(Nor))
        world.boot()
        if late:
            world.live("smLiscmC")
        failing(world.flash, block, fault=fault)
        world.live("mcsmisLsC" * 8)
        retired = world.journal.retired
        assert retired in ((), (block,)), "what it does may just have been right"
        if retired:
            found += 1
            seen = [list(world.flash.erases_of), list(world.flash.programs_of)]
            world.live("mcsmisLsC" * 4)
            assert world.flash.erases_of[block] == seen[0][block], "it is left alone"
            assert world.flash.programs_of[block] == seen[1][block]
            assert world.journal.recover(lambda _: None, lambda _: None).retired == (block,)
    assert found > shape.count


def test_the_record_is_committed_elsewhere_in_the_same_commit() -> None:
    flash = Nor(512, 6, strict=True)
    world = World(flash)
    world.boot()
    world.commit(STEP, b"one")
    failing(flash, 0)
    world.commit(STEP, b"two")
    assert world.journal.retired == (0,)
    assert [(body, block) for _, _, body, block, _ in world.journal.records()] == [
        (b"one", 0),
        (b"two", 1),
    ]
    world.live_on()


def test_an_idle_moment_finds_the_bad_block_so_that_no_commit_has_to() -> None:
    flash = Nor(512, 6, strict=True)
    world = World(flash)
    world.boot()
    world.commit(STEP, b"one")
    failing(flash, 1)
    while world.journal.idle():
        pass
    assert world.journal.retired == (1,)
    erases = flash.erases
    world.boot()
    assert world.journal.retired == (1,)
    assert not world.journal.idle()
    for _ in range(14):
        world.commit(STEP, bytes(20))
    assert flash.erases == erases, "the block after it was ready, also after the reboot"


@pytest.mark.parametrize("count", range(4, 10))
@pytest.mark.parametrize("after", range(0, 30, 7))
def test_half_of_the_blocks_may_fail_at_any_moment(count: int, after: int) -> None:
    """N / 2 - 1, rounded up, one after the other, also under the largest checkpoint."""
    flash = Nor(512, count, strict=True)
    world = World(flash)
    world.boot()
    most = world.journal.most
    for failed in range((count - 1) // 2):
        for i in range(after):
            world.commit(STEP, bytes([i]) * 50)
        while not world.journal.needs_checkpoint():
            world.commit(STEP, bytes(60))
        # the next block that is opened fails
        following = Journal(flash).recover().generation + 1
        while (following - 1) % count in world.journal.retired:
            following += 1
        failing(flash, (following - 1) % count)
        assert world.journal.most == most
        world.commit(CHECKPOINT, bytes([failed]) * most)
        world.commit(STEP, b"and on")
        world.boot()
        assert len(world.journal.retired) == failed + 1


def test_in_the_end_the_flash_is_worn_out_and_all_can_be_read() -> None:
    flash = Nor(512, 6, strict=True)
    world = World(flash)
    world.boot()
    world.commit(STEP, b"one")

    def wear() -> None:
        for block in range(6):
            failing(flash, block)
            for _ in range(100):
                world.commit(STEP, bytes(60))

    for _ in range(3):
        with pytest.raises(TsmeError, match=r"TSME-J011: .* of 6 blocks have failed"):
            wear()
        assert len(world.oracle.committed) > 300
        world.oracle.power_went()
        world.boot()


@pytest.mark.parametrize("count", [2, 3])
def test_a_ring_without_a_spare_block_goes_on_if_it_can_or_says_why_not(count: int) -> None:
    went_on = 0
    for after in range(14):
        flash = Nor(512, count, strict=True)
        world = World(flash)
        world.boot()
        for _ in range(after):
            world.commit(STEP, bytes(40))
        failing(flash, after % count)
        ended = 0
        for _ in range(40):
            try:
                world.commit(STEP, bytes(40))
            except LimitError as e:
                assert e.code == "TSME-J008"
                world.commit(CHECKPOINT, b"before it")
            except TsmeError as e:
                assert e.code in ("TSME-J011", "TSME-J012")
                world.oracle.power_went()
                ended += 1
                world.boot()
        went_on += not ended
        world.boot()
    assert went_on == {2: 0, 3: 10}[count], "of 14"


def test_a_step_that_a_smaller_ring_cannot_take_is_refused_and_changes_nothing() -> None:
    flash = Nor(512, 8, strict=True)
    world = World(flash)
    world.boot()
    failing(flash, 0, 1, 2, 3)
    for _ in range(40):
        world.commit(STEP, bytes(60))
    journal = world.journal
    assert journal.retired == (0, 1, 2, 3)
    before = flash.state()
    with pytest.raises(LimitError, match="TSME-J007"):
        journal.commit(STEP, bytes(8 * 512))
    assert flash.state() == before
    world.commit(STEP, bytes(journal.room))
    world.boot()


@pytest.mark.parametrize("bad", [3, 4])
@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_a_step_that_runs_out_of_blocks_half_way_leaves_room_for_the_checkpoint(
    fault: Fault, bad: int
) -> None:
    """Its first blocks are written when so many fail that the rest finds no room."""
    flash = Nor(256, 14, strict=True)
    world = World(flash)
    world.boot()
    while world.journal.room >= 760 + 2 * 192:
        world.commit(STEP, bytes(150))
    journal = world.journal
    here = Journal(flash).recover().generation
    failing(flash, *((here + 1 + i) % 14 for i in range(1, 1 + bad)), fault=fault)
    before = journal.number
    try:
        world.oracle.begins(STEP, bytes([7]) * 700)
        world.oracle.done(journal.commit(STEP, bytes([7]) * 700))
    except LimitError as e:
        assert e.code == "TSME-J008"
        assert journal.number == before
        world.commit(CHECKPOINT, b"then this")
        world.boot()
        world.commit(STEP, bytes(300))
    world.boot()
    world.live_on()


def newest(flash: Nor) -> int:
    """The greatest generation that a head says (SPEC 4.1), of slots of 32 bytes."""
    found = [0]
    for at in range(0, len(flash.data), flash.block):
        mark = read_mark(flash.data[at : at + 28])
        if mark and read_place(flash.data[at + 32 : at + 60], flash.data[at : at + 28]):
            found.append(mark[3])
    return max(found)


@pytest.mark.parametrize("fault", [("none", None, True), ("none", "none", False)])
@pytest.mark.parametrize("once", [False, True])
def test_a_block_that_a_cut_left_behind_and_that_stays_is_gone_round(
    fault: Fault, once: bool
) -> None:
    """The newest head is of a record that was never committed, and cannot be erased."""
    for op in range(1, 9):
        flash = Nor(256, 11, 32, once, strict=True)
        world = World(flash)
        world.boot()
        world.live("smLiscm")
        large = bytes(min(700, world.journal.most))
        world.oracle.begins(STEP, large)
        flash.cut_at(op, "all")
        try:
            world.oracle.done(world.journal.commit(STEP, large))
        except BaseException as e:
            assert type(e).__name__ == "PowerLoss"
            world.oracle.power_went()
        flash.power_on()
        world.boot()
        failing(flash, (newest(flash) - 1) % 11, fault=fault)
        world.live("sm")
        world.live_on()


def test_a_journal_on_a_worn_block_can_be_formatted() -> None:
    for fault in FAULTS:
        flash = Nor(512, 6, strict=True)
        world = World(flash)
        world.boot()
        world.live("smLiscmC")
        failing(flash, 2, fault=fault)
        journal = Journal(flash)
        if fault == ("none", "none", True):
            with pytest.raises(TsmeError, match="TSME-J009: block 2 cannot be erased"):
                journal.format()  # its old head would be found again
            continue
        journal.format()
        world = World(flash)
        world.boot()
        world.live("smLiscmC" * 3)


def test_a_block_that_cannot_be_read_is_an_error_and_no_loss() -> None:
    class Unreadable(Nor):
        hidden = -1

        def readblocks(self, n: int, buf: bytearray | memoryview, off: int = 0) -> None:
            if n == self.hidden:
                raise OSError(5)
            super().readblocks(n, buf, off)

    flash = Unreadable(512, 4, strict=True)
    world = World(flash)
    world.boot()
    world.live("smsm")
    before = flash.state()
    flash.hidden = 0
    with pytest.raises(TsmeError, match="TSME-J009: block 0 cannot be read"):
        Journal(flash).recover()
    assert flash.state() == before
    flash.hidden = -1
    world.live_on()


def test_a_device_that_cannot_be_synchronized_has_committed_nothing() -> None:
    class Unsynchronized(Nor):
        says: int = 0

        def ioctl(self, op: int, arg: int) -> int:
            return self.says if op == 3 else super().ioctl(op, arg)

    flash = Unsynchronized(512, 4)
    journal = Journal(flash)
    journal.recover()
    journal.commit(STEP, b"one")
    flash.says = 5
    with pytest.raises(TsmeError, match="TSME-J009: block 0 cannot be programmed"):
        journal.commit(STEP, b"two")
    with pytest.raises(TsmeError, match="TSME-J010"):
        journal.commit(STEP, b"three")
    flash.says = 0
    journal.recover()
    journal.commit(STEP, b"three")
