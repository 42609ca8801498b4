"""An execution that is live in this process: the executor over rows that wait for a commit."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator
from typing import Any, Final, NamedTuple, Protocol

from sqlalchemy import Connection

from tsme import Program, core
from tsme.journal import CHECKPOINT, CHECKPOINT_STEPS, CHECKPOINT_TRANSITIONS, STEP
from tsme.kernel import Action
from tsme.kernel.executor import Executor
from tsme.kernel.protocol import DONE as SUCCEEDED
from tsme.kernel.protocol import FAULT, RUNNING, STARTED, STOP, TASK, TIMER

from ..compiler.backend.disasm import disassemble
from ..database import records
from ..database.records import Row
from ..tools.errors import HostError
from .work.pending import PendingTask

_PROGRAMS: Final = 200  # that are kept loaded
_MEMORY: Final = 16 << 10  # bytes that the core works in, at first; it takes more as it needs it
# Events that a transition may have: StateEntered, StateExited, MapIterationStarted, -Succeeded,
# and those of a task; a step besides; and a record of which nobody knows how many it made.
_OF_TRANSITION: Final = 8
_OF_STEP: Final = 4
_OF_RECORD: Final = 12
_TIMED_OUT: Final = "States.Timeout"


class Found(NamedTuple):
    """What Store.recover() says."""

    records: int
    steps: int


class Rows:
    """The seam's Store of one execution, whose records wait in `rows` for the transaction."""

    most: int | None = None
    retired: Collection[int] = ()

    def __init__(self, key: int, number: int = 0, newest: int = 0) -> None:
        self.key = key
        self.number = number  # of the next record
        self.newest = newest  # the number of the newest checkpoint
        self.rows: list[Row] = []
        self.steps = 0  # since the newest checkpoint
        self.found: tuple[bytes | None, list[bytes]] = (None, [])

    def recover(self) -> Found:
        """What was loaded."""
        self.steps = len(self.found[1])
        return Found(self.number, self.steps)

    def reread(
        self,
        on_checkpoint: Callable[[memoryview], object],
        on_step: Callable[[memoryview], object],
    ) -> None:
        """Call back with the newest checkpoint, if there is one, and the steps behind it."""
        checkpoint, steps = self.found
        self.found = (None, [])
        if checkpoint is not None:
            on_checkpoint(memoryview(checkpoint))
        for body in steps:
            on_step(memoryview(body))

    def records(self) -> Iterator[tuple[int, int, bytes, int, int]]:
        """Those that wait for the transaction."""
        for _, number, kind, body in self.rows:
            yield number, kind, body, 0, number

    def commit(self, kind: int, body: bytes | bytearray | memoryview) -> int:
        """Add a record to the transaction.  -> its number"""
        number = self.number
        self.rows.append(Row(self.key, number, kind, bytes(body)))
        self.number = number + 1
        if kind == STEP:
            self.steps += 1
        else:
            self.steps, self.newest = 0, number
        return number

    def checkpoint(self, body: bytes | bytearray | memoryview) -> int:
        """The same for a checkpoint; recovery begins at it."""
        return self.commit(CHECKPOINT, body)

    def needs_checkpoint(self, steps: int | None = None, transitions: int = 0) -> bool:
        """Whether recovery would have to replay more than it may."""
        steps = self.steps if steps is None else steps
        return steps >= CHECKPOINT_STEPS or transitions >= CHECKPOINT_TRANSITIONS

    def idle(self) -> bool:
        """Nothing is left for idle moments."""
        return False


class Connected(Protocol):
    """Who has a connection, for those that need one: SQLAlchemy's takes as long as a step."""

    @property
    def connection(self) -> Connection: ...


class Programs:
    """What runs programs, by their keys in the database; the newest stay loaded."""

    def __init__(self) -> None:
        self._clients: OrderedDict[bytes, Any] = OrderedDict()
        self.names: dict[bytes, list[str]] = {}  # of states, as far as a program tells

    def client(self, batch: Connected, key: bytes) -> Any:
        """What runs the program of a key.  Raises HostError, TSME-S023, if it is not there."""
        client = self._clients.get(key)
        if client is None:
            data = records.program(batch.connection, key)
            if data is None:
                message = f"the program {key.hex()} is not in the database"
                raise HostError("TSME-S023", message, "import the program that it began with")
            client = self._clients[key] = core.runs(Program(data))
            debug = disassemble(data).debug
            self.names[key] = [state.name for state in debug.states] if debug else []
            if len(self._clients) > _PROGRAMS:
                del self.names[self._clients.popitem(last=False)[0]]
        self._clients.move_to_end(key)
        return client


