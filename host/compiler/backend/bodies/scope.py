"""Variables: frames as the reference implementation has them, and where each of a frame is."""

from __future__ import annotations

from dataclasses import dataclass, field

from .body import Body, Cell


@dataclass(eq=False)
class Frame:
    """What one block, call or row may bind.

    `cells`: where each name is; `bound`: those that are bound on all ways to here; `begun`: those
    that are bound on some.  `resets`: nothing is put to these where the frame begins.
    """

    body: Body
    around: Frame | None
    key: int = 0
    cells: dict[str, Cell] = field(default_factory=dict)
    bound: set[str] = field(default_factory=set)
    begun: set[str] = field(default_factory=set)
    flags: dict[str, Cell] = field(default_factory=dict)
    values: dict[str, object] = field(default_factory=dict)  # trees of names bound once
    loops: int = 0  # of its body, where it begins
    opaque: bool = False  # `bound` of frames around says nothing: it runs at another time

    def give(self, name: str, cell: Cell) -> None:
        self.cells[name] = cell
        self.bound.add(name)
        self.begun.add(name)


def state(frame: Frame | None) -> list[tuple[Frame, set[str]]]:
    """What is bound in all frames, to be put back."""
    out = []
    while frame is not None:
        out.append((frame, set(frame.bound)))
        frame = frame.around
    return out


def restore(saved: list[tuple[Frame, set[str]]]) -> None:
    for frame, bound in saved:
        frame.bound = set(bound)


def meet(one: list[tuple[Frame, set[str]]], other: list[tuple[Frame, set[str]]]) -> None:
    """What is bound where two ways meet."""
    for (frame, a), (_, b) in zip(one, other, strict=True):
        frame.bound = a & b
