"""`tsme serve`: executions in a database, and the endpoint of AWS Step Functions."""

from __future__ import annotations

import logging
import sys
from typing import TypedDict, Unpack

import click

from .. import console
from ..errors import DONE
from ..server_options import (
    ACCOUNT,
    EVENTS,
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


class Given(TypedDict):
    """The options, as click has them."""

    database: str
    host: str
    port: int
    region: str
    account: str
    auth: str | None
    allowed_host: tuple[str, ...]
    rate: int
    retention: str | None
    webhook: str | None
    export: str | None
    clock: str
    tasks: str | None
    lambda_endpoint: str | None
    mocks: str | None
    history_events: int
    wait_scale: float
    traces: str | None
    workers: bool


@click.command()
@click.option(
    "--database",
    metavar="URL",
    default="sqlite:///tsme.db",
    show_default=True,
    help="Where executions are kept: sqlite:///FILE or postgresql://USER@HOST/NAME.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to serve at.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8083,
    show_default=True,
    help="The port; 0 takes any that is free.",
)
@REGION
@ACCOUNT
@click.option(
    "--auth",
    metavar="KEYS",
    help="Take only requests signed by a key of this file, which is like ~/.aws/credentials.",
)
@click.option(
    "--allowed-host",
    metavar="NAME",
    multiple=True,
    help="A name that requests may be for, beside localhost. May be given more than once.",
)
@click.option(
    "--rate",
    type=click.IntRange(0),
    default=5000,
    show_default=True,
    help="Requests a second that one client may make; 0 for any number.",
)
@RETENTION
@WEBHOOK
@EXPORT
@click.option(
    "--clock",
    type=click.Choice(["wall", "accelerated"]),
    default="wall",
    show_default=True,
    help="accelerated: Waits take no time when everybody waits.",
)
@click.option(
    "--tasks", metavar="FILE.py", help="Its handlers do the tasks that they name, in this process."
)
@LAMBDAS
@click.option(
    "--mocks",
    metavar="FILE",
    envvar="SFN_MOCK_CONFIG",
    show_envvar=True,
    help="Answers of tasks: a MockConfigFile, or a test file of a workflow.",
)
@click.option(
    "--wait-scale",
    type=click.FloatRange(0),
    default=1.0,
    show_default=True,
    envvar="SFN_WAIT_SCALE",
    show_envvar=True,
    help="Seconds that each second of a workflow takes: 0.1 is ten times as fast.",
)
@TRACES
@click.option(
    "--workers", is_flag=True, help="Do no tasks here: leave them to tsme worker --database URL."
)
@EVENTS
def serve(**given: Unpack[Given]) -> int:
    """Serve the API of AWS Step Functions, from a database.

    boto3 and the AWS CLI talk to it as to AWS; any keys and any region will do:

    \b
      tsme serve
      aws stepfunctions list-state-machines --endpoint-url http://127.0.0.1:8083
      boto3.client("stepfunctions", endpoint_url="http://127.0.0.1:8083")

    StartSyncExecution and TestState need AWS_DISABLE_HOST_PREFIX_INJECTION=true, or
    Config(inject_host_prefix=False) in boto3: SDKs would put "sync-" before the host. Ctrl-C
    and SIGTERM end it; what was under way goes on with the next start.

    Exits with 0 when it was told to end, 2 if it cannot serve.
    """
    need_packages()
    check_place(given["region"], given["account"])
    from ...server import serving  # noqa: PLC0415  it takes half a second to load

    logging.basicConfig(stream=sys.stderr, format="tsme: %(message)s")
    span = given["retention"]
    retention = None if span is None else milliseconds("--retention", span)
    options = serving.Options(**{**given, "retention": retention})  # type: ignore[arg-type]
    serving.serve(options, lambda url: _ready(url, options.database))
    return DONE


def _ready(url: str, database: str) -> None:
    console.out(f"serving {console.name(url)}, executions in {shown(database)}")
    sys.stdout.flush()


COMMANDS = (serve,)
