"""Plain state machines: a class with stf(state, input, actions), a client of the kernel.

docs/MACHINES.md says what a machine may do.
"""

from typing import Any

from ..kernel import Action, State, StepBuilder

class Input:
    """What a step of a machine is given.

    `kind`: start, signal, succeeded, failed or timer.  `now`: ms since 1970.  `value`: of a start
    or signal, or a task's result.  `id`: of the action that has ended.  `error`, `cause`: of a
    task that failed.
    """

    kind: str
    now: int
    id: int | None
    value: Any
    error: str | None
    cause: str | None
    def __init__(self, kind: str, now: int) -> None: ...
    @property
    def task(self) -> str | None: ...
    @property
    def payload(self) -> Any: ...

class Actions:
    """What a step asks the outside to do.  Nothing of it is done unless the step is durable."""

    def __init__(self, d: StepBuilder) -> None: ...
    def task(self, name: str, payload: Any = None, timeout: int = 0, heartbeat: int = 0) -> int:
        """Start a task; the id under which its result comes back.  Times in ms, 0 for none."""

    def timer(self, ms: int) -> int:
        """The id of an input "timer", which comes after `ms`."""

    def cancel(self, id: int) -> None:
        """A task or timer that is pending is not wanted any more."""

    def log(self, payload: Any) -> None: ...
    def metric(self, payload: Any) -> None: ...
    def publish(self, payload: Any) -> None: ...
    def random(self, n: int) -> int:
        """An integer from 0 to n - 1, the same one at every replay."""

    def end(self, result: Any = None) -> None:
        """The execution is over, and so are its tasks and timers."""

    def fail(self, error: str, cause: str = "") -> None: ...

class Restored:
    """What restore() is given to name anew each task that is pending, under its id."""

    named: dict[int, tuple[str, Any]]
    def __init__(self, state: State) -> None: ...
    @property
    def pending(self) -> list[tuple[int, str, Any]]: ...
    def tasks(self) -> list[Action]: ...
    def task(self, name: str, payload: Any = None, id: int | None = None) -> int: ...
    def again(self, id: int) -> int: ...
    def actions(self) -> list[Action]: ...

class Definition:
    """What stands for a program: whose journal it is, what it needs, what a step may take."""

    name: str
    version: Any
    digest: bytes
    needs: int
    budget: int
    tasks: list[str]
    def __init__(self, machine: Any) -> None: ...
    def resources(self) -> list[str]: ...

class Machine:
    """The client of the kernel that a class with stf() makes (kernel.Client)."""

    machine: Any
    program: Definition
    signals: bool
    initial: dict[str, Any]
    stf: Any
    begin: Any
    def __init__(self, machine: Any) -> None: ...
    def start(self, d: StepBuilder, value: Any) -> Any: ...
    def step(
        self, d: StepBuilder, part: Any, kind: int, action: Action | None, a: Any, b: Any
    ) -> Any: ...
    def call(self, d: StepBuilder, function: Any, part: Any, given: Input) -> Any: ...
    def restore(self, state: State) -> list[Action]: ...
    def migrate(self, d: StepBuilder, old: Any, plan: Any) -> Any: ...
    def runnable(self, part: Any) -> bool: ...
    def attempt(self, part: Any, action: Action) -> int: ...
    def delta(self, buf: bytearray, d: StepBuilder) -> None: ...
    def codec(self) -> Machine: ...
    def encode(self, part: Any, now: int) -> Any: ...
    def size(self, part: Any, now: int) -> int: ...
    def decode(self, item: Any, now: int) -> Any: ...

def close(actions: Actions) -> None: ...
