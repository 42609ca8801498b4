"""Options that `tsme serve` and `tsme worker` share, and what both need."""

from __future__ import annotations

import importlib.util
import re

import click

from .errors import HostError

_NEEDED = ("alembic", "botocore", "httpx", "sqlalchemy", "starlette", "uvicorn")


def shown(database: str) -> str:
    """The URL of a database without its password."""
    return re.sub(r"//([^:/@]*):[^@/]*@", r"//\1:***@", database)


def need_packages() -> None:
    """Raises HostError TSME-S041 where the packages of the extra `serve` are not installed."""
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        what = f"a server needs packages that are not here: {', '.join(missing)}"
        raise HostError("TSME-S041", what, "pip install tsme[serve]")


def check_place(region: str, account: str) -> None:
    """Raises HostError TSME-S042 for what ARNs cannot have."""
    if not re.fullmatch("[0-9]{12}", account):
        message = f'"{account}" is no account'
        raise HostError("TSME-S042", message, "an account has 12 digits: 000000000000")
    if not re.fullmatch("[a-z0-9-]+", region):
        message = f'"{region}" is no region'
        raise HostError("TSME-S042", message, "write one like us-east-1")


REGION = click.option(
    "--region", default="us-east-1", show_default=True, help="The region in ARNs."
)
ACCOUNT = click.option(
    "--account", default="0" * 12, show_default=True, help="The account in ARNs: 12 digits."
)
RETENTION = click.option(
    "--retention",
    metavar="TIME",
    help="Let go of executions so long after their end: 30d, 12h.  [default: never]",
)
WEBHOOK = click.option(
    "--webhook",
    metavar="URL",
    help="Tell this URL of each execution that ends, as EventBridge does.",
)
EXPORT = click.option(
    "--export",
    metavar="FOLDER",
    help="Put each execution that ends there as a journal, and statistics of each day.",
)
LAMBDAS = click.option(
    "--lambda-endpoint",
    metavar="URL",
    help="Lambda functions are invoked there, by the Invoke API.",
)
TRACES = click.option(
    "--traces",
    metavar="URL",
    help="Send a trace of each execution there, by OTLP: http://HOST:4318/v1/traces.",
)
EVENTS = click.option(
    "--history-events",
    type=click.IntRange(0),
    default=25_000,
    show_default=True,
    help="Events with which a standard execution fails, as at AWS; 0 for any number.",
)
