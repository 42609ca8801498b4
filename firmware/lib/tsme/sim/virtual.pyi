"""Runs handlers in a virtual world, without waiting; on CPython."""

from typing import Any

from ..engine.tasks import Tasks
from .world import World

class Context:
    """What a handler with `context=True` is given."""

    execution: int
    action: int
    attempt: int
    heartbeats: int
    def __init__(self, execution: int, action: int, attempt: int) -> None: ...
    def heartbeat(self) -> None: ...

def perform(
    world: World,
    tasks: Tasks,
    resource: str,
    payload: Any = None,
    execution: int = 1,
    action: int = 1,
    attempt: int = 1,
) -> Any:
    """The result of a task as its handler gives it in a virtual world; raises what it does."""
