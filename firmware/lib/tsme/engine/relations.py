# What an Engine that runs a relational machine is asked for besides: mutations, subscriptions,
# clocks.  Loaded when it is.
import asyncio

from ..errors import TsmeError, fault


def found(engine, name):
    # engine.name, which its class does not have
    hidden = name[:1] == "_" or name == "kernel"
    schema = None if hidden else getattr(engine.kernel.client, "schema", None)
    if schema is None:
        raise AttributeError(name)  # and a board without such machines need not have their room
    from ..relational.clocks import Clocks

    short = name[8:] if name[:8] == "machine_" else name
    if hasattr(Clocks, short):
        return getattr(Clocks(schema, _part(engine).ticks), short)
    return getattr(Relations(engine), name)


def _part(engine):
    engine.recover()
    if not engine.busy():
        raise fault("TSME-K002")
    return engine.state.client


class Relations:
    def __init__(self, engine):
        self.engine = engine

    async def change(self, verb, states, args):
        states = [states] if isinstance(states, str) else list(states)
        return await self.engine.ask({verb: states, "args": args})

    async def add(self, states, args=None):
        return await self.change("add", states, args)

    async def remove(self, states, args=None):
        return await self.change("remove", states, args)

    async def set(self, states, args=None):
        return await self.change("set", states, args)

    async def toggle(self, states, args=None):
        return await self.change("toggle", states, args)

    async def can_add(self, states, args=None):
        return await self.change("can_add", states, args)

    async def can_remove(self, states, args=None):
        return await self.change("can_remove", states, args)

    async def add_err(self, error, state=None, args=None):
        if isinstance(error, Exception):
            error = [type(error).__name__, str(error)]
        value = {"add_err": error, "args": args}
        if state is not None:
            value["state"] = state
        return await self.engine.ask(value)

    async def eval(self, name, args=None):
        # -> what the function of this name gave
        return await self.engine.ask({"eval": name, "args": args})

    async def forget(self, key):
        await self.engine.ask({"forget": key})

    def is_active(self, states):
        from ..relational.resolve import mask

        s = self.engine.kernel.client.schema
        return not mask(s.indexes(states)) & ~_part(self.engine).node.mask

    def active_states(self):
        return self.engine.kernel.client.schema.named(_part(self.engine).node.active)

    async def wait_any(self, *waits, timeout=None):
        # -> the index of the first that has come about; None if none has within `timeout` ms
        await Gathering(self.engine, waits, min(1, len(waits))).come(timeout)
        first = None
        for i, wait in enumerate(waits):
            if wait.fired and first is None:
                first = i
            await wait.seen()
        return first

    async def wait_all(self, *waits, timeout=None):
        # -> whether all of them have
        await Gathering(self.engine, waits, len(waits)).come(timeout)
        for wait in waits:
            await wait.seen()
        return all([wait.fired for wait in waits])

    def wait(self, verb, states, key, more):
        from ..relational.subscriptions import key_of

        more["states"] = [states] if isinstance(states, str) else list(states)
        more["key"] = key_of(verb, more) if key is None else key
        return Wait(self.engine, verb, more)

    def when(self, states=(), key=None, **more):
        return self.wait("when", states, key, more)

    def when_not(self, states=(), key=None, **more):
        return self.wait("when_not", states, key, more)

    def when_time(self, states=(), key=None, **more):
        return self.wait("when_time", states, key, more)

    def when_ticks(self, states=(), key=None, **more):
        return self.wait("when_ticks", states, key, more)

    def when_next_active(self, states=(), key=None, **more):
        return self.wait("when_next_active", states, key, more)

    def when_args(self, states=(), key=None, **more):
        return self.wait("when_args", states, key, more)

    def when_queue(self, states=(), key=None, **more):
        return self.wait("when_queue", states, key, more)

    def when_queue_ends(self, states=(), key=None, **more):
        return self.wait("when_queue_ends", states, key, more)

    def when_query(self, states=(), key=None, **more):
        return self.wait("when_query", states, key, more)

    def context(self, states=(), key=None, **more):
        return self.wait("context", states, key, more)


class Gathering:
    # Some who wait for `least` of their subscriptions.
    def __init__(self, engine, waits, least):
        self.engine = engine
        self.waits = waits
        self.least = least
        self.event = asyncio.Event()

    def look(self):
        # after each step
        ended = [wait.over() for wait in self.waits]
        if len([one for one in ended if one is not None]) >= self.least:
            self.event.set()

    async def come(self, timeout):
        engine = self.engine
        for wait in self.waits:
            await wait.register()
        look = self.look
        engine.waits = list(engine.waits) + [look]
        try:
            look()
            if timeout is None:
                await self.event.wait()
            else:
                await asyncio.wait_for(self.event.wait(), timeout / 1000)
        except asyncio.TimeoutError:
            pass
        finally:
            engine.waits = [one for one in engine.waits if one is not look]


class Wait:
    # A subscription, which is kept in the machine's state: after a reset the same call waits for
    # the same one.  await it: True when it has come about, False if that will never be.
    fired = None
    execution = None  # in which it was begun

    def __init__(self, engine, verb, value):
        self.engine = engine
        self.verb = verb
        self.value = value
        self.key = value["key"]

    def sub(self):
        for sub in self.engine.state.client.subs:
            if sub[0] == self.key:
                return sub
        return None

    async def register(self):
        _part(self.engine)
        if self.sub() is None:
            await self.engine.ask({self.verb: self.value})
        self.execution = self.engine.state.execution

    def over(self):
        # -> True, False, or None as long as it is open
        if self.fired is None and self.execution is not None:
            if not self.there():
                self.fired = False
            else:
                sub = self.sub()
                if sub is None or sub[4] & 1:
                    self.fired = sub is None or sub[4] == 1
        return self.fired

    def there(self):
        engine = self.engine
        return engine.busy() and engine.state.execution == self.execution

    async def seen(self):
        # It need not be kept any more; durable before anybody asks for the same again.
        if self.there() and self.sub():
            try:
                await self.engine.ask({"seen": self.key})
            except TsmeError:  # it has ended meanwhile
                pass

    async def wait(self):
        await Gathering(self.engine, (self,), 1).come(None)
        await self.seen()
        return self.fired

    def __await__(self):
        return self.wait().__await__()  # calls: a coroutine

    def __iter__(self):  # which MicroPython asks for
        return self.wait()
