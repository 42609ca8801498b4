# Runs a handler in a virtual world, plain or async, without waiting: on CPython, for scenarios and
# simulations.
import asyncio
import selectors

from ..engine.tasks import TaskError, handed, settled
from . import clock
from .world import current, use

__all__ = ["Context", "perform"]


class _Selector(selectors.DefaultSelector):
    # Instead of waiting for time: the time is now.  What comes from outside is still waited for.
    world = None
    loop = None

    def select(self, timeout=None):
        found = super().select(0)
        if not found and timeout:
            self.world.sleep(timeout * 1000)
        elif not found and timeout is None:
            found = super().select(None)
        return found


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self, world):
        selector = _Selector()
        selector.world = world
        super().__init__(selector)
        self._world = world

    def time(self):
        return self._world.time() / 1000


class Context:
    # What a handler may ask about the action that it runs.
    def __init__(self, execution, action, attempt):
        self.execution = execution
        self.action = action
        self.attempt = attempt
        self.heartbeats = 0

    def heartbeat(self):
        self.heartbeats += 1


def perform(world, tasks, resource, payload=None, execution=1, action=1, attempt=1):
    # The result of a task as its handler gives it in this world, which is virtual; raises what it
    # does.
    task = tasks.find(resource)
    if task is None:
        tasks.require([resource])
    before = current()
    use(world)
    clock.virtual(True)
    try:
        given = (handed(payload),)
        if task.context:
            given += (Context(execution, action, attempt),)
        return _whole(world, task.function, given, resource)
    finally:
        clock.virtual(False)
        use(before)


async def _call(function, given, name):
    return await settled(function(*given), name)


def _whole(world, function, given, name):
    loop = _Loop(world)
    try:
        return loop.run_until_complete(_call(function, given, name))
    except TaskError:
        raise
    finally:
        loop.close()
