from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

BEHAVIOUR: Final = 1

class Action(NamedTuple):
    """What a step asks the outside to do (docs/SPEC.md, 3.2).

    Tracked actions have an id from 1; `kind` is events.TASK or events.WAKE, and only a task has
    what follows `due`.  An untracked one has the id 0, a kind of events.EMITS, and a payload.
    """

    id: int
    kind: Any
    frame: int | None
    due: int | None
    resource: Any
    payload: Any
    heartbeat: int
    started: int
    deadline: int | None

class State:
    """The whole live state of an execution; nothing of it changes once a step has made it."""

    steps: int
    execution: int
    status: int
    now: int
    next_id: int
    rng: int
    digest: int
    origin: Sequence[Any]
    pending: Mapping[int, Action]
    result: Any
    client: Any
    bound: int
    def tasks(self) -> list[Action]: ...
    def due(self, asking: Collection[int] = ()) -> Action | None: ...
    def state_of(self, action: Action) -> int | None: ...

class Draft(State):
    left: int
    frames: Any
    first: int
    actions: Any
    gone: Any
    changed: Any
    random: bool
    error: Any
    def __init__(self, old: State, now: int) -> None: ...
    def drop(self, i: int) -> Action: ...
    def timer(self, frame: int | None, due: int) -> int: ...
    def task(
        self, frame: int, resource: str, payload: Any, timeout: int = 0, heartbeat: int = 0
    ) -> int: ...
    def beat(self, a: Action) -> None: ...
    def begun(self, a: Action) -> None: ...
    def emit(self, kind: int, payload: Any) -> None: ...
    def draw(self) -> int: ...
    def below(self, n: int) -> int: ...
    def succeed(self, value: Any) -> None: ...
    def fail(self, error: str | None, cause: str | None) -> None: ...

class Step(NamedTuple):
    """What a step gives: the next state, and the actions to start once `record` is durable."""

    state: State
    actions: list[Action]
    record: bytearray | None

class Kernel:
    client: Any
    room: int | None
    work: int | None
    def __init__(self, client: Any, room: int | None = None) -> None: ...
    # A Step; None for an input that names an action which is not pending.
    def step(self, state: State, event: Sequence[Any]) -> Any: ...
    def finish(self, d: Draft, old: State, event: Any) -> Step: ...
    def checkpoint(self, state: State) -> bytes: ...
    def restore(self, item: Sequence[Any], size: int = 0) -> State: ...

def put_step(
    d: Draft, kind: int, ms: int, fields: Sequence[Any]
) -> tuple[bytearray, bytearray]: ...
def known(n: Any) -> None: ...
