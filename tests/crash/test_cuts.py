"""A part of `make crash` (docs/PROOF.md): the power may go at any operation of the flash, in the
middle of it, and again when the journal gets up."""

from random import Random

import pytest

from tests.crash.explore import Explorer
from tests.crash.geometry import GEOMETRIES, Geometry
from tests.crash.lives import Life
from tests.crash.plan import every, starts, words
from tests.crash.world import ACTIONS, WEAR

PARTS = 4
# Distinct cut states that each part has at least.
STATES = 26_000
FEW = 5  # blocks; on more of them, what follows a cut takes long


def chosen(geometry: Geometry) -> list[tuple[Life, ...]]:
    """Some of the starts, others for each geometry; of two blocks always the fresh one."""
    all_of_them = starts(geometry)
    some = all_of_them[GEOMETRIES.index(geometry) % 3 :: 3]
    if geometry.count == 2 and () not in some:
        some.append(())
    return some


@pytest.mark.parametrize("part", range(PARTS))
def test_what_is_committed_survives_every_cut_and_a_second_one(part: int) -> None:
    """Every action after these starts, and longer lives, on all geometries.

    What follows a cut is cut at each operation after the last of a geometry's starts, where there
    are few blocks, and at one of them else, which take turns; `make crash` does it at each.
    """
    states = 0
    for geometry in GEOMETRIES[part::PARTS]:
        explorer = Explorer(geometry)
        some = chosen(geometry)
        for lives in some:
            base = explorer.base(lives)
            assert base, explorer.kinds
            all_of_it = lives is some[-1] and geometry.count <= FEW
            every(explorer, base, 1, second=None if all_of_it else 1)
        explorer.wander(Random(part))
        assert not explorer.kinds
        states += explorer.states
    print(f"{states} cut states")
    assert states >= STATES


def test_the_parts_are_together_what_is_promised() -> None:
    assert PARTS * STATES >= 100_000


def test_every_start_and_every_wear_is_tried() -> None:
    tried = {life.letters[-1:] for g in GEOMETRIES for lives in chosen(g) for life in lives}
    assert {"i", "f", "m", *WEAR} <= tried
    assert any(chosen(geometry)[-1] == () for geometry in GEOMETRIES)


def test_there_are_more_than_a_thousand_short_workloads() -> None:
    """All of up to three actions, on each of the geometries."""
    assert len({word for length in (1, 2, 3) for word in words(length)}) >= 1000
    assert set("".join(words(2))) == set(ACTIONS)


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_the_ring_has_gone_round_before(geometry: Geometry) -> None:
    """So that opening a block erases an old one."""
    for lives in starts(geometry)[1:] if geometry.spare else starts(geometry)[1:-1]:
        explorer = Explorer(geometry)
        assert explorer.base(lives)
        generation = explorer.world.boot().recover(lambda _: None, lambda _: None).generation
        assert generation > geometry.count
