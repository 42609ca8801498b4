"""The task library: tasks that a workflow names as a Resource, as "gpio:write" (docs/TASKS.md).

Each module registers its own: `from tsme.tasks import gpio` and `gpio.register(tasks)`.
"""

from collections.abc import Callable
from typing import Any, Final

from ..engine.tasks import Effect, TaskError, Tasks

PINS: Final[dict[str, Any]]
"""What pins are for: a name to a pin's number, or to something that has a `value()`."""

NEEDED: Final[object]

class Fields:
    """The payload of a task, whose members are looked at before anything is done.

    Its methods give a member, or raise TaskError: `Gpio.ValidationException` of "gpio:write".
    """

    name: str
    payload: dict[str, Any]
    def __init__(self, name: str, payload: Any, known: str) -> None: ...
    def failed(self, kind: str, cause: str) -> TaskError: ...
    def wrong(self, cause: str) -> TaskError: ...
    def bad(self, key: str, wanted: str) -> TaskError: ...
    def get(self, key: str, default: Any = ...) -> Any: ...
    def whole(self, key: str, least: int, most: int, default: Any = ...) -> Any: ...
    def number(self, key: str, least: float, most: float, default: Any = ...) -> Any: ...
    def text(self, key: str, default: Any = ...) -> Any: ...
    def choice(self, key: str, among: tuple[Any, ...], default: Any = ...) -> Any: ...
    def items(self, key: str, least: int = 1, most: int = 4096, default: Any = ...) -> Any: ...
    def octets(self, key: str, most: int = 4096, default: Any = ...) -> Any: ...
    def pin(self, key: str = "pin") -> Any: ...

def add(
    tasks: Tasks,
    name: str,
    effect: Effect,
    function: Callable[..., Any],
    known: str = "",
    context: bool = False,
    check: Callable[..., Any] | None = None,
) -> None:
    """Register a task.  `function` takes the Fields of its payload; `known`: their names."""

def need(module: str, name: str, what: str) -> Any:
    """Something of a module of the firmware.  Raises TsmeError, TSME-G001, if it is not there."""
