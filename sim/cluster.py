"""A campaign on a cluster of Dask: the same shares as in processes of one machine.

A worker never runs a seed itself: each of its threads has a process apart, since simulations know
nothing of threads, and one that dies is a failure of the seed that it was at. A worker that is
lost all the same (its machine is, or the seed took it along) is begun again by Dask, up to four
times, and then the share comes back as failed, and perhaps only for its neighbour's sake: then its
seeds are run one by one, with nothing beside them.
"""

from __future__ import annotations

import contextlib
import logging
import pickle
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

from tsme import __version__
from tsme_host.tools.errors import HostError

from .apart import Died, told
from .campaign import Result
from .coverage import Coverage
from .jobs import TARGET, Found, Hands, Seeds, Share, given, killed, safely
from .simulation import Simulation

LOCAL = "local"
_MOST = 200  # seeds of a share
_ANSWER = 10.0  # s until a scheduler has answered, and has a worker
_RETURN = 30.0  # s that a cluster may be without workers

# --- on a worker -----------------------------------------------------------------------------

Spec = dict[str, Any]  # id, target, given, paths, mark, lane
_idle: dict[str, list[Hands]] = {}  # by campaign and lane
_all: dict[str, list[Hands]] = {}  # by campaign
_over: set[str] = set()
_lock = threading.Lock()


# A worker that cannot read its task ends; so that is bytes, and a function that travels whole.
_TASK = """
def task(given):
    try:
        from tsme_sim.cluster import received
    except Exception as error:
        return type(error).__name__ + ": " + str(error)
    return received(given)

def over(name):
    try:
        from tsme_sim.cluster import tidy
    except Exception:
        return
    tidy(name)
"""


def received(given: bytes) -> bytes | str:
    """On a worker: read a task, and do it; what work() gives, or what was wrong before."""
    try:
        spec, ask, what = pickle.loads(given)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return pickle.dumps(work(spec, ask, what))


def work(spec: Spec, ask: str, what: tuple[Any, ...]) -> tuple[str, Any]:
    """On a worker: ask an object in a process apart.  ("done", value), or what was wrong:
    ("differs", (name, here, there)), ("died", how), ("wrong", (code, message, hint))."""
    key = f"{spec['id']} {spec['lane']}"
    with _lock:
        waiting = _idle.get(key)
        hands = waiting.pop() if waiting else None
    try:
        if hands is None:
            hands = _begun(spec)
            there = hands.ask("mark")
            for name, mark in spec["mark"].items():
                if there.get(name) != mark:
                    hands.end()
                    return "differs", (name, mark, str(there.get(name)))
        answer = safely(hands, *what) if ask == "safely" else hands.ask(ask, *what)
    except Died as died:
        return "died", died.how
    except Exception as error:
        return "wrong", told(error)
    with _lock:
        over = spec["id"] in _over
        if not over:
            _idle.setdefault(key, []).append(hands)
    if over:
        hands.end()
    return "done", answer


def _begun(spec: Spec) -> Hands:
    """A process for a campaign, unless that is over."""
    name = spec["id"]
    hands = Hands(spec["target"], spec["given"], spec["paths"])
    with _lock:
        if name in _over:
            raise Died(None, "is not wanted any more")
        _all.setdefault(name, []).append(hands)
    return hands


def tidy(name: str) -> None:
    """On a worker: end the processes of a campaign, and begin no more."""
    with _lock:
        _over.add(name)
        keys = [key for key in _idle if key.startswith(f"{name} ")]
        idle = [hands for key in keys for hands in _idle.pop(key)]
        for hands in _all.pop(name, []):
            hands.kill()
    for hands in idle:
        hands.end()


# --- where the command runs ------------------------------------------------------------------


