"""What recovery makes of flash that is torn, foreign or damaged."""

import struct
from collections.abc import Callable
from random import Random

import pytest

from sim.nor import PROGRAM_SHAPES, Nor, PowerLoss
from tests.crash.geometry import Geometry
from tests.crash.world import World
from tsme.errors import TsmeError
from tsme.journal import CHECKPOINT, STEP, Journal
from tsme.journal.records import crc32, mark
from tsme.journal.region import Region

Damage = tuple[int, int | None, int, int]


def grown(steps: int, flash: Nor | None = None, size: int = 20) -> Nor:
    flash = flash or Nor(512, 6)
    journal = Journal(flash)
    journal.recover()
    for i in range(steps):
        if journal.needs_checkpoint():
            journal.checkpoint(b"state %d" % i)
        journal.commit(STEP, bytes([i & 255]) * size)
    return flash


def read(flash: Nor) -> tuple[list[int], list[Damage]]:
    damage: list[Damage] = []
    numbers = [r[0] for r in Journal(flash).records(lambda *where: damage.append(where))]
    return numbers, damage


def test_a_blank_region_is_a_new_journal() -> None:
    flash = Nor(512, 3)
    info = Journal(flash).recover()
    assert (info.records, info.steps, info.torn, info.blocks, info.generation) == (
        0,
        0,
        False,
        0,
        0,
    )
    assert read(flash) == ([], [])


def test_a_torn_record_is_never_seen_and_what_follows_it_is_not_overwritten() -> None:
    for shape in PROGRAM_SHAPES[:-1]:
        flash = grown(3, Nor(512, 4, strict=True))
        journal = Journal(flash)
        journal.recover()
        flash.cut_at(1, shape)
        with pytest.raises(PowerLoss):
            journal.commit(STEP, b"never seen" * 9)
        flash.power_on()
        torn = flash.state()[0][32:512]
        journal = Journal(flash)
        info = journal.recover()
        assert (info.records, info.torn) == (3, shape != "none")
        journal.commit(STEP, b"next")
        if info.torn:
            assert flash.state()[0][32:512] == torn
        assert [body for *_, body, _, _ in journal.records()][3:] == [b"next"]


def test_what_a_torn_record_leaves_in_later_blocks_is_gone_after_the_next_commit() -> None:
    flash = grown(3, Nor(256, 11))
    journal = Journal(flash)
    journal.recover()
    flash.cut_at(8, "first")
    with pytest.raises(PowerLoss):
        journal.commit(STEP, bytes(700))
    flash.power_on()
    journal = Journal(flash)
    assert journal.recover().torn
    journal.commit(STEP, b"next")
    info = Journal(flash).recover()
    assert (info.records, info.torn) == (4, False)


@pytest.mark.parametrize("seed", range(20))
def test_random_garbage_is_refused_and_left_alone(seed: int) -> None:
    flash = Nor(512, 4)
    random = Random(seed)
    start = random.choice([0, 7, 512, 1024, 1536, 1900])
    size = random.choice([40, 148, 2048 - start])
    flash.data[start : start + size] = random.randbytes(size)
    before = flash.state()
    journal = Journal(flash)
    with pytest.raises(TsmeError, match="holds something that is not a journal"):
        journal.recover()
    with pytest.raises(TsmeError, match="TSME-J010"):
        journal.commit(STEP, b"step")
    assert flash.state() == before
    journal.format()
    journal.commit(STEP, b"step")
    assert Journal(flash).recover().records == 1


def test_another_format_version_is_refused_and_left_alone() -> None:
    flash = grown(10)
    head = bytearray(flash.data[:28])
    head[4] = 2
    head[24:28] = struct.pack("<I", crc32(bytes(head[:24])))
    flash.data[:28] = head
    before = flash.state()
    with pytest.raises(TsmeError, match=r"TSME-J003: .* version 2, this software knows 1"):
        Journal(flash).recover()
    assert flash.state() == before


def test_another_geometry_is_refused_and_left_alone() -> None:
    flash = grown(10)
    before = flash.state()
    with pytest.raises(TsmeError, match=r"TSME-J004: .* 6 blocks of 512 .* here are 5 of 512"):
        Journal(Region(flash, 0, 5)).recover()
    with pytest.raises(TsmeError, match="TSME-J004"):
        Journal(flash, slot=64).recover()
    assert flash.state() == before


