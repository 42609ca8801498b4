"""Fields of templates that are looked at before a task starts (docs/SPEC.md, 2.6)."""

from typing import Any

def item(rng: Any, v: Any, n: Any) -> Any: ...
def lists(rng: Any, payload: Any) -> Any: ...
def wrong(payload: Any) -> list[str]:
    """The members whose values are not all arrays of texts."""
