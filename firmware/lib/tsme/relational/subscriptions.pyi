"""What those who wait for a relational machine are waiting for (docs/SPEC.md, 9.4)."""

from typing import Any

def key_of(verb: str, value: dict[str, Any]) -> str:
    """The key of a subscription: the same for the same wait, on any interpreter."""

def asked(m: Any, verb: str, value: dict[str, Any], effect: str | None = None) -> Any:
    """A subscription of a machine that is at work, from its parts by name."""
