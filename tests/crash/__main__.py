"""Prove the journal: cut the power everywhere, and see what is there (docs/PROOF.md)."""

import argparse
import sys

from tests.crash import core
from tests.crash.broken import BREAKS
from tests.crash.lives import fails, read, shrink
from tests.crash.pool import Total, run
from tests.crash.shelf import fails as shelf_fails
from tsme_host.tools.errors import HostError

STATES = 5_000_000  # of the journal in Python; of the one in C ten times as many


def replay(text: str, on: str) -> int:
    """Lead the lives of a reproducer and tell each step; exit status."""
    store = text.startswith("p")
    lives = () if store else read(text)[1]
    cuts = text.count("@") if store else sum(life.op > 0 for life in lives)
    print(text)
    wrong = []
    if on != "core" or store or text.startswith("r"):
        wrong.append((shelf_fails if store else fails)(text, tell=print))
    if on != "python" and not store and not text.startswith("r"):
        print("the journal in C:")
        lines = core.told(text)
        found = [line for line in lines if line.startswith("VIOLATION")]
        print(*(line for line in lines if line not in found), sep="\n")
        wrong += [line.split(None, 1)[1] for line in found]
    what = next(filter(None, wrong), None)
    print(f"VIOLATION  {what}" if what else "all is as it should be")
    print(f"{cuts} cut states, {int(bool(what))} violations")
    return int(bool(what))


def prove_core(states: int, seconds: float | None, jobs: int, cluster: str | None) -> Total:
    """Search in the journal in C."""
    if cluster:
        total = spread(cluster, "core", 10 * states, seconds, jobs)
    else:
        total = core.run(10 * states, seconds, jobs)
    print("C:", total.line())
    with core.Checker() as checker:
        for violation in total.kinds():
            text, what = shrink(violation.reproducer, fails=checker.fails)
            print(f"VIOLATION  {what}\n           make crash REPRO={text}", flush=True)
    return total


def spread(
    address: str, on: str, states: int, seconds: float | None, jobs: int, stores: bool = True
) -> Total:
    """Search on a cluster of Dask, or, "local", on one that is begun here."""
    from sim.cluster import connected
    from tests.crash.lanes import Searching

    with connected(address, jobs or None) as client:
        return Searching(client, address, on, stores).run(states, seconds)


def prove_python(
    states: int, seconds: float | None, jobs: int, stores: bool, cluster: str | None
) -> Total:
    """Search in the journal in Python, in regions and stores."""
    if cluster:
        total = spread(cluster, "python", states, seconds, jobs, stores)
    else:
        total = run(states, seconds, jobs, stores)
    print("Python:", total.line())
    for violation in total.kinds():
        text, what = violation.reproducer, violation.what
        if not text.startswith("p"):  # those of a store are short as they are
            text, what = shrink(text)
        print(f"VIOLATION  {what}\n           make crash REPRO={text}", flush=True)
    return total


def prove(given: argparse.Namespace, on: str) -> int:
    """Search in one journal after the other; exit status."""
    states, seconds, jobs, cluster = given.states, given.seconds, given.jobs, given.cluster
    if on == "both" and seconds is not None:
        seconds /= 2
    totals = []
    if on != "python":
        totals.append(prove_core(states, seconds, jobs, cluster))
    if on != "core":
        totals.append(prove_python(states, seconds, jobs, not given.broken, cluster))
    violations = sum(total.violations for total in totals)
    print(f"{sum(total.states for total in totals)} cut states, {violations} violations")
    return int(violations > 0)


def main(arguments: list[str] | None = None) -> int:
    """Exit status 1 if the journal broke its promise, 2 for a wrong argument."""
    parser = argparse.ArgumentParser(prog="make crash", description=__doc__)
    parser.add_argument("--seconds", type=float, help="stop after so long")
    parser.add_argument("--states", type=int, default=STATES, help="go on until so many")
    parser.add_argument("--jobs", type=int, default=0, help="processes, one a core if 0")
    parser.add_argument("--cluster", help="search on a cluster of Dask: its address, or local")
    parser.add_argument("--repro", help="replay this and tell each step")
    parser.add_argument("--on", choices=("core", "python", "both"), help="which journal")
    parser.add_argument("--broken", choices=sorted(BREAKS), help="break the one in Python before")
    given = parser.parse_args(arguments)
    on = given.on or ("python" if given.broken else "both")
    if on == "both" and not core.compiler():
        print("the journal in C is left out: there is no C compiler (cc)")
        on = "python"
    if given.broken:
        BREAKS[given.broken].apply(setattr)
    if given.broken and given.cluster:
        parser.error("--broken breaks the journal of this process, not of a cluster")
    try:
        if not given.repro:
            return prove(given, on)
        return replay(given.repro, on)
    except HostError as error:
        parser.error(f"{error}; {error.hint}")
    except ValueError as error:
        if not given.repro:
            raise
        parser.error(str(error))


if __name__ == "__main__":
    sys.exit(main())
