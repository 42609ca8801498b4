"""Runs handlers in a virtual world, without waiting; on CPython."""

from collections.abc import Callable
from typing import Any, TypeVar

from ..engine.tasks import Tasks
from .world import World

Found = TypeVar("Found")

class Late(Exception):
    """Its time was up before the handler came back."""

class Context:
    """What a handler with `context=True` is given."""

    execution: int
    action: int
    attempt: int
    heartbeats: int
    def __init__(self, execution: int, action: int, attempt: int) -> None: ...
    def heartbeat(self) -> None: ...

def within(world: World, function: Callable[..., Found], *given: Any) -> Found:
    """What a function gives while twins live in this world, and time.sleep() moves it on."""

def perform(
    world: World,
    tasks: Tasks,
    resource: str,
    payload: Any = None,
    execution: int = 1,
    action: int = 1,
    attempt: int = 1,
) -> Any:
    """What the handler of a task returns in a virtual world; raises what it does."""

def answer(
    world: World, tasks: Tasks, resource: str, payload: Any, context: Any, limit: int | None = None
) -> Any:
    """The result of a task as an engine takes it, after `limit` ms Late."""
