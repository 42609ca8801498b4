"""A device of a simulated world: the executor of real ones, on modelled flash, in its time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, NoReturn, Protocol

from tsme.draft import shown
from tsme.draft.drafts import own
from tsme.engine.platform import lag
from tsme.engine.tasks import Done, TaskError
from tsme.errors import TsmeError, fault
from tsme.journal import Journal
from tsme.kernel import BEHAVIOUR, Action, State
from tsme.kernel.executor import Executor
from tsme.kernel.protocol import FAILED, SIGNAL, START, STARTED, SUCCEEDED
from tsme.kernel.rejected import Rejected
from tsme.program.interpreter import Interpreter
from tsme.values.copies import worded

from .core import DeviceBase, is_machine, is_quick, journal_on, kernel_of, plain, recover
from .nor import Nor
from .purity.guard import ONE_OF, Guarded
from .replay_cache import CachedReplay, ReplayCache
from .terms import Call, Mistake, Value, plain_name
from .values import ordered

INTERRUPTED = "TSME.Interrupted"
_PLAIN = (int, str, bool, type(None))
# (execution, steps, digest, status): two states of one device that agree in them are one.
Mark = tuple[int, int, int, int]


def mark(state: Any) -> Mark:
    return (state.execution, state.steps, state.digest, state.status)


class Beginning(NamedTuple):
    """Where a device begins that does not begin anew.

    checkpoint: of the state, as docs/SPEC.md, 5, has it.  mark: of that state.  now: its time.
    """

    checkpoint: bytes
    mark: Mark
    now: int


class Outside(Protocol):
    """What a device asks of its world.

    sim: the Simulation.  mix: the faults of the seed.  seen: what counts.
    began, now: ms since 1970.
    """

    devices: list[Device]
    sim: Any
    mix: Any
    seen: Any
    seed: int
    began: int
    now: int

    def watched(self, device: Device) -> Callable[[Any, Any], None]:
        """What is called after each step of a device."""

    def begin(self, device: Device, action: Action, again: bool = False) -> None:
        """A handler is called, its result comes later.  again: a `once` task that had not run."""

    def probe(self, device: Device, call: Call) -> Any:
        """After a reset: what became of a `once` task."""

    def emitted(self, device: Device, kind: str, payload: Value) -> None:
        """A log, metric or publish."""

    def forget(self, device: Device) -> None:
        """Its handlers have died with it."""


class Device(DeviceBase, Executor):  # type: ignore[misc]
    """name: in its world.  state: what a machine's state is, as plain data; None for a workflow.

    kernel_state: all of the kernel's.  records: of every step since the first, as committed.
    """

    watch: Any
    called = "stf()"  # what a machine's step is

    def __init__(
        self,
        world: Outside,
        name: str,
        what: Any,
        names: list[str],
        flash: Nor,
        begin: Beginning | None = None,
    ) -> None:
        self.world = world
        self.name = name
        self.number = len(world.devices)
        self.what = what  # a Program, or a machine
        self.names = names  # of a workflow's states
        self.flash = flash
        self.is_machine = is_machine(what)
        self.client: Any = what if self.is_machine else Interpreter(what)
        self.skew = 0  # ms that its clock is wrong
        self.lag = self.floor = 0
        self.given: Any = None  # an input that it has not yet taken
        self.ripe: Action | None = None  # an action whose time has come
        self.lives = 0
        # Of handlers, over all lives; by execution, action and resource.
        self.starts: dict[tuple[int, int, str], int] = {}
        self.recall = ReplayCache()
        self.records: list[bytes] = []
        self.state = State()
        self.looked: Any = None  # a state,
        self.first: Action | None = None  # and what of it is due first
        self.sure: Mark = mark(State())  # the last state that was adopted
        self.maybe: Mark | None = None  # the one that was being committed
        self.begin = begin
        if begin:
            journal = Journal(flash)
            journal.recover()
            journal.checkpoint(begin.checkpoint)
            self.sure = begin.mark
        self.boot()

    # --- what a check may look at: value, and ---

    @property
    def status(self) -> str:
        """running, succeeded, failed or stopped."""
        return ("running", "succeeded", "failed", "stopped")[self.state.status]

    @property
    def result(self) -> Value:
        """The output of an execution that has ended, or [error, cause]."""
        return self.state.result

    # --- lives ---

    def boot(self) -> None:
        """Power comes on: everything but the flash begins anew, and must be what it was."""
        self.lives += 1
        self.lag = self.floor = 0
        self.given = self.ripe = None
        journal = journal_on(self.flash)
        Executor.__init__(self, kernel_of(self.client, journal.most), journal)
        self.told = self.flash.count  # failed blocks are what a board logs, not a machine
        if not self.is_machine:
            self.client.trace = None  # a replay has been seen
        self.quick = is_quick(self.client)
        self.guarded = self.client if isinstance(self.client, Guarded) else None
        if self.guarded and is_quick(None):
            self.quick, self.first_free, self.one_of = True, self.client.first, ONE_OF
        self.stf = self.client.stf if self.quick else None
        self.find()
        self.watch = self.world.watched(self)
        if self.busy():
            self.resume()

    def find(self) -> None:
        """What flash has is what was sure, or what was being committed."""
        self.recover()
        found = mark(self.state)
        if found not in (self.sure, self.maybe):
            raise Mistake(
                f"after a reset {self.name} has {found}, not {self.sure} or {self.maybe}"
            )
        if self.maybe and found != self.sure:
            self.records.append(self.under_way)
        self.sure, self.maybe = found, None

    def power_off(self) -> None:
        """Everything but the flash is lost."""
        self.world.forget(self)
        self.flash.power_on()

    def resume(self) -> None:
        """As the runner does it: docs/DESIGN.md, law 6."""
        actions = self.interrupted()
        for action in actions:
            task = action.resource
            if task != self.state.pending[action.id].resource and self.once(task):
                raise fault("TSME-M012", task, action.id)
        for action in actions:
            if action.id not in self.state.pending:
                continue
            if action.started:
                self.ask(action)
            else:
                self.launch(action)

    def once(self, resource: str) -> bool:
        """Must a task of this name not be run twice?"""
        effects = self.world.sim.effects
        return bool(effects) and effects.get(plain_name(resource)) == "once"

    def ask(self, action: Action) -> None:
        """What became of a `once` task whose start is on record."""
        starts = self.starts.get((self.state.execution, action.id, action.resource), 0)
        call = self.call(action, starts)
        answer = self.world.probe(self, call)
        if isinstance(answer, Done):
            self.end(action, SUCCEEDED, (ordered(answer.result),))
        elif answer is False:
            self.world.begin(self, action, again=True)
        else:
            self.end(action, FAILED, (INTERRUPTED, ""))

    def time(self) -> int:
        """What its clock says, ms since 1970; never less than the last step's."""
        now = self.world.now + self.skew
        if now >= self.state.now and not self.lag and now >= self.floor:
            return now
        self.lag = lag(now, max(self.state.now, self.floor), self.lag)
        return now + self.lag

    # --- steps ---

    def start(self, value: Value, seed: int) -> None:
        """A new execution."""
        first = (START, self.time(), self.state.execution + 1, self.kernel.client.program.digest)
        self.feed((*first, seed, ordered(value), None, BEHAVIOUR))

    def go_on(self) -> None:
        """The one loop (tsme.kernel.executor), until the device waits for the world."""
        while event := self.next():
            self.feed(event)

    def signal_slowly(self, value: Value) -> None:
        """A signal from outside.  Raises Mistake if it is refused by an error, not on purpose."""
        now = self.time()
        if type(value) not in _PLAIN:
            value = ordered(value)
        try:
            self.feed((SIGNAL, now, value))
        except Rejected as rejected:
            self.refused(rejected.exception)

    def refused(self, e: Exception, name: str = "") -> None:
        """stf() raised this at a signal, or a handler at anything."""
        ours = isinstance(e, TsmeError) or type(e).__module__ == "builtins"
        if ours and not isinstance(e, self.world.sim.rejects):
            text = type(e).__name__ + (f": {e}" if str(e) else "")
            raise Mistake(f"{name or self.called} raised {text}") from e
        self.world.seen.rejected(self, e)

    def end(self, action: Action, kind: int, fields: tuple[Any, ...]) -> None:
        """A task has ended, if it is pending still."""
        if self.quick and self.end_quickly(action, kind, fields):
            return
        if action.id in self.state.pending:
            self.given = (kind, self.time(), action.id, *fields)
            self.go_on()

    def answer(self) -> Any:
        """What the world has just given."""
        event, self.given = self.given, None
        return event

    def earliest(self) -> Action | None:
        """The action whose time has come, as the world decides: its clock stops there."""
        action, self.ripe = self.ripe, None
        if action:
            self.floor = action.due or 0
        return action

    def first_due(self) -> Action | None:
        """The pending action whose time comes first."""
        state = self.state
        if state is self.looked:
            return self.first
        first = self.first
        if first and state.pending.get(first.id) is first and first.id < self.looked.next_id:
            # It was the first one then, and what has changed since has a later time.
            new = range(self.looked.next_id, state.next_id)
            those = [state.pending[i] for i in new if i in state.pending]
        else:
            first, those = None, state.pending.values()
        for action in those:
            due = action.due
            if due is not None:
                if first is None or due < first.due or (due == first.due and action.id < first.id):
                    first = action
        self.looked, self.first = state, first
        return first

    def timer(self, action: Action) -> None:
        """The time of an action has come."""
        self.ripe = action
        self.go_on()

    def call(self, action: Action, starts: int) -> Call:
        """A task, as the world sees it, after so many starts."""
        execution, i, resource = self.state.execution, action.id, action.resource
        state = ""
        if not self.is_machine and self.state.client:
            state = self.names[self.state.state_of(action)]
        payload = own(action.payload)  # a handler may change it
        return Call(self.name, resource, payload, state, execution, i, starts)

    # --- what the executor asks ---

    def make(self, event: Any) -> Any:
        """As Executor.make; what nobody expected is a mistake, and no rejection."""
        return self.kernel.step(self.state, event)

    def commit(self, step: Any) -> None:
        """As Executor.commit; what is durable is known here, too."""
        self.maybe = mark(step.state)
        self.under_way = step.record
        super().commit(step)
        self.sure, self.maybe = self.maybe, None

    def adopt(self, step: Any) -> None:
        """As Executor.adopt; the record will be replayed."""
        super().adopt(step)
        self.records.append(step.record)

    def memory(self) -> ReplayCache:
        """What replay may know of the lives before; in one seed of 32 nothing."""
        return self.recall if self.world.seed & 63 != 32 else ReplayCache()

    def recover(self) -> bool:
        """As Executor.recover, with a memory of the lives before."""
        assert self.journal
        replay = CachedReplay(self.kernel, self.memory())
        if self.quick and not self.guarded:
            self.found, state = recover(self, replay, replay.recall.newest)
            self.state, self.transitions = state or State(), 0
        else:
            self.found = self.journal.recover(replay.checkpoint, replay.step)
            self.state, self.transitions = replay.state, replay.transitions
        self.recovered = True
        self.keep()
        return bool(self.busy())

    def give_up(self, event: Any, e: Exception) -> Any:
        """A machine that cannot take a result, or a timer, has a mistake."""
        if isinstance(e, Rejected) and event[0] != SIGNAL:
            self.mistaken(e.exception)
        return super().give_up(event, e)

    def mistaken(self, e: Exception) -> NoReturn:
        """stf() raised this at what it cannot refuse."""
        raise Mistake(f"{self.called} raised {shown(e)}") from e

    def launch(self, action: Action) -> None:
        if self.once(action.resource) and not action.started:
            self.feed((STARTED, self.time(), action.id))
            if action.id not in self.state.pending:
                return
        self.world.begin(self, action)

    def emit(self, kind: str, payload: Value) -> None:
        self.world.emitted(self, kind, payload)

    # --- at the end ---

    def written(self) -> list[Any]:
        """What its flash holds, as Journal.records() has it."""
        return list(Journal(self.flash).records())

    def replayed(self) -> Any:
        """The state that all records lead to, in a kernel of their own."""
        client: Any = plain(self.what) if self.is_machine else Interpreter(self.what)
        replay = CachedReplay(kernel_of(client), self.memory())
        if self.begin:
            replay.checkpoint(self.begin.checkpoint)
        for record in self.records:
            replay.step(record)
        return replay.state

    def outcome(self, work: Callable[[], Value]) -> tuple[int, tuple[Any, ...]]:
        """What a handler gives, as the fields of the input that says so."""
        try:
            return SUCCEEDED, (ordered(work()),)
        except TaskError as e:
            return FAILED, (worded(e.error), worded(e.cause))
