"""Who waits for a machine that is elsewhere: told by what its clocks have become."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator, Sequence
from typing import Any

Ticks = Sequence[int]
# Whether it has come about between these ticks and those.
Test = Callable[[Ticks, Ticks], bool]


def passed(before: int, after: int, odd: int) -> bool:
    """Was it active (1), or inactive (0), at some time after the one tick, up to the other?"""
    following = before + 1 if (before + 1) % 2 == odd else before + 2
    return after % 2 == odd or following <= after


def all_at_once(which: Sequence[int], odd: int) -> Test:
    """All of these are active (1), or inactive (0), or were so in between: what came and went
    tells a tick, as long as it was one state alone."""

    def test(before: Ticks, after: Ticks) -> bool:
        if all(after[i] % 2 == odd for i in which):
            return True
        moved = [i for i in which if after[i] != before[i]]
        still = all(after[i] % 2 == odd for i in which if i not in moved)
        return len(moved) == 1 and still and passed(before[moved[0]], after[moved[0]], odd)

    return test


def reached(which: Sequence[int], times: Sequence[int]) -> Test:
    """Each of these has come to its tick."""
    return lambda _, after: all(after[i] >= n for i, n in zip(which, times, strict=True))


class Wait:
    """Something that may come about.  Await it: True when it has, False if it never will, for the
    execution is over, or another one."""

    fired: bool | None = None
    error: Exception | None = None  # of a query, which then has not come about

    def __init__(self, test: Test, key: str | None = None) -> None:
        self.key = key
        self._test = test
        self._event = asyncio.Event()

    def look(self, before: Ticks, after: Ticks) -> None:
        """After each change."""
        if self.fired is not None:
            return
        try:
            if self._test(before, after):
                self.end(True)
        except Exception as error:  # of whoever wrote the query, who gets it
            self.error = error
            self.end(False)

    def end(self, fired: bool) -> None:
        """It has come about, or never will."""
        if self.fired is None:
            self.fired = fired
            self._event.set()

    async def known(self) -> bool:
        """Until it is."""
        await self._event.wait()
        if self.error:
            raise self.error
        return bool(self.fired)

    async def seen(self) -> None:
        """Whoever waited knows it, or waits no more."""

    async def wait(self) -> bool:
        """Until it is known, and whoever keeps it knows that."""
        fired = await self.known()
        await self.seen()
        return fired

    def __await__(self) -> Generator[Any, None, bool]:
        return self.wait().__await__()


async def first(waits: Sequence[Wait], least: int, timeout: float | None) -> None:
    """Until so many of them are known, or for `timeout` ms."""
    tasks = [asyncio.ensure_future(one.known()) for one in waits]
    until = None if timeout is None else asyncio.get_running_loop().time() + timeout / 1000
    try:
        while sum(one.fired is not None for one in waits) < least:
            left = None if until is None else until - asyncio.get_running_loop().time()
            if left is not None and left <= 0:
                return
            open_ones = [one for one in tasks if not one.done()]
            await asyncio.wait(open_ones, timeout=left, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            if wait.error:
                raise wait.error
    finally:
        for one in tasks:
            one.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
