"""Prove the journal: cut the power everywhere, and see what is there (docs/PROOF.md)."""

import argparse
import sys

from tests.crash.broken import BREAKS
from tests.crash.lives import fails, read, shrink
from tests.crash.pool import run
from tests.crash.shelf import fails as shelf_fails

STATES = 5_000_000


def replay(text: str) -> int:
    """Lead the lives of a reproducer and tell each step; exit status."""
    cuts = text.count("@") if text.startswith("p") else sum(life.op > 0 for life in read(text)[1])
    print(text)
    what = (shelf_fails if text.startswith("p") else fails)(text, tell=print)
    print(f"VIOLATION  {what}" if what else "all is as it should be")
    print(f"{cuts} cut states, {int(bool(what))} violations")
    return int(bool(what))


def prove(states: int, seconds: float | None, jobs: int, stores: bool) -> int:
    """Search; exit status."""
    total = run(states, seconds, jobs, stores)
    print(total.line())
    for violation in total.kinds():
        text, what = violation.reproducer, violation.what
        if not text.startswith("p"):  # those of a store are short as they are
            text, what = shrink(text)
        print(f"VIOLATION  {what}\n           make crash REPRO={text}", flush=True)
    print(f"{total.states} cut states, {total.violations} violations")
    return int(total.violations > 0)


def main(arguments: list[str] | None = None) -> int:
    """Exit status 1 if the journal broke its promise, 2 for a wrong argument."""
    parser = argparse.ArgumentParser(prog="make crash", description=__doc__)
    parser.add_argument("--seconds", type=float, help="stop after so long")
    parser.add_argument("--states", type=int, default=STATES, help="go on until so many")
    parser.add_argument("--jobs", type=int, default=0, help="processes, one a core if 0")
    parser.add_argument("--repro", help="replay this and tell each step")
    parser.add_argument("--broken", choices=sorted(BREAKS), help="break the journal before")
    given = parser.parse_args(arguments)
    if given.broken:
        BREAKS[given.broken].apply(setattr)
    if not given.repro:
        return prove(given.states, given.seconds, given.jobs, not given.broken)
    try:
        return replay(given.repro)
    except ValueError as error:
        parser.error(str(error))


if __name__ == "__main__":
    sys.exit(main())
