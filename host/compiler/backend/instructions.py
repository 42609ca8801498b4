"""The instruction set as the host needs it, read from its one table, tsme.program.opcodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tsme.program.functions.table import functions
from tsme.program.opcodes import RESERVED, TABLE

FUNCTIONS: Final = functions()


@dataclass(frozen=True)
class Row:
    """A row of the table.  The letters of `kind`, `check`, `pops` and `flow` are explained there.

    `choices`: which operands there are, a bit each, of a choice; `pushes`: 0 or 1 value; `errors`:
    numbers of docs/SPEC.md, 2.9, and `*` for others.
    """

    name: str
    number: int
    kind: str
    check: str
    choices: int
    pops: str
    pushes: int
    flow: str
    errors: str

    @property
    def jumps(self) -> bool:
        """Its operand is a place in the code."""
        return self.kind == "t"

    @property
    def stops(self) -> bool:
        """The next instruction does not follow."""
        return self.flow in ("j", "e")

    @property
    def alone(self) -> bool:
        """No other may stand for it: a state is itself, and children follow."""
        return self.flow in ("s", "m")

    def depth(self, before: int, operand: int | Sequence[object]) -> int:
        """Depth of the stack behind it.  `operand`: its value; of names, the list of them; of
        EVAL, how many values the body takes."""
        if self.flow in ("w", "m"):
            return self.pushes
        n = operand if isinstance(operand, int) else len(operand)
        taken = 0
        for letter in self.pops:
            if letter in "ncp":
                taken += n
            elif letter == "f":
                taken += FUNCTIONS[n][1]
            elif letter == "b":
                taken += n.bit_count()
            else:
                taken += int(letter) if letter.isdigit() else 1
        return before - taken + self.pushes


def _row(number: int, row: bytes) -> Row:
    name, operand, effect, flow, errors = row.decode().split(":")
    pops, _, pushes = effect.partition(">")
    kind, rest = operand[0], operand[1:]
    check, choices = (rest, 0) if kind == "c" else ("", int(rest or "0", 16))
    return Row(name, number, kind, check, choices, pops, len(pushes), flow, errors)


INSTRUCTIONS: Final = {row.name: row for row in map(_row, range(len(TABLE)), TABLE)}
EXPRESSIONS: Final = {row.name: row for row in (_row(n, t) for n, t in enumerate(RESERVED, 64))}
ALL: Final = INSTRUCTIONS | EXPRESSIONS
NAMES: Final = {row.number: name for name, row in ALL.items()}
