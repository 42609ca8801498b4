"""Law 6: what becomes of a `once` task that a reset interrupted."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

import tsme
from tsme_host.compiler.compile import compile_text

FLOW: dict[str, Any] = {
    "StartAt": "Open",
    "States": {
        "Open": {
            "Type": "Task",
            "Resource": "open",
            "Catch": [{"ErrorEquals": ["TSME.Interrupted"], "Next": "Ask"}],
            "End": True,
        },
        "Ask": {"Type": "Pass", "Result": "asked", "End": True},
    },
}


class World:
    """The device's flash, and how often the valve really opened."""

    def __init__(self) -> None:
        self.flash = tsme.RamFlash()
        self.opened = 0
        self.program = tsme.Program(compile_text(json.dumps(FLOW)).data)

    def live(self, check: Any = None, cut: str = "") -> Any:
        """One life of the device; `cut`: the power goes before or after the valve opens."""
        tasks = tsme.Tasks()

        @tasks.task("open", effect="once", check=check)
        async def open_valve(payload: Any) -> str:
            if cut == "before":
                await gone()
            self.opened += 1
            if cut == "after":
                await gone()
            return "opened"

        async def gone() -> None:
            lives[0].cancel()
            await asyncio.Event().wait()

        async def life() -> Any:
            lives.append(asyncio.ensure_future(engine.run({})))
            return (await lives[0]).output

        lives: list[asyncio.Future[Any]] = []
        engine = tsme.Engine(self.program, tsme.Journal(self.flash), tasks=tasks)
        return asyncio.run(life())


def cut_off(world: World, when: str) -> None:
    with pytest.raises(asyncio.CancelledError):  # the power goes while the handler is at it
        world.live(cut=when)


@pytest.mark.parametrize("when", ["before", "after"])
def test_without_a_check_it_is_not_run_again_and_can_be_caught(when: str) -> None:
    world = World()
    cut_off(world, when)
    assert world.live() == "asked"
    assert world.opened == (when == "after")


def test_a_check_that_knows_gives_the_result() -> None:
    world = World()
    cut_off(world, "after")
    assert world.live(check=lambda payload: tsme.Done("it was open")) == "it was open"
    assert world.opened == 1


def test_a_check_that_says_not_done_lets_it_run() -> None:
    world = World()
    cut_off(world, "before")
    assert world.live(check=lambda payload: False) == "opened"
    assert world.opened == 1


def test_an_async_check_that_cannot_tell_ends_it_with_interrupted() -> None:
    async def check(payload: Any) -> None:
        await asyncio.sleep(0)

    world = World()
    cut_off(world, "after")
    assert world.live(check=check) == "asked"
    assert world.opened == 1


@pytest.mark.parametrize("known", [True, False])
def test_an_outage_longer_than_its_timeout_is_still_an_interruption(known: bool) -> None:
    FLOW["States"]["Open"]["TimeoutSeconds"] = 1
    try:
        world = World()
        cut_off(world, "after")
        time.sleep(1.1)
        check = (lambda payload: tsme.Done("it was open")) if known else None
        assert world.live(check=check) == ("it was open" if known else "asked")
        assert world.opened == 1
    finally:
        del FLOW["States"]["Open"]["TimeoutSeconds"]


def test_a_check_that_answers_oddly_never_runs_it_again() -> None:
    world = World()
    cut_off(world, "after")
    assert world.live(check=lambda payload: True) == "asked"
    assert world.opened == 1
