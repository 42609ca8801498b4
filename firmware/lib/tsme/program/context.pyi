"""The context object, `$$` (docs/SPEC.md, 2.7)."""

from typing import Any

from ..kernel import StepBuilder

def context(d: StepBuilder, f: Any, k: int) -> Any:
    """Its value number `k`, for a frame in the step that `d` makes."""

def common(d: StepBuilder, k: int) -> Any:
    """The same of the whole execution, which takes no frame."""
