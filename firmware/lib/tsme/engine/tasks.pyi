"""Task handlers: what the tasks of a workflow do, by the names of their resources."""

from collections.abc import Callable, Iterable
from typing import Any, Final, Literal, TypeAlias, TypeVar

from ..values.cbor import Value

Effect: TypeAlias = Literal["pure", "idempotent", "once"]
Handler = TypeVar("Handler", bound=Callable[..., Any])

EFFECTS: Final[tuple[str, ...]]
LOST: Final[str]
INTERRUPTED: Final[str]

class TaskError(Exception):
    """Raised by a handler: the task fails with this error name, which Retry and Catch match."""

    error: str
    cause: str
    def __init__(self, error: str, cause: str = "") -> None: ...

class Done:
    """What a `check` gives for a task that had happened before the reset: this was its result."""

    result: Value
    def __init__(self, result: Value = None) -> None: ...

class Task:
    """A handler and what was said of it.  `effect`: one of pure, idempotent, once."""

    function: Callable[..., Any]
    effect: Effect
    context: bool
    check: Callable[..., Any] | None
    def __init__(
        self,
        function: Callable[..., Any],
        effect: Effect,
        context: bool,
        check: Callable[..., Any] | None,
    ) -> None: ...

class Context:
    """What a handler with `context=True` may ask about the action it runs.

    `execution` counts from 1; `action` is the same again after a reset; `attempt` counts from 1,
    each Retry one more.
    """

    execution: int
    action: int
    attempt: int
    def heartbeat(self) -> None:
        """Begin HeartbeatSeconds again, durably."""

class Tasks:
    """A registry of handlers.  The first argument of each is the task's payload, a JSON value."""

    handlers: dict[str, Task]
    emitted: dict[str, Callable[[Any], object]]
    def __init__(self) -> None: ...
    def task(
        self,
        name: str,
        effect: Effect = "idempotent",
        context: bool = False,
        check: Callable[..., Any] | None = None,
    ) -> Callable[[Handler], Handler]:
        """A decorator: the function below does the work of the task `name`, plain or async.

        `name`: the Resource, or the last part of its ARN.  `effect`: what a reset in the middle
        of it means (README, "What a task says of itself").  `context`: the function takes
        (payload, context).  `check`: of a `once` task, called like the handler after a reset;
        gives Done(result), False if it had not happened, None if nobody can tell.

        The function gives what JSON has, or raises TaskError.  Raises TsmeError: TSME-T001 for an
        unknown effect, T004 for a second handler of a name, T005 without the name.
        """

    def on(self, kind: str) -> Callable[[Handler], Handler]:
        """A decorator for what is sent and forgotten: "log", "metric" or "publish"."""

    def emit(self, kind: str, payload: Value) -> None:
        """Call the function of `kind`, if there is one; what it raises stops nothing."""

    def update(self, other: Tasks) -> None:
        """Take over the handlers of another registry."""

    def find(self, resource: str) -> Task | None:
        """The handler for a Resource, if there is one."""

    def require(self, resources: Iterable[str]) -> None:
        """Raises TsmeError, TSME-T002, if one of these has no handler and is no activity."""

def function_name(resource: str) -> str | None: ...
def is_callback(resource: str) -> bool: ...
def is_activity(resource: str) -> bool: ...
def names(resource: str) -> list[str]: ...
async def settled(r: Any, name: str) -> Any: ...
async def perform(
    t: Task, resource: str, payload: Any, context: Context, asking: list[int]
) -> Any: ...
