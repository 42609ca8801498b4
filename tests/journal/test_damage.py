"""A bad page or lost bits, anywhere in a journal: all is found, or it is said."""

from collections.abc import Callable
from random import Random

import pytest

from sim.nor import Nor, PowerLoss
from tests.crash.geometry import Geometry
from tests.crash.world import World
from tests.journal.test_rot import Record, recovered
from tsme.errors import TsmeError
from tsme.journal import CHECKPOINT, STEP, Journal
from tsme.journal.ram_flash import RamFlash

PAGE = 256
SIZES = ((20,), (0, 5, 60, 100), (20, 20, 20, 300, 700))


def life(
    geometry: str, steps: int, sizes: tuple[int, ...], every: int
) -> tuple[Nor, list[Record]]:
    """A journal of so many steps, with a checkpoint after `every` of them, and its records."""
    flash = Geometry.parse(geometry).flash(Nor)
    journal = Journal(flash)
    journal.recover()
    random = Random(steps)
    records: list[Record] = []

    def commit(kind: int, body: bytes) -> None:
        journal.commit(kind, body)
        records.append((kind, body))

    for i in range(steps):
        size = min(random.choice(sizes), journal.most)
        if journal.needs_checkpoint() or journal.room < size or every and i % every == every - 1:
            commit(CHECKPOINT, b"state %d" % i)
        commit(STEP, random.randbytes(min(size, journal.room)))
    return flash, records


def found(records: list[Record]) -> tuple[int, list[Record]]:
    """What recovery finds of these."""
    newest = max((i for i, (kind, _) in enumerate(records) if kind == CHECKPOINT), default=0)
    return len(records), records[newest:]


Damage = Callable[[Random], bytes]
PAGES: dict[str, Damage] = {
    "00": lambda _: bytes(PAGE),
    "FF": lambda _: b"\xff" * PAGE,
    "A5": lambda _: b"\xa5" * PAGE,
    "garbage": lambda random: random.randbytes(PAGE),
}


@pytest.mark.parametrize("kind", PAGES)
@pytest.mark.parametrize(
    "geometry", ["4096x2p32", "512x6p256", "256x9p8", "512x3e16", "1024x4e64"]
)
def test_a_bad_page_costs_the_end_of_the_journal_at_most_or_is_said(
    geometry: str, kind: str
) -> None:
    """What is lost without a word, a cut could have left just so: one record, or those whose heads
    or ends the page took, with nothing behind."""
    random = Random(1)
    said = 0
    for steps in (1, 3, 9, 30, 70, 200):
        for sizes in SIZES:
            for every in (0, 11):
                flash, records = life(geometry, steps, sizes, every)
                whole = bytes(flash.data)
                assert recovered(flash) == found(records)
                places = {r[0]: (r[3], r[4], len(r[2])) for r in Journal(flash).records()}
                for page in range(0, len(whole), PAGE):
                    flash.data[page : page + PAGE] = PAGES[kind](random)
                    now = recovered(flash)
                    flash.data[page : page + PAGE] = whole[page : page + PAGE]
                    if isinstance(now, str):
                        assert now in ("TSME-J002", "TSME-J005", "TSME-J006")
                        said += 1
                    elif now != found(records):
                        assert now == found(records[: now[0]]), "no other state"
                        lost = [places[n] for n in range(now[0], len(records))]
                        begins = [block * flash.block + off for block, off, _ in lost]
                        ends = [block * flash.block + off + 8 + n for block, off, n in lost]
                        assert len(lost) == 1 or kind != "00"
                        assert all(page <= begin < page + PAGE for begin in begins[1:])
                        assert all(page < end <= page + PAGE for end in ends[:-1])
    assert said > 20