class Known(NamedTuple):
    """What the API knows an execution by."""

    arn: str
    machine: str
    name: str


Place = tuple[str | None, int, int | None]  # its owner, the inputs that were taken, when it is due


class Live(Executor):
    """One execution: its kernel, its state, and what is to happen once its rows are durable."""

    def __init__(self, client: Any, rows: Rows, now: Callable[[], int], known: Known) -> None:
        kernel = core.kernel(client)
        kernel.memory = _MEMORY
        super().__init__(kernel, rows)
        self.rows = rows
        self.arn, self.machine, self.name = known
        self.clock = now
        self.asking: list[int] = []  # ids of `once` tasks whose check has not yet answered
        self.launched: list[Action] = []  # tasks that new steps ask for
        self.emitted: list[tuple[str, Any]] = []
        self.effect: Callable[[str], str] = lambda _: "idempotent"
        self.wanted: Callable[[str], bool] = lambda _: False
        self.names: list[str] = []  # of its states
        self.epoch = 0
        self.written: Place | None = None  # what its row says
        self.writing: Place = (None, 0, None)  # what it will say
        self.helped: str | None = None  # another process, which owns it and does not move
        self.before = rows.number  # of records, when the transaction began
        self.taken = 0  # inputs of the table that were taken
        self.aborted = False  # somebody stopped it
        self.expired = False  # its own time was up
        self.exceeded = False  # its history is as long as it may be
        # Events of its history, at most; at how many they are counted (lengths.py); the count.
        self.spent = _OF_RECORD * rows.number
        self.allowed: float = math.inf
        self.most_events = 0
        self.counted: Any = None
        self.first: int | None = None  # the kind of the step that give() came to

    # What the executor asks of who inherits.

    def launch(self, action: Action) -> None:
        self.launched.append(action)
        wanted = self.wanted(action.resource) and not action.started
        if wanted and self.effect(action.resource) == "once":
            self.feed((STARTED, self.time(), action.id))

    def emit(self, kind: str, payload: Any) -> None:
        self.emitted.append((kind, payload))

    def time(self) -> int:
        return max(self.clock(), int(self.state.now))

    def act(self, event: Any, step: Any) -> None:
        if self.first is None:
            self.first = event[0]
        super().act(event, step)

    def give(self, event: tuple[Any, ...]) -> Any:
        """One step for an input; None for one that is late."""
        kind = event[0]
        if kind == TIMER:
            action = self.state.pending.get(event[2])
            self.expired = action is not None and action.frame is None
        self.first = None
        step = self.feed(event)
        self.spent += _OF_STEP + _OF_TRANSITION * (self.kernel.work or 0)
        self.aborted = kind == STOP and step is not None
        return step

    def go(self, steps: int) -> bool:
        """Steps until there is nothing to do.  -> whether there is more, after so many"""
        for _ in range(steps):
            event = self.next()
            if event is None:
                return False
            self.give(event)
            if self.spent >= self.allowed:
                break
        return self.busy()

    # What is to be written of it.

    @property
    def status(self) -> str:
        """As AWS's API has it."""
        status = self.state.status
        if status == RUNNING:
            return "RUNNING"
        if status == SUCCEEDED:
            return "SUCCEEDED"
        if self.aborted:
            return "FAILED" if self.exceeded else "ABORTED"
        if status == FAULT and self.expired and self.state.result[0] == _TIMED_OUT:
            return "TIMED_OUT"
        return "FAILED"

    def due(self) -> int | None:
        """When it has something to do: ms since 1970; 0: at once."""
        if not self.busy():
            return None
        if self.kernel.client.runnable(self.state.client):
            return 0
        first = self.earliest()
        return first.due if first else None

    def task(self, action: Action) -> PendingTask:
        """A task as it is told to others."""
        attempt = self.kernel.client.attempt(self.state.client, action)
        state = self.state.state_of(action)
        return PendingTask(
            execution=self.rows.key,
            arn=self.arn,
            action=action.id,
            resource=action.resource,
            payload=action.payload,
            machine=self.machine,
            name=self.name,
            state=self.names[state] if state is not None and state < len(self.names) else "",
            attempt=attempt,
            deadline=action.deadline,
            heartbeat=action.heartbeat or None,
            again=action.id in self.asking,
        )

    def place(self, here: str) -> Place:
        """What its row says while it runs, if this process is `here`: which has it as long as it
        has a task that this process does."""
        if self.helped:  # its owner is to look at what was made
            return (
                (self.helped, self.taken, 0)
                if self.rows.rows or not self.written
                else self.written
            )
        for action in self.state.pending.values():
            if action.kind == TASK and self.wanted(action.resource):
                return here, self.taken, self.due()
        return None, self.taken, self.due()
