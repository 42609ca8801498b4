"""What is known here of a machine elsewhere, kept by what its board tells (SPEC 8.5)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from tsme import TsmeError
from tsme.relational import Schema

from ..errors import HostError
from .carrier import Refused, not_understood, plain
from .mirror import Body, Mirror, View, digest
from .sending import Asked

_TRIES = 8  # of catching up, one behind another
_WINDOW = 4  # pushes after which the board hears that somebody is there


@dataclass(frozen=True)
class Wanted:
    """How a machine is followed.  `every`: ms between two pushes at least, 0 for all that can be;
    `shallow`: whether states are active alone, ticks are 0 or 1."""

    states: tuple[str, ...] | None
    skip: tuple[str, ...]
    every: int
    shallow: bool


class Following:
    """Of a machine of the name `name`, as number `to` of its line.  `data`: its schema, if that is
    known here."""

    def __init__(self, board: Asked, to: int, name: str, wanted: Wanted, data: bytes | None):
        self.name = name
        self.to = to
        self._board = board
        self._wanted = wanted
        self._mirror: Mirror | None = None
        self._coming: Mirror | None = None  # of another schema, of which nothing is known yet
        self._given = data is not None
        self._program = ""
        self._over = False
        self._lost = True  # what is told does not count until it was asked for anew
        self._whole = False  # ... and all of it
        self._error: TsmeError | None = None
        self._pushes = 0
        self._keys: list[str] = []  # of subscriptions, as the board has them
        self._untold = False  # it has to hear of them
        self._synced = asyncio.Event()
        self._syncing: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        if data is not None:
            self._know(data)

    def _changed(self, before: list[int]) -> None:
        """All of an update is there; `before`: the ticks that were."""
        raise NotImplementedError

    def _forget(self) -> None:
        """What was waited for never comes: the execution is over, or another one."""
        raise NotImplementedError

    def _waited(self) -> list[str]:
        """Keys of the subscriptions that are waited for here."""
        return []

    def _came(self, key: str, fired: Any) -> None:
        """What has become of one of them."""

    def busy(self) -> bool:
        """Is an execution under way, as far as is known here?"""
        return not self._over

    def now(self, over: bool = False) -> Mirror:
        """What is known; raises TsmeError if no execution is under way, but with `over`."""
        if self._mirror is None:
            raise self._error or TsmeError("TSME-K002", f"{self.name} is not followed yet")
        if self._over and not over:
            raise TsmeError("TSME-K002", f"no execution of {self.name} is running")
        return self._mirror

    def renew(self, whole: bool = False) -> None:
        """Ask anew: for what has ticked since, or for all of it."""
        self._lost = True
        self._whole = self._whole or whole
        self._synced.clear()
        if self._syncing is None or self._syncing.done():
            self._syncing = self._board.spawn(self._follow())
            self._syncing.add_done_callback(self._settled)

    def _settled(self, task: asyncio.Task[None]) -> None:
        """Nobody waits for ever, however it ended."""
        if task is self._syncing and (task.cancelled() or task.exception()):
            error = None if task.cancelled() else task.exception()
            self._error = plain(error) if error else TsmeError("TSME-N081", "the line was closed")
            self._synced.set()

    @property
    def lost(self) -> bool:
        """Is what is known here not what the board knows?"""
        return self._lost

    async def synced(self) -> None:
        """Until what is known is what the board knows; raises TsmeError."""
        if self._lost:
            if self._syncing is None or self._syncing.done():
                self.renew()
            await self._synced.wait()
        if self._error:
            raise self._error

    async def look(self) -> None:
        """Ask for what has ticked; tells the board that somebody is there."""
        if self._lost:
            self.renew()
            return
        if self._looking is None or self._looking.done():
            self._looking = self._board.spawn(self._look())
        await asyncio.shield(self._looking)

    async def tell(self) -> None:
        """Tell the board which subscriptions are waited for."""
        self._untold = True
        while self._untold and not self._lost and not self._over:
            await self.look()

    async def _look(self) -> None:
        """Until all of it is there."""
        self._pushes = 0
        try:
            await self._once()
            while self._mirror is not None and self._mirror.more and not self._lost:
                await self._once()
        except Refused:
            self.renew()
        except Exception as error:  # whoever asks next hears of it
            self._error = plain(error)
            self._lost = True

    async def _once(self) -> None:
        fields: Body = {"to": self.to}
        keys = self._waited()
        if self._untold or keys != self._keys:
            self._untold = False
            fields["keys"] = keys

        def looked(body: Body) -> None:
            self._keys = keys
            self.take(body)

        await self._board.ask("clock", fields, False, looked)

    def pushed(self, body: Body) -> None:
        """What the board has told by itself."""
        try:
            self.take(body)
        except HostError:  # no push of ours
            self.renew(whole=True)
        self._pushes += 1
        more = self._mirror is not None and self._mirror.more
        if (self._pushes >= _WINDOW or more) and not self._lost:
            self._board.spawn(self.look())

    async def _follow(self) -> None:
        """Until it is followed; whatever went wrong is kept for who asks."""
        try:
            tries = 0
            while self._lost:
                tries += 1
                if tries > _TRIES:
                    raise not_understood("it does not come to an end")
                fields: Body = {"to": self.to, "name": self.name}
                known = self._coming or self._mirror
                if known is not None:
                    fields |= self._fields(known)
                self._whole = False
                try:
                    answer = await self._board.ask("follow", fields, False, self._followed)
                except HostError as error:
                    if error.code != "TSME-N003" or not self._base[0]:
                        raise
                    self._whole = True  # these are ticks of another board
                    continue
                if "now" not in answer:
                    data = await self._board.schema(self.name)
                    if self._coming is not None and self._mirror is None and self._given:
                        raise another(self.name, self._coming.view.schema, Schema(data))
                    self._know(data)
                elif not self.lost and self._mirror and (self._mirror.more or self._waited()):
                    await self._look()
            self._error = None
        except (HostError, TsmeError, Refused) as error:
            self._error = plain(error)
            if self._error.code == "TSME-K002" and self._mirror is not None:
                self._error = None
                self.end()
        self._synced.set()

    def _fields(self, mirror: Mirror) -> Body:
        view = mirror.view
        fields: Body = {"program": self._program, "every": self._wanted.every}
        if len(view.which) < len(view.schema.names):
            fields["states"] = view.mask.to_bytes(-(-view.mask.bit_length() // 8), "little")
        if self._wanted.shallow:
            fields["shallow"] = True
        if mirror.execution and not self._whole and not self._over:
            fields |= {"execution": mirror.execution, "time": mirror.ticks}
            self._base = mirror.execution, list(mirror.ticks)
        else:
            self._base = 0, []
        return fields

    def _know(self, data: bytes) -> None:
        """The schema, of a first execution or of another version."""
        schema = Schema(data)
        mask = (1 << len(schema.names)) - 1
        if self._wanted.states is not None:
            mask = sum(1 << i for i in schema.indexes(list(self._wanted.states)))
        for i in schema.indexes(list(self._wanted.skip)):
            mask &= ~(1 << i)
        self._program = digest(data)
        self._coming = Mirror(View(schema, mask, self.name), self._wanted.shallow)
        self._forget()

    def end(self) -> None:
        """No execution is under way, or nobody follows it: who waits, waits for nothing."""
        self._over = True
        self._forget()

    def _followed(self, body: Body) -> None:
        """The answer to `follow`, at its place among the pushes."""
        if "now" not in body:
            return
        self._mirror, self._coming = self._coming or self._mirror, None
        assert self._mirror is not None
        execution = body.get("execution")
        known, ticks = self._base
        same = execution == known
        if not same and self._mirror.execution and execution != self._mirror.execution:
            self._forget()
        before = self._mirror.ticks if execution == self._mirror.execution else None
        self._mirror.begin(_number(execution), ticks if same else None)
        self._lost = False
        self._over = False
        self._pushes = 0
        self._keys = []
        self._change_to(body, before)

    def take(self, body: Body) -> None:
        """What has ticked, in an answer or a push."""
        if self._lost or self._mirror is None:
            return
        if "program" in body:
            self.renew()
        elif body.get("over"):
            self.end()
        elif "execution" in body:
            self._forget()
            self._over = False
            self._keys = []
            self._mirror.begin(_number(body["execution"]))
            self._change_to(body, None)
        elif "now" in body:
            self._change_to(body, self._mirror.ticks)
        elif body.get("more"):
            self._mirror.more = True

    def _change_to(self, body: Body, before: list[int] | None) -> None:
        mirror = self._mirror
        assert mirror is not None
        before = [0] * len(mirror.ticks) if before is None else before
        try:
            if not mirror.told(body):
                self.renew(whole=True)
                return
        except ValueError as error:
            raise not_understood(str(error)) from None
        if not mirror.more:
            self._changed(before)
        self._subscriptions(body.get("fired"))

    def _subscriptions(self, fired: Any) -> None:
        """What has become of those that are waited for, in the order of their keys."""
        if fired is None:
            return
        if not isinstance(fired, list) or len(fired) != len(self._keys):
            raise not_understood(f'"fired" is {fired!r}')
        for key, one in zip(self._keys, fired, strict=True):
            self._came(key, one)


def _number(value: Any) -> int:
    if type(value) is not int:
        raise not_understood(f'"execution" is {value!r}')
    return value


def another(name: str, here: Schema, there: Schema) -> TsmeError:
    """The schema that is here is not that of the machine."""
    given, found = (f"{one.name} version {one.version}" for one in (here, there))
    how = ", with other states or relations" if given == found else ""
    text = f'schema= is of {given}, and "{name}" there is {found}{how}; leave it out, or give the '
    return TsmeError("TSME-N084", text + "class that runs there")
