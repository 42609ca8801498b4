"""Two workers that lease executions, beside one job an input on Procrastinate, on one PostgreSQL.

Both write a row of a journal for each input; inputs come in batches, and that is in the time.
"""

from __future__ import annotations

from contextlib import ExitStack

from tests.bench.rivals import sides
from tests.bench.rivals.sides import median

WORKERS = 2
INPUTS = 5  # of each of 200 executions in a round


def measure(repeat: int) -> dict[str, float]:
    """Medians of `repeat` turns."""
    rows = []
    with sides.postgres() as server, ExitStack() as stack:
        url, other = server.database(), server.database()
        mine = url.replace("postgresql:", "postgresql+psycopg:")
        ours = sides.ours(stack, "in_leases", mine, "client")
        for _ in range(WORKERS):
            sides.ours(stack, "in_leases", mine, "worker")
        queue = sides.peer(stack, "in_procrastinate.py", other, "client")
        for _ in range(WORKERS):
            sides.peer(stack, "in_procrastinate.py", other, "worker")
        for _ in range(repeat + 1):
            ours.rate("prepare", INPUTS)
            rows.append((ours.rate("one", INPUTS), queue.rate("one", INPUTS)))
    rows = rows[1:]  # the first is for what is made at need
    return {
        "serve.lease.inputs_per_s": median(a for a, _ in rows),
        "serve.lease.queue_inputs_per_s": median(b for _, b in rows),
        "serve.lease.vs_queue": median(a / b for a, b in rows),
    }
