"""Waits for what a machine's clocks do not tell: the machine itself keeps a subscription for them,
as it does for an engine (SPEC 9.4), and its board says what becomes of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

from tsme import TsmeError

from .waits import Wait

MOST = 16  # of one client and machine that are open at a time
_UNSURE = "TSME-N078"
_OVER = "TSME-K002"
# What has become of one, as the board tells it; None: there is none of this key.
_CAME, _GIVEN_UP = 1, 3


class Keeper(Protocol):
    """The machine that keeps it."""

    @property
    def execution(self) -> int:
        """Its number; raises TsmeError if none is under way."""

    def put(self, value: Any, /) -> asyncio.Future[Any]:
        """A signal as it is, behind those before it."""

    async def tell(self) -> None:
        """Tell the board which subscriptions are waited for."""


Spawn = Callable[[Coroutine[Any, Any, None]], asyncio.Task[Any]]


class Held(Wait):
    """`value`: the signal that asks for it, of which the same one again changes nothing; `spawn`:
    makes tasks that are kept.  Raises TsmeError if it can never be asked for."""

    def __init__(self, machine: Keeper, spawn: Spawn, value: Mapping[str, Any], key: str) -> None:
        super().__init__(_never, key)
        self.there = False  # the machine keeps it, as far as is known
        self._machine = machine
        self._spawn = spawn
        self._value = value
        self._execution = machine.execution
        self._left = False  # nobody waits for it just now
        self._task = self._registered()

    def came(self, fired: Any) -> None:
        """The board has told what has become of it.  Who finds it gone was told elsewhere."""
        if self.there and fired in (_CAME, None):
            self.end(True)
        elif self.there and fired == _GIVEN_UP:
            self.end(False)

    async def known(self) -> bool:
        """Asks for it again, if it was given back unseen."""
        self._left = False
        if self.fired is None and not self.there and self._task.done():
            self._task = self._registered()
        return await super().known()

    async def seen(self) -> None:
        """The machine need not keep it any more."""
        self._left = True
        task = self._leave() if self.there else None
        if task and self.fired is not None:  # durable before anybody asks for the same again
            await asyncio.wait([task])

    def _registered(self) -> asyncio.Task[Any]:
        return self._spawn(self._register(self._machine.put(self._value)))

    async def _register(self, asked: asyncio.Future[Any]) -> None:
        try:
            await self._surely(self._value, asked)
            self.there = True
            if self._left or self.fired is not None:
                self._leave()
            else:
                await self._machine.tell()
        except TsmeError as error:
            if self.fired is None and error.code != _OVER:
                self.error = error
            self.end(False)

    def _leave(self) -> asyncio.Task[Any] | None:
        self.there = False
        value = {"seen": self.key}
        try:
            if self._machine.execution == self._execution:
                return self._spawn(self._forgotten(value, self._machine.put(value)))
        except TsmeError:  # it has ended meanwhile
            pass
        return None

    async def _forgotten(self, value: Mapping[str, Any], asked: asyncio.Future[Any]) -> None:
        with contextlib.suppress(TsmeError):  # it has ended meanwhile
            await self._surely(value, asked)

    async def _surely(self, value: Mapping[str, Any], asked: asyncio.Future[Any]) -> None:
        """Until it was done, once or twice."""
        while True:
            try:
                await asked
                return
            except TsmeError as error:
                if error.code != _UNSURE or self._machine.execution != self._execution:
                    raise
            asked = self._machine.put(value)


def _never(_before: Any, _after: Any) -> bool:
    return False
