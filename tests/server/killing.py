"""Kills processes that run executions in a database, at random moments.

python -m tests.server.killing [RUNS]        kills RUNS processes in all (300), half of them on
                                             SQLite and half on PostgreSQL, whose server is
                                             killed, too
python -m tests.server.killing --soak SECONDS    three workers on PostgreSQL for so long, one of
                                             them killed or frozen each second (soaking.py)
"""

from __future__ import annotations

import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.database.postgres import PostgresServer
from tests.server.soaking import soaked
from tests.server.workers import check, finish, killed, prepare, spawn


def main(runs: int) -> None:
    """Kill processes, each execution's work spread over several of them."""
    seed = random.randrange(1 << 32)
    rng = random.Random(seed)
    print(f"seed {seed}", flush=True)
    server = PostgresServer()
    server.start()
    try:
        for name in ("SQLite", "PostgreSQL"):
            dead: Counter[str] = Counter()
            done: Counter[str] = Counter()
            while dead["processes"] < runs / 2:
                with tempfile.TemporaryDirectory() as folder:
                    lite = name == "SQLite"
                    url = f"sqlite:///{folder}/tsme.db" if lite else server.database()
                    crash = None if lite else lambda: server.restart(kill=True)
                    ledger = Path(folder) / "ledger"
                    prepare(url)
                    count = 10 * rng.randrange(1, 20)
                    dead += killed(url, ledger, count, 10, rng, crash)
                    finish(spawn(url, ledger, count))
                    done += check(url, ledger, count) + Counter(executions=count)
                    print(f"{name}: killed {dict(dead)}, done {dict(done)}", flush=True)
    finally:
        server.close()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--soak"]:
        soaked(int(sys.argv[2]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
