"""Requests to servers: "http:get" and its like, and request() for handlers (docs/TASKS.md)."""

from typing import Any

from ..engine.tasks import Tasks

class Response:
    """An answer.  `headers`: their names in small letters; `data`: the body, as it came."""

    status: int
    headers: dict[str, str]
    data: bytes
    def __init__(self, status: int, headers: dict[str, str], data: bytes) -> None: ...

def register(tasks: Tasks, ssl: Any = True, device: str | None = None) -> None:
    """Register them.  `ssl`: a context for https; `device`: begins each idempotency key."""

def split(url: str) -> tuple[bool, str, str, int, str]:
    """(is it https, host as in a header, host, port, path).  Raises ValueError."""

async def request(
    method: str,
    url: str,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
    most: int = 16384,
) -> Response:
    """Ask a server; GET and HEAD follow five redirects.  `most`: bytes of the body.

    Raises ValueError for what cannot be asked, Closed and Garbled of tsme.tasks.wire.
    """
