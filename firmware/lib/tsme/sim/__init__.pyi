"""Twins: what stands in on the laptop for `machine` and other modules that only a board has."""

from collections.abc import Callable
from typing import Final

from .virtual import perform as perform
from .world import Reset as Reset
from .world import World as World
from .world import current as current
from .world import use as use

NAMES: Final[tuple[str, ...]]
"""The modules that have a twin."""

def install(make: Callable[[], World] | None = None, beside: str | None = None) -> None:
    """Put the twins in place of modules that this interpreter has not, or only by halves.

    `make` gives the world that they live in, when the first of them is used.  `beside`: a folder
    whose own modules go first.
    """
