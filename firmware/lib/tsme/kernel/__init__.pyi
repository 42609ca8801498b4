from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol, type_check_only

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

class StepBuilder(State):
    left: int
    frames: Any
    first: int
    actions: Any
    gone: Any
    changed: Any
    random: bool
    error: Any
    raised: list[Any] | None
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

@type_check_only
class Definition(Protocol):
    """What an execution runs, as its journal and the kernel know it: a Program is one.

    `digest`: 8 bytes, whose journal it is.  `needs`: capabilities (docs/SPEC.md, 2.4); INPUT: the
    kernel keeps the input.  `budget`: transitions in a step.
    """

    @property
    def digest(self) -> bytes: ...
    @property
    def needs(self) -> int: ...
    @property
    def budget(self) -> int: ...
    def resources(self) -> list[str]:
        """Of the tasks that it may start."""

@type_check_only
class Codec(Protocol):
    """A client's part as checkpoints have it, times as differences to `now`."""

    def encode(self, part: Any, now: int, /) -> Any:
        """A value, or an item as docs/SPEC.md, 1, has them for records."""

    def decode(self, item: Any, now: int, /) -> Any:
        """The part that encode() gave this for."""

    def size(self, part: Any, now: int, /) -> int:
        """Bytes of what encode() gives."""

@type_check_only
class Client(Protocol):
    """The logic of executions: what the kernel asks of whoever says what a step does.

    A part is what a client keeps in the state between steps: never changed once a step has made
    it.  What a client wants of the world (tasks, timers, random numbers, the end) it asks of the
    builder `d`, and it leaves what it works on in d.frames.  An exception ends the step, of which
    nothing has happened then.
    """

    @property
    def program(self) -> Definition: ...
    @property
    def signals(self) -> bool:
        """It takes signals; its steps are one transition, and cannot be smaller."""

    def start(self, d: StepBuilder, value: Any, /) -> Any:
        """The part with which an execution begins, with `value` as its input."""

    def step(
        self, d: StepBuilder, part: Any, kind: int, action: Action | None, a: Any, b: Any, /
    ) -> Any:
        """The part after an input: of kind *continue* and with no action, of *signal* with the
        value `a`, or of one that ended `action`, with its result `a`, or its error `a`, cause `b`.
        """

    def runnable(self, part: Any, /) -> bool:
        """Whether *continue* would find something to do."""

    def delta(self, buf: bytearray, d: StepBuilder, /) -> None:
        """Append what the step has changed in the part: the digest covers it."""

    def codec(self) -> Codec:
        """How a part is written down: seldom, so it may be loaded for that."""

    def restore(self, state: State, /) -> list[Action]:
        """The tasks that a reset found pending, as they are to be started again."""

    def migrate(self, d: StepBuilder, old: Client, plan: Any, /) -> Any:
        """The part in this client's terms: d.client is what the client `old` has made of it."""

    def attempt(self, part: Any, action: Action, /) -> int:
        """Which try of its state a task is, from 1."""

class Kernel:
    """(state, input) -> Step.  Pure: it keeps nothing of what it is given.

    `room`: bytes that a checkpoint may have.  `find(digest)`: the client of another program.
    """

    client: Any
    room: int | None
    recording: bool  # False: nobody asks for the records of steps, which then hold nothing
    work: int | None  # transitions of the last step, made or not; None: its input was wrong
    find: Callable[[bytes], Client | None] | None
    def __init__(
        self,
        client: Client | None,
        room: int | None = None,
        find: Callable[[bytes], Client | None] | None = None,
    ) -> None: ...
    def use(self, digest: bytes) -> None: ...
    # A Step; None for an input that names an action which is not pending.
    def step(self, state: State, event: Sequence[Any]) -> Any: ...
    def finish(self, d: StepBuilder, old: State, event: Any) -> Step: ...
    def checkpoint(self, state: State) -> bytes: ...
    def restore(self, item: Sequence[Any], size: int = 0) -> State: ...

def put_step(
    d: StepBuilder, kind: int, ms: int, fields: Sequence[Any] | None
) -> tuple[bytearray, bytearray]: ...
