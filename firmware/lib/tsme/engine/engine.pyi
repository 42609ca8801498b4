"""The runner: feeds inputs to the kernel, commits, starts handlers, owns time."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from ..journal import Journal
from ..kernel.executor import Executor
from ..program import Program
from ..program.store import Programs
from ..values.cbor import Value
from .outcome import Outcome
from .relations import Wait
from .tasks import Context, Effect, Handler, Task, Tasks

class Engine(Executor):
    """Runs one execution at a time of a workflow or a state machine, and survives resets.

    `program`: a Program, or a class with `stf()` (docs/MACHINES.md).  `journal`: without one
    nothing outlives a reset.  `clock`: gives ms since 1970.  `sleep`: called with ms, at most an
    hour, when only time has to pass, plain or async; a board may deep-sleep in it.  `seed`: gives
    64 random bits for a new execution.  `tasks`: the handlers.  `programs`: a store, with the
    programs that executions under way began with; `program` may be a digest of one that it has.

    Raises TsmeError: TSME-T006 for a clock that gives none, TSME-J... for a journal that cannot be
    used, TSME-R... for one that belongs to something else (docs/ERRORS.md).
    """

    programs: Programs | None
    digest: bytes
    clock: Callable[[], int]
    sleep: Callable[[int], object] | None
    seed: Callable[[], int]
    tasks: Tasks
    refused: Callable[[Any, Exception], object] | None
    queue: list[Any]
    running: dict[int, asyncio.Task[Any]]
    posted: asyncio.Event
    active: bool
    returned: bool
    left: BaseException | None
    lag: int
    latest: int
    floor: int
    def __init__(
        self,
        program: Program | bytes | type[Any] | Any,
        journal: Journal | None = None,
        clock: Callable[[], int] | None = None,
        sleep: Callable[[int], object] | None = None,
        seed: Callable[[], int] | None = None,
        tasks: Tasks | None = None,
        programs: Programs | None = None,
    ) -> None: ...
    @property
    def program(self) -> Any:
        """Of the execution under way, or of the next one."""

    def migrate(self, plan: Any) -> None:
        """The execution under way goes on with this engine's program.

        `plan`: as `tsme migrate -o` writes it, bytes or decoded; None for a machine.  Call it
        before `run`.  Raises TsmeError: TSME-K008 if something has no place there, TSME-M013 if a
        machine's `migrate` raised; nothing has changed then.
        """

    def retire(self, cause: str = "") -> None:
        """Give up an execution that cannot go on: its program, or its behaviour, is not here.

        A checkpoint says so; then `run` can begin the next one.  Raises TsmeError TSME-K002 if
        there is nothing to give up.
        """

    def client(self, digest: bytes) -> Any: ...
    def needed(self) -> Sequence[bytes]: ...
    def next_execution(self) -> int: ...
    def task(
        self,
        name: str,
        effect: Effect = "idempotent",
        context: bool = False,
        check: Callable[..., Any] | None = None,
    ) -> Callable[[Handler], Handler]:
        """As Tasks.task, for the handlers of this engine."""

    def on(self, kind: str) -> Callable[[Handler], Handler]:
        """As Tasks.on, for the handlers of this engine."""

    async def run(self, value: Value = None, context: Value = None) -> Outcome:
        """Go on with the execution under way, or start one with the input `value`.

        `context`: the context object `$$` of a new execution.  Raises TsmeError, TSME-T002, if a
        task has no handler.
        """

    def run_sync(self, value: Value = None) -> Outcome:
        """The same in an event loop of its own."""

    def outcome(self) -> Outcome | None:
        """That of the last execution, if it has ended; else None."""

    def recover(self) -> bool:
        """Read the journal: True if an execution is under way.  `run` does it if nobody has."""

    def send(self, value: Value) -> None:
        """A signal to a state machine.  If the machine rejects it, `refused` is called."""

    async def ask(self, value: Value) -> Any:
        """The same; comes back when it is durable.  Raises Rejected if the machine raised.

        Of a relational machine: what became of the mutation, executed, canceled or queued.
        """

    # Of a relational machine (docs/RELATIONAL.md); elsewhere there is no such attribute.
    async def add(self, states: str | Sequence[str], args: Value = None) -> str: ...
    async def remove(self, states: str | Sequence[str], args: Value = None) -> str: ...
    async def set(self, states: str | Sequence[str], args: Value = None) -> str: ...
    async def toggle(self, states: str | Sequence[str], args: Value = None) -> str: ...
    async def can_add(self, states: str | Sequence[str], args: Value = None) -> str: ...
    async def can_remove(self, states: str | Sequence[str], args: Value = None) -> str: ...
    async def add_err(self, error: Any, state: str | None = None, args: Value = None) -> str: ...
    async def eval(self, name: str, args: Value = None) -> Any: ...
    def when(self, states: str | Sequence[str], key: str | None = None) -> Wait: ...
    def when_not(self, states: str | Sequence[str], key: str | None = None) -> Wait: ...
    def when_time(
        self, states: str | Sequence[str], key: str | None = None, *, times: list[int]
    ) -> Wait: ...
    def when_ticks(
        self, states: str | Sequence[str], key: str | None = None, *, n: int = 1
    ) -> Wait: ...
    def when_next_active(self, states: str | Sequence[str], key: str | None = None) -> Wait: ...
    def when_args(
        self, states: str | Sequence[str], key: str | None = None, *, args: dict[str, Any]
    ) -> Wait: ...
    def when_queue(self, *, n: int, key: str | None = None) -> Wait: ...
    def when_queue_ends(self, *, key: str | None = None) -> Wait: ...
    def when_query(
        self, *, query: str, values: Sequence[Any] = (), key: str | None = None
    ) -> Wait: ...
    def context(self, states: str | Sequence[str], key: str | None = None) -> Wait: ...
    async def forget(self, key: str) -> None: ...
    async def wait_any(self, *waits: Wait, timeout: int | None = None) -> int | None: ...
    async def wait_all(self, *waits: Wait, timeout: int | None = None) -> bool: ...
    def is_active(self, states: str | Sequence[str]) -> bool: ...
    def active_states(self) -> list[str]: ...
    def ticks(self, state: str) -> int: ...
    def machine_time(self, states: str | Sequence[str] | None = None) -> list[int]: ...
    def machine_clock(self, states: str | Sequence[str] | None = None) -> dict[str, int]: ...
    def time_sum(self, states: str | Sequence[str] | None = None) -> int: ...
    def is_time(self, times: Sequence[int], states: str | Sequence[str] | None = None) -> bool: ...
    def was_time(
        self, times: Sequence[int], states: str | Sequence[str] | None = None
    ) -> bool: ...
    def is_clock(self, clock: dict[str, int]) -> bool: ...
    def was_clock(self, clock: dict[str, int]) -> bool: ...
    def diff(
        self, times: Sequence[int], states: str | Sequence[str] | None = None
    ) -> list[int]: ...
    def distance(self, times: Sequence[int], states: str | Sequence[str] | None = None) -> int: ...
    def next_active(self, state: str) -> int: ...
    def send_success(self, token: str, output: Value) -> None:
        """The task with this token has this result.  Raises TsmeError, TSME-T003, without one."""

    def send_failure(self, token: str, error: str, cause: str = "") -> None:
        """The task with this token fails.  Raises TsmeError, TSME-T003, without one."""

    def send_heartbeat(self, token: str) -> None:
        """HeartbeatSeconds of the task with this token begin again."""

    def heartbeat(self, action: int, execution: int | None = None) -> None:
        """The same for an action by its number."""

    def activities(self, name: str | None = None) -> list[tuple[str, str, Any]]:
        """What workers may do: (token, resource, input) of each pending activity."""

    def stop(self, error: str = "TSME.Stopped", cause: str = "") -> None:
        """End the execution."""

    def report(self, text: str) -> None:
        """Told what is to be known of a run and stops nothing; emits it as "log"."""

    def reading(self) -> int: ...
    async def handle(self, action: list[Any], t: Task, context: Context) -> None: ...
    def advance(self) -> int | None: ...
    def post(
        self,
        kind: int,
        *fields: Any,
        execution: int | None = None,
        answer: Context | None = None,
    ) -> None: ...
    def begin(self, value: Value, context: Value) -> None: ...
    def resume(self) -> None: ...
    def holder(self, token: str) -> int: ...
    def turn(self) -> Awaitable[None]: ...
    def pause(self, ms: int | None) -> Awaitable[None]: ...
