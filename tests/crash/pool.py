"""The search on all cores, each with geometries of its own, so that no state counts twice."""

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event

from tests.crash.explore import Explorer, Violation
from tests.crash.geometry import GEOMETRIES, PARTITIONS, Geometry
from tests.crash.plan import search, wander
from tests.crash.shelf import GEOMETRIES as STORES
from tests.crash.shelf import ShelfExplorer

# So many violations are enough to see what is wrong.
ENOUGH = 1000


class Stop(Exception):
    """The search is to end."""


@dataclass
class Report:
    """What a process has done so far."""

    states: int = 0
    workloads: int = 0
    under_way: str = ""
    searched: bool = False  # every short workload is done
    violations: int = 0
    kinds: dict[str, Violation] = field(default_factory=dict)  # the shortest of each kind


def work(
    geometries: list[Geometry], stores: list[Geometry], pipe: Connection, stop: Event, seed: int
) -> None:
    """In a process: search until told to stop, and report now and then."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    explore(geometries, stores, seed, pipe.send, stop.is_set)
    pipe.close()


def part_of(lane: int, lanes: int) -> list[Geometry]:
    """The geometries of journals and partitions that one of so many lanes has."""
    part = GEOMETRIES[lane::lanes]
    part[1:1] = PARTITIONS[lane::lanes]
    return part


def explore(
    geometries: list[Geometry],
    stores: list[Geometry],
    seed: int,
    tell: Callable[[Report], None],
    over: Callable[[], bool],
) -> None:
    """Search until it is over, and report now and then."""
    report = Report()
    next_report = 0.0

    def tick() -> None:
        nonlocal next_report
        if time.monotonic() > next_report:
            send()
            next_report = time.monotonic() + 0.3
            if over():
                raise Stop

    explorers = [Explorer(geometry, tick) for geometry in geometries]
    shelves = [ShelfExplorer(geometry, tick) for geometry in stores]

    def send() -> None:
        searched: list[Explorer | ShelfExplorer] = [*explorers, *shelves]
        report.states = sum(e.states for e in searched)
        report.workloads = sum(e.workloads for e in searched)
        report.violations = sum(e.violations for e in searched)
        report.kinds = shortest([e.kinds for e in searched])
        tell(report)

    def told(what: str) -> None:
        report.under_way = what

    try:
        for shelf in shelves:
            told(f"programs on {shelf.geometry}")
            shelf.search()
        search(explorers, told, seed)
        report.searched = True
        told("longer lives")
        wander(explorers, seed + 1)
    except Stop:
        send()


def shortest(found: list[dict[str, Violation]]) -> dict[str, Violation]:
    """Of each kind the one with the shortest reproducer."""
    violations = [violation for kinds in found for violation in kinds.values()]
    violations.sort(key=lambda violation: -len(violation.reproducer))
    return {violation.kind: violation for violation in violations}


@dataclass
class Total:
    """What all have done so far."""

    reports: list[Report]
    began: float = field(default_factory=time.monotonic)

    @property
    def states(self) -> int:
        """Distinct cut states."""
        return sum(r.states for r in self.reports)

    @property
    def workloads(self) -> int:
        """Workloads, as many as geometries, starts and actions make."""
        return sum(r.workloads for r in self.reports)

    @property
    def violations(self) -> int:
        """How often the journal broke its promise."""
        return sum(r.violations for r in self.reports)

    def kinds(self) -> list[Violation]:
        """The shortest violation of each kind."""
        return list(shortest([r.kinds for r in self.reports]).values())

    def line(self) -> str:
        """Progress in one line."""
        seconds = time.monotonic() - self.began
        return (
            f"{int(seconds) // 60:3}:{int(seconds) % 60:02}  {self.states:,} cut states  "
            f"{self.states / max(seconds, 0.1):,.0f}/s  {self.workloads:,} workloads  "
            f"{self.violations} violations  {self.reports[0].under_way}"
        )


def run(most: int, seconds: float | None, jobs: int = 0, stores: bool = True) -> Total:
    """Search in so many processes, one a core if 0.

    It ends after so many seconds; or else when every short workload is done and there are `most`
    states; or when there are violations enough. `stores`: those of programs, too.
    """
    context = get_context("fork")
    cores = jobs or os.cpu_count() or 1
    stop = context.Event()
    pipes: dict[Connection, int] = {}
    processes = []
    for core in range(cores):
        here, there = context.Pipe(duplex=False)
        shelves = STORES[core::cores] if stores else []
        arguments = (part_of(core, cores), shelves, there, stop, 100 * core)
        process = context.Process(target=work, args=arguments)
        process.start()
        there.close()
        processes.append(process)
        pipes[here] = core
    total = Total([Report() for _ in processes])
    shown = Shown()
    try:
        while pipes:
            for pipe in connection.wait(list(pipes), 0.3):
                assert isinstance(pipe, Connection)
                try:
                    total.reports[pipes[pipe]] = pipe.recv()
                except EOFError:
                    del pipes[pipe]
            shown.progress(total)
            if enough(total, most, seconds):
                stop.set()
    finally:
        stop.set()
        for process in processes:
            process.join()
    shown.end()
    if any(process.exitcode for process in processes):
        raise RuntimeError("a process of the search died, see above")
    return total


def enough(total: Total, most: int, seconds: float | None) -> bool:
    """Is there nothing left to do?"""
    if total.violations >= ENOUGH:
        return True
    if seconds is not None:
        return time.monotonic() - total.began >= seconds
    return total.states >= most and all(r.searched for r in total.reports)


class Shown:
    """Progress: on a terminal always, else a line now and then."""

    def __init__(self) -> None:
        self._terminal = sys.stdout.isatty()
        self._next = time.monotonic() + (0 if self._terminal else 15)

    def progress(self, total: Total) -> None:
        """Show it if it is time to."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + (0.5 if self._terminal else 15)
        if self._terminal:
            print(f"\r\033[K{total.line()}", end="", flush=True)
        else:
            print(total.line(), flush=True)

    def end(self) -> None:
        """The last progress line is done with."""
        if self._terminal:
            print("\r\033[K", end="")
