"""`make crash BOARD=rp2040_emulated`: worlds of all subjects, on all cores, while asked to."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from dataclasses import dataclass
from itertools import count, cycle

from tests.rp2040.subjects import SUBJECTS
from tests.rp2040.worlds import Count, Violation, Worlds

CUTS = 8000
TOGETHER = 6  # worlds on one flash, one after the other: then the next one is blank
FIRST = 1000  # seed; tests take those below


@dataclass(frozen=True)
class Chain:
    """Worlds on one flash: what is shown of a violation, `pumps:1000`, leads to it again."""

    subject: str
    seed: int

    def __str__(self) -> str:
        return f"{self.subject}:{self.seed}"

    @classmethod
    def read(cls, text: str) -> Chain:
        """From what is shown.  Raises ValueError."""
        subject, _, seed = text.rpartition(":")
        if subject not in SUBJECTS or not seed.isdecimal():
            raise ValueError(f'"{text}" is not a subject and a seed, as pumps:1000')
        return cls(subject, int(seed))


def lead(chain: Chain, go_on: Callable[[], bool], broken: str = "") -> tuple[Count, str]:
    """The worlds of a chain, as long as `go_on`; what they came to, and what is wrong if it is."""
    with Worlds(chain.subject, chain.seed, broken) as worlds:
        for _ in range(TOGETHER):
            try:
                if go_on():
                    worlds.live()
            except Violation as violation:
                return (
                    worlds.count,
                    f"{violation}\n  make crash BOARD=rp2040_emulated REPRO='{chain}'",
                )
        return worlds.count, ""


def chains() -> Iterator[Chain]:
    """One subject after the other, for ever."""
    for subject, seed in zip(cycle(SUBJECTS), count(FIRST), strict=False):
        yield Chain(subject, seed)


def _lead(chain: Chain, end: float) -> tuple[Count, str]:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return lead(chain, lambda: time.time() < end)


def run(cuts: int, seconds: float, jobs: int) -> int:
    """Cut until there are enough, or the time is over; exit status."""
    total, violations, begun = Count(), 0, time.time()
    end = begun + seconds
    waiting = chains()
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        running = {pool.submit(_lead, next(waiting), end) for _ in range(jobs)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for counted, wrong in (future.result() for future in done):
                total.add(counted)
                if wrong:
                    violations += 1
                    print(f"VIOLATION  {wrong}", flush=True)
                spent = time.time() - begun
                rate = total.total / spent * 3600
                print(f"{spent:6.0f} s  {total.line()}; {rate:.0f} cuts an hour", flush=True)
                if total.total < cuts and spent < seconds:
                    running.add(pool.submit(_lead, next(waiting), end))
    print(f"{total.total} cuts, {violations} violations")
    return int(violations > 0)


def show(chain: Chain) -> int:
    """Lead the worlds of a chain, and tell each life; exit status."""
    with Worlds(chain.subject, chain.seed, tell=lambda text: print(text, flush=True)) as worlds:
        try:
            for _ in range(TOGETHER):
                worlds.live()
        except Violation as violation:
            print(f"VIOLATION  {violation}")
            return 1
        print(f"{worlds.count.line()}: all is as it should be")
    return 0


def main(arguments: list[str] | None = None) -> int:
    """Exit status 1 if a promise was broken, 2 for a wrong argument."""
    parser = argparse.ArgumentParser(prog="make crash BOARD=rp2040_emulated", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600, help="stop after so long")
    parser.add_argument("--cuts", type=int, default=CUTS, help="go on until there are so many")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="emulators at a time"
    )
    parser.add_argument("--repro", help="lead these worlds, and tell each life")
    given = parser.parse_args(arguments)
    if not given.repro:
        return run(given.cuts, given.seconds, given.jobs)
    try:
        chain = Chain.read(given.repro)
    except ValueError as error:
        parser.error(str(error))
    return show(chain)


if __name__ == "__main__":
    sys.exit(main())
