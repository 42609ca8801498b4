"""What workflows emit (`tsme:log`, `tsme:metric`, `tsme:publish`): for handlers, or the log.

A thread of their own calls the handlers, in the order in which steps became durable.  Whatever
becomes of one, its execution goes on; after a crash it may not have been called.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import traceback
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tsme.engine.tasks import Tasks
from tsme.values.copies import handed
from tsme.values.json import dumps

_log = logging.getLogger("tsme.emitted")
_log.setLevel(logging.INFO)  # it is what users wrote, not what the server says of itself


class Emitting:
    """Handlers that tasks files register by `@tasks.on(KIND)`."""

    def __init__(self, files: Iterable[Tasks]) -> None:
        self._handlers = {kind: one for tasks in files for kind, one in tasks.emitted.items()}
        self._thread = ThreadPoolExecutor(1, "tsme-emit")

    def emit(self, name: str, kind: str, payload: Any) -> None:
        """Returns at once.  `name`: of the execution."""
        handler = self._handlers.get(kind)
        if handler is None:
            _log.info("%s %s: %s", kind, name, dumps(payload))
        else:
            self._thread.submit(_call, kind, handler, handed(payload))

    def close(self) -> None:
        """Waits for handlers that have been called."""
        self._thread.shutdown()


def _call(kind: str, handler: Callable[[Any], Any], payload: Any) -> None:
    async def settle(coming: Any) -> None:
        await coming

    try:
        result = handler(payload)
        if inspect.isawaitable(result):
            asyncio.run(settle(result))
    except BaseException as error:  # a handler may leave, and this thread does not
        _log.warning("the handler of %s: %s", kind, line(error))


def line(error: BaseException) -> str:
    """What a handler raised, and where, as one line."""
    found = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(found[-1].filename).name}:{found[-1].lineno})" if found else ""
    return f"{type(error).__name__}: {error}{where}"
