"""An execution that meets a full disk, and goes on when there is room.

    python -m tests.server.filling URL

does so in a process whose files may grow no more for a while (RLIMIT_FSIZE).
"""

from __future__ import annotations

import json
import resource
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from sqlalchemy import select

from tests.server.running import PATIENCE, Doing, chain, done, new, running, task
from tsme.kernel.protocol import SUCCEEDED
from tsme_host.database.database import Database
from tsme_host.database.tables import executions
from tsme_host.server.room import PROCESS
from tsme_host.server.runner import Runner
from tsme_host.tools.errors import HostError
from tsme_host.tools.limits import limited

LARGE = "x" * 100_000  # wants pages of its own
STATES = chain(task("before"), task("ask"), task("after"), task("ask"), task("after"))


def refused(future: Future[Any]) -> list[Any]:
    """-> code and words of the error that somebody is told, and whether it may have happened"""
    try:
        return ["acknowledged", future.result(PATIENCE)]
    except HostError as error:
        return [error.code, str(error), getattr(error, "unsure", None)]


def seen(database: Database) -> list[Any]:
    """What anybody can see: of each execution its status and its number of records."""
    with database.read() as connection:
        found = select(executions.c.name, executions.c.status, executions.c.records)
        return [list(row) for row in connection.execute(found.order_by(executions.c.id))]


def lead(
    url: str, full: Callable[[Runner], None], room: Callable[[Runner], None]
) -> dict[str, Any]:
    """One execution beside a full disk.  -> what was seen of it

    `full`, `room`: from now on the database may grow no more, or may again.
    """
    effects: list[str] = []  # outside of the database
    work = Doing({name: lambda _, name=name: effects.append(name) for name in ("before", "after")})
    out: dict[str, Any] = {}
    with limited(PROCESS), running(url, work) as runner:
        execution = done(runner.begin(new(runner, STATES)))
        other = new(runner, STATES, "other", LARGE)
        while runner.lives.at[execution].state.pending.keys() != {2}:
            time.sleep(0.01)
        out["before"] = seen(runner.database)
        full(runner)
        answer = runner.feed(execution, SUCCEEDED, 2, LARGE, patient=False)
        out["input"] = refused(answer)
        out["begin"] = refused(runner.begin(other))
        # A result waits for the database: who has done the work does not have to know.
        patient = runner.feed(execution, SUCCEEDED, 2, LARGE)
        out["again"] = refused(runner.feed(execution, SUCCEEDED, 2, LARGE, patient=False))
        out["waits"] = not patient.done()
        out["full"] = seen(runner.database), list(effects)
        room(runner)
        done(patient)
        out["begun"] = isinstance(done(runner.begin(other)), int)
        while 4 not in runner.lives.at[execution].state.pending:
            time.sleep(0.01)
        done(runner.feed(execution, SUCCEEDED, 4, "y"))
        out["end"] = done(runner.wait(execution)).status
        out["effects"] = effects
    return out


def main(url: str) -> None:
    """Prints what was seen as JSON."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)

    def full(_: Runner) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(LARGE) // 2, most))

    def room(_: Runner) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    print(json.dumps(lead(url, full, room)))


if __name__ == "__main__":
    main(sys.argv[1])
