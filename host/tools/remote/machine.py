"""A relational machine elsewhere, asked as an engine is."""

from __future__ import annotations

import asyncio
import inspect
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tsme import TsmeError
from tsme.relational import Schema
from tsme.relational.subscriptions import key_of

from ..link.messages import encoded
from .following import Following, Wanted
from .held import MOST, Held
from .sending import Asked, Sender
from .waits import Test, Wait, all_at_once, first, reached

_VERBS = ("add", "remove", "set", "toggle", "can_add", "can_remove")

States = str | Iterable[str]
Args = Mapping[str, Any] | None


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


class Remote(Following):
    """A machine on a board: `await add(..)` and the like, clocks, waits; Board.machine makes one.

    `refused`: a function(value, error), called when what send() sent was not done.
    """

    def __init__(self, board: Asked, to: int, name: str, wanted: Wanted, data: bytes | None):
        self.refused: Callable[[Any, TsmeError], object] | None = None
        self._waits: weakref.WeakSet[Wait] = weakref.WeakSet()  # nobody waits for what is gone
        self._held: weakref.WeakValueDictionary[str, Held] = weakref.WeakValueDictionary()
        self._handlers: dict[str, list[Callable[[Change], Any]]] = {}
        super().__init__(board, to, name, wanted, data)
        self._sender = Sender(board, self)

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

    def put(self, value: Any) -> asyncio.Future[Any]:
        """The same at once; what becomes of it, of which nobody need hear."""
        done = self._sender.put(self._short(value))
        done.add_done_callback(lambda found: found.cancelled() or found.exception())
        return done

    def send(self, value: Any) -> None:
        """The same, and nobody waits for it: `{"add": ["Forward"]}`."""
        done = self.put(value)

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

    def when_args(self, states: States, args: Mapping[str, Any], key: str | None = None) -> Wait:
        """A state is entered with these args, among others.  The machine keeps this one and the
        next two until who waits was told, so that they outlive a lost line and a reset."""
        return self._hold("when_args", states, {"args": dict(args)}, key)

    def when_queue(self, n: int, key: str | None = None) -> Wait:
        """The queue tick is `n`, or later, after a transition."""
        return self._hold("when_queue", (), {"n": n}, key)

    def when_queue_ends(self, key: str | None = None) -> Wait:
        """Nothing waits in the queue."""
        return self._hold("when_queue_ends", (), {}, key)

    async def forget(self, key: str) -> None:
        """Give up what waits under a key: here, and in the machine after its next transition."""
        mine = [one for one in self._waits if one.key == key]
        for one in mine:
            one.end(False)
            self._waits.discard(one)
        if not mine:
            await self.ask({"forget": key})

    def _hold(self, verb: str, states: States, more: Mapping[str, Any], key: str | None) -> Wait:
        names = [states] if isinstance(states, str) else list(states)
        if verb == "when_args":
            self.now().view.schema.indexes(names or "")
        value = {**more, "states": names}
        value["key"] = key = key_of(verb, value) if key is None else key
        one = self._held.get(key)
        if one is None or one.fired is not None:
            keys = [name for name, other in self._held.items() if other.fired is None] + [key]
            size = len(encoded({"to": self.to, "keys": keys}))
            if len(keys) > MOST or size > self._board.most:
                text = f"{len(keys)} subscriptions of {self.name} are waited for at a time, with "
                text += f"{size} bytes of keys; {MOST} are the most, in {self._board.most} bytes; "
                raise TsmeError("TSME-N085", text + "await some first, or give shorter keys")
            one = self._held[key] = Held(self, self._board.spawn, {verb: value}, key)
        return one

    async def wait_any(self, *waits: Wait, timeout: float | None = None) -> int | None:
        """The number of the first that has come about; None if none has within `timeout` ms."""
        await first(waits, min(1, len(waits)), timeout)
        await _seen(waits)
        return next((n for n, one in enumerate(waits) if one.fired), None)

    async def wait_all(self, *waits: Wait, timeout: float | None = None) -> bool:
        """Whether all of them have."""
        await first(waits, len(waits), timeout)
        await _seen(waits)
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

    # --- updates ---

    def _changed(self, before: list[int]) -> None:
        mirror = self.now(True)
        for wait in list(self._waits):
            wait.look(before, mirror.ticks)
            if wait.fired is not None:
                self._waits.discard(wait)
        if before != mirror.ticks:
            names = mirror.view.names
            clocks = [dict(zip(names, one, strict=True)) for one in (before, mirror.ticks)]
            self._call(Change(self, *clocks))

    def _forget(self) -> None:
        for wait in list(self._waits):
            wait.end(False)
        self._waits.clear()
        for held in list(self._held.values()):
            held.end(False)
        self._held.clear()

    def _waited(self) -> list[str]:
        return [key for key, one in self._held.items() if one.there and one.fired is None]

    def _came(self, key: str, fired: Any) -> None:
        one = self._held.get(key)
        if one is not None:
            one.came(fired)


_CLOCKS = frozenset(
    "ticks time clock time_sum is_time was_time is_clock was_clock after before diff distance "
    "next_active".split()
)


async def _seen(waits: Sequence[Wait]) -> None:
    for one in waits:
        await one.seen()
