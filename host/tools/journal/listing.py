"""A program together with its debug part: instructions, and where each came from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from tsme.errors import TsmeError
from tsme.program import Program

from ...compiler.backend.debug import Debug, SiteInfo, StateName, read_debug
from ...compiler.backend.disasm import instructions
from ...compiler.backend.instructions import NAMES

__all__ = ["Instruction", "Listing", "SiteInfo", "StateName", "listing"]


class Instruction(NamedTuple):
    """One instruction; `pc` is the index of the operation itself, behind its EXT if it has one."""

    pc: int
    op: str
    arg: int


@dataclass(frozen=True)
class Listing:
    """What the host needs to speak of a program in the words of its source."""

    program: Any  # tsme.program.Program
    debug: Debug
    code: list[Instruction]
    place: dict[int, int]  # pc -> its place in `code`

    @property
    def states(self) -> list[StateName]:
        return self.debug.states

    @property
    def variables(self) -> list[str]:
        """All that the workflow sets, in all its machines."""
        names = (name for window in self.debug.windows for name in window.names)
        return [name for name in dict.fromkeys(names) if name.isidentifier()]

    @property
    def sites(self) -> dict[int, SiteInfo]:
        """By pc."""
        return self.debug.sites

    def at(self, pc: int) -> Instruction:
        return self.code[self.place[pc]]

    def before(self, instruction: Instruction) -> Instruction:
        return self.code[self.place[instruction.pc] - 1]

    def after(self, instruction: Instruction) -> Instruction:
        return self.code[self.place[instruction.pc] + 1]


def listing(program: bytes, debug: bytes) -> Listing:
    """Reads both parts of a `.tsm` file.  Raises TsmeError if they do not belong together."""
    p: Any = Program(program)
    found = read_debug(debug)
    if found is None or found[0] != p.digest:
        raise TsmeError("TSME-P001", "the debug part is none, or belongs to another program")
    code = [Instruction(pc, NAMES[op], arg) for _, pc, op, arg in instructions(p.code)]
    return Listing(p, found[1], code, {item.pc: n for n, item in enumerate(code)})
