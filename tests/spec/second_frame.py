"""A frame (2.1) as the second reader has it.

From docs/SPEC.md alone, as `second_reader` is.
"""

from __future__ import annotations

from typing import Any

from .second_reader import UNDEFINED, Program
from .second_values import at_path

TIMEOUT = ("States.Timeout", "")
SILENCE = ("States.Timeout", "no heartbeat came in time")


class Frame:
    """SPEC 2.1."""

    def __init__(self, program: Program, pc: int, value: Any, slots: int) -> None:
        self.parent: int | None = None
        self.pc = pc
        self.entry = self.handler = self.state = self.entered = self.wait = 0
        self.counters = [0] * program.counters
        self.error: str | None = None
        self.cause: str | None = None
        self.slots = [value] + [UNDEFINED] * (slots - 1)
        self.index: int | None = None
        self.join: list[Any] | None = None
        self.began = False  # the join is of this step
        self.written = {0}
        self.puts: list[int] = []

    def rest(self) -> list[Any]:
        return [self.pc, self.entry, self.handler, self.state]

    @property
    def silent(self) -> bool:
        """Its error is a missing heartbeat (2.9)."""
        return (self.error, self.cause) == SILENCE

    def encoded(self, now: int) -> list[Any]:
        """As a checkpoint holds it (5)."""
        head = [self.parent, *self.rest(), now - self.entered, self.wait, self.counters]
        out = [*head, self.error, self.cause, self.slots]
        return out if self.parent is None and not self.join else [*out, self.index, self.join]

    def item(self, frames: list[Frame | None] | None, whole: bool) -> Any:
        """Parts 12 and 13 of the context (2.7)."""
        parent = None if self.parent is None or frames is None else frames[self.parent]
        join = parent and parent.join
        if not join or not join[4] or self.index is None:
            return None
        pair = item_of(join, self.index)
        if len(join[4]) == len(join[0]):
            pair = {"Value": pair}
        return {"Index": self.index, **pair} if whole else pair["Value"]

    @staticmethod
    def decoded(program: Program, item: list[Any], now: int) -> Frame:
        f = Frame(program, 0, UNDEFINED, 1)
        f.parent, f.pc, f.entry, f.handler, f.state, age, f.wait = item[:7]
        f.entered = now - age
        f.counters, f.error, f.cause, f.slots = item[7:11]
        if len(item) > 11:
            f.index, f.join = item[11:]
        f.written = set()
        return f

    def delta(self, number: int, now: int, consts: list[Any]) -> list[Any]:
        """What it adds to a digest (3.4)."""
        head = [number, self.parent, *self.rest(), now - self.entered, self.wait, self.counters]
        head += [self.error, self.cause]
        if number or self.join:
            join = self.join and (self.join[1:] if self.began else self.join[1:3] + self.join[6:])
            head += [self.index, join]
        out: list[Any] = [head]
        if 0 not in self.written and len(self.puts) <= 8:
            for c in self.puts:
                out += [[0, c], at_path(self.slots[0], consts[c])]
        elif self.puts:
            self.written.add(0)
        for slot in sorted(self.written):
            out += [slot, self.slots[slot]]
        self.written, self.puts, self.began = set(), [], False
        return out


def item_of(join: list[Any], at: int) -> Any:
    """What an item of a MAP begins with; one of an object is a pair (2.11)."""
    outputs, items = join[0], join[4]
    if len(items) == len(outputs):
        return items[at]
    return {"Key": items[at], "Value": items[len(outputs) + at]}


def moved(action: list[Any], ms: int) -> list[Any]:
    """An action with its times moved: a checkpoint has them as differences (5)."""
    return [v + ms if k in (3, 8) and v is not None else v for k, v in enumerate(action)]