def test_format_cut_anywhere_leaves_the_newest_state_or_none() -> None:
    flash = grown(60)
    used = sum(flash.data[n * 512] != 0xFF for n in range(6))
    for op in range(1, 6 + used + 2):
        for shape in ("none", "first", "random", "half", "all"):
            flash = grown(60)
            flash.cut_at(op, shape)
            with pytest.raises(PowerLoss):
                Journal(flash).format()
            flash.power_on()
            try:
                records = Journal(flash).recover(lambda _: None, lambda _: None).records
            except TsmeError as error:
                assert error.code in ("TSME-J002", "TSME-J005", "TSME-J006")
                records = 0
            assert records == 0 or records >= 60
            Journal(flash).format()
            assert Journal(flash).recover().records == 0


def middle(flash: Nor, number: int) -> tuple[int, int]:
    """Block and offset of a record."""
    return next((r[3], r[4]) for r in Journal(flash).records() if r[0] == number)


def hit(at: int, size: int) -> Callable[[Nor, int], None]:
    def damage(flash: Nor, where: int) -> None:
        for i in range(where + at, where + at + size):
            flash.data[i] ^= 0x11

    return damage


@pytest.mark.parametrize(
    "damage",
    [hit(12, 1), hit(8, 20), hit(4, 4), hit(5, 1), hit(3, 1), hit(0, 3), hit(0, 8), hit(0, 28)],
)
@pytest.mark.parametrize("steps", [10, 26])
def test_damage_is_reported_and_never_skipped(
    damage: Callable[[Nor, int], None], steps: int
) -> None:
    """Wherever in a record, in the newest block and in one before."""
    flash = grown(steps)
    block, off = middle(flash, 5)
    damage(flash, block * 512 + off)
    with pytest.raises(
        TsmeError, match=r"TSME-J005: record 5 is damaged .block 0, offset 224."
    ) as e:
        Journal(flash).recover()
    assert e.value.code == "TSME-J005"
    numbers, found = read(flash)
    assert numbers[:5] == [0, 1, 2, 3, 4]
    assert len(found) == 1
    assert (found[0][0], found[0][2], found[0][3]) == (5, block, off)
    if found[0][1] is not None:
        assert numbers[5:] == list(range(found[0][1], steps))


def test_damage_before_the_newest_checkpoint_does_no_harm() -> None:
    flash = grown(10)
    journal = Journal(flash)
    journal.recover()
    journal.checkpoint(b"state")
    journal.commit(STEP, b"step")
    block, off = middle(flash, 5)
    flash.data[block * 512 + off + 10] ^= 1
    found: list[bytes] = []
    Journal(flash).recover(lambda b: found.append(bytes(b)), lambda b: found.append(bytes(b)))
    assert found == [b"state", b"step"]
    assert read(flash)[1] == [(5, 6, block, off)]


def test_a_lost_checkpoint_is_an_error() -> None:
    flash = grown(400)
    newest = max(r[0] for r in Journal(flash).records() if r[1] == CHECKPOINT)
    block, off = middle(flash, newest)
    flash.data[block * 512 + off + 10] ^= 1
    with pytest.raises(TsmeError, match=r"TSME-J00[56]"):
        Journal(flash).recover()


def test_a_damaged_head_of_a_block_is_reported() -> None:
    flash = grown(36)
    flash.data[512 + 33] ^= 1
    with pytest.raises(TsmeError, match="TSME-J005"):
        Journal(flash).recover()
    numbers, found = read(flash)
    assert len(found) == 1
    assert numbers == [n for n in range(36) if not found[0][0] <= n < (found[0][1] or 0)]


def test_the_last_torn_claims_do_not_lock_the_region() -> None:
    world = World(Geometry(256, 3).flash())
    for shape in ("first", "half", "random", "last", "first"):
        journal = world.boot()
        world.flash.cut_at(1, shape)
        with pytest.raises(PowerLoss):
            journal.idle()
        world.flash.power_on()
    world.live_on()


def test_a_torn_claim_is_no_garbage_but_something_like_it_is() -> None:
    flash = Nor(512, 3)
    whole = mark(32, 3, 512, 0)
    flash.data[1024 : 1024 + 11] = whole[:11]
    assert Journal(flash).recover().records == 0
    flash.data[1024 + 28] = 0
    with pytest.raises(TsmeError, match="TSME-J002"):
        Journal(flash).recover()
