"""`make bench`: measures, prints a table, and with --json FILE writes one flat object.

Each subject is a module with measure(repeat) -> {flat name: number}.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tests.bench import (
    boards,
    boot,
    core,
    costs,
    crash,
    debug,
    disk,
    emulated,
    host_core,
    journal,
    jsonata_engines,
    link,
    link_heap,
    programs,
    relational,
    replay,
    serve,
    simulation,
    speeds,
    startup,
    store,
)

SUBJECTS = {
    "programs": programs,
    "journal": journal,
    "disk": disk,
    "speeds": speeds,
    "costs": costs,
    "simulation": simulation,
    "replay": replay,
    "debug": debug,
    "boards": boards,
    "startup": startup,
    "boot": boot,
    "link_heap": link_heap,
    "core": core,
    "crash": crash,
    "link": link,
    "emulated": emulated,
    "host_core": host_core,
    "jsonata": jsonata_engines,
    "store": store,
    "relational": relational,
    "serve": serve,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--json", metavar="FILE", help="write the numbers there")
    parser.add_argument("--repeat", type=int, default=5, help="processes a speed (5)")
    parser.add_argument("--only", metavar="SUBJECT", choices=SUBJECTS, help="one of them")
    options = parser.parse_args()
    numbers: dict[str, float] = {}
    for name, subject in SUBJECTS.items():
        if options.only in (None, name):
            numbers |= subject.measure(options.repeat)
    for name, value in numbers.items():
        print(f"{name:44} {value:>16,}")
    if options.json:
        Path(options.json).write_text(json.dumps(numbers, indent=1) + "\n")


if __name__ == "__main__":
    main()
