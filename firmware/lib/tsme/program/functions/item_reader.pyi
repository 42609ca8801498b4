"""The items of a Map that a file has, as an ItemReader is told to read it."""

from typing import Any

def items(rng: Any, answer: Any, config: list[Any] | None, most: Any) -> Any:
    """config: [InputType, header names or None, separator, names of the way to the array]; without
    one the answer itself.  most: MaxItems, 0 for all.  Raises a state's error for what is no such
    file (docs/SPEC.md, 2.6)."""
