"""Bits that flash loses: never another state, and never a shorter one without a word."""

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from random import Random

import pytest

from sim.nor import Nor
from tests.crash.geometry import Geometry
from tsme.errors import TsmeError
from tsme.journal import CHECKPOINT, STEP, Journal

Record = tuple[int, bytes]
Damage = tuple[int, int | None, int, int]


@dataclass(frozen=True)
class Life:
    """What a journal has seen: so many steps, of which each `big`th is over a block's end."""

    steps: int
    big: int = 1000
    geometry: str = "512x6p32"

    def flash(self) -> Nor:
        shape = Geometry.parse(self.geometry)
        flash = shape.flash(Nor)
        journal = Journal(flash)
        journal.recover()
        for i in range(self.steps):
            size = 20 if i % self.big else shape.room // 2
            if journal.needs_checkpoint() or journal.room < size:
                journal.checkpoint(b"state %d" % i)
            journal.commit(STEP, bytes([i & 255]) * size)
            if i % 5 == 0:
                journal.idle()
        return flash


LIVES = [
    *(Life(steps) for steps in (1, 2, 5, 14, 15, 16, 40, 150)),
    *(Life(steps, 4) for steps in (30, 61, 153)),
    Life(90, 7, "256x9p1"),
    Life(60, 5, "1024x4e64"),
    Life(60, 5, "512x5p256"),
]


def recovered(flash: Nor) -> tuple[int, list[Record]] | str:
    """How many records there are, and those from the checkpoint on; or the error's code."""
    found: list[Record] = []
    try:
        info = Journal(flash).recover(
            lambda body: found.append((CHECKPOINT, bytes(body))),
            lambda body: found.append((STEP, bytes(body))),
        )
    except TsmeError as e:
        return e.code
    return info.records, found


def readable(flash: Nor) -> tuple[list[tuple[int, int, bytes, int, int]], list[Damage]]:
    """All records that can be read, and what is said to be damaged."""
    damage: list[Damage] = []
    return list(Journal(flash).records(lambda *where: damage.append(where))), damage


@pytest.mark.parametrize("life", LIVES, ids=str)
def test_a_lost_bit_is_harmless_or_an_error_or_costs_the_last_record(life: Life) -> None:
    flash = life.flash()
    whole = recovered(flash)
    assert isinstance(whole, tuple)
    _, last = whole[1], list(Journal(flash).records())[-1]
    block, off = last[3:]
    # Where it is the first of its block, or runs into it, the block before says that it was there.
    told = off == 2 * Geometry.parse(life.geometry).slot or off + 8 + len(last[2]) > flash.block
    seen: Counter[str] = Counter()
    for at in range(len(flash.data)):
        flash.data[at] ^= 1 << at * 5 % 8
        found = recovered(flash)
        flash.data[at] ^= 1 << at * 5 % 8
        if found == whole:
            seen["harmless"] += 1
        elif isinstance(found, str):
            assert found in ("TSME-J002", "TSME-J005", "TSME-J006")
            seen["error"] += 1
        else:
            # as a write that was torn
            assert found == (whole[0] - 1, whole[1][:-1])
            assert off <= at - block * flash.block < off + 8 + len(last[2])
            assert not told
            seen["last"] += 1
    assert seen["harmless"]
    assert seen["last"] >= len(last[2]) or told
    assert seen["error"]


@pytest.mark.parametrize("life", LIVES[2:], ids=str)
def test_of_what_can_still_be_read_nothing_is_wrong_and_every_gap_is_told(life: Life) -> None:
    flash = life.flash()
    whole = {number: (kind, body) for number, kind, body, _, _ in Journal(flash).records()}
    for at in range(3, len(flash.data), 7):
        flash.data[at] ^= 1 << at * 5 % 8
        read, damage = readable(flash)
        flash.data[at] ^= 1 << at * 5 % 8
        numbers = [number for number, *_ in read]
        for number, kind, body, _, _ in read:
            assert whole[number] == (kind, body)
        told = {n for first, until, _, _ in damage for n in range(first, until or first + 1)}
        for before, number in pairwise(numbers):
            assert set(range(before + 1, number)) <= told
        # the oldest may be gone, as if their block had been erased by now, and the last one
        assert not numbers or numbers[-1] >= max(whole) - 1 or damage


def muddle(flash: Nor, random: Random) -> None:
    """Blocks of now and before in any order, with holes and garbage in them."""
    size = flash.block
    blocks = [bytes(flash.data[at : at + size]) for at in range(0, len(flash.data), size)]
    for at in range(0, len(flash.data), size):
        block = bytearray(random.choice(blocks))
        for _ in range(random.choice((0, 0, 1, 3))):
            start = random.randrange(0, size, random.choice((1, 32)))
            end = min(size, start + random.choice((1, 8, 32, 200)))
            block[start:end] = random.choice(
                (bytes(end - start), b"\xff" * (end - start), random.randbytes(end - start))
            )
        flash.data[at : at + size] = block


@pytest.mark.parametrize("seed", [*range(250), 3787])
def test_whatever_the_flash_holds_it_is_a_journal_or_an_error(seed: int) -> None:
    random = Random(seed)
    flash = Life(random.choice((3, 20, 70, 150)), random.choice((4, 1000))).flash()
    known = {(kind, body) for _, kind, body, _, _ in Journal(flash).records()}
    muddle(flash, random)
    before = flash.state()
    journal = Journal(flash)
    found = recovered(flash)
    try:
        read, _ = readable(flash)
        assert {(kind, body) for _, kind, body, _, _ in read} <= known, "no record is made up"
    except TsmeError as e:
        assert e.code == "TSME-J002"
    assert flash.state() == before
    if isinstance(found, str):
        assert found in ("TSME-J002", "TSME-J005", "TSME-J006")
        journal.format()
        found = recovered(flash)
        assert found == (0, [])
    journal = Journal(flash)
    journal.recover(lambda _: None, lambda _: None)
    for i in range(40):
        if journal.needs_checkpoint():
            journal.checkpoint(b"state")
        journal.commit(STEP, bytes([i]) * 30)
    after = recovered(flash)
    assert isinstance(after, tuple)
    assert after[0] >= found[0] + 40


def test_the_head_of_a_block_that_no_record_begins_behind_is_missed_too() -> None:
    """Only the block before says that one is missing; the checkpoint is older still."""
    flash = Nor(512, 8)
    journal = Journal(flash)
    journal.recover()
    for i in range(14):
        journal.commit(STEP, bytes([i]) * 20)
    journal.commit(STEP, bytes(600))  # into a second block
    journal.commit(STEP, bytes(500))  # and a third, where no other begins
    whole = recovered(flash)
    assert isinstance(whole, tuple)
    used = [*range(28), *range(32, 60)]
    for at in range(64):
        flash.data[512 + at] ^= 1
        assert recovered(flash) == ("TSME-J005" if at in used else whole)
        flash.data[512 + at] ^= 1
