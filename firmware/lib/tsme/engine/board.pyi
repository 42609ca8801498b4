"""A board: several executions in one event loop, each with a journal of its own in a region."""

from collections.abc import Callable
from typing import Any, Protocol

from ..journal.blocks import Device
from ..journal.regions import Regions
from ..values.cbor import Value
from .engine import Outcome
from .slot import Slot
from .tasks import Effect, Handler, Tasks

class Programs(Protocol):
    """A store of programs (ProgramFiles, ProgramRegion)."""

    def put(self, data: bytes) -> bytes: ...
    def get(self, digest: bytes) -> tuple[bytes, int] | None: ...
    def drop(self, digest: bytes) -> None: ...
    def digests(self) -> list[bytes]: ...

class Board:
    """Runs several executions, by name; each in a region of one partition (SPEC 4.7).

    `flash`: the partition, cut into regions.  `programs`: the store of their programs.  `tasks`,
    `clock`, `sleep` and `seed` as Engine's, for all of them; `sleep` is called once for all, until
    the earliest is due.  What goes wrong in one touches no other: it is `broken` until the next
    boot or start(), and the log says why.

    `ended`: if set, called with (name, Outcome) when an execution has ended, durably.
    """

    regions: Regions
    programs: Any
    tasks: Tasks
    clock: Callable[[], int]
    sleep: Callable[[int], object] | None
    seed: Callable[[], int]
    ended: Callable[[str, Outcome], object] | None
    slots: dict[str, Any]
    clients: dict[bytes, Any]
    active: bool
    def __init__(
        self,
        flash: Device,
        programs: Programs,
        tasks: Tasks | None = None,
        clock: Callable[[], int] | None = None,
        sleep: Callable[[int], object] | None = None,
        seed: Callable[[], int] | None = None,
    ) -> None: ...
    def task(
        self,
        name: str,
        effect: Effect = "idempotent",
        context: bool = False,
        check: Callable[..., Any] | None = None,
    ) -> Callable[[Handler], Handler]:
        """As Tasks.task, for the handlers of this board."""

    def on(self, kind: str) -> Callable[[Handler], Handler]:
        """As Tasks.on, for the handlers of this board."""

    def recover(self) -> bool:
        """Read the table and the journals: True if anything is under way."""

    def start(
        self,
        name: str,
        program: bytes | type[Any] | Any,
        value: Value = None,
        context: Value = None,
        blocks: int = 16,
    ) -> bool:
        """Go on with what is under way in the region `name`, or begin: True if it has begun.

        `program`: the digest (8 bytes) of one in the store; the bytes of a .tsm file, which go
        into the store; or a class with `stf()`.  `blocks`: of the region, if it is new.  What has
        begun is durable; its tasks start in `run()`.  Raises TsmeError: TSME-K005 for a program
        that is missing, TSME-T002 for a handler, TSME-J015 if there is no room.
        """

    def list(self) -> list[tuple[str, str]]:
        """(name, status) of all: new, running, succeeded, failed, stopped, or broken."""

    def describe(self, name: str) -> dict[str, Any]:
        """`name`, `status`, `blocks`; `execution`, `program`, `steps`, `now` (ms) once one began;
        `due` (ms, or None) of one that runs, `error` of one that is broken."""

    def outcome(self, name: str) -> Outcome | None:
        """How the last execution ended; None before the first, and while one is under way."""

    def stop(self, name: str, error: str = "TSME.Stopped", cause: str = "") -> None:
        """End the execution."""

    def migrate(self, name: str, program: bytes | Any, plan: bytes | Any) -> None:
        """The execution under way goes on with another program, by the plan that
        `tsme migrate -o` has made.  `program` as start() takes it."""

    def resize(self, name: str, blocks: int) -> None:
        """Give the region so many blocks; of what is behind it, what recovery needs is kept."""

    def retire(self, name: str) -> None:
        """Give the region back.  Raises TsmeError, TSME-K001, while an execution is under way."""

    def send(self, name: str, value: Value) -> None:
        """A signal to a state machine."""

    async def ask(self, name: str, value: Value) -> None:
        """The same; comes back when it is durable.  Raises Rejected if the machine raised."""

    def send_success(self, token: str, output: Value) -> None:
        """The task with this token has this result.  Raises TsmeError, TSME-T003, without one."""

    def send_failure(self, token: str, error: str, cause: str = "") -> None:
        """The task with this token fails."""

    def send_heartbeat(self, token: str) -> None:
        """HeartbeatSeconds of the task with this token begin again."""

    def activities(self, name: str | None = None) -> list[tuple[str, str, Any]]:
        """What workers may do, of all executions: (token, resource, input)."""

    async def run(self) -> None:
        """Go on with all that is under way, until nothing is."""

    def run_sync(self) -> None:
        """The same in an event loop of its own."""

    def under_way(self) -> Any: ...
    def found(self, name: str) -> Any: ...
    def slot(self, name: str) -> Slot: ...
    def names(self) -> Any: ...
    def number(self) -> int: ...
    def holder(self, token: str) -> Slot: ...
    def client(self, digest: bytes) -> Any: ...
    def guard(self, slot: Slot, first: bool = False) -> int | None: ...
    def fail(self, slot: Slot, e: Exception) -> None: ...
    def over(self, slot: Slot) -> None: ...
    async def turn(self) -> None: ...
    async def pause(self, ms: int | None) -> None: ...
