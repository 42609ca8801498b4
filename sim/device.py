"""A device of a simulated world: the executor of real ones, on modelled flash, in its time."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Protocol

from tsme.engine.platform import lag
from tsme.engine.tasks import Done, TaskError
from tsme.errors import LimitError, TsmeError, fault, over
from tsme.journal import Journal
from tsme.kernel import BEHAVIOUR, Action, Kernel, State
from tsme.kernel.executor import Executor
from tsme.kernel.protocol import FAILED, SIGNAL, START, STARTED, SUCCEEDED, TASK
from tsme.kernel.rejected import Rejected
from tsme.machine import Input, Machine
from tsme.machine.drafts import own
from tsme.program.interpreter import Interpreter
from tsme.values.copies import worded

from .nor import Nor, PowerLoss
from .replay_cache import CachedReplay, ReplayCache
from .terms import Call, Mistake, Value, plain_name
from .unjournaled import UnjournaledKernel, UnjournaledMachine, difference
from .values import fresh, ordered

INTERRUPTED = "TSME.Interrupted"
_PLAIN = (int, str, bool, type(None))
# (execution, steps, digest, status): two states of one device that agree in them are one.
Mark = tuple[int, int, int, int]


@cache
def _most(block: int, blocks: int) -> int:
    """Bytes that a journal's record may have."""
    return int(Journal(Nor(block, blocks)).most)


def mark(state: Any) -> Mark:
    return (state.execution, state.steps, state.digest, state.status)


class Outside(Protocol):
    """What a device asks of its world.

    sim: the Simulation.  mix: the faults of the seed.  seen: what counts.  now: ms since 1970.
    """

    devices: list[Device]
    sim: Any
    mix: Any
    seen: Any
    seed: int
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


