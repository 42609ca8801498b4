"""A simulated world: devices, what they were told and asked, and time, all decided by one seed.

A run is a list of moves, (kind, device, n): what happens next.  n begins a generator for whatever
the move has to choose, so that a list without some of its moves can be run as well.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

from tsme.kernel.protocol import FAILED

from .beginning import beginning
from .core import WorldBase, core_runs
from .coverage import Coverage
from .device import INTERRUPTED, Device, mark
from .nor import Nor, PowerLoss
from .purity.guard import watched
from .purity.relations import Heard
from .relational import RelationalDevice
from .rng import Dice, mix
from .simulation import Simulation
from .subjects import Subject, answered
from .swarm import MOVES, Swarm
from .terms import Call, Mistake, Value

EPOCH = 1_767_225_600_000  # 2026-01-01, ms since 1970
SHAPES = ("first", "none", "half", "random", "last", "all")
_REST = 2000  # moves that a world may take to come to rest
_HOUR = 3_600_000

Move = tuple[int, int, int]


class World(WorldBase):  # type: ignore[misc]
    """One seed's world.  `without`: faults that it is spared.  guard: as in guard.watched()."""

    def __init__(
        self,
        kind: type[Simulation],
        subjects: Sequence[Subject],
        seed: int,
        seen: Coverage,
        without: Iterable[str] = (),
        guard: bool | None = None,
    ) -> None:
        begin = beginning(kind, subjects)
        self.sim = kind()
        self.subjects = subjects
        self.seed = seed
        self.seen = seen
        self.mix = Swarm(kind, seed, without)
        self.whole = not seed & 31  # are all steps replayed at the end?
        self.dice = Dice()
        self.tasks = mix(seed, 5)
        self.pause = self.sim.pause * 2 // self.mix.hurry
        self.now = self.began = begin.now if begin else EPOCH
        self.order = 0
        # What is to come: (time, order, device, action or None, work).
        self.coming: list[tuple[int, int, Device, Any, Callable[[], None]]] = []
        self.past: list[tuple[Device, int, Any, int, Any]] = []  # results that have come
        self.done = 0  # moves that were made of the seed's own
        self.replayed: list[Move] = []
        self.table = bytes(self.mix.table)
        self.orders = "order" in self.mix
        self.devices: list[Device] = []
        self.by_name: dict[str, Device] = {}
        for subject in subjects:
            flash = Nor(kind.block, kind.blocks, seed=seed & 0xFFFF)
            what = subject.what
            if kind.guard:
                what = watched(what, seed, seen, guard)
            of: type[Device] = RelationalDevice if isinstance(what, Heard) else Device
            device = of(self, subject.name, what, subject.names, flash, begin)
            self.devices.append(device)
            self.by_name[subject.name] = device
            if begin:
                device.go_on()
        self.does = (
            self._signal, self._next, self._twice, self._lose, self._late, self._clock,
            self._reset, self._cut, self._idle, self._worn,
        )  # fmt: skip

    # --- a run ---

    @property
    def made(self) -> int:
        """How many moves were made."""
        return int(self.done) + len(self.replayed)

    @property
    def moves(self) -> list[Move]:
        """Those that were made."""
        return list(self.drawn(self.done)) + self.replayed

    def drawn(self, many: int) -> Iterator[Move]:
        """The first moves that the seed has."""
        count = len(self.devices)
        x = mix(self.seed, 2)
        for _ in range(many):
            x = (x * 6364136223846793005 + 1442695040888963407) & 0xFFFFFFFFFFFFFFFF
            n = x >> 32
            yield self.table[n & 255], (n >> 8) % count if count > 1 else 0, n

    def run(self, steps: int) -> None:
        """Moves as the seed has them, `steps` at most, and then to rest."""
        if core_runs():
            self.run_quickly(mix(self.seed, 2), steps)
        else:
            for one in self.drawn(steps):
                self.done += 1
                if not self.move(one):
                    break
        self.finish()

    def replay(self, moves: Sequence[Move]) -> None:
        """These moves, and then to rest."""
        for move in moves:
            self.replayed.append(move)
            if not self.move(move):
                break
        self.finish()

    def move(self, move: Move) -> bool:
        """One move.  False if nothing can happen any more."""
        kind, number, n = move
        self.now += (n >> 16) * self.pause >> 16
        return self._moved(kind, self.devices[number], n)

    def _moved(self, kind: int, device: Device, n: int) -> bool:
        try:
            state = device.state
            if (state.status or not state.execution) and not self._awake(device, n):
                return bool(self.coming) or any(d.busy() for d in self.devices)
            return self.does[kind](device, n)
        except PowerLoss:
            self._lost(device, n)
        return True

    def _awake(self, device: Device, n: int) -> bool:
        """Start an execution, if there is to be one."""
        if device.state.execution and not self.sim.again:
            return False
        value, starts = self.sim.start, self.subjects[device.number].starts
        if value is None and starts:
            value = starts[self.dice.begin(mix(n, 8)).below(len(starts))]
        device.start(value, mix(self.seed, 3, n))
        device.go_on()
        return True

    def _lost(self, device: Device, n: int) -> None:
        """Its power went, and not because a move said so now."""
        self.seen.fault("power cut in a flash operation")
        self._up(device, n)

    def _up(self, device: Device, n: int) -> None:
        """Its power is gone, and comes back."""
        for _ in range(100):  # a cut may be waiting in what it does first
            device.power_off()
            self.now += mix(n, 4) % (2 * self.sim.pause + 1)
            if n >= 64 and "cut" in self.mix and not mix(n, 9, device.lives) & 3:
                self._cut(device, mix(n, 10, device.lives))  # in what it does first, perhaps
            try:
                device.boot()
                device.go_on()
            except PowerLoss:
                continue
            return
        raise Mistake(f"{device.name} does not get up any more")

    def finish(self) -> None:
        """Let everything come to rest, then look whether all is what it was."""
        for _ in range(_REST):
            if not self._rest():
                break
        for device in self.devices:
            self._up(device, 0)
            if self.whole and mark(device.replayed()) != mark(device.state):
                raise Mistake(f"a replay of all steps of {device.name} ends in another state")
        self.sim.finish(self.by_name)

    def _rest(self) -> bool:
        device = self.devices[0]
        try:
            going = [d for d in self.devices if d.busy()]
            for device in going:
                if self._first() or self.coming:
                    return self._next(device, 0)
        except PowerLoss:
            self._up(device, 0)
            return True
        return False

    # --- moves; each says whether anything can still happen ---

    def _signal(self, device: Device, n: int) -> bool:
        if device.is_machine:
            value = self.sim.signal(self.dice.begin(n), device)
            if value is not None:
                device.signal(value)
                return True
        if self.coming or self._first():
            return self._next(device, n)
        return device.is_machine or self.mix.power  # a reset starts again what is silent

    def _twice(self, device: Device, n: int) -> bool:
        value = self.sim.signal(self.dice.begin(n), device) if device.is_machine else None
        if value is not None:
            self.seen.fault("message twice")
            device.signal(value)
            if device.busy():
                device.signal(value)
        return True

    def _lose(self, device: Device, n: int) -> bool:
        if device.is_machine and self.sim.signal(self.dice.begin(n), device) is not None:
            self.seen.fault("message lost")
        return True

    def _first(self) -> Any:
        """The first timer of any device: (ms until then, device, action).  Clocks differ."""
        best = None
        for d in self.devices:
            action = d.first_due() if d.state.pending else None
            if action and action.due is not None:
                left = action.due - d.time()
                if best is None or left < best[0]:
                    best = (left, d, action)
        return best

    def _next(self, device: Device, n: int) -> bool:
        """What comes first: a result, a message, a timer."""
        timer = self._first()
        if not self.coming and not timer:
            return n != 0 and self._signal(device, n)
        if self.coming and (not timer or self.coming[0][0] <= self.now + timer[0]):
            at = 0
            if n and len(self.coming) > 1 and self.mix.hits(self.dice.begin(n), "order"):
                self.seen.fault("results in another order")
                at = self.dice.below(len(self.coming))
            when, _, target, _, work = self.coming.pop(at) if at else heapq.heappop(self.coming)
            if at:
                heapq.heapify(self.coming)
            self.now = max(self.now, when)
            self._on(target, n, work)
            return True
        left, target, action = timer
        self.now += max(left, 0)
        self._on(target, n, lambda: target.timer(action))
        return True

    def _on(self, device: Device, n: int, work: Callable[[], None]) -> None:
        try:
            if device.busy():
                work()
        except PowerLoss:
            self._lost(device, n)

    def _late(self, device: Device, n: int) -> bool:
        if self.past:
            target, execution, action, kind, fields = self.past[n % len(self.past)]
            if target.busy() and execution == target.state.execution:
                self.seen.fault("result twice")
                if action.id not in target.state.pending:
                    before = mark(target.state)
                    target.feed((kind, target.time(), action.id, *fields))
                    if mark(target.state) != before:
                        raise Mistake("a result that came twice has changed the state")
        return True

    def _clock(self, device: Device, n: int) -> bool:
        dice = self.dice.begin(n)
        jump = dice.below(3)
        device.skew += (dice.below(120_000) - 60_000, dice.below(_HOUR), -dice.below(_HOUR))[jump]
        self.seen.fault("clock jump")
        return True

    def _reset(self, device: Device, n: int) -> bool:
        if not self.mix.power:
            return True  # the fault was left out, the move was not
        self.seen.fault("reset")
        self._up(device, n)
        return True

    def _cut(self, device: Device, n: int) -> bool:
        if not self.mix.power:
            return True
        dice = self.dice.begin(n)
        # A small n, as a failure that was made small has, is a simple cut and an early one.
        x, amount = (n, 0) if n < 64 else (dice.below(64), dice.below(64))
        device.flash.cut_at(1 + x % 8, SHAPES[x // 8 % len(SHAPES)], amount)
        return True

    def _idle(self, device: Device, n: int) -> bool:
        device.journal.idle()
        return True

    def _worn(self, device: Device, n: int) -> bool:
        flash = device.flash
        if len(flash.failing) < flash.count // 8:
            dice = self.dice.begin(n)
            block = dice.below(flash.count)
            # What of an erase and of a program is done all the same; one of them fails at least.
            erase = (None, "none", "half")[dice.below(3)]
            program = (None if erase else "none", "none", "half")[dice.below(3)]
            flash.failing[block] = (erase, program, bool(dice.below(2)))
            self.seen.fault("worn block")
        return True

    # --- what devices ask ---

    def later(self, device: Device, ms: int, action: Any, work: Callable[[], None]) -> None:
        """In so many ms."""
        self.order += 1
        heapq.heappush(self.coming, (self.now + ms, self.order, device, action, work))

    def forget(self, device: Device) -> None:
        """Its handlers have died with it."""
        self.coming = [item for item in self.coming if item[2] is not device or item[3] is None]
        heapq.heapify(self.coming)

    def begin(self, device: Device, action: Any, again: bool = False) -> None:
        """A handler is called, its result comes later.  again: a `once` task that had not run."""
        execution = device.state.execution
        key = (execution, action.id, action.resource)
        device.starts[key] = starts = device.starts.get(key, 0) + 1
        call = device.call(action, starts)
        self.seen.task(device, call)
        if starts > 1 and not again and device.once(call.resource):
            raise Mistake(f"the once task {call.resource} (action {call.id}) is run again")
        n = mix(self.tasks + device.number, execution << 44 | call.id << 16 | starts)
        dice = self.dice.begin(n)
        ms = self.sim.takes(dice, call)
        strikes = self.mix.strikes
        if n & 255 < strikes["slow"]:
            self.seen.fault("slow task")
            ms *= 100
        if n >> 8 & 255 < strikes["silent"]:
            self.seen.fault("silent task")
            return
        if n >> 16 & 255 < strikes["fail"]:
            errors = self.sim.errors or self.subjects[device.number].errors
            if isinstance(errors, dict):
                errors = errors.get(call.name, ())
            if errors:
                self.seen.fault("task fails")
                fields = (errors[dice.below(len(errors))], "injected by the simulation")
                end = partial(self._end, device, execution, action, (FAILED, fields))
                self.later(device, ms, action, end)
                return
        if n >> 24 & 1:  # its work is done at once; else just before its result comes
            done = self._done(device, dice, call)
            self.later(device, ms, action, partial(self._end, device, execution, action, done))
            return

        self.later(device, ms, action, partial(self._then, device, action, call, dice.x))

    def _then(self, device: Device, action: Any, call: Call, x: int) -> None:
        """The work of a task is done, and its result comes."""
        late = call.execution != device.state.execution or call.id not in device.state.pending
        done = self._done(device, self.dice.begin(x), call._replace(late=True) if late else call)
        self._end(device, call.execution, action, done)

    def _done(self, device: Device, dice: Dice, call: Call) -> tuple[int, tuple[Any, ...]]:
        """The work of a task is done."""
        subject = self.subjects[device.number]
        if subject.answers:
            return device.outcome(lambda: answered(subject, dice, call))
        return device.outcome(lambda: self.sim.task(dice, call))

    def _end(
        self, device: Device, execution: int, action: Any, done: tuple[int, tuple[Any, ...]]
    ) -> None:
        if execution != device.state.execution or action.id not in device.state.pending:
            return
        kind, fields = done
        self.past = [*self.past[-7:], (device, execution, action, kind, fields)]
        device.end(action, kind, fields)

    def probe(self, device: Device, call: Call) -> Any:
        self.seen.fault(f"{INTERRUPTED} asked")
        n = mix(self.seed, 6, device.number, call.execution, call.id, device.lives)
        return self.sim.probe(Dice(n), call)

    def emitted(self, device: Device, kind: str, payload: Value) -> None:
        n = mix(self.seed, 7, device.number, device.state.execution, device.state.steps)
        dice = Dice(n)
        for name, value in self.sim.published(dice, device, kind, payload):
            if self.mix.hits(dice, "lose"):
                self.seen.fault("message lost")
                continue
            times = 1 + self.mix.hits(dice, "twice")
            target = self.by_name[name]
            for _ in range(times):
                ms = dice.below(self.sim.delay + 1)
                self.later(target, ms, None, lambda t=target, v=value: t.signal(v))  # type: ignore[misc]

    def watched(self, device: Device) -> Callable[[Any, Any], None]:
        """What is called after each step of a device."""
        check = self.sim.check
        count, device.inputs, device.labelled = self.seen.counter(self.sim, device)
        device.count = count

        def watch(event: Any, step: Any) -> None:
            count(event, step)
            check(device)

        return watch


def told(moves: Sequence[Move], devices: Sequence[Device]) -> Iterator[str]:
    """Moves in words."""
    for kind, number, n in moves:
        name = f"{devices[number].name}: " if len(devices) > 1 else ""
        yield f"{name}{MOVES[kind]} {n}"
