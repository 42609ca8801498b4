"""A campaign on all cores: each process takes seeds in turn, and the first failure ends it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from itertools import count
from multiprocessing import get_context, parent_process
from multiprocessing.resource_tracker import ensure_running
from pathlib import Path
from threading import Thread

from tsme_host.tools.definitions import give, values

from .campaign import Failure, Result, campaign
from .coverage import Coverage
from .simulation import Simulation
from .terms import Value

_SHARE = 0.5  # s that a process works before it reports


def _work(
    file: str, name: str, inputs: tuple[Value, ...], first: int, last: int | None, step: int
) -> tuple[Result, int]:
    """In another process: the seeds first, first + step, ... for a while; and the next one."""
    from .reproducer import simulations  # noqa: PLC0415

    kind = simulations(Path(file), inputs)[name]
    done = 0

    def seen(n: int) -> None:
        nonlocal done
        done += n

    seeds = count(first, step) if last is None else range(first, last, step)
    result = campaign(kind, seeds, _SHARE, seen)
    return result, first + done * step


def _follow(given: dict[str, str]) -> None:
    """In another process: end when the one that began it does, however that ends.  `given`: the
    values for placeholders that the command has."""
    give(given)

    def watch() -> None:
        parent = parent_process()
        if parent:
            parent.join()
        os._exit(1)

    Thread(target=watch, daemon=True).start()


@contextmanager
def _deaf() -> Iterator[None]:
    """A process that begins here never hears of Ctrl-C: whoever began it does."""
    ensure_running()  # it would undo the mask
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT,))


def parallel(
    file: Path,
    kind: type[Simulation],
    seeds: range | None,
    jobs: int,
    seconds: float | None,
    progress: Callable[[int], None],
) -> Result:
    """Run seeds in `jobs` processes until one fails, all are done, or the time is up.

    seeds: None for all from 0 on.  Of several failures that of the smallest seed is given.
    """
    begun = time.monotonic()
    seen = Coverage()
    failures: list[Failure] = []
    first = seeds.start if seeds else 0
    last = seeds.stop if seeds else None
    with ProcessPoolExecutor(jobs, get_context("spawn"), _follow, (values(),)) as pool:

        def share(at: int) -> Future[tuple[Result, int]]:
            with _deaf():
                return pool.submit(_work, str(file), kind.__name__, kind.inputs, at, last, jobs)

        running = {share(first + n) for n in range(jobs)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                result, at = future.result()
                seen.add(result.seen)
                progress(result.seen.seeds)
                if result.failure:
                    failures.append(result.failure)
                over = seconds is not None and time.monotonic() - begun > seconds
                if not failures and not over and (last is None or at < last):
                    running.add(share(at))
    failure = min(failures, key=lambda f: f.seed) if failures else None
    return Result(seen, failure, time.monotonic() - begun)
