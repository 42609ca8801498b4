"""Pipes bring what becomes active in one machine into another, and go on after a reset."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import tsme
from tests import interpreters
from tests.relational.piped import Pump, Tank

SCRIPT = interpreters.ROOT / "tests" / "relational" / "pipes_device.py"
EXPECTED = """\
TSME-M017: pump has no state Of
TSME-M017: tank has no state On
TSME-M024: Pipe() has 1 states, 2 that they add, 2 that they remove
['Asked', 'Pumping', 'Start'] [('source', 'pump'), ('state', 'On'), ('tick', 1)]
['Asked', 'Count', 'Start']
['Dry', 'no water'] ['Asked', 'Count', 'ErrPump', 'Exception', 'Start']
['Asked', 'Count', 'ErrPump', 'Exception', 'Full', 'Start'] refused
told False True
"""


@pytest.mark.parametrize("on", ["cpython", "core", "micropython", "micropython32"])
def test_a_target_follows_its_source_and_may_refuse(on: str) -> None:
    interpreters.require(on)
    done = interpreters.run(on, SCRIPT, heap="2m", timeout=120)
    assert done.stderr.decode() == ""
    assert done.stdout.decode() == EXPECTED


class World:
    """A pump, a tank, and a pipe between them, as long as there is power."""

    def __init__(self) -> None:
        self.flashes = [tsme.RamFlash(4096, 8) for _ in range(2)]

    async def live(self, user: Any, turns: int = 1 << 20) -> None:
        """`user(pump, tank, pipe)`, whose power is cut when it returns, or so many turns later."""
        pump = tsme.Engine(Pump, tsme.Journal(self.flashes[0]))
        tank = tsme.Engine(Tank, tsme.Journal(self.flashes[1]))
        pipe = tsme.Pipe(pump, "On", tank, "Pumping")
        tasks: list[Any] = [asyncio.ensure_future(one.run({})) for one in (pump, tank)]
        tasks.append(asyncio.ensure_future(pipe.run()))
        await asyncio.sleep(0)
        tasks.append(asyncio.ensure_future(user(pump, tank)))
        while turns and not tasks[-1].done():
            await asyncio.sleep(0)
            turns -= 1
        for task in tasks:
            while not task.done():
                task.cancel()
                await asyncio.sleep(0)
        if not tasks[-1].cancelled():
            tasks[-1].result()


async def told(pump: Any, tick: int) -> None:
    """Comes back when it is on record that the tank knows this tick."""
    while not any(sub[0].endswith(f" {tick}") for sub in pump.state.client.subs):
        await asyncio.sleep(0)


def test_what_was_told_before_a_reset_is_not_told_again() -> None:
    async def first(pump: Any, tank: Any) -> None:
        await pump.add("On")
        await told(pump, 1)
        await tank.remove("Pumping")

    async def second(pump: Any, tank: Any) -> None:
        for _ in range(100):
            await asyncio.sleep(0)
        assert pump.is_active("On")
        assert not tank.is_active("Pumping")
        await pump.remove("On")
        await pump.add("On")
        await told(pump, 3)
        assert tank.is_active("Pumping")
        while len(pump.state.client.subs) > 1:
            await asyncio.sleep(0)

    world = World()
    asyncio.run(world.live(first))
    asyncio.run(world.live(second))


def test_wherever_the_power_goes_the_target_comes_to_where_the_source_is() -> None:
    async def first(pump: Any, tank: Any) -> None:
        for change in (pump.add, pump.remove, pump.add):
            await change("On")
            for _ in range(10):
                await asyncio.sleep(0)

    async def second(pump: Any, tank: Any) -> None:
        await told(pump, pump.ticks("On"))
        assert tank.is_active("Pumping") == pump.is_active("On")

    for turns in range(0, 60, 2):
        world = World()
        asyncio.run(world.live(first, turns))
        asyncio.run(world.live(second))


def test_a_pipe_is_between_relational_machines() -> None:
    class Counter:
        def stf(state: Any, input: Any, actions: Any) -> None:
            pass

    for engines in ((Counter, Tank), (Pump, Counter)):
        with pytest.raises(tsme.TsmeError, match="TSME-M025: Counter is no relational machine"):
            tsme.Pipe(tsme.Engine(engines[0]), "On", tsme.Engine(engines[1]), "Pumping")
