"""Whatever the flash holds, both journals say the same of it, word for word, and go on alike."""

from __future__ import annotations

import gc
import weakref
from random import Random
from typing import Any

import pytest

from sim.nor import Nor
from tests.journal.engines import ENGINES, journal_of
from tests.journal.test_rot import Life, muddle
from tsme.errors import TsmeError
from tsme.journal import STEP
from tsme.journal.region import Region

GEOMETRIES = ("512x6p32", "256x9p1", "1024x4e64", "512x5p256", "4096x2p32", "256x40p8", "512x3e16")


def copied(flash: Nor) -> Nor:
    """The same flash once more; which units are programmed is forgotten, as bits have changed."""
    other = Nor(flash.block, flash.count, flash.program_size, flash.program_once)
    data, weak, units = flash.state()
    other.restore((data, weak, bytes(len(units))))
    return other


def said(engine: str, flash: Nor) -> tuple[Any, ...]:
    """All that a journal says of it, and what is left after it was formatted if need be, and some
    records were added."""
    kind = journal_of(engine)
    found: list[Any] = []
    journal = kind(flash)
    try:
        journal.recover(
            lambda body: found.append(("checkpoint", bytes(body))),
            lambda body: found.append(("step", bytes(body))),
        )
    except TsmeError as error:
        found.append(str(error))
    try:
        damage: list[tuple[Any, ...]] = []
        found += [*kind(flash).records(lambda *where: damage.append(where)), *damage]
    except TsmeError as error:
        found.append(str(error))
    try:
        info = journal.recover()
        found.append((info.records, info.steps, info.torn, info.blocks, info.generation))
        found.append(sorted(info.retired))
    except TsmeError:
        journal.format()
    for i in range(30):
        if journal.needs_checkpoint():
            journal.checkpoint(b"state")
        found.append((journal.commit(STEP, bytes([i]) * 40), journal.room, journal.most))
        if i % 9 == 5:
            found.append(journal.idle())
    return (*found, bytes(flash.data), flash.erases_of, flash.programs_of)


def damaged(flash: Nor, random: Random) -> None:
    """Pages that read otherwise, bits that are gone, blocks of others; or all is muddled."""
    size = len(flash.data)
    for _ in range(random.choice((1, 1, 2, 5))):
        at = random.randrange(size)
        match random.randrange(5):
            case 0:
                flash.data[at] ^= 1 << random.randrange(8)
            case 1:
                page = at & -256
                flash.data[page : page + 256] = bytes([random.choice((0, 0xFF, 0xA5))]) * 256
            case 2:
                block = at // flash.block * flash.block
                flash.data[block : block + flash.block] = random.randbytes(flash.block)
            case 3:
                flash.data[at : at + 32] = random.randbytes(len(flash.data[at : at + 32]))
            case 4:
                muddle(flash, random)


@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_both_say_the_same_of_damaged_flash_and_go_on_alike(geometry: str) -> None:
    random = Random(geometry)
    errors = set()
    for _ in range(80):
        life = Life(random.choice((0, 1, 3, 20, 70, 150)), random.choice((4, 7, 1000)), geometry)
        flash = life.flash()
        damaged(flash, random)
        one, other = (said(engine, copied(flash)) for engine in ENGINES)
        assert one == other
        errors |= {word[:9] for word in one if isinstance(word, str)}
    assert len(errors) > 1, "what was damaged did harm"


@pytest.mark.parametrize("engine", ENGINES)
def test_a_journal_of_a_region_goes_when_nobody_has_it(engine: str) -> None:
    """It asks for file systems at each power up, so its handle knows it."""
    region = Region(Nor(1024, 8), 2, 4)
    journal = journal_of(engine)(region)
    journal.format()
    gone = weakref.ref(region)
    del journal, region
    gc.collect()
    assert gone() is None
