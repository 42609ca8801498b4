"""How much a client may ask: the size of a request, how deep its JSON goes, and how often."""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final

from .errors import ApiError

LARGEST: Final = 2 << 20  # bytes of a body: a definition may have 1 MiB, and JSON escapes
DEEPEST: Final = 32  # of a request; what a workflow is given comes as text
RATE: Final = 5000  # requests a second of one client, if nobody says otherwise
_CLIENTS = 4096  # that are remembered; who has been away longest is forgotten


def too_large() -> ApiError:
    text = f"a request has at most {LARGEST} bytes"
    return ApiError("RequestEntityTooLargeException", text, 413)


def parsed(body: bytes) -> Any:
    """The JSON of a request, {} without a body.

    Raises ApiError SerializationException for what is no JSON, or nested too deeply.
    """
    try:
        value = _DECODER.decode(body.decode()) if body else {}
    except (ValueError, RecursionError):
        raise ApiError("SerializationException", "the body is no JSON") from None
    left = [value]
    for _ in range(DEEPEST):
        left = [item for one in left if isinstance(one, (dict, list)) for item in _items(one)]
        if not left:
            return value
    raise ApiError("SerializationException", f"the body is nested more than {DEEPEST} deep")


def _items(value: Any) -> Any:
    return value.values() if isinstance(value, dict) else value


def _no_number(name: str) -> Any:
    raise ValueError(name)


_DECODER: Final = json.JSONDecoder(parse_constant=_no_number)


class Rate:
    """A bucket for each client: `rate` requests a second, twice as many at once; 0: no limit."""

    def __init__(self, rate: int, now: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._now = now
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, client: str) -> None:
        """Counts a request.  Raises ApiError ThrottlingException, which SDKs try again."""
        if not self._rate:
            return
        with self._lock:
            now = self._now()
            most = 2.0 * self._rate
            left, then = self._buckets.pop(client, (most, now))
            left = min(most, left + (now - then) * self._rate)
            enough = left >= 1
            self._buckets[client] = (left - enough, now)
            if len(self._buckets) > _CLIENTS:
                self._buckets.popitem(last=False)
        if not enough:
            raise ApiError("ThrottlingException", "Rate exceeded")
