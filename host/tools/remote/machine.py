"""A relational machine elsewhere, asked as an engine is."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tsme import TsmeError
from tsme.relational import Schema

from ..errors import HostError
from .carrier import Refused, not_understood, plain
from .mirror import Body, Mirror, View
from .sending import Asked, Sender
from .waits import Test, Wait, all_at_once, first, reached

_VERBS = ("add", "remove", "set", "toggle", "can_add", "can_remove")
_TRIES = 8  # of catching up, one behind another
_WINDOW = 4  # pushes after which the board hears that somebody is there

States = str | Iterable[str]
Args = Mapping[str, Any] | None


@dataclass(frozen=True)
class Wanted:
    """How a machine is followed.  `every`: ms between two pushes at least, 0 for all that can be;
    `shallow`: whether states are active alone, ticks are 0 or 1."""

    states: tuple[str, ...] | None
    skip: tuple[str, ...]
    every: int
    shallow: bool


@dataclass(frozen=True)
class Change:
    """What one update has brought: clocks before and after, of the states that are followed."""

    machine: Remote
    before: dict[str, int]
    after: dict[str, int]

    @property
    def ticked(self) -> list[str]:
        """States whose tick is another one."""
        return [name for name, tick in self.after.items() if self.before[name] != tick]


class Remote:
    """A machine on a board: `await add(..)` and the like, clocks, waits; Board.machine makes one.

    `refused`: a function(value, error), called when what send() sent was not done.
    """

    def __init__(self, board: Asked, to: int, name: str, wanted: Wanted, data: bytes | None):
        self.name = name
        self.to = to
        self.refused: Callable[[Any, TsmeError], object] | None = None
        self._board = board
        self._wanted = wanted
        self._mirror: Mirror | None = None
        self._coming: Mirror | None = None  # of another schema, of which nothing is known yet
        self._program = ""
        self._over = False
        self._lost = True  # what is told does not count until it was asked for anew
        self._whole = False  # ... and all of it
        self._error: TsmeError | None = None
        self._pushes = 0
        self._synced = asyncio.Event()
        self._syncing: asyncio.Task[None] | None = None
        self._looking: asyncio.Task[None] | None = None
        self._sender = Sender(board, self)
        self._waits: weakref.WeakSet[Wait] = weakref.WeakSet()  # nobody waits for what is gone
        self._handlers: dict[str, list[Callable[[Change], Any]]] = {}
        if data is not None:
            self._know(data)

    # --- mutations ---

    async def add(self, states: States, args: Args = None) -> Any:
        """`executed`, `canceled`, or `queued` if the step was full before it was its turn."""
        return await self._change("add", states, args)

    async def remove(self, states: States, args: Args = None) -> Any:
        """As add()."""
        return await self._change("remove", states, args)

    async def set(self, states: States, args: Args = None) -> Any:
        """As add()."""
        return await self._change("set", states, args)

    async def toggle(self, states: States, args: Args = None) -> Any:
        """As add()."""
        return await self._change("toggle", states, args)

    async def can_add(self, states: States, args: Args = None) -> Any:
        """What would become of it."""
        return await self._change("can_add", states, args)

    async def can_remove(self, states: States, args: Args = None) -> Any:
        """What would become of it."""
        return await self._change("can_remove", states, args)

    async def add_err(self, error: Any, state: str | None = None, args: Args = None) -> Any:
        """`error`: a text, an exception, or [name, cause]."""
        if isinstance(error, Exception):
            error = [type(error).__name__, str(error)]
        value = {"add_err": error, "args": args}
        return await self.ask(value if state is None else {**value, "state": state})

    async def eval(self, name: str, args: Args = None) -> Any:
        """What the function of this name of the class, there, gives."""
        return await self.ask({"eval": name, "args": args})

    async def ask(self, value: Any) -> Any:
        """A signal as it is."""
        return await self._sender.put(self._short(value))

    def send(self, value: Any) -> None:
        """The same, and nobody waits for it: `{"add": ["Forward"]}`."""
        done = self._sender.put(self._short(value))

        def ended(found: asyncio.Future[Any]) -> None:
            error = None if found.cancelled() else found.exception()
            if isinstance(error, TsmeError) and self.refused:
                self.refused(value, error)

        done.add_done_callback(ended)

    async def _change(self, verb: str, states: States, args: Args) -> Any:
        names = [states] if isinstance(states, str) else list(states)
        return await self._sender.put(self._short({verb: names, "args": args}))

    def _short(self, value: Any) -> Any:
        if isinstance(value, dict):
            for number, verb in enumerate(_VERBS):
                if verb in value and set(value) <= {verb, "args"}:
                    states = list(self._schema().indexes(value[verb]))
                    item: list[Any] = [number, states[0] if len(states) == 1 else states]
                    return item + ([dict(value["args"])] if value.get("args") else [])
        return value

    # --- what is ---

    def busy(self) -> bool:
        """Is an execution under way, as far as is known here?"""
        return not self._over

    @property
    def execution(self) -> int:
        """Its number."""
        return self.now().execution

    @property
    def queue_tick(self) -> int:
        """As of the last update."""
        return self.now().queue_tick

    def is_active(self, states: States) -> bool:
        """Are all of these?"""
        mirror = self.now()
        return all(mirror.ticks[i] % 2 for i in mirror.view.indexes(states))

    def active_states(self) -> list[str]:
        """Of those that are followed, in the order of the schema."""
        mirror = self.now()
        return [
            name for name, tick in zip(mirror.view.names, mirror.ticks, strict=True) if tick % 2
        ]

    def __getattr__(self, name: str) -> Any:
        # ticks, machine_time, machine_clock, is_time, ..: those of clocks
        short = name.removeprefix("machine_")
        if name.startswith("_") or short not in _CLOCKS:
            raise AttributeError(name)
        return getattr(self.now().clocks(), short)

    def _schema(self) -> Schema:
        return self.now(True).view.schema

    def now(self, over: bool = False) -> Mirror:
        """What is known; raises TsmeError if no execution is under way, but with `over`."""
        if self._mirror is None:
            raise self._error or TsmeError("TSME-K002", f"{self.name} is not followed yet")
        if self._over and not over:
            raise TsmeError("TSME-K002", f"no execution of {self.name} is running")
        return self._mirror

    # --- waiting ---

    def when(self, states: States, key: str | None = None) -> Wait:
        """All are active at one time."""
        return self._wait(all_at_once(self.now().view.indexes(states), 1), key)

    def when_not(self, states: States, key: str | None = None) -> Wait:
        """All are inactive at one time."""
        return self._wait(all_at_once(self.now().view.indexes(states), 0), key)

    def when_time(self, states: States, times: Sequence[int], key: str | None = None) -> Wait:
        """Each has reached its tick."""
        self._deep("when_time")
        which = self.now().view.indexes(states)
        if len(times) != len(which) or not which:
            text = f"when_time() has {len(times)} ticks for {len(which)} states"
            raise TsmeError("TSME-M020", text)
        return self._wait(reached(which, times), key)

    def when_ticks(self, state: str, n: int = 1, key: str | None = None) -> Wait:
        """It has ticked so often from now on."""
        self._deep("when_ticks")
        return self._after(state, lambda tick: tick + n, key)

    def when_next_active(self, state: str, key: str | None = None) -> Wait:
        """It has become active anew."""
        self._deep("when_next_active")
        return self._after(state, lambda tick: tick + 1 + tick % 2, key)

    def context(self, state: str, key: str | None = None) -> Wait:
        """It has ticked."""
        self._deep("context")
        return self._after(state, lambda tick: tick + 1, key)

    def when_query(
        self, query: Callable[..., Any], values: Sequence[Any] = (), key: str | None = None
    ) -> Wait:
        """`query(clock, *values)`, a function here, is true after an update."""
        names = self.now().view.names

        def test(before: Sequence[int], after: Sequence[int]) -> bool:  # noqa: ARG001
            return bool(query(dict(zip(names, after, strict=True)), *values))

        return self._wait(test, key, later=True)

    async def wait_any(self, *waits: Wait, timeout: float | None = None) -> int | None:
        """The number of the first that has come about; None if none has within `timeout` ms."""
        await first(waits, min(1, len(waits)), timeout)
        return next((n for n, one in enumerate(waits) if one.fired), None)

    async def wait_all(self, *waits: Wait, timeout: float | None = None) -> bool:
        """Whether all of them have."""
        await first(waits, len(waits), timeout)
        return all(one.fired for one in waits)

    def _deep(self, wait: str) -> None:
        if self._wanted.shallow:
            text = f"{self.name} is followed without its ticks, which {wait}() needs; leave out "
            raise TsmeError("TSME-N082", text + "shallow=True, or wait with when(), when_not()")

    def _after(self, state: str, target: Callable[[int], int], key: str | None) -> Wait:
        which = self.now().view.indexes(state)
        return self._wait(reached(which, [target(self.now().ticks[i]) for i in which]), key)

    def _wait(self, test: Test, key: str | None, later: bool = False) -> Wait:
        """Of one key there is one, as long as it is open."""
        for one in self._waits:
            if key is not None and one.key == key:
                return one
        wait = Wait(test, key)
        ticks = self.now().ticks
        if not later:
            wait.look(ticks, ticks)
        if wait.fired is None:
            self._waits.add(wait)
        return wait

    # --- handlers ---

    def on(self, name: str, function: Callable[[Change], Any] | None = None) -> Any:
        """`function(change)` is called after each update in which a state became active
        (`FooState`) or inactive (`FooEnd`), or after all (`AnyState`).  Also as a decorator."""
        if name != "AnyState":
            ending = "State" if name.endswith("State") else "End"
            state = name.removesuffix(ending)
            self._schema().indexes(state or name)
            self.now(True).view.indexes(state or name)
        if function is None:
            return lambda given: self.on(name, given)
        self._handlers.setdefault(name, []).append(function)
        return function

    def _call(self, change: Change) -> None:
        ended = [state + "End" for state in change.ticked if change.after[state] % 2 == 0]
        begun = [state + "State" for state in change.ticked if change.after[state] % 2]
        for name in [*ended, *begun, "AnyState"]:
            for function in self._handlers.get(name, ()):
                try:
                    made = function(change)
                    if inspect.isawaitable(made):
                        self._board.spawn(made)
                except Exception as error:
                    loop = asyncio.get_running_loop()
                    context = {"message": f"the handler {name} has failed", "exception": error}
                    loop.call_exception_handler(context)

    # --- what comes over the line ---

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

    async def _look(self) -> None:
        """Until all of it is there."""
        self._pushes = 0
        try:
            await self._board.ask("clock", {"to": self.to}, False, self.take)
            while self._mirror is not None and self._mirror.more and not self._lost:
                await self._board.ask("clock", {"to": self.to}, False, self.take)
        except Refused:
            self.renew()
        except Exception as error:  # whoever asks next hears of it
            self._error = plain(error)
            self._lost = True

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
                    self._know(await self._board.schema(self.name))
                elif self._mirror is not None and self._mirror.more and not self.lost:
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
        self._program = hashlib.sha256(data).digest()[:8].hex()
        self._coming = Mirror(View(schema, mask, self.name), self._wanted.shallow)
        self._forget()

    def end(self) -> None:
        """No execution is under way, or nobody follows it: who waits, waits for nothing."""
        self._over = True
        self._forget()

    def _forget(self) -> None:
        for wait in list(self._waits):
            wait.end(False)
        self._waits.clear()

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
            self._mirror.begin(_number(body["execution"]))
            self._change_to(body, None)
        elif "now" in body:
            self._change_to(body, self._mirror.ticks)

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
        if mirror.more:
            return
        for wait in list(self._waits):
            wait.look(before, mirror.ticks)
            if wait.fired is not None:
                self._waits.discard(wait)
        if before != mirror.ticks:
            names = mirror.view.names
            clocks = [dict(zip(names, one, strict=True)) for one in (before, mirror.ticks)]
            self._call(Change(self, *clocks))


_CLOCKS = frozenset(
    "ticks time clock time_sum is_time was_time is_clock was_clock after before diff distance "
    "next_active".split()
)


def _number(value: Any) -> int:
    if type(value) is not int:
        raise not_understood(f'"execution" is {value!r}')
    return value
