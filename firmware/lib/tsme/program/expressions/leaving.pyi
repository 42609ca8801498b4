"""Values as they leave an expression (docs/SPEC.md, 2.16)."""

from typing import Any

def left(m: Any, v: Any) -> Any: ...
