# Simulation of machines and workflows, on the host alone: docs/SIMULATION.md.
from tsme_sim.testing import (
    Call,
    Device,
    Dice,
    Done,
    Simulation,
    TaskError,
    guarded,
    replay,
    replay_file,
    simulate,
)

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
