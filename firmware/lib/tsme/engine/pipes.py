# Pipes: what becomes active in one relational machine is added in another of this process.
#
# A pipe follows the steps of its source, which never waits for it, and the target may refuse.
# How far the target has been told is kept in the source's state: a subscription to the next tick
# whose key ends with the last one told.  It is renewed when the target's step is durable, so a
# reset loses nothing; what it falls into may be told a second time.
import asyncio

from ..errors import TsmeError, fault
from .relations import Gathering


class Pipe:
    # states: one or a list; active: those of the target that are added with them, of the same
    # names if none are given; inactive: those that are removed when they go, else `active`.
    def __init__(self, source, states, target, active=None, inactive=None):
        states = _list(states)
        active = states if active is None else _list(active)
        inactive = active if inactive is None else _list(inactive)
        if not len(states) == len(active) == len(inactive):
            raise fault("TSME-M024", len(states), len(active), len(inactive))
        self.links = [Link(source, s, target, a, i) for s, a, i in zip(states, active, inactive)]

    async def run(self):
        # until the source's execution is over
        await asyncio.gather(*[link.flow() for link in self.links])


class Link:
    # A pipe's one state.
    def __init__(self, source, state, target, active, inactive):
        self.source = source
        self.target = target
        self.state = state
        self.active = active
        self.inactive = inactive
        schema = _schema(source)
        self.multi = schema.multi >> schema.indexes(state)[0] & 1
        there = _schema(target)
        there.indexes([active, inactive])  # are there
        self.key = "pipe %s %s.%s %s " % (state, there.name, active, inactive)

    async def flow(self):
        source = self.source
        await begun(source)
        execution = source.state.execution
        told = self.told()
        while source.busy() and source.state.execution == execution:
            now = source.ticks(self.state)
            await self.tell(told, now)
            told = now
            try:
                await self.follow(now)
            except TsmeError:
                if source.busy() and source.state.execution == execution:
                    raise
                return  # it has ended meanwhile

    async def follow(self, now):
        # The target knows this tick.  Comes back after the next one.
        source = self.source
        old = self.keys()
        wait = source.when_time(self.state, times=[now + 1], key=self.key + str(now))
        await wait.register()
        for key in old:
            if key != wait.key:
                await source.ask({"seen": key})
        await Gathering(source, (wait,), 1).come(None)

    def keys(self):
        subs = self.source.state.client.subs
        return [sub[0] for sub in subs if sub[0].startswith(self.key)]

    def told(self):
        # -> the tick that the target knows; a new pipe tells what is active
        n = len(self.key)
        known = [int(key[n:]) for key in self.keys()]
        now = self.source.ticks(self.state)
        return max(known) if known else now - now % 2

    async def tell(self, told, now):
        args = {"source": _schema(self.source).name, "state": self.state, "tick": now}
        ups = (now + 1) // 2 - (told + 1) // 2
        downs = now // 2 - told // 2
        gone = {"remove": [self.inactive], "args": args}
        if ups and downs and now % 2 and not self.multi:
            await self.bring(gone)
        for _ in range(ups if self.multi else min(ups, 1)):
            await self.bring(self.came(args))
        if downs and not now % 2:
            await self.bring(gone)

    def came(self, args):
        state = self.active
        if state != "Exception" and state[:3] != "Err":
            return {"add": [state], "args": args}
        value = {"add_err": list(self.source.state.client.error or [self.state, ""]), "args": args}
        if state != "Exception":
            value["state"] = state
        return value

    async def bring(self, value):
        while True:
            await begun(self.target)
            try:
                return await self.target.ask(value)
            except TsmeError as error:
                if error.code != "TSME-K002":
                    raise
                # it has ended meanwhile: its next execution is told


async def begun(engine):
    # Comes back once an execution of the engine is under way.
    engine.recover()
    event = asyncio.Event()

    def look():
        if engine.busy():
            event.set()

    engine.waits = list(engine.waits) + [look]
    try:
        look()
        await event.wait()
    finally:
        engine.waits = [one for one in engine.waits if one is not look]


def _schema(engine):
    schema = getattr(engine.kernel.client, "schema", None)
    if schema is None:
        raise fault("TSME-M025", engine.program.name)
    return schema


def _list(states):
    return [states] if isinstance(states, str) else list(states)
