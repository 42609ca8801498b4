"""The slots of frames: a window for each kind of frame, with what its own states set.

A machine of the workflow (the whole, a branch, the body of a Map) runs in frames of one kind.
Slot 0 of such a frame is `$`, the others are the variables that the machine's own states set; it
reads those of the machines around it in their frames, by depth (docs/SPEC.md, 2.2, LOAD).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from ..frontend.model import ChoiceState, MapState, ParallelState, Path, StateMachine, TaskState


class Window:
    """The slots of one kind of frame.  `outer`: the window of the frame that starts it.

    `apart`: its states do not see the variables around it, as those of a distributed Map.
    """

    def __init__(
        self, outer: Window | None = None, names: Iterable[str] = (), *, apart: bool = False
    ) -> None:
        self.outer = outer
        self.apart = apart
        self.level: int = 0 if outer is None else outer.level + 1
        self.slots = {name: n for n, name in enumerate(names, 1)}  # ascending
        self.first = 0  # its first state

    @property
    def size(self) -> int:
        """Slots of a frame, slot 0 included."""
        return len(self.slots) + 1

    @property
    def chain(self) -> tuple[int, ...]:
        """What the verifier sees of a kind of frame: the sizes of it and of those around it."""
        sizes: list[int] = []
        window: Window | None = self
        while window is not None:
            sizes.append(window.size)
            window = window.outer
        return tuple(sizes)

    def slot(self, name: str) -> int:
        """The slot of a variable, or of what a state keeps, which gets one."""
        return self.slots.setdefault(name, len(self.slots) + 1)

    def holder(self, name: str) -> Window:
        """The window that a variable is in, seen from here: the nearest that sets it."""
        window = self
        while name not in window.slots and window.outer is not None:
            window = window.outer
        return window

    def finds(self, name: str) -> Window | None:
        """As `holder`, of a variable that may not be there."""
        window: Window | None = self
        while window is not None and name not in window.slots:
            window = None if window.apart else window.outer
        return window


def assigned(machine: StateMachine) -> list[str]:
    """The variables that the states of a machine set themselves, without inner machines."""
    found: dict[str, None] = {}
    for state in machine.states.values():
        found.update((name, None) for name, _ in state.assign)
        if isinstance(state, ChoiceState):
            found.update((name, None) for rule in state.rules for name, _ in rule.assign)
        if isinstance(state, (TaskState, ParallelState, MapState)):
            found.update((name, None) for catcher in state.catch for name, _ in catcher.assign)
    return list(found)


def reads_input(node: Any) -> bool:
    """Does a part of the model read `$`, the input of its state?"""
    if isinstance(node, Path):
        return node.root == "$"
    if dataclasses.is_dataclass(node):
        node = [getattr(node, f.name) for f in dataclasses.fields(node)]
    elif isinstance(node, dict):
        node = list(node.values())
    return isinstance(node, (list, tuple)) and any(reads_input(part) for part in node)
