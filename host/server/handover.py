"""What other threads have done for coroutines comes to their loop, many at a time.

asyncio.wrap_future wakes a loop for each future.  A commit of the runner makes hundreds ready at
once: here the first of them wakes the loop, and the others come with it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


class Handover:
    """Futures of other threads as futures of one loop.  Made and awaited on that loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._come: deque[tuple[asyncio.Future[Any], Future[Any]]] = deque()
        self._woken = False

    def future(self, made: Future[T]) -> asyncio.Future[T]:
        """What `made` will have.  Who gives up waiting does not undo what was asked for."""
        mine: asyncio.Future[T] = self._loop.create_future()
        made.add_done_callback(lambda done: self._done(mine, done))
        return mine

    def _done(self, mine: asyncio.Future[Any], done: Future[Any]) -> None:
        self._come.append((mine, done))
        if not self._woken:
            self._woken = True
            with suppress(RuntimeError):  # the loop has ended, and with it who waited
                self._loop.call_soon_threadsafe(self._take)

    def _take(self) -> None:
        self._woken = False  # first: what comes from here on wakes the loop again
        while self._come:
            mine, done = self._come.popleft()
            if mine.done():
                continue
            error = done.exception()
            if error is not None:
                mine.set_exception(error)
            else:
                mine.set_result(done.result())
