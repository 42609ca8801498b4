"""An Engine runs a relational machine: mutations, subscriptions that a reset restores, tasks."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

import tsme
from tests import interpreters
from tests.relational.machines import Valve

SCRIPT = interpreters.ROOT / "tests" / "relational" / "engine_device.py"
EXPECTED = """\
executed True ['Start', 'Ready']
open 0
ready [1, 1, 2, 1, 0]
canceled executed 2
any 1
any None
any None
all True
TSME-M017: Valve has no state Nobody
succeeded 1
"""


@pytest.mark.parametrize("on", ["cpython", "core", "micropython", "micropython32"])
def test_user_code_changes_and_waits_for_a_machine(on: str) -> None:
    interpreters.require(on)
    done = interpreters.run(on, SCRIPT, heap="2m", timeout=120)
    assert done.stderr.decode() == ""
    assert done.stdout.decode() == EXPECTED


def engine(flash: Any, machine: Any = Valve, **handlers: Any) -> Any:
    tasks = tsme.Tasks()
    for name in ("open", "look"):
        tasks.task(name, effect="idempotent")(handlers.get(name, lambda payload: 1))
    return tsme.Engine(machine, tsme.Journal(flash), tasks=tasks)


async def until_dead(one: Any, user: Any) -> None:
    """The machine runs beside `user(engine)`; when that returns, its power is gone."""
    run = asyncio.ensure_future(one.run({}))
    try:
        await asyncio.sleep(0)
        await user(one)
    finally:
        while not run.done():  # wait_for() of CPython 3.11 may lose one
            run.cancel()
            await asyncio.sleep(0)


def test_a_reset_restores_subscriptions_queue_and_pending_tasks() -> None:
    flash = tsme.RamFlash(4096, 8)
    told: list[Any] = []

    async def never(payload: Any) -> None:
        await asyncio.Event().wait()

    async def first(one: Any) -> None:
        await one.add("Opening")
        await one.when("Opening")
        waits = one.when("Open", key="opened")
        await waits.register()
        told.append(one.state.client)

    async def second(one: Any) -> None:
        part, before = one.state.client, told[0]
        assert (part.ticks, part.queue_tick) == (before.ticks, before.queue_tick)
        assert [sub[0] for sub in part.subs] == ["opened"]
        assert list(part.acts) == list(before.acts)
        told.append(await one.when("Open", key="opened"))
        await one.wait_all(one.when("Open"))
        assert "opened" not in [sub[0] for sub in one.state.client.subs]

    asyncio.run(until_dead(engine(flash, open=never, look=never), first))
    asyncio.run(until_dead(engine(flash, look=never), second))
    assert told[1] is True


def test_what_came_about_while_nobody_was_there_is_told_after_the_reset() -> None:
    flash = tsme.RamFlash(4096, 8)

    async def first(one: Any) -> None:
        await one.when("Tick", key="t").register()
        await one.add("Tick")
        await one.remove("Tick")

    async def second(one: Any) -> None:
        assert not one.is_active("Tick")
        assert await one.when("Tick", key="t")

    asyncio.run(until_dead(engine(flash), first))
    asyncio.run(until_dead(engine(flash), second))


def test_who_waits_learns_that_it_will_never_be() -> None:
    async def user(one: Any) -> None:
        async def stop() -> None:
            await one.remove("Start")

        told = await asyncio.gather(one.when("ErrStuck"), stop())
        assert told[0] is False
        with pytest.raises(tsme.TsmeError, match="TSME-K002"):
            one.is_active("Start")

    asyncio.run(until_dead(engine(tsme.RamFlash(4096, 8)), user))


def test_a_subscription_that_is_given_up_ends() -> None:
    async def user(one: Any) -> None:
        waits = one.when("ErrStuck", key="w")
        await waits.register()
        await one.forget("w")
        await one.add("Tick")
        assert await waits is False

    asyncio.run(until_dead(engine(tsme.RamFlash(4096, 8)), user))


def test_an_engine_of_another_kind_has_nothing_of_this() -> None:
    class Machine:
        def stf(state: Any, input: Any, actions: Any) -> None:
            pass

    one = tsme.Engine(Machine)
    assert not hasattr(one, "when")
    assert not hasattr(one, "add")
    assert not hasattr(tsme.Engine(Valve), "nothing")
