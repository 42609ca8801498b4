"""The endpoint beside moto's server and ministack, through boto3; and with 10,000 that wait.

`short`: StartExecution to SUCCEEDED, three states, 50 clients of one process: ours is durable, in
SQLite, the others are in memory.  moto's server runs no workflow unless it is told to, and then
wants a name for each execution.  The clients share the machine with the server, and are the larger
part of what an execution costs.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

from tests.bench.rivals import lease, sides
from tests.bench.rivals.sides import median
from tests.bench.speeds import SHARED
from tests.interpreters import ROOT
from tsme_host.database.database import Database
from tsme_host.database.writer import Writer
from tsme_host.server.batch import Batch
from tsme_host.server.room import PROCESS
from tsme_host.server.runner import Runner
from tsme_host.server.terms import NoWork
from tsme_host.tools.limits import limited

SHORT = 200  # executions of a round
WAITING = 10_000
SECONDS = 120.0  # that a server may take to begin, at most


class Served:
    """A server's process on a free port; `command` gets the port."""

    def __init__(
        self,
        command: Callable[[int], list[str]],
        folder: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        with (folder / f"{self.port}.log").open("wb") as log:
            self.process = subprocess.Popen(
                command(self.port),
                stdout=log,
                stderr=log,
                cwd=folder,
                env={**(environment or os.environ), "GATEWAY_PORT": str(self.port)},
            )
        self._until_there()

    def _until_there(self) -> None:
        end = time.monotonic() + SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.01)
        raise SystemExit(f"bench: no server at {self.url}")

    def rss_mb(self) -> float:
        """What it has in memory now."""
        for line in Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return round(int(line.split()[1]) / 1024, 1)
        raise SystemExit("bench: the server has no memory")

    def close(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it."""
        self.process.send_signal(how)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def tsme(database: Path) -> Callable[[int], list[str]]:
    """The command of ours, without a limit of requests, as the others have none."""
    binary = str(ROOT / ".venv" / "bin" / "tsme")
    return lambda port: [
        binary, "serve", "--database", f"sqlite:///{database}", "--port", str(port), "--rate", "0"
    ]  # fmt: skip


def in_peers(*words: str) -> list[str]:
    return [sides.python_of_peers(), "-c", *words]


def moto(port: int) -> list[str]:
    code = "import sys; from moto.server import main; main(sys.argv[1:])"
    return in_peers(code, "-H", "127.0.0.1", "-p", str(port))


def ministack(port: int) -> list[str]:
    return in_peers("from ministack.app import main; main()")


def measure(repeat: int) -> dict[str, float]:
    """Medians of `repeat` turns; memory and recovery once."""
    sides.install()
    with tempfile.TemporaryDirectory(prefix="tsme-bench-") as name, ExitStack() as stack:
        out = beside(Path(name), stack, repeat)
    with tempfile.TemporaryDirectory(prefix="tsme-bench-") as name:
        out |= waiting(Path(name))
    return out | lease.measure(repeat)


def beside(folder: Path, stack: ExitStack, repeat: int) -> dict[str, float]:
    """Ours, moto and ministack in turns."""
    peers = sides.environment_of_peers()
    servers = {
        "ours": Served(tsme(folder / "tsme.db"), folder),
        "moto": Served(moto, folder, peers),
        "ministack": Served(ministack, folder, peers),
    }
    for server in servers.values():
        stack.callback(server.close)
    tell_moto(servers["moto"].url)
    clients = {
        name: sides.peer(stack, "client.py", server.url, SHARED / "bench")
        for name, server in servers.items()
    }
    rates: dict[str, list[float]] = {name: [] for name in clients}
    loops: dict[str, list[float]] = {"ours": [], "ministack": []}
    for at in range(repeat + 1):
        for name, client in clients.items():
            rate = client.rate("short", SHORT)
            if at:  # the first is for what is made at need
                rates[name].append(rate)
            if at and name in loops and SHARED.is_dir():
                loops[name].append(client.rate("loop"))
    out = {f"serve.{name}.executions_per_s": median(iter(rates[name])) for name in rates}
    for name in ("moto", "ministack"):
        out[f"serve.vs_{name}"] = ratio(rates["ours"], rates[name])
    if loops["ours"]:
        out["serve.a.transitions_per_s"] = median(iter(loops["ours"]))
        out["serve.a.ministack_transitions_per_s"] = median(iter(loops["ministack"]))
        out["serve.a.vs_ministack"] = ratio(loops["ours"], loops["ministack"])
    return out


def one_replay(database: Path) -> float:
    """Seconds in which one execution is replayed from its records, in a process that has begun."""
    url = f"sqlite:///{database}"
    with limited(PROCESS), Database.open(url) as opened, Writer(opened).write() as transaction:
        runner = Runner(opened, NoWork())
        took = []
        for execution in range(1, 101):
            begun = time.perf_counter()
            Batch(transaction, runner.lives, runner.leases).get(execution)
            took.append(time.perf_counter() - begun)
    return statistics.median(took)


def ratio(ours: list[float], theirs: list[float]) -> float:
    return median(a / b for a, b in zip(ours, theirs, strict=True))


def tell_moto(url: str) -> None:
    """To run workflows, which it does not do by itself."""
    told = json.dumps({"stepfunctions": {"execute_state_machine": True}}).encode()
    request = urllib.request.Request(
        f"{url}/moto-api/config", told, {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request) as answer:
        answer.read()


def waiting(folder: Path) -> dict[str, float]:
    """A server with 10,000 executions that wait; killed, and started until it takes a step."""
    command = tsme(folder / "tsme.db")
    with ExitStack() as stack:
        server = Served(command, folder)
        stack.callback(server.close)
        client = sides.peer(stack, "client.py", server.url)
        started = client.rate("wait", WAITING)
        rss = server.rss_mb()
        server.close(signal.SIGKILL)
        again, single = [], one_replay(folder / "tsme.db")
        for _ in range(3):
            begun = time.monotonic()
            server = Served(command, folder)
            stack.callback(server.close)
            there = sides.peer(stack, "client.py", server.url)
            there.rate("short", 1)
            again.append(time.monotonic() - begun)
            after = server.rss_mb()
            server.close(signal.SIGKILL)
    return {
        "serve.started_per_s": round(started),
        "serve.rss_mb": rss,
        "serve.rss_after_restart_mb": after,
        "serve.recover_s": round(statistics.median(again), 2),
        "serve.recover_of_replays": round(statistics.median(again) / (single * WAITING), 3),
    }
