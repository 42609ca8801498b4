"""Texts that programs of many workflows hold, by number (docs/SPEC.md, 2.14)."""

from collections.abc import Sequence
from typing import Any

WORDS: str  # each with a bar behind it

def named(n: int, consts: Sequence[Any]) -> Any:
    """What a byte names: a constant of the program, or a word; None if it names nothing."""