class Cluster:
    """A cluster that tasks are given to, one for each thread of its workers at a time."""

    def __init__(self, client: Any, address: str, target: str, given: tuple[Any, ...],
                 mark: dict[str, str], paths: tuple[str, ...] = ()) -> None:  # fmt: skip
        self.client, self.address = client, address
        self.spec: Spec = {"id": uuid4().hex, "target": target, "given": given,
                           "paths": paths, "mark": mark, "lane": ""}  # fmt: skip
        self.slots = self._threads_when_there()
        names: dict[str, Any] = {"__name__": "__main__"}
        exec(_TASK, names)
        self._task, self._tidy = names["task"], names["over"]
        self._done: queue.SimpleQueue[tuple[Any, Any]] = queue.SimpleQueue()
        self._running: dict[Any, Any] = {}  # futures, or Dask drops what they stand for
        self._since = time.monotonic()  # when there were workers

    def _threads(self) -> int:
        return sum(self.client.nthreads().values())

    def _threads_when_there(self) -> int:
        with contextlib.suppress(TimeoutError), _lost(self.address):
            self.client.wait_for_workers(1, timeout=_ANSWER)
        with _lost(self.address):
            threads = self._threads()
        if not threads:
            raise self.deserted("")
        return min(threads, 256)

    def deserted(self, during: str) -> HostError:
        """There is nobody to work."""
        text = f"the cluster at {self.address} has no workers{during}"
        return HostError("TSME-S092", text, f"begin one: dask worker {self.address}")

    def submit(self, ticket: Any, ask: str, *what: Any, lane: str = "", at: str = "") -> None:
        """Ask; take() gives the ticket back with the answer.

        lane: of an object of its own, which stays on the worker `at` as long as that lives.
        """
        place = {"workers": [at], "allow_other_workers": True} if at else {}
        with _lost(self.address):
            future = self.client.submit(
                self._task, pickle.dumps((self.spec | {"lane": lane}, ask, what)),
                key=f"tsme-{uuid4().hex}", pure=False, retries=0, **place,
            )  # fmt: skip
        self._running[future.key] = future
        future.add_done_callback(lambda done: self._done.put((ticket, done)))

    def take(self, during: str = "") -> tuple[Any, Any]:
        """Wait for an answer: a ticket, and the value, or Died with the worker that was lost.

        Raises HostError: a lost scheduler, no workers for a while, another tsme on a worker.
        """
        while True:
            try:
                ticket, future = self._done.get(timeout=1.0)
                break
            except queue.Empty:
                self._look(during)
        self._running.pop(future.key, None)
        return ticket, self._answer(future)

    def _look(self, during: str) -> None:
        with _lost(self.address):
            there = self._threads()
        now = time.monotonic()
        if there:
            self._since = now
        elif now - self._since > _RETURN:
            raise self.deserted(f" any more{during}")

    def _answer(self, future: Any) -> Any:
        from distributed import KilledWorker  # noqa: PLC0415
        from distributed.client import FutureCancelledError  # noqa: PLC0415

        try:
            # A result that its worker took along is worked out again; this waits for that.
            error = future.exception()
            if isinstance(error, KilledWorker):
                return Died(None, "was lost with its worker")
            told = f"{type(error).__name__}: {error}" if error else future.result()
        except FutureCancelledError:  # as all are when the scheduler is gone
            raise lost(self.address) from None
        if isinstance(told, str):
            text = f"a worker of {self.address} cannot run tsme: {told}"
            raise HostError("TSME-S095", text, _install())
        kind, value = pickle.loads(told)
        if kind == "differs":
            name, here, there = value
            text = f"a worker of {self.address} has other {name}: {there}, here it is {here}"
            raise HostError("TSME-S094", text, _same(name))
        if kind == "wrong":
            code, message, hint = value
            text = f"a worker of {self.address} cannot do it: {message}"
            hint = hint or "files must be at the same path on all machines"
            raise HostError(code or "TSME-S096", text, hint)
        return Died(None, value) if kind == "died" else value

    def close(self) -> None:
        """Drop what waits, and end the processes on the workers."""
        waiting = list(self._running.values())
        self._running.clear()
        # Of a cluster that is gone nothing is left.
        with contextlib.suppress(Exception):
            self.client.cancel(waiting, force=True)
        with contextlib.suppress(Exception):
            self.client.run(self._tidy, self.spec["id"], on_error="ignore")


def _install() -> str:
    return f'install the same on all workers: pip install "tsme[cluster]=={__version__}"'


def _same(name: str) -> str:
    if name in ("tsme", "source of tsme"):
        return _install()
    if name == "Python":
        return "run the workers with the Python that this command has"
    return "all machines need the same files at the same path"


def lost(address: str) -> HostError:
    """The scheduler is gone."""
    hint = "begin it again, or leave out --cluster"
    return HostError("TSME-S093", f"the scheduler at {address} is gone", hint)


@contextmanager
def _lost(address: str) -> Iterator[None]:
    """What a client says of a scheduler that is gone, as one of ours."""
    try:
        yield
    except TimeoutError:
        raise
    except (OSError, RuntimeError, ValueError) as error:
        raise lost(address) from error