@pytest.mark.parametrize("geometry", ["4096x2p32", "512x6p256", "512x3e16"])
def test_lost_bits_cost_the_last_record_at_most_or_are_said(geometry: str) -> None:
    random = Random(2)
    for steps in (1, 5, 40, 130):
        for sizes in SIZES:
            flash, records = life(geometry, steps, sizes, 0)
            whole = bytes(flash.data)
            less = found(records[:-1])
            for _ in range(150):
                for _ in range(random.choice((1, 2, 2, 8))):
                    flash.data[random.randrange(len(whole))] ^= 1 << random.randrange(8)
                now = recovered(flash)
                flash.data[:] = whole
                assert isinstance(now, str) or now in (found(records), less)


def test_two_bits_in_the_head_of_the_only_block_make_no_new_journal() -> None:
    for steps in (1, 2, 70):
        flash, records = life("4096x4p32", steps, (20,), 0)
        for first in range(60):
            for second in (*range(first + 1, 60, 7), 3 * 4096 + first):
                flash.data[first] ^= 1
                flash.data[second] ^= 16
                now = recovered(flash)
                assert isinstance(now, str) or now == found(records)
                flash.data[first] ^= 1
                flash.data[second] ^= 16


def test_bits_behind_a_record_that_is_torn_are_damage() -> None:
    """Of which a cut may leave any bits, but none behind its end."""
    for amount in (4, 8, 20):
        world = World(Nor(512, 4, strict=True))
        world.boot()
        world.commit(STEP, b"one")
        world.flash.cut_at(1, "first", amount)
        with pytest.raises(PowerLoss):
            world.commit(STEP, bytes(40))
        world.oracle.power_went()
        world.flash.power_on()
        world.boot()
        world.flash.data[128 + 40 + 8 + 3] = 0xFE  # the torn one began at 96
        world.flash.data[500] = 0xFE
        with pytest.raises(TsmeError, match=r"TSME-J005: record 1 is damaged .block 0, offset 96"):
            Journal(world.flash).recover()


def test_a_seal_that_a_cut_came_before_is_made_up_for() -> None:
    """A block may not lose its head without a word, whenever the power went before."""
    for op in range(1, 14):
        for shape in ("none", "first", "half", "all"):
            flash = Nor(512, 4, strict=True)
            world = World(flash)
            world.boot()
            flash.cut_at(op, shape)
            try:
                for _ in range(8):
                    world.commit(STEP, bytes(60))
            except PowerLoss:
                world.oracle.power_went()
            flash.power_on()
            world.boot()
            for _ in range(8):
                world.commit(STEP, bytes(60))
            world.boot()
            newest = Journal(flash).recover().generation
            flash.data[(newest - 1) % 4 * 512] ^= 0x11
            assert recovered(flash) in ("TSME-J002", "TSME-J005", "TSME-J006")


@pytest.mark.parametrize("count", [4, 16])
@pytest.mark.parametrize("steps", [1, 5, 60, 900])
def test_foreign_bytes_where_a_journal_has_been_are_said_and_left_alone(
    count: int, steps: int
) -> None:
    """Whichever blocks another has written to: all is found still, or TSME-J002."""
    random = Random(steps)
    flash = RamFlash(512, count)
    journal = Journal(flash)
    journal.recover()
    for _ in range(steps):
        if journal.needs_checkpoint():
            journal.checkpoint(b"state")
        journal.commit(STEP, random.randbytes(30))
    whole = bytes(flash.data)
    all_of_it = recovered(flash)  # type: ignore[arg-type]
    refused = 0
    for n in range(1, count + 1):
        for _ in range(12):
            for block in random.sample(range(count), n):
                at = block * 512
                flash.data[at : at + 512] = random.randbytes(random.choice((512, 512, 200))).ljust(
                    512, b"\xff"
                )
            before = bytes(flash.data)
            now = recovered(flash)  # type: ignore[arg-type]
            assert now in (all_of_it, "TSME-J002")
            refused += now == "TSME-J002"
            assert bytes(flash.data) == before
            flash.data[:] = whole
            if n > count // 2 + 1:
                assert now == "TSME-J002"
    assert refused > 4 * count
