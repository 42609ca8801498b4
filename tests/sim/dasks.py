"""A cluster of Dask as its users begin it: a scheduler and workers, each a process."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

HERE = "127.0.0.1"


class Dasks:
    """Scheduler and workers, whose files and words are in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind((HERE, 0))
            self.address = f"tcp://{HERE}:{free.getsockname()[1]}"
        self._processes: list[subprocess.Popen[bytes]] = []
        port = self.address.rpartition(":")[2]
        self.scheduler = self._begin("scheduler", "--host", HERE, "--port", port)
        self._until(self.scheduler, "scheduler", "Scheduler at")

    def worker(self, *more: str, **environment: str) -> subprocess.Popen[bytes]:
        """One more worker, when it is there."""
        name = f"worker-{len(self._processes)}"
        process = self._begin("worker", self.address, "--host", HERE, *more,
                              said=name, **environment)  # fmt: skip
        self._until(process, name, "Starting established connection")
        return process

    def _begin(self, what: str, *given: str, said: str = "", **environment: str):
        with (self.folder / (said or what)).open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "dask", what, *given, "--no-dashboard"],
                cwd=self.folder, stdout=out, stderr=out, env=os.environ | environment,
                start_new_session=True,
            )  # fmt: skip
        self._processes.append(process)
        return process

    def _until(self, process: subprocess.Popen[bytes], name: str, words: str) -> None:
        path = self.folder / name
        while words not in path.read_text(encoding="utf-8"):
            assert process.poll() is None, path.read_text(encoding="utf-8")
            time.sleep(0.05)

    def end(self) -> None:
        """End all, and what they began."""
        for process in reversed(self._processes):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 9)
            process.wait()
