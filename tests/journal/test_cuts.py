"""The power may go at any operation of the flash, in the middle of it."""

from itertools import product

import pytest

from sim.nor import PowerLoss
from tests.journal.world import Geometry, Record, State, Workload, World, cut_everywhere
from tsme.journal import CHECKPOINT, STEP, Journal

# What a step of a workload is: kind and size of a record, or an idle moment.
MOVES: dict[str, tuple[int, int]] = {
    "s": (STEP, 7),
    "m": (STEP, 100),
    "L": (STEP, 420),  # spans blocks
    "c": (CHECKPOINT, 20),
    "C": (CHECKPOINT, 400),  # takes a block of its own
    "i": (0, 0),
}


def workload(moves: str) -> Workload:
    def run(world: World, journal: Journal) -> None:
        for i, move in enumerate(moves):
            kind, size = MOVES[move]
            if kind:
                world.commit(journal, kind, bytes([65 + i]) * size)
            else:
                journal.idle()

    return run


def grown(geometry: Geometry, moves: str) -> tuple[State, list[Record]]:
    """A journal that has seen some moves."""
    world = World(geometry.flash())
    workload(moves)(world, world.boot())
    return world.flash.state(), world.committed


SMALL = Geometry()
# Journals to begin with: new; at a block's end; the ring gone round, with an erased block ahead;
# gone round, with a block to erase.
OLD = ["", "mmmm", "smLcmLmCLcsmi", "smLcmLmCLcsmLm"]


@pytest.mark.parametrize("old", OLD)
def test_a_committed_record_survives_any_later_cut(old: str) -> None:
    """All workloads of up to three moves, cut at every operation in every torn shape."""
    start, history = grown(SMALL, old)
    states: set[tuple[State, int]] = set()
    for moves in product(MOVES, repeat=3):
        for world in cut_everywhere(SMALL, start, history, workload("".join(moves))):
            at = (world.flash.state(), len(world.committed))
            if at not in states:
                states.add(at)
                world.live_on()
    print(f"{len(states)} cut states after {old!r}")
    assert len(states) > 500


GEOMETRIES = [
    Geometry(512, 2),
    Geometry(256, 5, 1),
    Geometry(256, 7, 8, program_once=True),
    Geometry(1024, 3, 64, program_once=True),
    Geometry(512, 4, 256),
    Geometry(2048, 3, 256, program_once=True),
]


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_every_geometry_survives_every_cut(geometry: Geometry) -> None:
    """A longer workload, through the ring and round again."""
    moves = "smimcsmmsismmsicsmsmmmsimssscmmsmsimm"
    states = set()
    for world in cut_everywhere(geometry, None, [], workload(moves)):
        states.add(world.flash.state())
        world.live_on()
    print(f"{len(states)} cut states on {geometry}")
    assert len(states) > 150


# Records over up to four blocks: what a cut leaves of one is no part of the next.
WIDE = Geometry(256, 9)


@pytest.mark.parametrize("first", ["LCm", "iLL"])
@pytest.mark.parametrize("second", ["iL", "CsL"])
def test_a_second_cut_while_getting_up_again_loses_nothing_either(first: str, second: str) -> None:
    """After each cut of a spanning commit, the next life is cut at each of its operations."""
    start, history = grown(WIDE, "smLcmLmCLcsm")
    states = set()
    for one in cut_everywhere(WIDE, start, history, workload(first)):
        before = one.flash.state()
        one.boot()
        for two in cut_everywhere(WIDE, before, one.committed, workload(second)):
            at = (two.flash.state(), len(two.committed))
            if at not in states:
                states.add(at)
                two.live_on()
    print(f"{len(states)} cut states in a second life")
    assert len(states) > 1000


def test_no_row_of_cuts_locks_the_journal_up() -> None:
    """Every life is cut in its first operations; progress is made all the same."""
    world = World(Geometry(512, 2).flash())
    world.commit(world.boot(), STEP, b"the device was tried")
    for life in range(400):
        try:
            journal = world.boot()
            world.flash.cut_at(1 + life % 4, ("first", "random", "last", "none")[life % 7 % 4])
            for i in range(3):
                world.commit(journal, STEP, bytes([life & 255, i]) * 20)
        except PowerLoss:
            world.flash.power_on()
    assert len(world.committed) > 200
    world.live_on()
