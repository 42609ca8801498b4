"""Many lives of many journals, each cut somewhere, against a simple list."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from sim.nor import ERASE_SHAPES, PROGRAM_SHAPES, PowerLoss
from tests.crash.geometry import Geometry
from tests.crash.oracle import CHECKPOINT, STEP
from tests.crash.world import World
from tests.journal.engines import ENGINES, journal_of

SHAPES = sorted(set(PROGRAM_SHAPES) & set(ERASE_SHAPES))


@dataclass(frozen=True)
class Life:
    moves: list[tuple[str, int]]
    cut: int | None
    shape: str
    amount: int | None


MOVES = st.tuples(st.sampled_from("sssci"), st.integers(0, 60) | st.integers(0, 3000))
LIVES = st.builds(
    Life,
    st.lists(MOVES, max_size=25),
    st.none() | st.integers(1, 40),
    st.sampled_from(SHAPES),
    st.none() | st.integers(0, 64),
)


@st.composite
def geometries(draw: st.DrawFn) -> Geometry:
    unit = 1 << draw(st.integers(0, 8))
    once = draw(st.booleans())
    block = draw(st.sampled_from([512, 1024, 4096]))
    if once and unit * 8 > block:
        block = 4096
    return Geometry(block, draw(st.integers(2, 12)), unit, once)


@pytest.mark.parametrize("engine", ENGINES)
@given(geometry=geometries(), lives=st.lists(LIVES, min_size=1, max_size=12))
def test_no_committed_record_is_lost_and_none_invented(
    engine: str, geometry: Geometry, lives: list[Life]
) -> None:
    world = World(geometry.flash())
    world.kind = journal_of(engine)
    for life in lives:
        journal = world.boot()
        most = journal.most
        if life.cut:
            world.flash.cut_at(life.cut, life.shape, life.amount)
        try:
            for i, (move, size) in enumerate(life.moves):
                body = bytes([i]) * min(size, most)
                if move == "i":
                    journal.idle()
                elif move == "c":
                    world.commit(CHECKPOINT, body)
                else:
                    world.commit(STEP, body[: geometry.block // 4])
        except PowerLoss:
            note(f"cut after {len(world.oracle.committed)} records")
            world.oracle.power_went()
        world.flash.power_on()
    world.live_on()
