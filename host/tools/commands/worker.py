"""`tsme worker`: does tasks by the handlers of a file, for an endpoint that gives them."""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from typing import Final, TypedDict, Unpack

import click
from click.core import ParameterSource

from .. import console
from ..errors import DONE, HostError
from ..server_options import (
    ACCOUNT,
    EXPORT,
    LAMBDAS,
    REGION,
    RETENTION,
    TRACES,
    WEBHOOK,
    check_place,
    need_packages,
    shown,
)
from ..spans import milliseconds

_LOCAL: Final = "http://127.0.0.1:8083"
_EACH, _TASKS = 4, 32  # tasks at a time: of each activity, of a database
_POLLING: Final = ("endpoint", "activities", "heartbeat", "name")
_LABORING: Final = (
    "region", "account", "lambda_endpoint", "retention", "webhook", "export", "traces",
)  # fmt: skip
_OPTION: Final = {"activities": "activity"}


class Given(TypedDict):
    """The options, as click has them."""

    database: str | None
    endpoint: str
    tasks: str
    activities: tuple[str, ...]
    concurrency: int | None
    heartbeat: float
    name: str | None
    region: str
    account: str
    lambda_endpoint: str | None
    retention: str | None
    webhook: str | None
    export: str | None
    traces: str | None


@click.command()
@click.option(
    "--database",
    "--store",
    metavar="URL",
    help="Run executions of this database, beside tsme serve, instead of polling an endpoint.",
)
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
    help="Tasks of each activity at a time, or of a database.  [default: 4; 32]",
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
@REGION
@ACCOUNT
@LAMBDAS
@RETENTION
@WEBHOOK
@EXPORT
@TRACES
def worker(**given: Unpack[Given]) -> int:
    """Do tasks by the handlers of a file, in a process of their own.

    With --database it is one of the processes that run the executions of a database: it does the
    tasks that `tsme serve --workers` leaves, and has no endpoint. All else is the same as there:

    \b
      tsme serve --database postgresql://tsme@db/tsme --workers
      tsme worker --database postgresql://tsme@db/tsme --tasks tasks.py

    Without, it polls activities, of `tsme serve` or of AWS, and tells their results. A handler
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
    check_place(given["region"], given["account"])
    _check(click.get_current_context(), given)
    logging.basicConfig(stream=sys.stderr, format="tsme: %(message)s")
    return _labor(given) if given["database"] else _poll(given)


def _check(context: click.Context, given: Given) -> None:
    """Raises HostError TSME-S067 for an option that the other kind of worker has."""
    one, other = ("--database", _POLLING) if given["database"] else ("", _LABORING)
    for name in other:
        if context.get_parameter_source(name) == ParameterSource.COMMANDLINE:
            option = "--" + _OPTION.get(name, name).replace("_", "-")
            what = f"{option} is for a worker that polls an endpoint, not one with --database"
            if not one:
                what = f"{option} is for a worker with --database"
            raise HostError("TSME-S067", what, "leave it out")


def _labor(given: Given) -> int:
    from ...server import laboring, serving  # noqa: PLC0415

    database = given["database"]
    assert database
    span = given["retention"]
    options = serving.Options(
        database=database,
        region=given["region"],
        account=given["account"],
        retention=None if span is None else milliseconds("--retention", span),
        webhook=given["webhook"],
        export=given["export"],
        traces=given["traces"],
        tasks=given["tasks"],
        lambda_endpoint=given["lambda_endpoint"],
    )

    def ready() -> None:
        console.out(f"running executions in {console.name(shown(database))}")
        sys.stdout.flush()

    laboring.labor(options, given["concurrency"] or _TASKS, ready)
    return DONE


def _poll(given: Given) -> int:
    from ...server.work.polling import Polling, Worker  # noqa: PLC0415  botocore takes a while
    from ..handlers import load_tasks  # noqa: PLC0415

    name = given["name"]
    options = Polling(
        given["endpoint"],
        given["activities"],
        given["concurrency"] or _EACH,
        given["heartbeat"],
        **({"name": name[:80]} if name else {}),
    )

    def ready(arns: Sequence[str]) -> None:
        names = ", ".join(arn.rpartition(":")[2] for arn in arns)
        console.out(f"polling {console.name(options.endpoint)} for {names}")
        sys.stdout.flush()

    Worker(load_tasks(given["tasks"]), options).run(ready)
    return DONE


COMMANDS = (worker,)
