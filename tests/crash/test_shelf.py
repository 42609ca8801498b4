"""A store of programs survives a cut in each operation, and a second one; and the proof bites."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.crash.explore import Violation
from tests.crash.geometry import Geometry
from tests.crash.shelf import GEOMETRIES, ShelfExplorer, fails
from tsme.journal import blocks
from tsme.program import store_flash as shelf

Break = Callable[[pytest.MonkeyPatch], None]


def _checksum(patch: pytest.MonkeyPatch) -> None:
    class Alike(int):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = int.__hash__

    patch.setattr(shelf, "_crc", lambda b, size, those: Alike())


def _no_erase(patch: pytest.MonkeyPatch) -> None:
    erase = blocks.Blocks.erase
    patch.setattr(blocks.Blocks, "erase", lambda b, n: True if b.blank(n) else erase(b, n))


def _oldest_last(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(shelf, "sorted", lambda found: sorted(found, reverse=True), raising=False)


BREAKS: dict[str, Break] = {
    "checksum": _checksum,
    "no erase of what looks blank": _no_erase,
    "the newest goes first": _oldest_last,
}


@pytest.mark.parametrize("geometry", GEOMETRIES, ids=str)
def test_programs_survive_every_cut_and_a_second_one(geometry: Geometry) -> None:
    explorer = ShelfExplorer(geometry)
    explorer.search(3)
    assert not explorer.kinds
    print(f"{explorer.states} cut states")
    assert explorer.states >= 3000


@pytest.mark.parametrize("name", BREAKS)
def test_a_store_broken_on_purpose_is_found(name: str) -> None:
    """With a reproducer that fails on replay, and not when it is mended."""
    with pytest.MonkeyPatch.context() as patch:
        BREAKS[name](patch)
        found: dict[str, Violation] = {}
        for geometry in GEOMETRIES:
            explorer = ShelfExplorer(geometry)
            explorer.search(3)
            found |= explorer.kinds
        assert found
        text = next(iter(found.values())).reproducer
        assert fails(text)
    assert fails(text) is None
