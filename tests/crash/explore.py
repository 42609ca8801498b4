"""Cut everywhere, recover, cut again, recover, run on."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.crash import partition
from tests.crash.flash import Op, Shape, State, Traced, few, shapes_of
from tests.crash.geometry import Geometry
from tests.crash.lives import Life, lead, world_of, write, wrong
from tests.crash.world import WEAR

# What a life does after a cut, until it is cut as well: this is where a journal repairs. And
# what the next one does, which nobody cuts. They take turns.
FOLLOWING = ("is", "s", "L", "ic", "m", "C", "iL", "cs")
RUN_ON = ("s", "is", "e", "c", "m")

# Actions of longer lives, and how often each is drawn.
WANDERING = ("szemfLcCir", (5, 1, 3, 3, 2, 2, 2, 1, 4, 1))

Must = Any  # the `state` of an oracle


@dataclass(frozen=True)
class Violation:
    """What went wrong, and the string that brings it back."""

    reproducer: str
    what: str

    @property
    def kind(self) -> str:
        """The same for those that differ in numbers alone."""
        return re.sub(r"\[.*|\d+", "", self.what)


@dataclass(frozen=True)
class Base:
    """Lives that were led, and what they left."""

    lives: tuple[Life, ...]
    flash: State
    must: Must


class Explorer:
    """All cut states of one geometry: counts the distinct ones and collects violations.

    `tick` is called before each cut state of the first kind; what it raises ends the search.
    """

    def __init__(self, geometry: Geometry, tick: Callable[[], None] = lambda: None) -> None:
        self.geometry = geometry
        self.tick = tick
        self.flash = geometry.flash(Traced)
        self.world = world_of(geometry, self.flash)
        self.following, self.run_on, self.wandering = FOLLOWING, RUN_ON, WANDERING
        if geometry.regions:
            self.following, self.run_on = partition.FOLLOWING, partition.RUN_ON
            self.wandering = partition.WANDERING
        self.oracle = self.world.oracle
        self.flash.mind = self.oracle.state
        self.fresh = self.flash.state()
        self.nothing = self.oracle.state()
        self.states = 0
        self.workloads = 0
        self.violations = 0
        self.kinds: dict[str, Violation] = {}  # the shortest of each kind
        self._seen: set[int] = set()
        self._followed: set[int] = set()
        self._turn = 0

    def base(self, lives: tuple[Life, ...]) -> Base | None:
        """Lead lives from fresh flash on; None if something goes wrong already."""
        self._restore(self.fresh, self.nothing)
        try:
            lead(self.world, lives)
            self.world.boot()
        except Exception as error:  # as everywhere here: whatever goes wrong is a violation
            self._violated(lives, error)
            return None
        return Base(lives, self.flash.state(), self.oracle.state())

    def word(
        self, base: Base, letters: str, whole: bool = True, second: int | None = None
    ) -> None:
        """Cut a life in each operation of its last action, in every shape.

        Each state is followed by a life that is cut in each operation again, or in `second` of
        them, which take turns. If not `whole` there is one shape of each kind, and what follows is
        not cut.
        """
        self.workloads += 1
        for op in self._trace(base, letters, len(letters) - 1):
            shapes = shapes_of(op, self.geometry)
            for shape in shapes if whole else few(shapes, self._turn):
                self._first(base, letters, op, shape, second if whole else 0)

    def wander(self, random: Random, lives: int = 5) -> None:
        """Some longer lives, one after the other, each cut at a few places on the way."""
        base: Base | None = Base((), self.fresh, self.nothing)
        worn = ""
        for _ in range(lives):
            if not base:
                return
            self.workloads += 1
            letters = "".join(random.choices(*self.wandering, k=random.randint(4, 16)))
            if self.geometry.spare and not worn and random.random() < 0.1:
                worn = random.choice("".join(WEAR))
                at = random.randrange(len(letters))
                letters = letters[:at] + worn + letters[at:]
            trace = self._trace(base, letters, 0)
            places = [(op, shape) for op in trace for shape in shapes_of(op, self.geometry)]
            for op, shape in random.sample(places, min(len(places), 40)):
                self._first(base, letters, op, shape, 2)
            life = Life(letters)
            if places and random.random() < 0.7:
                op, shape = random.choice(places)
                life = Life(letters, op.number, shape)
            base = self.base((*base.lives, life))

    def _trace(self, base: Base, letters: str, first: int) -> list[Op]:
        """Lead a life, uncut: its operations from letter `first` on; none if it goes wrong."""
        flash = self.flash
        self._restore(base.flash, base.must)
        trace: list[Op] = []
        flash.trace = trace
        try:
            self.world.boot()
            flash.life = flash.ops
            for i, letter in enumerate(letters):
                flash.tracing = i >= first
                self.world.act(letter)
            flash.tracing = False
            self.world.boot()
        except Exception as error:
            flash.tracing = False
            self._violated((*base.lives, Life(letters)), error)
            return []
        return trace

    def _restore(self, state: State, must: Must) -> None:
        self.flash.restore(state)
        self.oracle.restore(must)

    def _tear(self, op: Op, shape: Shape) -> int:
        """Leave the flash torn; a number for that state."""
        flash = self.flash
        flash.tear(op, *shape)
        self.oracle.restore(op.must)  # type: ignore[arg-type]
        self.oracle.power_went()
        return hash((flash.state(), self.oracle.must()))

    def _first(self, base: Base, letters: str, op: Op, shape: Shape, second: int | None) -> None:
        self.tick()
        number = self._tear(op, shape)
        if number in self._followed:
            return
        self._followed.add(number)
        self._count(number)
        lives = (*base.lives, Life(letters, op.number, shape))
        torn = Base(lives, self.flash.state(), self.oracle.state())
        self._turn += 1
        following = self.following[self._turn % len(self.following)]
        before = self.violations
        trace = self._trace(torn, following, 0)
        if self.violations > before:
            return
        if second is not None and second < len(trace):
            trace = [trace[(self._turn + i) % len(trace)] for i in range(second)]
        for op2 in trace:
            for shape2 in few(shapes_of(op2, self.geometry), self._turn):
                self._second(lives, following, op2, shape2)

    def _second(self, lives: tuple[Life, ...], following: str, op: Op, shape: Shape) -> None:
        number = self._tear(op, shape)
        if number in self._seen:
            return
        self._count(number)
        run_on = self.run_on[self.states % len(self.run_on)]
        try:
            self.world.boot()
            for letter in run_on:
                self.world.act(letter)
            self.world.boot(whole=self.states % 8 == 0)
        except Exception as error:
            self._violated((*lives, Life(following, op.number, shape), Life(run_on)), error)

    def _count(self, number: int) -> None:
        if number not in self._seen:
            self._seen.add(number)
            self.states += 1

    def _violated(self, lives: tuple[Life, ...], error: Exception) -> None:
        self.violations += 1
        violation = Violation(write(self.geometry, lives), wrong(error))
        known = self.kinds.get(violation.kind)
        if not known or len(violation.reproducer) < len(known.reproducer):
            self.kinds[violation.kind] = violation
