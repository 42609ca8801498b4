"""DBOS: a workflow whose steps are durable; in_dbos.py URL.

As it comes, but for its admin server (a port) and its log. The workflow is that of work.py: a
task, and a choice whether it goes on. In a round `one` both are steps, so that each state that it
comes to is durable, as with us; in `tasks` the task alone is one, which is the least that DBOS
checkpoints. `many` is 200 workflows of `one` started at once, of so many tasks each.
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


@DBOS.step()
def enough(value, count):
    """What a choice does."""
    return value >= count


@DBOS.workflow()
def states(count):
    """A task and a choice, so many times; each is a step."""
    value = 0
    while not enough(value, count):
        value = add(value)
    return value


@DBOS.workflow()
def steps(count):
    """The same; the task alone is a step."""
    value = 0
    while value < count:
        value = add(value)
    return value


def one(count):
    assert states(count) == count
    return 2 * count


def tasks(count):
    assert steps(count) == count
    return count


def many(count):
    running = [DBOS.start_workflow(states, count) for _ in range(AT_ONCE)]
    assert all(handle.get_result() == count for handle in running)
    return AT_ONCE * 2 * count


DBOS.launch()
serve({"one": one, "tasks": tasks, "many": many})
DBOS.destroy()
