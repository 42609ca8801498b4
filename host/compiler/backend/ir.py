"""The form between lowering and bytes: instructions with names, labels and places.

An instruction's operand is an int, a constant's value (`Pooled`) or a `Label`; the emitter turns
the last two into numbers.  docs/SPEC.md, 2.2, says what each operation does.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..frontend.model import Json, Where
from .windows import Window


@dataclass(eq=False)
class Label:
    """A place in the code; it stands in the list before the instruction it names."""

    name: str


@dataclass(eq=False)
class Body(Label):
    """Where a body begins: the target of EVAL and CLOSURE.  `given`: how many values it takes."""

    given: int = 0


@dataclass(frozen=True)
class Pooled:
    """A constant; equal ones share a number."""

    value: Json


@dataclass(frozen=True)
class Resource(Pooled):
    """The constant of a CONST right before a TASK; it may be written in parts."""


@dataclass(frozen=True)
class Site:
    """Where an instruction that can fail comes from.

    `kind`: `path` (an InputPath and its like), `template` (a field of a payload template, or an
    ErrorPath/CausePath), `argument` (of an intrinsic call), `result`, `call`, `seconds`,
    `timestamp`, `limit`, `choice`, `large` (a constant above every limit), `parameters` (of a
    task); `credentials` says more of a TASK.  `text`: the path or call as written; of
    credentials, JSON.  `field`: the name of the field it is the value of; of an
    argument, the call.
    """

    kind: str
    text: str
    where: Where
    call: str = ""

    @property
    def field(self) -> str:
        return self.call or self.where.field


Operand = int | Pooled | Label


@dataclass
class Ins:
    """One instruction; `site`: where an error of it comes from, for the debug part."""

    op: str
    arg: Operand = 0
    site: Site | None = None
    child: bool = False  # FRAME and JUMP behind FORK or MAP, for a child: the frame goes past them
    frame: Window | None = None  # of the frames that run it


Code = list[Ins | Label]


@dataclass(frozen=True)
class StateInfo:
    """A state by its number, which is its place in the list."""

    name: str
    type: str
    where: Where


@dataclass
class Lowered:
    """A workflow as code, and what the emitter needs beside it."""

    code: Code
    bodies: Code  # of expressions; emitted behind the code, as far as an EVAL leads to them
    states: list[StateInfo]
    windows: list[Window]  # of the machines, in the order of their states
    counters: int
    stack: int
    timeout: int
    needs: int
    resources: list[str]  # of its tasks, in order of first use
