"""Values that cross the edge of the kernel: copies for a handler, and of what a handler gives."""

from typing import Any

def ordered(v: Any) -> Any:
    """A handler's value as the kernel holds one: checked, members of plain dicts sorted."""

def handed(v: Any) -> Any:
    """A copy for a handler, which may change it."""

def copied(v: Any) -> Any: ...
def text_of(v: Any) -> str:
    """As text, the same everywhere: `str(v)`; of floats, arrays and objects their JSON."""

def worded(v: Any) -> str | None:
    """The name or cause of an error as the kernel takes it: text, or None."""
