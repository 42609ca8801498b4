"""DBOS: a workflow whose steps are durable; in_dbos.py URL.

As it comes, but for its admin server (a port) and its log. A round `one` is one workflow of so
many steps; `many` is 200 workflows started at once, of so many steps each.
"""

import sys

from dbos import DBOS
from rounds import serve

AT_ONCE = 200

DBOS(
    config={
        "name": "bench",
        "system_database_url": sys.argv[1],
        "run_admin_server": False,
        "log_level": "ERROR",
    }
)


@DBOS.step()
def add(count):
    """What a step does: as little as can be."""
    return count + 1


@DBOS.workflow()
def steps(count):
    """So many steps, one after the other."""
    value = 0
    for _ in range(count):
        value = add(value)
    return value


def one(count):
    assert steps(count) == count
    return count


def many(count):
    running = [DBOS.start_workflow(steps, count) for _ in range(AT_ONCE)]
    assert all(handle.get_result() == count for handle in running)
    return AT_ONCE * count


DBOS.launch()
serve({"one": one, "many": many})
DBOS.destroy()