@contextmanager
def connected(address: str, jobs: int | None = None) -> Iterator[Any]:
    """A client of the cluster at an address; of LOCAL one on this machine, of `jobs` processes."""
    try:
        import distributed  # noqa: PLC0415
    except ImportError:
        hint = 'pip install "tsme[cluster]"'
        raise HostError("TSME-S091", "--cluster needs the package distributed", hint) from None
    import dask  # noqa: PLC0415

    for name in [*logging.root.manager.loggerDict]:
        if name.partition(".")[0] == "distributed":  # each has a level of its own
            logging.getLogger(name).setLevel(logging.CRITICAL)
    with dask.config.set({"distributed.comm.retry.count": 0}), contextlib.ExitStack() as stack:
        where: Any = address
        if address == LOCAL:
            where = stack.enter_context(
                distributed.LocalCluster(  # type: ignore[no-untyped-call]
                    n_workers=jobs, threads_per_worker=1, dashboard_address="127.0.0.1:0",
                    silence_logs=logging.CRITICAL,
                )
            )  # fmt: skip
        try:
            _known(where)
            client = distributed.Client(  # type: ignore[no-untyped-call]
                where, timeout=_ANSWER, set_as_default=False
            )
        except (OSError, ValueError, TypeError) as error:
            text = f"no scheduler of Dask answers at {address}: {error}"
            hint = "begin one: dask scheduler; it says its address, as tcp://10.0.0.2:8786"
            raise HostError("TSME-S090", text, hint) from None
        stack.enter_context(client)
        yield client


def _known(address: Any) -> None:
    """ValueError for an address of which nobody could be asked: a client ends badly of it."""
    from distributed.comm import addressing, registry  # noqa: PLC0415

    if isinstance(address, str):
        scheme, place = addressing.parse_address(address)
        backend: Any = registry.get_backend(scheme)
        backend.get_address_host(place)


# --- seeds -----------------------------------------------------------------------------------


class Dask:
    """A crew (jobs.py) on a cluster, `jobs` lanes at most."""

    def __init__(self, cluster: Cluster, jobs: int | None = None) -> None:
        self.cluster = cluster
        self.lanes = min(cluster.slots, jobs or cluster.slots)
        self._running = 0
        self._suspects: list[Share] = []
        self._found: list[tuple[Share, Found]] = []
        self._held: list[Share] = []

    def begin(self, share: Share) -> None:
        """Let it be done; not before what killed a worker is found."""
        if self._suspects:
            self._held.append(share)
            return
        self.cluster.submit(share, "safely", replace(share, most=_MOST))
        self._running += 1

    def next(self) -> tuple[Share, Found]:
        """Wait for one that is done; one whose worker died is done again when all is quiet."""
        while not self._found:
            if self._running:
                share, found = self.cluster.take()
                self._running -= 1
                if isinstance(found, Died):
                    self._suspects.append(share)
                else:
                    return share, found
            else:
                share = self._suspects.pop()
                self._found.append((share, self._one_by_one(share)))
        if not self._suspects:
            held, self._held = self._held, []
            for share in held:
                self.begin(share)
        return self._found.pop()

    def _one_by_one(self, share: Share) -> Found:
        """The seeds of a share, one a task."""
        seen = Coverage()
        at = share.first
        for _ in range(_MOST):
            if share.last is not None and at >= share.last:
                break
            alone = Share(share.lane, at, at + 1, 1, seconds=None)
            self.cluster.submit(alone, "safely", alone)
            _, found = self.cluster.take(f", since seed {at} was run alone")
            how = "was lost with its worker, and again when it ran alone"
            result = killed(at, how) if isinstance(found, Died) else found[0]
            at += share.step
            seen.add(result.seen)
            if result.failure:
                return Result(seen, result.failure), at
        return Result(seen), at


@contextmanager
def crew(address: str, jobs: int | None, file: Path, kind: type[Simulation]) -> Iterator[Dask]:
    """The crew of a cluster, for a simulation in a file that is at the same path everywhere."""
    made = given(file, kind)
    mark = Seeds(*made).mark()
    with connected(address, jobs) as client:
        cluster = Cluster(client, address, TARGET, made, mark)
        try:
            yield Dask(cluster, jobs)
        finally:
            cluster.close()
