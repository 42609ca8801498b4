"""The whole compiler: text in, program out.  `tsme compile` calls `compile_text`."""

from __future__ import annotations

from dataclasses import replace

from .check import check
from .emit import BUDGET, LARGEST, Compiled, emit
from .literals import build_literals
from .lower import lower
from .optimise import optimise
from .source import Flow


def compile_text(
    text: Flow, filename: str = "", *, budget: int = BUDGET, largest: int = LARGEST
) -> Compiled:
    """Compile a workflow in JSONPath-mode Amazon States Language.

    `budget`: transitions that one step may take (law 7).  `largest`: bytes that a value may have.
    Raises `CompileError` with every problem found.
    """
    machine = check(text, filename)
    lowered = lower(machine, largest)
    lowered.code, deeper = build_literals(optimise(lowered.code))
    lowered.stack += deeper
    return replace(emit(lowered, filename, budget, largest), warnings=machine.warnings)
