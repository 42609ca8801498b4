"""The proof finds a journal that is broken on purpose, soon, and brings it back."""

import pytest

from tests.crash.broken import BREAKS
from tests.crash.explore import Explorer
from tests.crash.geometry import Geometry
from tests.crash.lives import Life, fails, shrink
from tests.crash.plan import every, starts

# Found within so many cut states.
SOON = 60_000
# A few blocks, and many: only there a torn commit leaves several.
WHERE = [Geometry.parse("256x3p32"), Geometry.parse("256x9p32")]


class Found(Exception):
    """There is a violation."""


class Hunt(Explorer):
    """Stops at the first violation."""

    def _violated(self, lives: tuple[Life, ...], error: Exception) -> None:
        super()._violated(lives, error)
        raise Found


def search() -> str:
    """Every workload of one action, until something is wrong: the reproducer."""
    states = 0
    for geometry in WHERE:
        hunt = Hunt(geometry)
        try:
            for lives in starts(geometry):
                base = hunt.base(lives)
                assert base
                every(hunt, base, 1)
        except Found:
            states += hunt.states
            print(f"{states} cut states")
            assert states <= SOON
            return next(iter(hunt.kinds.values())).reproducer
        states += hunt.states
    raise AssertionError(f"it is not found in {states} cut states")


def test_there_are_ways_enough() -> None:
    assert len(BREAKS) >= 6


@pytest.mark.parametrize("name", BREAKS)
def test_a_journal_broken_on_purpose_is_found(name: str) -> None:
    """With a reproducer that fails on replay, also when made shorter, and not when mended."""
    with pytest.MonkeyPatch.context() as patch:
        BREAKS[name].apply(patch.setattr)
        found = search()
        assert fails(found)
        short, _ = shrink(found)
        assert len(short) <= len(found)
        assert fails(short)
        print(short)
    assert fails(found) is None
    assert fails(short) is None
