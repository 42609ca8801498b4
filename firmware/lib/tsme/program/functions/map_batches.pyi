"""Batches of a distributed Map's items, and its Map Run (docs/SPEC.md, 2.6)."""

from typing import Any

def batch(rng: Any, items: Any, most: Any, size: Any, shared: Any) -> list[Any]: ...
def map_run(rng: Any, machine: Any, label: Any, token: Any) -> str:
    """The ARN of a Map Run."""

def flatten(rng: Any, results: Any) -> list[Any]: ...
