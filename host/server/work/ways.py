"""The ways in which a server does tasks, from what it was told."""

from __future__ import annotations

from urllib.parse import urlsplit

import httpx

from ...tools.errors import HostError
from ...tools.handlers import load_tasks
from .functions import Functions
from .in_process import InProcess
from .mocks import Mocked, Mocks
from .nested import Nested
from .own_api import OwnApi
from .router import Way


def ways(
    tasks: str | None = None, lambda_endpoint: str | None = None, mocks: Mocks | None = None
) -> list[Way]:
    """In the order in which they are asked: mocks, handlers, functions, nested executions, the
    server's own API.

    Raises HostError for a tasks file that cannot be loaded, TSME-S061 for what is no endpoint.
    """
    found: list[Way] = [Mocked(mocks)] if mocks else []
    if lambda_endpoint is not None:
        _check(lambda_endpoint)
    if tasks is not None:
        found.append(InProcess(load_tasks(tasks)))
    if lambda_endpoint is not None:
        found.append(Functions(lambda_endpoint))
    return [*found, Nested(), OwnApi()]


def _check(endpoint: str) -> None:
    try:
        url = urlsplit(endpoint)
        right = url.scheme in ("http", "https") and bool(url.hostname) and not url.query
        right = right and (url.port is None or url.port > 0)
        httpx.URL(endpoint)
    except (ValueError, httpx.InvalidURL):
        right = False
    if not right:
        message = f'"{endpoint}" is no URL of an endpoint'
        raise HostError("TSME-S061", message, "write one like http://127.0.0.1:9001")
