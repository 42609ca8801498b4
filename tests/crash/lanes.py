"""The search on a cluster of Dask: a lane where pool.py has a process, and as much of it."""

import time
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from threading import Thread

from sim.apart import Died
from sim.cluster import Cluster
from sim.marks import digest, software
from tests.crash import core
from tests.crash.geometry import GEOMETRIES
from tests.crash.pool import Report, Shown, Total, enough, explore, part_of
from tests.crash.shelf import GEOMETRIES as STORES

HERE = Path(__file__).parent
HOME = HERE.parents[1]
SLICE = 1.0  # s between two reports
AGAIN = 3  # times that a lane may be begun anew


def mark() -> dict[str, str]:
    """What must be the same on all machines."""
    sources = [*HERE.glob("*.py"), *core.parts(), *core.SOURCES.glob("*.h")]
    return software() | {"files of the search": digest(sources)}


class Lane:
    """In a process apart: searches from the first question on, and says how far it is."""

    def __init__(self, on: str, lane: int, lanes: int, stores: bool) -> None:
        self.given = on, lane, lanes, stores
        self.search: core.Search | None = None
        self.report: Report | None = None
        self.wrong: BaseException | None = None

    def mark(self) -> dict[str, str]:
        """As mark()."""
        return mark()

    def slice(self, seconds: float) -> Report:
        """Go on for so long; what was done by then, since the beginning."""
        if self.report is None:
            self._begin()
        time.sleep(seconds)
        if self.wrong or (self.search and self.search.ends()):
            raise RuntimeError(f"the search ended: {self.wrong or 'see what its worker says'}")
        assert self.report
        return self.report

    def _begin(self) -> None:
        on, lane, lanes, stores = self.given
        if on == "core":
            self.search = core.Search(core.build(), 1 + lane, GEOMETRIES[lane::lanes])
            self.report = self.search.report
            self.report.searched = True
            return
        self.report = Report()
        shelves = STORES[lane::lanes] if stores else []

        def search() -> None:
            try:
                explore(part_of(lane, lanes), shelves, 100 * lane, self._told, lambda: False)
            except BaseException as error:
                self.wrong = error

        Thread(target=search, daemon=True).start()

    def _told(self, report: Report) -> None:
        self.report = replace(report)


class Searching:
    """A search on a cluster: a lane for each thread of its workers."""

    def __init__(self, client: object, address: str, on: str, stores: bool) -> None:
        self.on, self.stores = on, stores
        first = Cluster(client, address, "tests.crash.lanes:Lane", (), mark(), (str(HOME),))
        self.cluster = first
        self.lanes = min(first.slots, len(GEOMETRIES))
        threads = first.client.nthreads().items()
        self.places = [at for _, at in zip(range(self.lanes), cycle(
            [address for address, n in threads for _ in range(n)]), strict=False)]  # fmt: skip

    def _go_on(self, lane: int) -> None:
        self.cluster.spec["given"] = (self.on, lane, self.lanes, self.stores)
        self.cluster.submit(lane, "slice", SLICE, lane=str(lane), at=self.places[lane])

    def run(self, most: int, seconds: float | None) -> Total:
        """As pool.run(): until so many states, or for so long, or to violations enough."""
        total = Total([Report() for _ in range(self.lanes)])
        deaths = dict.fromkeys(range(self.lanes), 0)
        shown = Shown()
        try:
            for lane in range(self.lanes):
                self._go_on(lane)
            running = self.lanes
            while running:
                lane, found = self.cluster.take()
                running -= 1
                if isinstance(found, Died):  # it begins anew, and nothing counts twice
                    deaths[lane] += 1
                    if deaths[lane] > AGAIN:
                        raise RuntimeError(f"lane {lane} of the search died: {found}")
                    found = Report()
                total.reports[lane] = found
                shown.progress(total)
                if not enough(total, most, seconds):
                    self._go_on(lane)
                    running += 1
        finally:
            self.cluster.close()
        shown.end()
        return total
