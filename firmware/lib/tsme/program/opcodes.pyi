# The instruction set; opcodes.py explains the letters.
from typing import Final

TABLE: Final[list[bytes]]  # rows: name, operand, stack, flow, errors
NEEDS: Final[list[str]]
NAMES: Final[tuple[str, ...]]
NUMBER: Final[dict[str, int]]
NEEDS_FLOAT: Final[int]
NEEDS_HASH: Final[int]
NEEDS_PARALLEL: Final[int]
NEEDS_MAP: Final[int]
NEEDS_QUERY: Final[int]
NEEDS_RANDOM: Final[int]
NEEDS_INPUT: Final[int]
NEEDS_EXPRESSION: Final[int]
RESERVED: Final[list[bytes]]

def lacking(needs: int) -> str: ...
