"""The heads of blocks tell where every record is, as a walk through all of them does."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tsme.journal import CHECKPOINT, STEP, Journal
from tsme_host.tools.debugger import index
from tsme_host.tools.debugger.index import Index, Walked, opened
from tsme_host.tools.journal.archive import read_archive
from tsme_host.tools.journal.image import image_of, log_of
from tsme_host.tools.journal.partition import Image

BLOCK = 1024


def written(blocks: int, records: int, longest: int, every: int, seed: int = 1) -> Image:
    """A journal of random records, with a checkpoint after each `every` steps."""
    dice = random.Random(seed)
    flash = Image(BLOCK, blocks, 32, False)
    journal = Journal(flash)
    journal.recover()
    for n in range(records):
        body = dice.randbytes(dice.randrange(1, longest))
        if (n and not n % every) or journal.needs_checkpoint() or len(body) > journal.room:
            journal.checkpoint(dice.randbytes(dice.randrange(1, longest)))
        journal.commit(STEP, body)
    return flash


def walk(data: bytes) -> list[tuple[int, int, bytes, int, int]]:
    flash = image_of("x", data)
    return [(n, k, bytes(b), at, off) for n, k, b, at, off in Journal(flash, flash.slot).records()]


def told(found: index.Records) -> list[tuple[int, int, bytes, int, int]]:
    raws = [found.raw(n) for n in range(found.first, found.next)]
    return [(r.number, r.kind, r.body, r.block, r.offset) for r in raws]


@pytest.mark.parametrize(
    ("blocks", "records", "longest", "every"),
    [
        (64, 5, 40, 100),  # one block
        (64, 400, 60, 37),  # many, none of them used twice
        (64, 120, 700, 20),  # records that run over blocks
        (16, 60, 2500, 7),  # over several
        (16, 900, 60, 37),  # a ring that has gone round
        (16, 300, 700, 9),
    ],
)
def test_records_are_those_of_a_walk(blocks, records, longest, every):
    for seed in range(4):
        data = bytes(written(blocks, records, longest, every, seed).data)
        found, there = opened("x", data), walk(data)
        assert isinstance(found, Index)
        assert told(found) == there
        for n in range(found.first, found.next):
            older = [r[0] for r in there if r[0] <= n and (r[1] == CHECKPOINT or r[0] == 0)]
            assert found.anchor(n) == (older[-1] if older else None)


def test_a_large_journal_is_opened_by_few_looks(monkeypatch):
    data = bytes(written(4000, 20000, 100, 256).data)
    seen: list[int] = []
    real = index.read_mark

    def counted(part: bytes) -> object:
        seen.append(1)
        return real(part)

    monkeypatch.setattr(index, "read_mark", counted)
    found = Index(data)
    assert found.next > 20000
    assert found.anchor(10000) is not None
    assert len(seen) < 60  # of some 1500 blocks in use


def test_the_crc_of_the_record_before_is_known(recorded: Path):
    archive = read_archive(str(recorded / "g.bin"))
    assert archive is not None
    found = opened("g.bin", (recorded / "g.bin").read_bytes())
    assert found.chain(0) == 0
    assert found.chain(5) == int.from_bytes(archive.records[4][4:8], "little")


def test_what_is_damaged_is_walked_and_its_gap_is_there(recorded: Path):
    data = bytearray((recorded / "g.bin").read_bytes())
    whole = opened("g.bin", bytes(data))
    place = whole.raw(10)
    at = place.block * 4096 + place.offset + 9
    data[at] ^= 0x40
    log = log_of("g.bin", bytes(data))
    assert log.damage
    found = index.walked("g.bin", bytes(data))
    assert isinstance(found, Walked)
    assert [r.number for r in log.records] == list(found.numbers)
    assert found.raw(10).number == 11
    assert found.anchor(9) == 0
    assert found.anchor(60) is None  # nobody knows what came between


def test_a_torn_end_is_left_out(recorded: Path):
    data = bytearray((recorded / "g.bin").read_bytes())
    whole = opened("g.bin", bytes(data))
    last = whole.raw(whole.next - 1)
    data[last.block * 4096 + last.offset + 8 + len(last.body) - 1] ^= 0x01
    assert opened("g.bin", bytes(data)).next == whole.next - 1


def test_a_block_that_has_failed_is_no_matter():
    flash = written(16, 40, 200, 30)
    real = flash.writeblocks

    def failing(block: int, buf: bytes, off: int = 0) -> object:
        return -5 if block == 12 else real(block, buf, off)

    flash.writeblocks = failing
    journal = Journal(flash)
    journal.recover()
    for n in range(60):
        if journal.needs_checkpoint() or not n % 20:
            journal.checkpoint(bytes([n]) * 50)
        journal.commit(STEP, bytes([n]) * 90)
    assert journal.retired
    data = bytes(flash.data)
    assert told(opened("x", data)) == walk(data)
