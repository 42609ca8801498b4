"""A cluster of Dask as its users begin it: a scheduler and workers, each a process."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from tests.sim.warm import Forked, Warm

HERE = "127.0.0.1"


class Dasks:
    """Scheduler and workers, whose files and words are in a folder."""

    def __init__(self, warm: Warm, folder: Path, **environment: str) -> None:
        self.folder = folder
        self._warm = warm
        with socket.socket() as free:
            free.bind((HERE, 0))
            self.address = f"tcp://{HERE}:{free.getsockname()[1]}"
        self._processes: list[Forked] = []
        port = self.address.rpartition(":")[2]
        self.scheduler = self._begin("scheduler", "--host", HERE, "--port", port, **environment)
        self._until(self.scheduler, "Scheduler at")

    def worker(self, *more: str, nanny: bool = False, **environment: str) -> Forked:
        """One more worker, when it is there.  nanny: begun again when it is killed."""
        given = ("--nanny" if nanny else "--no-nanny", *more)
        process = self._begin("worker", self.address, "--host", HERE, *given, **environment)
        self._until(process, "Starting established connection")
        return process

    def _begin(self, what: str, *given: str, **environment: str) -> Forked:
        command = ("dask", what, *given, "--no-dashboard")
        process = self._warm.begin(self.folder, *command, **environment)
        self._processes.append(process)
        return process

    def _until(self, process: Forked, words: str) -> None:
        while words not in process.said():
            assert process.poll() is None, process.said()
            time.sleep(0.05)

    def end(self) -> None:
        """End all, and what they began."""
        for process in reversed(self._processes):
            process.kill()
            process.wait()
