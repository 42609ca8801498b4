"""`tsme worker`: does tasks by the handlers of a file, for an endpoint that gives them."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from .. import console
from ..errors import DONE
from ..server_options import need_packages

if TYPE_CHECKING:
    from ...server.work.polling import Polling

_LOCAL: Final = "http://127.0.0.1:8083"


@click.command()
@click.option(
    "--endpoint",
    metavar="URL",
    default=_LOCAL,
    show_default=True,
    envvar=["AWS_ENDPOINT_URL_SFN", "AWS_ENDPOINT_URL"],
    show_envvar=True,
    help="Poll the activities of this endpoint of Step Functions.",
)
@click.option(
    "--tasks", required=True, metavar="FILE.py", help="Its handlers do the tasks that they name."
)
@click.option(
    "--activity",
    "activities",
    multiple=True,
    metavar="NAME|ARN",
    help="Poll this activity alone; may be given several times.  [default: all handlers']",
)
@click.option(
    "--concurrency",
    type=click.IntRange(1, 100),
    default=4,
    show_default=True,
    help="Tasks of each activity at a time.",
)
@click.option(
    "--heartbeat",
    type=click.FloatRange(0.1),
    default=10.0,
    show_default=True,
    metavar="SECONDS",
    help="Say so often that a task is under way: less than its HeartbeatSeconds.",
)
@click.option("--name", help="How histories call this worker.  [default: HOST-PROCESS]")
def worker(
    endpoint: str,
    tasks: str,
    activities: tuple[str, ...],
    concurrency: int,
    heartbeat: float,
    name: str | None,
) -> int:
    """Do tasks by the handlers of a file, in a process of their own.

    It polls activities, of `tsme serve` or of AWS, and tells their results. A handler
    named "dig" does the activity of that name, which is made if it is not there:

    \b
      tsme worker --tasks tasks.py
      tsme worker --endpoint http://10.0.0.2:8083 --tasks tasks.py --activity dig

    Requests are signed with the keys that an SDK would find (AWS_ACCESS_KEY_ID, AWS_PROFILE),
    and not at all without any. An endpoint that is away is asked again until it is there. Ctrl-C
    and SIGTERM end it when what it has is done; a second one ends it at once.

    Exits with 0 when it was told to end, 2 if it cannot work.
    """
    need_packages()
    from ...server.work.polling import Polling  # noqa: PLC0415  botocore takes a while to load

    named = {"name": name[:80]} if name else {}
    options = Polling(endpoint, activities, concurrency, heartbeat, **named)
    logging.basicConfig(stream=sys.stderr, format="tsme: %(message)s")
    return _poll(options, tasks)


def _poll(options: Polling, tasks: str) -> int:
    from ...server.work.polling import Worker  # noqa: PLC0415
    from ..handlers import load_tasks  # noqa: PLC0415

    def ready(arns: Sequence[str]) -> None:
        names = ", ".join(arn.rpartition(":")[2] for arn in arns)
        console.out(f"polling {console.name(options.endpoint)} for {names}")
        sys.stdout.flush()

    Worker(load_tasks(tasks), options).run(ready)
    return DONE


COMMANDS = (worker,)
