"""What users import as `tsme.testing` (docs/SIMULATION.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tsme.engine.tasks import Done, TaskError

from .device import Device
from .purity.guard import guarded
from .reproducer import replay, replay_file
from .rng import Dice
from .simulation import Simulation
from .terms import Call

__all__ = [
    "Call",
    "Device",
    "Dice",
    "Done",
    "Simulation",
    "TaskError",
    "guarded",
    "replay",
    "replay_file",
    "simulate",
]

Kind = TypeVar("Kind", bound=type[Simulation])


@dataclass(frozen=True)
class Settings:
    """How long pytest runs a simulation: so many seeds, and no longer than so many minutes."""

    seeds: int
    minutes: float


def simulate(seeds: int = 100, minutes: float = 1.0) -> Callable[[Kind], Kind]:
    """A decorator: pytest runs this Simulation as a test, with seeds 0, 1, 2 and so on.

    It ends well when all seeds have run, or the time is up.  A failure is made as small as
    possible, and shown as a story with the test that has it again.
    """

    def mark(kind: Kind) -> Kind:
        kind.simulated = Settings(seeds, minutes)  # type: ignore[attr-defined]
        return kind

    return mark
