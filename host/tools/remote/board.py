"""A board, or a process that serves a link, whose machines are used from here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tsme import TsmeError
from tsme.relational import Relational

from ..errors import HostError
from .carrier import Carrier, closed, plain
from .following import Wanted
from .machine import Remote
from .mirror import Body

_BEAT = 5.0  # s after which it is asked whether all that was pushed has come


def connect(port: str, key: str | bytes | None = None, timeout: float = 2.5) -> Board:
    """`async with connect("tcp://10.0.0.7:8266") as board:` a serial port, `tcp://HOST:PORT`, or
    any URL of pyserial.  `key`: of the board's lock; `timeout`: s for an answer.

    Raises TsmeError (TSME-N03x) if nobody is there; a line that is lost later is found again.
    """
    return Board(port, key, timeout)


class Board:
    """Machines behind one line; `machines`: those that are followed, by their numbers."""

    def __init__(self, port: str, key: str | bytes | None = None, timeout: float = 2.5) -> None:
        self.port = port
        self.machines: dict[int, Remote] = {}
        self._key = key.encode() if isinstance(key, str) else key
        self._timeout = timeout
        self._carrier: Carrier | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._next = 1

    async def open(self) -> Self:
        """Reach it."""
        carrier = Carrier(self.port, self._key, self._timeout, self._pushed, self._again)
        try:
            await carrier.open()
        except HostError as error:
            raise plain(error) from None
        self._carrier = carrier
        self.spawn(self._beat())
        return self

    async def close(self) -> None:
        """Follow nothing any more, and give the port back."""
        carrier, self._carrier = self._carrier, None
        if carrier is None:
            return
        for made in self.machines.values():
            made.end()
        if carrier.connected:
            for to in self.machines:
                try:
                    async with asyncio.timeout(self._timeout):
                        await carrier.ask("follow", {"to": to})
                except (HostError, TimeoutError):
                    break
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await carrier.close()

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self.close()

    @property
    def connected(self) -> bool:
        """Is the line there, as far as is known?"""
        return self._carrier is not None and self._carrier.connected

    @property
    def most(self) -> int:
        """Bytes of the longest message."""
        return self._line().most

    async def machine(
        self,
        name: str,
        *,
        states: Iterable[str] | None = None,
        skip: Iterable[str] = (),
        every: int = 100,
        shallow: bool = False,
        schema: Any = None,
    ) -> Remote:
        """Follow the machine that runs under a name there.

        `states`: these alone, `skip`: all but these; `every`: ms between two pushes at least, 0
        for no pause; `shallow`: only whether they are active.  `schema`: bytes or the path of a
        .tsr, or the class, which then need not be sent; TSME-N084 if it is another one's.
        Raises TsmeError.
        """
        data = _bytes(schema)
        wanted = Wanted(None if states is None else tuple(states), tuple(skip), every, shallow)
        made = Remote(self, self._next, name, wanted, data)
        self.machines[self._next] = made
        self._next += 1
        try:
            await made.synced()
        except BaseException:
            del self.machines[made.to]
            raise
        return made

    # --- of machines ---

    async def ask(
        self,
        command: str,
        fields: Mapping[str, Any],
        write: bool = False,
        then: Callable[[Body], None] | None = None,
    ) -> Body:
        """A request; see Carrier."""
        return await self._line().ask(command, fields, write, then)

    def spawn(self, work: Any) -> asyncio.Task[Any]:
        """A task that ends with the board."""
        task: asyncio.Task[Any] = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def schema(self, name: str) -> bytes:
        """That of the machine which runs there under this name."""
        out = b""
        while True:
            piece = await self.ask("schema", {"name": name, "off": len(out)})
            data, size = piece.get("data"), piece.get("len")
            if not isinstance(data, bytes) or not isinstance(size, int):
                raise HostError("TSME-N037", "the board's answer to schema cannot be understood")
            out += data
            if len(out) >= size or not data:
                return out

    def _line(self) -> Carrier:
        if self._carrier is None:
            raise plain(closed(self.port))
        return self._carrier

    def _pushed(self, body: Body) -> None:
        made = self.machines.get(body.get("to", 0))
        if made is not None:
            made.pushed(body)

    def _again(self) -> None:
        for made in self.machines.values():
            made.renew()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(_BEAT)
            for made in list(self.machines.values()):
                await made.look()


def _bytes(schema: Any) -> bytes | None:
    if schema is None or isinstance(schema, bytes):
        return schema
    if isinstance(schema, str | Path):
        try:
            return Path(schema).read_bytes()
        except OSError as error:
            text = f"schema= cannot be read: {error}; tsme compile makes it"
            raise TsmeError("TSME-N084", text) from None
    return bytes(Relational(schema).data)
