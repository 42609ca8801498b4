"""Values as they leave an expression (docs/SPEC.md, 2.16)."""

from typing import Any

from .evaluation import Evaluation

def left(m: Evaluation, v: Any) -> Any: ...
