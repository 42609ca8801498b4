"""A part of `make crash` (docs/PROOF.md): the power may go at any operation of the flash while a
partition is cut into regions, and again when that is mended."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from sim.nor import PowerLoss
from tests.crash.explore import Explorer
from tests.crash.flash import Traced, erase_shapes, program_shapes
from tests.crash.geometry import PARTITIONS, Geometry
from tests.crash.lives import fails, read, write
from tests.crash.partition import ACTIONS
from tests.crash.plan import every, starts, words
from tsme.errors import TsmeError
from tsme.journal import recut
from tsme.journal.regions import Regions

# Distinct cut states that each geometry has at least.
STATES = 8_000


@pytest.mark.parametrize("geometry", PARTITIONS, ids=str)
def test_a_change_of_the_table_is_there_or_not_whatever_is_cut(geometry: Geometry) -> None:
    """Every action after some of the starts, and longer lives; no region loses its records."""
    explorer = Explorer(geometry)
    for i, lives in enumerate(starts(geometry)[PARTITIONS.index(geometry) :: 3]):
        base = explorer.base(lives)
        assert base, explorer.kinds
        every(explorer, base, 1, whole=i == 0)
    explorer.wander(Random(geometry.count))
    assert not explorer.kinds
    print(f"{explorer.states} cut states")
    assert explorer.states >= STATES


def test_every_start_is_tried_and_every_action() -> None:
    geometry = PARTITIONS[0]
    tried = [lives for i in range(len(PARTITIONS)) for lives in starts(geometry)[i::3]]
    assert {str(lives) for lives in tried} == {str(lives) for lives in starts(geometry)}
    assert set("".join(words(1, regions=True))) == set(ACTIONS)


def test_a_reproducer_says_that_it_is_of_regions() -> None:
    text = "r256x12p32:ABscsxgs.h@4f20.F"
    assert write(*read(text)) == text
    assert fails(text) is None


def _early(patch: Any) -> None:
    # A region is in the table before its blocks are erased.
    take = recut.Change.take

    def named(self: Any, count: int) -> Any:
        erase = self.blocks.erase
        self.blocks.erase = lambda block: True
        start = take(self, count)
        self.blocks.erase = erase
        return start

    patch.setattr(recut.Change, "take", named)


def _unmarked(patch: Any) -> None:
    # Blocks that were nobody's are erased before a record says that they are ours.
    take = recut.Change.take

    def unsaid(self: Any, count: int) -> Any:
        commit, self.commit = self.commit, lambda: None
        start = take(self, count)
        self.commit = commit
        return start

    patch.setattr(recut.Change, "take", unsaid)


def _unnamed(patch: Any) -> None:
    # What moves is written where the old region is: nothing is erased, and both are one.
    patch.setattr(recut, "copied", lambda old, new: None)


@pytest.mark.parametrize("broken", [_early, _unmarked, _unnamed])
def test_a_table_broken_on_purpose_is_found(broken: Callable[[Any], None]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        broken(patch)
        found = ""
        for lives in starts(PARTITIONS[0])[:4]:
            explorer = Explorer(PARTITIONS[0])
            base = explorer.base(lives)
            for word in words(1, regions=True) if base else ():
                if not explorer.kinds and base:
                    explorer.word(base, word, whole=False)
            if explorer.kinds:
                found = next(iter(explorer.kinds.values())).reproducer
                break
        assert found
        assert fails(found)
    assert fails(found) is None


@pytest.mark.parametrize("geometry", PARTITIONS, ids=str)
def test_a_format_over_something_else_that_was_cut_is_done_again(geometry: Geometry) -> None:
    """After each cut it says that there is no table, or there is one without regions."""
    flash = geometry.flash(Traced)
    for block in range(flash.count):
        flash.writeblocks(block, bytes(range(256)) * (flash.block // 256), 0)
    before = flash.state()
    operation = 0
    cut = True
    while cut:
        operation += 1
        for shape in {*erase_shapes(geometry.block, geometry.slot), *program_shapes(64, 32)}:
            flash.restore(before)
            flash.cut_at(operation, *shape)
            try:
                Regions(flash).format()
                cut = False
            except PowerLoss:
                pass
            flash.power_on()
            try:
                assert Regions(flash).list() == []
            except TsmeError as error:
                assert error.code == "TSME-J002"
            regions = Regions(flash)
            regions.format()
            assert regions.create("a", 2).count == 2
            assert Regions(flash).list() == [("a", 4, 2, 0)]
    assert operation > 4
