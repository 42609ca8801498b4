"""How fast steps become durable, beside a plain insert and beside other durable runners.

The workflow is a loop of a Task and a Choice.  A transition is a state that is left, durably: two
in a turn of the loop, which are one record of ours, committed before the next task starts, and two
steps of DBOS.  `of_limit` is stricter: a commit of ours beside a plain insert.  So is
`vs_dbos_tasks`: turns of the loop, if the task alone is a step of DBOS, and the choice is code
that it does not checkpoint.  `one`: one execution at a time.  `many`: 200 at once.  All sides take
turns, on one disk; PostgreSQL is as it comes (fsync on), one server for all.
"""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import ExitStack, closing
from pathlib import Path

from tests.bench.rivals import sides
from tests.bench.rivals.sides import Side, median

ONE = 150  # turns of the loop in a round, one execution at a time
EACH = 5  # turns of each of 200 executions of a round that DBOS runs, too
MANY = 25  # the same of a round that we run alone
ORDERS = 20  # executions of a round of the README's example, one at a time
AT_ONCE = 100  # executions of it that are begun together: theirs wait for each other all the same


def measure(repeat: int) -> dict[str, float]:
    """Medians of `repeat` turns."""
    sides.install()
    out: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="tsme-bench-") as name, ExitStack() as stack:
        out |= sqlite(Path(name), stack, repeat)
    with sides.postgres() as server, ExitStack() as stack:
        out |= postgres(server.database, stack, repeat)
    return out


def turns(kind: str, all_sides: dict[str, Side], repeat: int) -> dict[str, float]:
    """The figures of one database."""
    one: dict[str, list[float]] = {name: [] for name in all_sides}
    many: dict[str, list[float]] = {name: [] for name in all_sides if name != "limit"}
    tasks: dict[str, list[float]] = {name: [] for name in all_sides if name.startswith("dbos")}
    group: list[float] = []
    for at in range(repeat + 1):
        for name, side in all_sides.items():
            rate = side.rate("one", ONE)
            if at:  # the first is for what is made at need
                one[name].append(rate)
            if at and name in many:
                many[name].append(side.rate("many", EACH))
            if at and name in tasks:
                tasks[name].append(side.rate("tasks", ONE))
        if at:
            group.append(all_sides["ours"].rate("many", MANY))
    ours, limit = one["ours"], one["limit"]
    commits = [rate / 2 for rate in ours]
    out = {
        f"store.{kind}.transitions_per_s": median(iter(ours)),
        f"store.{kind}.plain_inserts_per_s": median(iter(limit)),
        f"store.{kind}.of_limit": ratio(commits, limit),
        f"store.{kind}.group_transitions_per_s": median(iter(group)),
        f"store.{kind}.group_gain": ratio(group, ours),
    }
    for name, rates in tasks.items():
        out[f"store.{kind}.{name}_transitions_per_s"] = median(iter(one[name]))
        out[f"store.{kind}.vs_{name}"] = ratio(ours, one[name])
        out[f"store.{kind}.vs_{name}_tasks"] = ratio(commits, rates)
        out[f"store.{kind}.group_vs_{name}"] = ratio(many["ours"], many[name])
    return out


def ratio(ours: list[float], theirs: list[float]) -> float:
    """The median of the turns' ratios."""
    return median(a / b for a, b in zip(ours, theirs, strict=True))


def sqlite(folder: Path, stack: ExitStack, repeat: int) -> dict[str, float]:
    """DBOS as it comes (a rollback journal), and with the WAL that it does not ask for."""
    with closing(sqlite3.connect(folder / "wal.db")) as connection:
        connection.execute("pragma journal_mode=wal")
        connection.execute("create table begun (a)")
    url = f"sqlite:///{folder}"
    return turns(
        "sqlite",
        {
            "ours": sides.ours(stack, "in_ours", f"{url}/ours.db", "steps"),
            "limit": sides.ours(stack, "limit", f"{url}/limit.db"),
            "dbos": sides.peer(stack, "in_dbos.py", f"{url}/dbos.db"),
            "dbos_wal": sides.peer(stack, "in_dbos.py", f"{url}/wal.db"),
        },
        repeat,
    )


def postgres(database: sides.NewDatabase, stack: ExitStack, repeat: int) -> dict[str, float]:
    """Beside DBOS, and beside the README example of state-machine-amz-py."""
    out = turns(
        "postgres",
        {
            "ours": sides.ours(stack, "in_ours", psycopg(database()), "steps"),
            "limit": sides.ours(stack, "limit", database()),
            "dbos": sides.peer(stack, "in_dbos.py", database()),
        },
        repeat,
    )
    orders = sides.ours(stack, "in_ours", psycopg(database()), "orders")
    amz = sides.peer(stack, "in_amz.py", database())
    counts = {"one": ORDERS, "many": AT_ONCE}
    rows = [
        [(orders.rate(how, count), amz.rate(how, count)) for how, count in counts.items()]
        for _ in range(repeat + 1)
    ][1:]
    out["store.postgres.amz_py_transitions_per_s"] = median(row[1][1] for row in rows)
    out["store.postgres.vs_amz_py_one"] = median(row[0][0] / row[0][1] for row in rows)
    out["store.postgres.vs_amz_py"] = median(row[1][0] / row[1][1] for row in rows)
    return out


def psycopg(url: str) -> str:
    """A URL as SQLAlchemy has it."""
    return url.replace("postgresql:", "postgresql+psycopg:")
