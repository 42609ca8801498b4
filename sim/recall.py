"""A kernel that makes each step of a replay once.

A device that loses its power ten times has most of its steps replayed ten times.  A step is a
function of a state and an event, and states never change: so from the very same state object, with
an equal event, it is the same again.  Every chain of steps, from the first record or from a
checkpoint, is replayed anew once; what differs then is found.
"""

from __future__ import annotations

from typing import Any

from tsme.kernel import Kernel

_KERNEL: Any = Kernel  # device code has no types


class Recall:
    """What one device's kernels have replayed, over all its lives."""

    def __init__(self) -> None:
        # By the state before, or 0 for none: that state, so that it lives; the event, the step.
        self.steps: dict[int, tuple[Any, Any, Any]] = {}
        self.restored: dict[tuple[int, int], tuple[Any, Any]] = {}  # by steps and digest
        self.bodies: dict[int, tuple[Any, bytes]] = {}  # of checkpoints, by the state


class Recalling(_KERNEL):  # type: ignore[misc]
    """A kernel for replays alone."""

    def __init__(self, client: Any, room: int | None, recall: Recall) -> None:
        super().__init__(client, room)
        self.recall = recall

    def step(self, state: Any, event: Any) -> Any:
        steps = self.recall.steps
        key = id(state) if state.execution else 0
        known = steps.get(key)
        if known and known[1] == event:
            return known[2]
        step = _KERNEL.step(self, state, event)
        steps[key] = (state, event, step)
        return step

    def restore(self, item: Any, size: int = 0) -> Any:
        key = (item[0], item[6])
        known = self.recall.restored.get(key)
        if known and known[0] == item:
            return known[1]
        state = _KERNEL.restore(self, item, size)
        self.recall.restored[key] = (item, state)
        return state

    def checkpoint(self, state: Any) -> Any:
        known = self.recall.bodies.get(id(state))
        if not known:
            known = self.recall.bodies[id(state)] = (state, _KERNEL.checkpoint(self, state))
        return known[1]
