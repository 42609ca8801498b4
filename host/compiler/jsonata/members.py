"""What `$states` has where an expression stands."""

from __future__ import annotations

ALWAYS = frozenset({"input", "context"})
RESULT = ALWAYS | {"result"}  # in Output and Assign of a state with a result
ERROR = ALWAYS | {"errorOutput"}  # in those of a catcher