class Device(Executor):
    """name: in its world.  state: what a machine's state is, as plain data; None for a workflow.

    kernel_state: all of the kernel's.  records: of every step since the first, as committed;
    of none where nobody would read them (unjournaled.py): there `events` are the inputs of the
    steps since `before`, the state at the last reset.
    """

    watch: Any

    def __init__(self, world: Outside, name: str, what: Any, names: list[str], flash: Nor | None):
        self.world = world
        self.name = name
        self.number = len(world.devices)
        self.what = what  # a Program, or a Machine
        self.names = names  # of a workflow's states
        self.flash = flash
        self.is_machine = isinstance(what, Machine)
        self.client = what if self.is_machine else Interpreter(what)
        self.skew = 0  # ms that its clock is wrong
        self.lag = self.floor = 0
        self.given: Any = None  # an input that it has not yet taken
        self.ripe: Action | None = None  # an action whose time has come
        self.lives = 0
        # Of handlers, over all lives; by execution, action and resource.
        self.starts: dict[tuple[int, int, str], int] = {}
        self.recall = ReplayCache()
        self.records: list[bytes] = []
        self.events: list[Any] = []
        self.before = self.state = State()
        self.woken = world.mix.power and not flash  # at a reset its steps are made anew
        self.unjournaled = isinstance(self.client, UnjournaledMachine)
        self.quick = type(self.client) is UnjournaledMachine  # and under no guard
        self.noting = self.woken or not self.unjournaled
        self.cut: tuple[int, bool] | None = None  # steps until the power goes, is the last durable
        self.looked: Any = None  # a state,
        self.first: Action | None = None  # and what of it is due first
        self.sure: Mark = mark(State())  # the last state that was adopted
        self.maybe: Mark | None = None  # the one that was being committed
        self.boot()

    # --- what a check may look at ---

    @property
    def value(self) -> Value:
        """A machine's state."""
        return self.state.client

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
        was = self.state
        journal = Journal(self.flash) if self.flash else None
        room = journal.most if journal else None
        kernel = UnjournaledKernel if self.unjournaled else Kernel
        Executor.__init__(self, kernel(self.client, room), journal)
        if not self.is_machine:
            self.client.trace = None  # a replay has been seen
        if self.flash:
            self.find()
        elif self.lives > 1:
            self.remake(was)
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

    def remake(self, was: Any) -> None:
        """Without flash all that was durable is there; made anew, it is the same."""
        state = self.before
        for event in self.events:
            try:
                step = self.kernel.step(state, event)
            except (Rejected, TsmeError) as e:
                raise Mistake(f"a replay of the steps of {self.name} stops: {e}") from getattr(
                    e, "exception", e
                )
            if step is None:
                raise Mistake(f"a replay of the steps of {self.name} has no action {event[2]}")
            state = step.state
        if self.unjournaled:
            other = difference(state, was)
        else:
            other = "" if mark(state) == mark(was) else "its digest"
        if other:
            raise Mistake(f"a replay of the steps of {self.name} gives another state: {other}")
        self.before = self.state = state
        self.events = []

    def power_off(self) -> None:
        """Everything but the flash is lost."""
        self.world.forget(self)
        self.cut = None
        if self.flash:
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

    def signal(self, value: Value) -> None:
        """A signal from outside.  Raises Mistake if it is refused by an error, not on purpose."""
        now = self.time()
        if not self.quick:
            if type(value) not in _PLAIN:
                value = ordered(value)
            try:
                self.feed((SIGNAL, now, value))
            except Rejected as rejected:
                self.refused(rejected.exception)
            return
        given = Input("signal", now)  # the same without detours: most of what a world does
        given.value = value if type(value) in _PLAIN else fresh(value)
        try:
            step = self.kernel.signal(self.state, now, given)
        except (LimitError, MemoryError):
            raise
        except Exception as e:
            self.refused(e)
            return
        self.accept((SIGNAL, now, value), step)

    def refused(self, e: Exception) -> None:
        """stf() raised this at a signal."""
        ours = isinstance(e, TsmeError) or type(e).__module__ == "builtins"
        if ours and not isinstance(e, self.world.sim.rejects):
            text = type(e).__name__ + (f": {e}" if str(e) else "")
            raise Mistake(f"stf() raised {text}") from e
        self.world.seen.rejected(self, e)

    def end(self, action: Action, kind: int, fields: tuple[Any, ...]) -> None:
        """A task has ended, if it is pending still."""
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

    def feed(self, event: Any) -> Any:
        """As Executor.feed; without a journal there is less to do."""
        if self.flash:
            return super().feed(event)
        try:
            step = self.kernel.step(self.state, event)
        except (LimitError, MemoryError, Rejected) as e:
            event, step = self.give_up(event, e)
            self.act(event, step)
            return step
        if step:
            self.accept(event, step)
        return step

    def accept(self, event: Any, step: Any) -> None:
        """A step without flash is durable, unless the power goes; then it is acted upon."""
        if self.cut:
            self.torn(event, step)
        self.state = step.state
        if self.noting:
            self.note(event, step)
        self.watch(event, step)
        for action in step.actions:
            if action.id == 0:
                self.emit(action.kind, action.payload)
            elif action.kind == TASK and action.id in self.state.pending:
                self.launch(action)

    def take(self, event: Any) -> Any:
        step = self.kernel.step(self.state, event)
        if step:
            if self.flash:
                self.maybe = mark(step.state)
                self.under_way = step.record
                self.recovered = None
                try:
                    self.commit(step)
                except LimitError:
                    self.undo(step)
                    raise
                self.sure, self.maybe = self.maybe, None
            elif self.cut:
                self.torn(event, step)
            self.adopt(step)
            self.note(event, step)
        return step

    def torn(self, event: Any, step: Any) -> None:
        """The power goes in some step: it is durable or gone, and nobody has acted upon it."""
        left, durable = self.cut or (0, False)
        self.cut = (left - 1, durable) if left else None
        if not left:
            if durable:
                self.state = step.state
                self.note(event, step)
            raise PowerLoss

    def note(self, event: Any, step: Any) -> None:
        """What a replay of this step will need."""
        if step.record:
            self.records.append(step.record)
        if self.woken:
            if self.quick and event[0] == SIGNAL:  # the value is the sender's
                event = (SIGNAL, event[1], ordered(event[2]))
            self.events.append(event)

    def memory(self) -> ReplayCache:
        """What replay may know of the lives before; in every other such seed nothing."""
        return self.recall if not self.world.seed & 32 else ReplayCache()

    def recover(self) -> bool:
        """As Executor.recover, with a memory of the lives before."""
        assert self.journal
        replay = CachedReplay(self.kernel, self.memory())
        self.found = self.journal.recover(replay.checkpoint, replay.step)
        self.state, self.transitions = replay.state, replay.transitions
        self.recovered = True
        self.keep()
        return bool(self.busy())

    def give_up(self, event: Any, e: Exception) -> Any:
        """A machine that cannot take a result, or a timer, has a mistake."""
        if isinstance(e, Rejected) and event[0] != SIGNAL:
            raise Mistake(f"stf() raised {e.cause}") from e.exception
        return super().give_up(event, e)

    def launch(self, action: Action) -> None:
        if self.once(action.resource) and not action.started:
            self.feed((STARTED, self.time(), action.id))
            if action.id not in self.state.pending:
                return
        self.world.begin(self, action)

    def say(self) -> None:
        """That blocks have failed is what a board logs, and no message of the machine."""

    def emit(self, kind: str, payload: Value) -> None:
        self.world.emitted(self, kind, payload)

    # --- at the end ---

    def replayed(self) -> Any:
        """The state that all records lead to, in a kernel of their own."""
        client: Any = Machine(self.what.machine) if self.is_machine else Interpreter(self.what)
        replay = CachedReplay(Kernel(client), self.memory())
        for record in self.records:
            replay.step(record)
        return replay.state

    def fit(self) -> None:
        """Without flash, too, a journal would have to take the state."""
        sim = self.world.sim
        size, most = len(self.kernel.checkpoint(self.state)), _most(sim.block, sim.blocks)
        if size > most:
            raise over("TSME-J007", size, most)

    def outcome(self, work: Callable[[], Value]) -> tuple[int, tuple[Any, ...]]:
        """What a handler gives, as the fields of the input that says so."""
        try:
            return SUCCEEDED, (ordered(work()),)
        except TaskError as e:
            return FAILED, (worded(e.error), worded(e.cause))
