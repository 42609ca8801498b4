"""A whole device in virtual time: engine, journal on the NOR model, handlers, a power switch.

The ledger is the world outside: it survives every reset, and knows what the handlers really did.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sim.nor import Nor, PowerLoss
from tests.engines import kernel_of
from tests.laws.drive import EPOCH, SAMPLE
from tests.laws.support import program_of
from tests.laws.workflows import NAMES, Case
from tsme.engine.engine import Engine
from tsme.engine.outcome import Outcome
from tsme.engine.tasks import TaskError
from tsme.journal import Journal
from tsme.kernel.replay import Replay

EFFECTS = ("pure", "idempotent", "once")


@dataclass
class Begun:
    """A handler that began its work."""

    execution: int
    action: int
    resource: str
    effect: str
    payload: Any
    life: int
    finished: bool = False


@dataclass
class Ledger:
    begun: list[Begun] = field(default_factory=list)
    emitted: list[tuple[str, Any]] = field(default_factory=list)

    def of(self, action: int) -> list[Begun]:
        return [b for b in self.begun if b.action == action]


class Plant:
    """Runs a case.  `die_in`: the power goes in the n-th handler that runs, from 0."""

    def __init__(self, case: Case, *, block: int = 4096, count: int = 8) -> None:
        self.case = case
        self.program = program_of(case)
        self.flash = Nor(block, count, seed=case.seed & 0xFFFF)
        self.ledger = Ledger()
        self.now = EPOCH
        self.lives = 0
        self.die_in: int | None = None
        self.events: list[Any] = []  # of all lives; what was committed
        self.emits: list[tuple[str, Any]] = []  # what the steps of all lives asked to emit
        self.broken: list[AssertionError] = []  # handlers' own errors are the workflow's
        # Each resource has an effect of its own.
        names = sorted(case.results)
        self.effects: dict[str, Any] = {
            name: EFFECTS[(n + case.seed) % 3] for n, name in enumerate(names)
        }

    # --- the world ---

    def clock(self) -> int:
        if not self.flash.on:
            raise PowerLoss("the power is off")
        return self.now

    def sleep(self, ms: int) -> None:
        self.now += ms

    def image(self) -> Nor:
        """A copy of the flash, as somebody would read it who pulls the chip now."""
        twin = Nor(self.flash.block, self.flash.count, self.flash.program_size)
        twin.restore(self.flash.state())
        return twin

    def recovered(self) -> Any:
        """The state that the flash holds now."""
        replay = Replay(kernel_of(self.program))
        Journal(self.image()).recover(replay.checkpoint, replay.step)
        return replay.state

    def handler(self, resource: str, effect: str) -> Any:
        def handle(payload: Any, context: Any) -> Any:
            try:
                return work(payload, context)
            except AssertionError as e:
                self.broken.append(e)
                self.flash.on = False
                raise

        def work(payload: Any, context: Any) -> Any:
            state = self.recovered()
            mine = state.pending.get(context.action)
            assert mine, f"law 3: action {context.action} runs, and the flash knows nothing of it"
            assert state.execution == context.execution
            assert mine[4] == resource
            assert bool(mine.started) == (effect == "once"), "law 6: its start is on record"
            entry = Begun(context.execution, context.action, resource, effect, payload, self.lives)
            self.ledger.begun.append(entry)
            if self.die_in is not None:
                self.die_in -= 1
                if self.die_in < 0:
                    self.flash.on = False
                    raise TaskError("the power is off")
            entry.finished = True
            moves = self.case.answers.get(resource, [])
            tries = len({b.action for b in self.ledger.begun if b.resource == resource}) - 1
            name, arg, _ = moves[tries] if tries < len(moves) else ("ok", SAMPLE, 0)
            if name == "fail":
                raise TaskError(*arg)
            return self.case.results[resource] if arg == SAMPLE else arg

        return handle

    def emitter(self, kind: str) -> Any:
        def emit(payload: Any) -> None:
            assert self.recovered().digest == self.engine.state.digest, "law 3: emitted too early"
            self.ledger.emitted.append((kind, payload))

        return emit

    # --- lives ---

    def boot(self) -> Engine:
        self.lives += 1
        if not self.flash.on:
            self.flash.power_on()
        seed = self.case.seed
        self.engine = Engine(
            self.program, Journal(self.flash), self.clock, self.sleep, lambda: seed
        )
        for resource, effect in self.effects.items():
            handle = self.handler(resource, effect)
            self.engine.task(resource, effect=effect, context=True)(handle)
        for kind in ("log", "metric", "publish"):
            self.engine.on(kind)(self.emitter(kind))
        self.engine.watch = self.watch
        return self.engine

    def watch(self, event: Any, step: Any) -> None:
        self.events.append(event)
        self.emits += [(a.kind, a.payload) for a in step.actions if a.id == 0]

    def live(self) -> Outcome | None:
        """Until the end of the execution, or of the power."""
        import asyncio

        engine = self.boot()
        if not engine.recover() and engine.state.execution:
            return Outcome(engine.state)  # the power went after the last commit
        try:
            return asyncio.run(engine.run(self.case.value, NAMES))
        except PowerLoss:
            if self.broken:
                raise self.broken[0] from None
            return None

    def run(self, most: int = 50) -> Outcome:
        """As many lives as it takes."""
        for _ in range(most):
            outcome = self.live()
            if outcome is not None:
                return outcome
        raise AssertionError("it never comes to its end")
