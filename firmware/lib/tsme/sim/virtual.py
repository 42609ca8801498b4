# Runs handlers in a virtual world, plain or async, without waiting: on CPython, for scenarios and
# simulations.
import asyncio
import selectors

from ..engine.tasks import handed, settled
from ..engine.tasks import perform as result_of
from . import clock
from .world import current, use

__all__ = ["Context", "Late", "answer", "perform", "within"]


class Late(Exception):
    # Its time was up before the handler came back.
    pass


class _Selector(selectors.DefaultSelector):
    # Instead of waiting for time: it goes by.  What comes from outside is waited for.
    world = None

    def select(self, timeout=None):
        if timeout is None:
            return super().select(None)
        found = super().select(0)
        if not found and timeout > 0:
            self.world.sleep(timeout * 1000)
        return found


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, world):
        selector = _Selector()
        selector.world = world
        super().__init__(selector)
        self._world = world

    def time(self):
        return self._world.exact() / 1000


class Context:
    # What a handler may ask about the action that it runs.
    def __init__(self, execution, action, attempt):
        self.execution = execution
        self.action = action
        self.attempt = attempt
        self.heartbeats = 0

    def heartbeat(self):
        self.heartbeats += 1


def within(world, function, *given):
    # What a function gives while twins live in this world, and time.sleep() moves it on.
    before = current()
    use(world)
    clock.virtual(True)
    try:
        return function(*given)
    finally:
        clock.virtual(False)
        use(before)


def _run(world, work, limit=None):
    async def timed():
        if limit is None:
            return await work
        try:  # what comes at that very moment is in time
            return await asyncio.wait_for(work, (limit + 0.4) / 1000)
        except asyncio.TimeoutError:
            raise Late()

    loop = _Loop(world)
    try:
        return within(world, loop.run_until_complete, timed())
    finally:
        loop.close()


def _task(tasks, resource):
    task = tasks.find(resource)
    if task is None:
        tasks.require([resource])
    return task


def perform(world, tasks, resource, payload=None, execution=1, action=1, attempt=1):
    # What the handler of a task returns in this world, which is virtual; raises what it does.
    task = _task(tasks, resource)
    given = (handed(payload),)
    if task.context:
        given += (Context(execution, action, attempt),)

    async def work():
        return await settled(task.function(*given), resource)

    return _run(world, work())


def answer(world, tasks, resource, payload, context, limit=None):
    # The result as an engine takes it.  limit: ms until nobody waits for it any more, then Late.
    task = _task(tasks, resource)
    return _run(world, result_of(task, resource, payload, context, ()), limit)
