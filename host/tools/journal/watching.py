"""What an interpreter does, as whoever watches it is told: docs/SPEC.md, 3.6.

Events are integers and bytes, so an interpreter in any language can give them.  Here they become
calls of methods named for their kinds, and frames that can be looked at while such a call lasts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from tsme.kernel import Action
from tsme.kernel.protocol import TRACED
from tsme.program import trace
from tsme.values import cbor

_ALONE = 11  # members of a frame that has neither a parent nor children


class Join(NamedTuple):
    """What a frame that waits for its children knows of them (docs/SPEC.md, 2.11)."""

    results: list[Any]
    left: int  # children that have not ended
    next: int  # the index of the next item
    entry: int  # where an item begins; 0 for a FORK
    items: Any  # those of an object are its names, then its values; null for a FORK
    most: int | None = None  # at a time
    may_fail: int | None = None  # how many more


@dataclass(frozen=True)
class FrameImage:
    """A frame as it was at an event (docs/SPEC.md, 5): where it is, and the values it has."""

    parent: int | None
    pc: int
    entry: int
    handler: int
    state: int
    entered: int  # ms since 1970
    wait: int
    counters: list[int]
    error: str | None
    cause: str | None
    slots: list[Any]
    index: int | None = None
    join: Join | None = None

    def attempts(self) -> int:
        """How often the state it is in has been retried."""
        return sum(self.counters)


class Fault(NamedTuple):
    """An error of the workflow: `number` of docs/SPEC.md, 2.9, 0 for one from a task.

    `value` is what it is about, if anything.
    """

    number: int
    name: str | None
    cause: str | None
    value: Any = None


def _item(told: Any) -> Any:
    """What an event holds: this interpreter gives it as it is, others as bytes."""
    return cbor.decode(told, 0, True)[0] if isinstance(told, bytes) else told


class Told:
    """One event.  Its data, and the frames, are decoded when they are asked for."""

    def __init__(self, tracer: trace.Tracer, frame: int, pc: int, number: int, data: Any):
        self.tracer = tracer
        self.frame = frame
        self.pc = pc
        self.number = number
        self._data = data

    @cached_property
    def data(self) -> Any:
        return _item(self._data)

    def about(self, frame: int) -> Told:
        """The same moment, of another frame."""
        return Told(self.tracer, frame, self.pc, self.number, self._data)

    @cached_property
    def image(self) -> FrameImage:
        item = _item(self.tracer.frame(self.frame))
        item[5] = self.tracer.now - item[5]
        item[10] = list(item[10])
        if len(item) > _ALONE and item[-1]:
            item[-1] = Join(*item[-1])
        return FrameImage(*item)

    @property
    def action(self) -> Action:
        """Of a task that begins, or of what a frame is resumed by."""
        item = self.data if isinstance(self.data[0], int) else self.data[0]
        return Action(*item, *(None,) * (len(Action._fields) - len(item)))

    @property
    def fault(self) -> Fault:
        """Of all kinds that are about an error."""
        return Fault(self.number, *self.data[:3])


class Watcher:
    """Calls on_KIND(told) for each event of an interpreter, where there is such a method."""

    def watch(self, interpreter: Any) -> None:
        """From now on it tells this one, and nobody else."""
        kinds: Mapping[int, Any] = {
            kind: found
            for kind, name in enumerate(TRACED)
            if (found := getattr(self, f"on_{name}", None))
        }

        def sink(kind: int, frame: int, pc: int, number: int, data: Any) -> None:
            kinds[kind](Told(tracer, frame, pc, number, data))

        tracer = trace.Tracer(interpreter, sink, tuple(kinds), encoded=False)
