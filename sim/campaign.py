"""Runs a simulation with many seeds, and makes of a failure the smallest that still fails."""

from __future__ import annotations

import gc
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tsme_host.tools.limits import no_limits

from .coverage import Coverage
from .purity.guard import Undetermined
from .simulation import Simulation
from .subjects import Subject, subjects_of
from .swarm import CUT, NEXT, SIGNAL, Swarm
from .terms import FAULTS, Mistake
from .world import Move, World

_HERE = Path(__file__).parent
_MANY = 50_000  # objects
KILLED = "Killed"


@dataclass
class Failure:
    """What went wrong, and how to have it again: `seed`, `moves`, and faults left out (`without`).

    where: the file and line that said so; story: the moves in words; shrunk: from how many moves;
    steady: False if it did not come again from its own seed.
    """

    seed: int
    moves: list[Move]
    message: str
    where: str
    without: tuple[str, ...] = ()
    story: list[str] = field(default_factory=list)
    shrunk: int = 0
    steady: bool = True

    @property
    def same(self) -> tuple[str, str]:
        """Two failures that agree here have one cause, as far as one can tell."""
        kind = self.message.partition(":")[0]
        return kind, self.where

    @property
    def guarded(self) -> bool:
        """Was it found by the guard?  Then it needs the guard to be found again."""
        return self.message.startswith(Undetermined.__name__)

    @property
    def killed(self) -> bool:
        """Did it end the process it ran in?  Then it is not to be run in this one."""
        return self.message.startswith(KILLED + ":")


def one(
    kind: type[Simulation],
    those: Sequence[Subject],
    seed: int,
    seen: Coverage,
    moves: Sequence[Move] | None = None,
    without: Iterable[str] = (),
    guard: bool | None = None,
) -> Failure | None:
    """One seed's world, or these moves in it; what went wrong.  guard: as in guard.watched()."""
    world: World | None = None
    seen.seeds += 1
    try:
        world = World(kind, those, seed, seen, without, guard)
        if moves is None:
            world.run(kind.steps)
        else:
            world.replay(moves)
    except Exception as e:
        done = list(world.moves) if world else []
        message, where = _told(e)
        return Failure(seed, done, message, where, tuple(without))
    finally:
        seen.moves += world.made if world else 0
    return None


def _told(e: Exception) -> tuple[str, str]:
    """The error as one line, and where it was raised: the innermost place that is not ours."""
    inner = e.__cause__ if isinstance(e, Mistake) and e.__cause__ else e
    places = traceback.extract_tb(inner.__traceback__)
    ours = [p for p in places if Path(p.filename).parent != _HERE and "/tsme/" not in p.filename]
    where = f"{Path(ours[-1].filename).name}:{ours[-1].lineno}" if ours else ""
    where = e.where if isinstance(e, Undetermined) else where
    text = str(e).partition("\n")[0]
    if not text and ours and isinstance(inner, AssertionError):
        text = ours[-1].line or ""
    name = type(inner).__name__
    return (f"{name}: {text}" if text else name), where


def shrink(
    kind: type[Simulation], those: Sequence[Subject], failure: Failure, seconds: float = 10.0
) -> Failure:
    """The smallest failure of the same kind that is found in the time given."""
    return _Shrinker(kind, those, failure, time.monotonic() + seconds).shrink()


class _Shrinker:
    def __init__(
        self, kind: type[Simulation], those: Sequence[Subject], best: Failure, until: float
    ) -> None:
        self.kind, self.those, self.best, self.until = kind, those, best, until
        self.first = len(best.moves)
        self.tried: set[tuple[Any, ...]] = set()

    def fails(self, moves: list[Move], without: tuple[str, ...]) -> bool:
        key = (tuple(moves), without)
        if key in self.tried or time.monotonic() > self.until:
            return False
        self.tried.add(key)
        seed, guard = self.best.seed, self.best.guarded
        found = one(self.kind, self.those, seed, Coverage(), moves, without, guard)
        if found is None or found.same != self.best.same or len(found.moves) > len(moves):
            return False
        self.best = found
        return True

    def shrink(self) -> Failure:
        if not self.fails(list(self.best.moves), self.best.without):
            self.best.steady = False
            return self.best
        before: Any = None
        while before != (self.best.moves, self.best.without) and time.monotonic() < self.until:
            before = (self.best.moves, self.best.without)
            self._fewer_faults()
            self._fewer_moves()
            self._simpler_moves()
        self.best.shrunk = self.first
        return self.best

    def _fewer_faults(self) -> None:
        for fault in FAULTS:
            without = self.best.without
            if fault in Swarm(self.kind, self.best.seed, without):
                self.fails(self.best.moves, (*without, fault))

    def _fewer_moves(self) -> None:
        size = len(self.best.moves) // 2
        while size:
            at = 0
            while at < len(self.best.moves):
                moves = self.best.moves
                if not self.fails(moves[:at] + moves[at + size :], self.best.without):
                    at += size
            size //= 2

    def _simpler_moves(self) -> None:
        """Smaller numbers: less time between, earlier cuts."""
        for at in range(len(self.best.moves)):
            if at >= len(self.best.moves):
                return
            kind, device, n = self.best.moves[at]
            if kind == NEXT:  # with nothing to come it is a signal, and told as one
                moves = list(self.best.moves)
                moves[at] = (SIGNAL, device, n)
                kind = SIGNAL if self.fails(moves, self.best.without) else NEXT
                if at >= len(self.best.moves):
                    return
            for smaller in range(64 if kind == CUT else 8):
                if smaller >= n:
                    break
                moves = list(self.best.moves)
                moves[at] = (kind, device, smaller)
                if self.fails(moves, self.best.without):
                    break


@dataclass
class Result:
    """Of a campaign: what was reached, the first failure, and how long it took."""

    seen: Coverage
    failure: Failure | None = None
    seconds: float = 0.0


@contextmanager
def _rarely_collected() -> Iterator[None]:
    """Worlds make many objects, and hardly any of them that only the collector can find."""
    before = gc.get_threshold()
    gc.set_threshold(_MANY, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


def campaign(
    kind: type[Simulation],
    seeds: Iterable[int],
    seconds: float | None = None,
    progress: Callable[[int], None] | None = None,
) -> Result:
    """Run seeds, one after the other, until one fails or the time is up; in this process."""
    seen = Coverage()
    begun = time.monotonic()
    failure = None
    those = subjects_of(kind)
    with no_limits(), _rarely_collected():
        for seed in seeds:
            failure = one(kind, those, seed, seen)
            if progress:
                progress(1)
            if failure or (seconds is not None and time.monotonic() - begun > seconds):
                break
    return Result(seen, failure, time.monotonic() - begun)
