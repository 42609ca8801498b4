"""Mutations on their way to a board; what comes while a request is away goes with the next."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tsme import TsmeError

from ..errors import HostError
from ..link.messages import encoded
from .carrier import Refused, not_understood, plain, unsure
from .mirror import Body, Mirror

_TICKING = 4  # verbs of which a queue tick tells that they were done: add, remove, set, toggle
_RESULTS = ("executed", "canceled", "queued")
_MOST = 64  # mutations in a request
_BESIDE = 40  # bytes of a request beside its mutations


class Asked(Protocol):
    """What a machine wants of its board."""

    @property
    def most(self) -> int:
        """Bytes of the longest message."""

    def ask(
        self,
        command: str,
        fields: Mapping[str, Any],
        write: bool = False,
        then: Callable[[Body], None] | None = None,
    ) -> Awaitable[Body]:
        """A request; see Carrier."""

    def spawn(self, work: Any) -> asyncio.Task[Any]:
        """A task that is kept."""

    async def schema(self, name: str) -> bytes:
        """That of the machine which runs there under this name."""


class Followed(Protocol):
    """The machine that they are for."""

    name: str
    to: int

    @property
    def lost(self) -> bool:
        """Is what is known here not what the board knows?"""

    def busy(self) -> bool:
        """Is an execution under way?"""

    def now(self, over: bool = False, /) -> Mirror:
        """What is known of it; raises TsmeError if no execution is under way, but with `over`."""

    def take(self, body: Body, /) -> None:
        """What has ticked, in an answer."""

    def renew(self) -> None:
        """Ask anew."""

    async def look(self) -> None:
        """Ask for the rest."""

    async def synced(self) -> None:
        """Until what is known is what the board knows."""


@dataclass
class _Item:
    what: Any  # [verb, state or states, args], or a signal as it is
    done: asyncio.Future[Any]

    @property
    def ticking(self) -> bool:
        """Does the queue tick tell whether it was done?"""
        return isinstance(self.what, list) and self.what[0] < _TICKING

    def fail(self, error: Exception) -> None:
        """Nothing has come of it."""
        if not self.done.done():
            self.done.set_exception(error)


class Sender:
    """Of one machine."""

    def __init__(self, board: Asked, machine: Followed) -> None:
        self._board = board
        self._machine = machine
        self._items: list[_Item] = []
        self._task: asyncio.Task[None] | None = None

    def put(self, what: Any) -> asyncio.Future[Any]:
        """What becomes of it: [verb, state or states, args], or a signal as it is."""
        size = len(encoded({"do": [what]}))
        if size + _BESIDE > self._board.most:
            text = f"a mutation of {size} bytes is longer than a message, of {self._board.most}"
            raise TsmeError("TSME-N080", text + "; put what is long into a file of the board")
        done = asyncio.get_running_loop().create_future()
        self._items.append(_Item(what, done))
        if self._task is None or self._task.done():
            self._task = self._board.spawn(self._send())
        return done

    async def _send(self) -> None:
        batch: list[_Item] = []
        try:
            while self._items:
                batch = self._batch()
                try:
                    await self._request(batch)
                except Exception as error:  # nobody waits for ever
                    for item in batch:
                        item.fail(plain(error))
        except asyncio.CancelledError:
            for item in [*batch, *self._items]:
                item.fail(
                    TsmeError("TSME-N081", "the line was closed here before it was answered")
                )
            raise

    def _batch(self) -> list[_Item]:
        """What goes into one request; a signal goes alone."""
        self._items = [item for item in self._items if not item.done.done()]
        batch: list[_Item] = []
        size = _BESIDE
        while self._items and len(batch) < _MOST:
            item = self._items[0]
            size += len(encoded({"": item.what}))
            alone = not isinstance(item.what, list)
            if batch and (alone or size > self._board.most):
                break
            batch.append(self._items.pop(0))
            if alone:
                break
        return batch

    async def _request(self, batch: list[_Item]) -> None:
        machine = self._machine
        do = [item.what for item in batch]
        fields = {"to": machine.to, "do": do, "id": secrets.randbits(31) | 1 << 31}
        while batch:
            await machine.synced()
            known = machine.now()
            before = known.execution, known.queue_tick
            try:
                answer = await self._board.ask("clock", fields, True, machine.take)
            except Refused as refused:
                machine.renew()
                try:
                    await machine.synced()
                    after = machine.now()
                except (TsmeError, HostError) as error:
                    if refused.once or plain(error).code == "TSME-N081":
                        raise
                    raise unsure("the mutation") from None  # perhaps it ended with it
                same = before == (after.execution, after.queue_tick)
                if refused.once or (same and all(item.ticking for item in batch)):
                    continue
                raise unsure("the mutation") from None
            if not machine.lost and machine.now(True).more:
                await machine.look()
            if machine.lost:
                await machine.synced()
            self._items[:0] = _given(batch, answer)
            return


def _given(batch: list[_Item], answer: Body) -> list[_Item]:
    """What became of them; -> those that were not begun."""
    did, error = answer.get("did", [0] * len(batch)), answer.get("error")
    refused = error if isinstance(error, list) and len(error) == 2 else None
    if not isinstance(did, list) or len(did) > len(batch) or not (did or refused):
        raise not_understood(f'"did" is {did!r}')
    for item, result in zip(batch, did, strict=False):
        short = isinstance(item.what, list)
        if short and result is not None and (type(result) is not int or not 0 <= result <= 2):
            raise not_understood(f'"did" is {did!r}')
        if not item.done.done():  # None: the execution has ended with it
            item.done.set_result(result if result is None or not short else _RESULTS[result])
    left = batch[len(did) :]
    if refused and left:
        left.pop(0).fail(TsmeError(str(refused[0]), str(refused[1])))
    return left
