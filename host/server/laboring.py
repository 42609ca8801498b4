"""A process that runs executions of a database beside `tsme serve`, without an endpoint."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from .serving import Options, opened
from .work.taking import Taking


def labor(options: Options, concurrency: int, ready: Callable[[], object]) -> None:
    """Runs executions until SIGTERM or Ctrl-C, and gives back what it has.  `concurrency`: tasks
    under way here, while it takes more.

    Raises HostError if the database cannot be opened.
    """
    with _told() as told, opened(replace(options, worker=True)) as server:
        taking = Taking(server.runner, server.runner.work, concurrency)
        taking.start()
        try:
            ready()
            told.wait()
        finally:
            taking.stop()


@contextmanager
def _told() -> Iterator[threading.Event]:
    """Set when the process is told to end."""
    told = threading.Event()
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda *_: told.set()) for number in numbers}
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
