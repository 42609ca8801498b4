"""How much a server lets a program have, in place of what suits a board."""

from __future__ import annotations

from typing import Final

# What a definition is compiled with; its Comment may say less or more.
PROGRAM: Final = {"step_bytes": 16 << 20, "items": 40_000}

# What programs may ask for, and states grow to, in a process that runs executions.
PROCESS: Final = {
    "program_bytes": 8 << 20,
    "slots": 256,
    "stack": 1024,
    "budget": 65_535,
    "work": 1 << 20,  # 256 bytes each: what one state may go through, so that a step ends
    "value_bytes": 1 << 20,
    "step_bytes": 64 << 20,
    "items": 100_000,
    "state_bytes": 256 << 20,
}
