"""What a simulated world consists of: a class to inherit from.

    class CounterSim(Simulation):
        machine = Counter

        def signal(self, dice, device):
            return dice.below(10)

        def check(self, device):
            assert device.state["count"] >= 0

One object of the class is one world: what it keeps in attributes is outside of all devices, and
survives their resets.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from .device import Device
from .rng import Dice
from .terms import FAULTS, Call, Value


class Simulation:
    """Inherit, say what runs, and what it meets.  Everything may be left out but what runs.

    machine: a class with stf().  program: the path of a workflow, from the file of this class.
    devices: several of either, by name.  scenario: a test file (docs/TESTING.md) of which the
    tasks of `program` take their answers.  journal: of `machine` or `program`, from this file.
    """

    machine: Any = None
    program: str = ""
    scenario: str = ""
    journal: str = ""  # the path of one: every seed begins where it ends
    devices: ClassVar[dict[str, Any]] = {}

    start: ClassVar[Value] = None  # what an execution starts with
    inputs: ClassVar[tuple[Value, ...]] = ()  # of a workflow, instead of `start`: one of these
    steps = 300  # moves of a seed
    pause = 1000  # ms that pass between two moves, on average
    delay = 2000  # ms that a task or a message takes, at most
    effects: ClassVar[dict[str, str]] = {}  # of tasks: pure, once, or idempotent, as all others
    # What tasks fail with, all or by name; if nothing is said, with what the workflow names.
    errors: ClassVar[tuple[str, ...] | dict[str, tuple[str, ...]]] = ()
    faults: tuple[str, ...] = FAULTS
    guard = True  # some seeds look out for what makes a machine do something else at a replay
    again = False  # an execution that has ended is followed by another
    # What stf() raises to reject a signal.  Others, as KeyError, are mistakes.
    rejects: tuple[type[Exception], ...] = (ValueError,)
    blocks = 16  # of each device's journal
    block = 4096  # bytes

    def signal(self, dice: Dice, device: Device) -> Value:
        """What the outside tells a machine next; None for nothing."""
        return None

    def task(self, dice: Dice, call: Call) -> Value:
        """Do a task's work, in the world outside: its result.  Raise TaskError if it fails."""
        return None

    def takes(self, dice: Dice, call: Call) -> int:
        """How long a task takes, in ms."""
        return dice.below(self.delay + 1)

    def probe(self, dice: Dice, call: Call) -> Any:
        """After a reset: what became of a `once` task.  Done(result), False, or None: unknown."""
        return None

    def published(
        self, dice: Dice, device: Device, kind: str, payload: Value
    ) -> Iterable[tuple[str, Value]]:
        """What becomes of a log, metric or publish: signals, as (name of the device, value)."""
        return ()

    def check(self, device: Device) -> None:
        """Called after each step of a device: raise AssertionError if something is wrong."""

    def finish(self, devices: dict[str, Device]) -> None:
        """Called at the end of a seed, when everything has come to rest or time is up."""

    def label(self, device: Device) -> str:
        """The name of what a machine is doing, for the summary of what was covered."""
        return ""
