"""After cuts, damage: a bad page or somebody else's bytes, in any block, lose nothing unsaid."""

from random import Random

import pytest

from sim.nor import Nor, PowerLoss
from tests.crash.flash import Traced
from tests.crash.geometry import GEOMETRIES, Geometry
from tests.crash.world import World
from tsme.errors import TsmeError
from tsme.journal import Journal

LIVES = 60


def cut(world: World, random: Random) -> None:
    """A life that the power ends somewhere, in any shape."""
    flash = world.flash
    assert isinstance(flash, Traced)
    world.boot()
    shape = random.choice(("none", "first", "last", "half", "random", "all"))
    flash.cut_at(random.randint(1, 30), shape, random.choice((None, 1, 9, 33)))
    try:
        for letter in random.choices("szemfLcCir", (5, 1, 3, 3, 2, 2, 2, 1, 4, 1), k=12):
            world.act(letter)
    except PowerLoss:
        world.oracle.power_went()
    flash.power_on()


def read(flash: Nor) -> tuple[int, list[bytes]] | str:
    found: list[bytes] = []
    try:
        info = Journal(flash).recover(
            lambda b: found.append(bytes(b)), lambda b: found.append(bytes(b))
        )
    except TsmeError as e:
        return e.code
    return info.records, found


# Of two blocks on such flash the one that has the seal is the one that is erased next.
TWO = [g for g in GEOMETRIES if g.count == 2 and g.program_once]


@pytest.mark.parametrize("geometry", [g for g in GEOMETRIES if g not in TWO], ids=str)
def test_damage_after_cuts_is_said_or_costs_the_last_record(geometry: Geometry) -> None:
    random = Random(str(geometry))
    said = 0
    world = World(geometry.flash(Traced))
    flash = world.flash
    for life in range(LIVES):
        if life % 12 == 0:
            world = World(geometry.flash(Traced))
            flash = world.flash
        cut(world, random)
        world.boot()
        whole = bytes(flash.data)
        now = read(flash)
        assert isinstance(now, tuple)
        for block in range(geometry.count):
            at = block * geometry.block
            for bad in (
                random.randbytes(geometry.block),
                random.randbytes(64) + whole[at + 64 : at + geometry.block],
                bytes(256) + whole[at + 256 : at + geometry.block],
                b"\xff" * 64 + whole[at + 64 : at + geometry.block],
            ):
                flash.data[at : at + geometry.block] = bad
                after = read(flash)
                flash.data[:] = whole
                if isinstance(after, str):
                    assert after in ("TSME-J002", "TSME-J005", "TSME-J006")
                    said += 1
                elif after != now:
                    assert after[0] == now[0] - 1, f"life {life}, block {block}"
    assert said > LIVES // 2
