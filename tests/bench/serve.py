"""The endpoint beside moto's server and ministack, through boto3; and with 10,000 that wait.

`short`: StartExecution to SUCCEEDED, three states, 50 clients in two processes, the same for all:
ours is durable, in SQLite, the others are in memory.  moto's server runs no workflow unless it is
told to, and then wants a name for each execution.

The clients share the machine with the server, and boto3 is most of what an execution costs: so a
server that does nothing is measured as well.  `serve.bound.vs_*` is the ratio that it would have,
which no server can go beyond on this machine; `serve.cpu.vs_*` compares the CPU time that the
servers take for an execution, which the clients have no part in.
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
CLIENTS = 25  # of each of the processes that they are in
CROWD = 2  # processes
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

    def cpu_s(self) -> float:
        """The CPU time that it has taken."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

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
        binary, "serve", "--database", f"sqlite:///{database}", "--port", str(port), "--rate", "0",
        "--history-events", "0",
    ]  # fmt: skip


def in_peers(*words: str) -> list[str]:
    return [sides.python_of_peers(), "-c", *words]


def moto(port: int) -> list[str]:
    code = "import sys; from moto.server import main; main(sys.argv[1:])"
    return in_peers(code, "-H", "127.0.0.1", "-p", str(port))


def ministack(port: int) -> list[str]:
    return in_peers("from ministack.app import main; main()")


def nothing(port: int) -> list[str]:
    return [sides.python_of_peers(), str(sides.HERE / "in_nothing.py"), str(port)]


def measure(repeat: int) -> dict[str, float]:
    """Medians of `repeat` turns; memory and recovery once."""
    sides.install()
    with tempfile.TemporaryDirectory(prefix="tsme-bench-") as name, ExitStack() as stack:
        out = beside(Path(name), stack, repeat)
    with tempfile.TemporaryDirectory(prefix="tsme-bench-") as name:
        out |= waiting(Path(name))
    return out | lease.measure(repeat)


class Beside:
    """A server and its clients, and what their rounds have come to."""

    def __init__(self, stack: ExitStack, server: Served) -> None:
        self.server = server
        stack.callback(server.close)
        self.clients = [
            sides.peer(stack, "client.py", server.url, CLIENTS, SHARED / "bench")
            for _ in range(CROWD)
        ]
        self.rates: list[float] = []
        self.cpu_ms: list[float] = []
        self.loops: list[float] = []

    def round(self, count: bool, loop: bool) -> None:
        """One turn; the first one, for what is made at need, does not `count`."""
        before = self.server.cpu_s()
        rate = sides.together(self.clients, "short", SHORT)
        if count:
            self.rates.append(rate)
            self.cpu_ms.append((self.server.cpu_s() - before) / SHORT * 1000)
        if count and loop:
            self.loops.append(self.clients[0].rate("loop"))


def beside(folder: Path, stack: ExitStack, repeat: int) -> dict[str, float]:
    """Ours, moto, ministack and nothing in turns."""
    peers = sides.environment_of_peers()
    all_of = {
        "ours": Beside(stack, Served(tsme(folder / "tsme.db"), folder)),
        "moto": Beside(stack, Served(moto, folder, peers)),
        "ministack": Beside(stack, Served(ministack, folder, peers)),
        "nothing": Beside(stack, Served(nothing, folder, peers)),
    }
    tell_moto(all_of["moto"].server.url)
    for at in range(repeat + 1):
        for name, one in all_of.items():
            one.round(at > 0, SHARED.is_dir() and name in ("ours", "ministack"))
    out = {}
    for name, one in all_of.items():
        out[f"serve.{name}.executions_per_s"] = median(iter(one.rates))
        out[f"serve.{name}.cpu_ms"] = median(iter(one.cpu_ms))
    ours = all_of["ours"]
    for name in ("moto", "ministack"):
        other = all_of[name]
        out[f"serve.vs_{name}"] = ratio(ours.rates, other.rates)
        out[f"serve.bound.vs_{name}"] = ratio(all_of["nothing"].rates, other.rates)
        out[f"serve.cpu.vs_{name}"] = ratio(other.cpu_ms, ours.cpu_ms)
    if ours.loops:
        theirs = all_of["ministack"].loops
        out["serve.a.transitions_per_s"] = median(iter(ours.loops))
        out["serve.a.ministack_transitions_per_s"] = median(iter(theirs))
        out["serve.a.vs_ministack"] = ratio(ours.loops, theirs)
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
        client = sides.peer(stack, "client.py", server.url, 50)
        started = client.rate("wait", WAITING)
        rss = server.rss_mb()
        server.close(signal.SIGKILL)
        again, single = [], one_replay(folder / "tsme.db")
        for _ in range(3):
            begun = time.monotonic()
            server = Served(command, folder)
            stack.callback(server.close)
            there = sides.peer(stack, "client.py", server.url, 50)
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
