"""A campaign in many processes: each takes seeds in turn, and a failure ends it.

The same seeds give the same result, however many processes there are and wherever they run: of
several failures that of the smallest seed, and what was seen up to it.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from tsme_host.tools.definitions import give, values
from tsme_host.tools.errors import HostError

from .apart import Apart, Died, note
from .campaign import KILLED, Failure, Result, campaign
from .coverage import Coverage
from .simulation import Simulation
from .terms import Value

SHARE = 0.5  # s that a process works before it reports
TARGET = "tsme_sim.jobs:Seeds"


@dataclass(frozen=True)
class Share:
    """Seeds for one process: first, first + step, .. below last; at most so many, for so long."""

    lane: int
    first: int
    last: int | None
    step: int
    most: int | None = None
    seconds: float | None = SHARE


Found = tuple[Result, int]  # and the seed that comes next


class Seeds:
    """In another process: a simulation, of which seeds are asked."""

    def __init__(
        self, file: str, name: str, inputs: tuple[Value, ...], given: dict[str, str]
    ) -> None:
        from .reproducer import simulations  # noqa: PLC0415

        give(given)
        self.kind = simulations(Path(file), inputs)[name]

    def mark(self) -> dict[str, str]:
        """What must be the same on all machines."""
        from .marks import mark  # noqa: PLC0415

        return mark(self.kind)

    def share(self, share: Share) -> Found:
        """The seeds of a share, one after the other; before each it is noted which."""
        done = 0

        def seeds() -> Iterator[int]:
            last = share.last
            for n in count(share.first, share.step):
                if (last is not None and n >= last) or done == share.most:
                    break
                note(n)
                yield n

        def seen(n: int) -> None:
            nonlocal done
            done += n

        result = campaign(self.kind, seeds(), share.seconds, seen)
        return result, share.first + done * share.step


class Hands:
    """A process apart that is begun again when it has died."""

    def __init__(self, target: str, given: tuple[Any, ...], paths: tuple[str, ...] = ()) -> None:
        self._begin = (target, given, paths)
        self._apart: Apart | None = None
        self._over = threading.Event()

    def ask(self, method: str, *given: Any) -> Any:
        """As Apart.ask(); one that has ended between two questions is replaced, and not missed."""
        if self._over.is_set():
            self.end()
            raise Died(None, "is not wanted any more")
        apart = self._apart = self._apart or Apart(*self._begin)
        if self._over.is_set():  # kill() came while the process began, and saw none
            apart.kill()
        rested = apart.asked > 0
        try:
            return apart.ask(method, *given)
        except Died as died:
            self._apart = None
            if self._over.is_set() or not rested or died.during is not None:
                raise
        except BaseException:
            self.end()
            raise
        return self.ask(method, *given)

    def end(self) -> None:
        """End the process when it has nothing to do."""
        if self._apart:
            self._apart.end()
        self._apart = None

    def kill(self) -> None:
        """End it now, from another thread; who asks it next, or does so now, waits for its end."""
        self._over.set()
        if self._apart:
            self._apart.kill()


def safely(hands: Hands, share: Share) -> Found:
    """A share; a seed of which the process dies is a failure of that seed.

    It is begun once more, alone, in a process of its own, so that nobody is blamed for what
    came from elsewhere; what was seen before it is not lost.
    """
    seen = Coverage()
    first = share.first
    while True:
        result, at, culprit = _tried(hands, replace(share, first=first))
        seen.add(result.seen)
        if culprit is not None and not result.failure:
            result, at = _alone(hands, share, culprit)
            seen.add(result.seen)
        if culprit is None or result.failure or (share.last is not None and at >= share.last):
            return Result(seen, result.failure), at
        first = at


def _tried(hands: Hands, share: Share) -> tuple[Result, int, int | None]:
    """A share, or what is before the seed that its process died of; and that seed."""
    try:
        return *hands.ask("share", share), None
    except Died as died:
        culprit = _culprit(died)
    if culprit == share.first:
        return Result(Coverage()), culprit, culprit
    before = replace(share, last=culprit, seconds=None)
    return *hands.ask("share", before), culprit


def _culprit(died: Died) -> int:
    """The seed that was under way."""
    if died.during is None:
        text = f"a process of the simulation {died.how} before its first seed"
        raise HostError("TSME-S097", text, "see what runs when its file is imported")
    return int(died.during)


def _alone(hands: Hands, share: Share, seed: int) -> Found:
    try:
        result, _ = hands.ask("share", Share(share.lane, seed, seed + 1, 1, seconds=None))
    except Died as died:
        result = killed(_culprit(died), died.how)
    return result, seed + share.step


def killed(seed: int, how: str) -> Result:
    """Of a seed that ended the process it ran in."""
    seen = Coverage()
    seen.seeds = 1
    return Result(seen, Failure(seed, [], f"{KILLED}: its process {how}", ""))


class Crew(Protocol):
    """Who does shares: `lanes` at a time, each in a lane of its own."""

    lanes: int

    def begin(self, share: Share) -> None:
        """Let it be done."""

    def next(self) -> tuple[Share, Found]:
        """Wait for one that is done."""


@dataclass
class _Part:
    """What one share has seen: of the seeds first, first + step, .. below `at`."""

    share: Share
    at: int
    seen: Coverage


def spread(
    crew: Crew, seeds: range | None, seconds: float | None, progress: Callable[[int], None]
) -> Result:
    """Run seeds on a crew until one fails, all are done, or the time is up.

    seeds: None for all from 0 on.  What was seen of seeds above one that failed is forgotten.
    """
    begun = time.monotonic()
    seen = Coverage()
    parts: list[_Part] = []
    failures: list[Failure] = []
    first, last = (seeds.start, seeds.stop) if seeds else (0, None)
    step = min(crew.lanes, len(seeds)) if seeds else crew.lanes
    at = [first + lane for lane in range(step)]
    for lane in range(step):
        crew.begin(Share(lane, at[lane], last, step))
    running = step
    while running:
        share, (result, following) = crew.next()
        running -= 1
        at[share.lane] = following
        parts.append(_Part(share, following, result.seen))
        progress(result.seen.seeds)
        if result.failure:
            failures.append(result.failure)
            last = min(result.failure.seed, result.failure.seed if last is None else last)
        over = seconds is not None and time.monotonic() - begun > seconds
        if not over and (last is None or following < last):
            crew.begin(Share(share.lane, following, last, step))
            running += 1
        if not failures:  # none below can fail any more
            below = [part for part in parts if part.at <= min(at)]
            parts = [part for part in parts if part.at > min(at)]
            for part in below:
                seen.add(part.seen)
    failure = min(failures, key=lambda f: f.seed) if failures else None
    for part in parts:
        _count(crew, part, None if failure is None else failure.seed, seen)
    return Result(seen, failure, time.monotonic() - begun)


def _count(crew: Crew, part: _Part, end: int | None, seen: Coverage) -> None:
    """Count what a share saw of seeds up to `end`: of what went beyond, once more up to there."""
    share = part.share
    if end is None or part.at - share.step <= end:
        seen.add(part.seen)
    elif share.first <= end:
        crew.begin(replace(share, last=end, most=None, seconds=None))
        seen.add(crew.next()[1][0].seen)


class Jobs(AbstractContextManager["Jobs"]):
    """A crew of so many processes on this machine."""

    def __init__(self, lanes: int, given: tuple[Any, ...]) -> None:
        self.lanes = lanes
        self._done: queue.SimpleQueue[tuple[Share, Found | BaseException]] = queue.SimpleQueue()
        self._hands = [Hands(TARGET, given) for _ in range(lanes)]
        self._asked: list[queue.SimpleQueue[Share | None]] = []
        self._threads: list[threading.Thread] = []
        for hands in self._hands:
            asked: queue.SimpleQueue[Share | None] = queue.SimpleQueue()
            thread = threading.Thread(target=self._work, args=(hands, asked), daemon=True)
            thread.start()
            self._asked.append(asked)
            self._threads.append(thread)

    def _work(self, hands: Hands, asked: queue.SimpleQueue[Share | None]) -> None:
        while share := asked.get():
            try:
                self._done.put((share, safely(hands, share)))
            except BaseException as error:  # the one who waits is to hear of it
                self._done.put((share, error))
        hands.end()

    def begin(self, share: Share) -> None:
        """Let it be done in its lane."""
        self._asked[share.lane].put(share)

    def next(self) -> tuple[Share, Found]:
        """Wait for one that is done; what was raised is raised here."""
        share, found = self._done.get()
        if isinstance(found, BaseException):
            raise found
        return share, found

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            for hands in self._hands:
                hands.kill()
        for asked in self._asked:
            asked.put(None)
        for thread in self._threads:
            thread.join()


def given(file: Path, kind: type[Simulation]) -> tuple[Any, ...]:
    """What Seeds is made from, in another process."""
    return str(file.resolve()), kind.__name__, kind.inputs, values()


def parallel(
    file: Path,
    kind: type[Simulation],
    seeds: range | None,
    jobs: int,
    seconds: float | None,
    progress: Callable[[int], None],
) -> Result:
    """Run seeds in `jobs` processes of this machine; see spread()."""
    with Jobs(jobs, given(file, kind)) as crew:
        return spread(crew, seeds, seconds, progress)
