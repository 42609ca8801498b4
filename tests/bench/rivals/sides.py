"""Sides that take turns: processes that run rounds, and databases for them on one disk."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.database.postgres import PostgresServer
from tests.interpreters import ROOT

HERE = Path(__file__).parent
PACKAGES = ROOT / "build" / "jsonata-bench" / "python"
NewDatabase = Callable[[], str]  # -> its URL
# What PostgreSQL has when it is new: what it has committed is on the disk.
DEFAULTS = {
    "fsync": "on",
    "full_page_writes": "on",
    "shared_buffers": "128MB",
    "autovacuum": "on",
    "max_parallel_workers_per_gather": "2",
}


def install() -> None:
    """The peers, where no package of ours is."""
    subprocess.run([ROOT / "setup" / "jsonata.sh", "peers"], check=True, stdout=sys.stderr)


def python_of_peers() -> str:
    """An interpreter that knows nothing of our environment."""
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return str(Path(sys.base_prefix) / "bin" / name)


def environment_of_peers() -> dict[str, str]:
    """Its variables; AWS's are any that a client takes."""
    return os.environ | {
        "PYTHONPATH": str(PACKAGES),
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_DEFAULT_REGION": "us-east-1",
    }


class Side:
    """One process, which runs a round at a time."""

    def __init__(self, *command: object, environment: Mapping[str, str] | None = None) -> None:
        self.command = [str(word) for word in command]
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        self._line()

    def _line(self) -> str:
        assert self.process.stdout
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"bench: {' '.join(self.command)} ended with {self.process.wait()}")
        return line

    def rate(self, name: str, *counts: int) -> float:
        """Things a second of one round."""
        self.begin(name, *counts)
        told = self.ended()
        return float(told["done"] * 1e9 / told["ns"])

    def begin(self, name: str, *counts: int) -> None:
        """Begin a round."""
        assert self.process.stdin
        self.process.stdin.write(" ".join([name, *map(str, counts)]) + "\n")
        self.process.stdin.flush()

    def ended(self) -> dict[str, int]:
        """What the round that was begun has done, and how many ns it took."""
        told: dict[str, int] = json.loads(self._line())
        return told

    def close(self) -> None:
        """End it."""
        assert self.process.stdin
        assert self.process.stdout
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def together(sides: Sequence[Side], name: str, count: int) -> float:
    """Things a second of one round that several processes share."""
    begun = time.perf_counter()
    for side in sides:
        side.begin(name, count // len(sides))
    done = sum(side.ended()["done"] for side in sides)
    return done / (time.perf_counter() - begun)


def peer(stack: ExitStack, script: str, *words: object) -> Side:
    """A script of this folder among the peers' packages."""
    command = [python_of_peers(), HERE / script, *words]
    side = Side(*command, environment=environment_of_peers())
    stack.callback(side.close)
    return side


def ours(stack: ExitStack, module: str, *words: object) -> Side:
    """A module of this package among our packages."""
    side = Side(sys.executable, "-m", f"{__package__}.{module}", *words)
    stack.callback(side.close)
    return side


@contextmanager
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL as it comes."""
    server = PostgresServer(DEFAULTS)
    try:
        server.start()
        yield server
    finally:
        server.close()


def median(values: Iterator[float]) -> float:
    """The median, to two places."""
    return round(statistics.median(values), 2)
