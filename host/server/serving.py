"""A whole server from its options: opened, served, and closed again."""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import uvicorn

from ..database.database import Database
from ..tools.errors import HostError
from ..tools.limits import limited
from . import jobs
from .app import create_app
from .arns import Place
from .auth import Keys
from .clocks import Accelerated, Scaled, Wall
from .duties import JobOptions
from .garbage import seldom
from .hosts import Hosts
from .latest import latest
from .limits import RATE, Rate
from .metrics import routes as metrics_routes
from .operations import everything
from .page import routes as page_routes
from .room import PROCESS
from .runner import Runner
from .server import ENDING, Clock, Server
from .tracing import Tracing, exporter
from .work.mocks import Mocks, read_mocks
from .work.router import Router, Way
from .work.ways import ways

_IDLE = 65  # seconds that a connection may be idle: SDKs keep theirs, and use them again
_GRACE = 5  # seconds that a request may still take when the server is told to end


@dataclass(frozen=True)
class Options:
    """What `tsme serve` is told."""

    database: str = "sqlite:///tsme.db"
    host: str = "127.0.0.1"
    port: int = 8083
    region: str = "us-east-1"
    account: str = "000000000000"
    auth: str | None = None  # a file of keys
    allowed_host: tuple[str, ...] = ()  # names that requests may be for
    rate: int = RATE
    retention: int | None = None  # ms that executions are kept after their end; None: for ever
    webhook: str | None = None  # a URL that is told of each end
    export: str | None = None  # a folder that gets each execution that has ended, and statistics
    traces: str | None = None  # a URL of OTLP that gets a trace of each execution
    clock: str = "wall"  # accelerated: jumps over times in which everybody waits
    tasks: str | None = None  # a file of handlers
    lambda_endpoint: str | None = None  # the URL of a Lambda Invoke API
    mocks: str | None = None  # a MockConfigFile, or a test file
    history_events: int = 25_000  # of a standard execution; 0: any number
    wait_scale: float = 1.0  # seconds that a second of a workflow takes; 0: accelerated
    workers: bool = False  # all tasks are left to `tsme worker`
    worker: bool = False  # those that nobody here does are left to other workers


@contextmanager
def opened(options: Options) -> Iterator[Server]:
    """A server that works as long as the block does, without a network.

    Raises HostError if the database cannot be opened, a file cannot be read, or a URL is
    none.
    """
    if options.workers:
        _check_workers(options)
    # All that may be wrong is read before a database is made.
    keys = Keys.read(options.auth) if options.auth else None
    mocks = read_mocks(options.mocks) if options.mocks else None
    traces = exporter(options.traces) if options.traces else None
    wanted = JobOptions(options.retention, options.webhook, options.export)
    jobs.check(wanted)
    found = _ways(options, mocks)
    with limited(PROCESS), Database.open(options.database) as database:
        place = Place(options.region, options.account)
        clock = _clock(options, database)
        with (
            Router(found, options.workers or options.worker) as work,
            _jobs(database, clock, wanted) as doing,
        ):
            ended = doing.ended if doing else None
            runner = Runner(database, work, clock, _name(), ended=ended)
            runner.lives.events = options.history_events
            work.connect(runner)
            server = Server(database, runner, everything(), clock, place)
            work.serve(server)
            server.notes |= {"keys": keys, "rate": Rate(options.rate), "mocks": mocks}
            server.notes["hosts"] = Hosts(options.host, options.allowed_host)
            tracing = Tracing(server, traces) if traces else None
            runner.start()
            try:
                with seldom():
                    yield server
            finally:
                runner.stop()
                if tracing:
                    tracing.close()


def _check_workers(options: Options) -> None:
    here = {
        "--tasks": options.tasks is not None,
        "--lambda-endpoint": options.lambda_endpoint is not None,
        "--mocks": options.mocks is not None,
        "--clock accelerated": options.clock != "wall",
        "--wait-scale": options.wait_scale != 1,
    }
    for name, given in here.items():
        if given:
            hint = "give it to tsme worker" if name in ("--tasks", "--lambda-endpoint") else ""
            what = f"{name} has no use with --workers, which leaves tasks to tsme worker"
            raise HostError("TSME-S066", what, hint or "leave one of them out")


def _ways(options: Options, mocks: Mocks | None) -> list[Way]:
    return [] if options.workers else ways(options.tasks, options.lambda_endpoint, mocks)


def _clock(options: Options, database: Database) -> Accelerated | Scaled | Wall:
    if options.clock == "accelerated" or not options.wait_scale:
        return Accelerated(latest(database))
    if options.wait_scale == 1:
        return Wall()
    return Scaled(options.wait_scale, latest(database))


def _name() -> str:
    """The name of this process among those that share a database."""
    return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"


@contextmanager
def _jobs(database: Database, clock: Clock, wanted: JobOptions) -> Iterator[jobs.Jobs | None]:
    """What is done beside executions, if anything is."""
    if wanted == JobOptions():
        yield None
        return
    doing = jobs.Jobs(database, wanted, clock.now)
    doing.start()
    try:
        yield doing
    finally:
        doing.stop()


def serve(options: Options, ready: Callable[[str], object]) -> None:
    """Serves until SIGTERM or Ctrl-C; `ready` is called with the URL when requests are taken.

    Raises HostError if the port is taken or the database cannot be opened.
    """
    with _bound(options.host, options.port) as listening, opened(options) as server:
        uvicorn_server = _Uvicorn(server, lambda: ready(_url(listening)))
        _run(_until_told(uvicorn_server, listening))


@contextmanager
def served(options: Options, server: Server) -> Iterator[str]:
    """A server's endpoint, in a thread of this process, as long as the block lasts.  -> its URL"""
    with _bound(options.host, options.port) as listening:
        ready = threading.Event()
        uvicorn_server = _Uvicorn(server, ready.set)

        def run() -> None:
            try:
                _run(uvicorn_server.serve([listening]))
            finally:
                ready.set()

        thread = threading.Thread(target=run, name="tsme-endpoint")
        thread.start()
        try:
            ready.wait()
            yield _url(listening)
        finally:
            uvicorn_server.should_exit = True
            thread.join()


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


class _Uvicorn(uvicorn.Server):
    """Says when it takes requests, and leaves signals to `_run`."""

    def __init__(self, server: Server, ready: Callable[[], object]) -> None:
        app = create_app(server, [*metrics_routes(server), *page_routes(server)])
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=_IDLE,
                timeout_graceful_shutdown=_GRACE,
            )
        )
        self._ready = ready
        self._notes = server.notes

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self._notes.pop(ENDING, None)
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._notes[ENDING] = True  # who watches the page, or polls, is not waited for
        await super().shutdown(sockets)


def _run(serving: Coroutine[Any, Any, None]) -> None:
    """Run it on the fastest loop that is here."""
    factory = None
    with suppress(ImportError):
        import uvloop  # noqa: PLC0415  not everywhere

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(serving)


async def _until_told(server: _Uvicorn, listening: socket.socket) -> None:
    def end() -> None:
        server.force_exit = server.should_exit  # told twice
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    await server.serve([listening])


@contextmanager
def _bound(host: str, port: int) -> Iterator[socket.socket]:
    """A socket that nobody else has; port 0 is any that is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named, asyncio sends what it has at once (TCP_NODELAY).
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
            listening.listen()
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", None) or str(error)
            hint = "name another one: --port 0 takes any that is free"
            raise HostError("TSME-S040", f"{host}:{port} cannot be served: {why}", hint) from None
        yield listening
