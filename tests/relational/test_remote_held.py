"""What a machine's clocks do not tell is waited for elsewhere as an engine waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

import tsme
from tests.link.wire import Refused
from tests.relational.far import PATIENCE, Far
from tests.relational.test_remote import asks_again_soon, followed, on, run
from tsme import TsmeError
from tsme.remote import connect
from tsme_host.tools.remote.machine import Remote


class Pump:
    name = "pump"
    version = 1
    states = [("On", {}), ("Flow", {}), ("Pulse", {"multi": True})]

    def start(m: Any) -> None:
        m.add("On")

    def FlowEnter(m: Any) -> Any:
        return m.args.get("ok", True)

    def FlowState(m: Any) -> None:
        if m.args.get("back"):
            m.remove("Flow")

    def OnEnd(m: Any) -> None:
        m.end()


class Here:
    """A board in this process that serves its link, and whose machine can be looked at."""

    def __init__(self, folder: Path) -> None:
        flash = tsme.FileFlash(str(folder / "flash"), 4096, 64, False)
        self.board: Any = tsme.Board(flash, tsme.ProgramFiles(str(folder)))
        self.board.start("pump", Pump, {})
        self.line: Any = tsme.Tcp(0, "127.0.0.1", 2)

    @property
    def port(self) -> str:
        return f"tcp://127.0.0.1:{self.line.server.getsockname()[1]}"

    @property
    def kept(self) -> list[str]:
        """Keys of the subscriptions that the machine has."""
        return [one[0] for one in self.board.slot("pump").state.client.subs]

    @asynccontextmanager
    async def served(self) -> AsyncIterator[None]:
        serving = asyncio.ensure_future(tsme.Link(self.board, self.line).run())
        try:
            yield
        finally:
            serving.cancel()
            self.line.server.close()

    def used(self, user: Callable[[Remote], Any]) -> None:
        """By somebody who follows the machine."""

        async def whole() -> None:
            async with self.served(), connect(self.port) as board:
                await user(await board.machine("pump", every=0))

        run(whole())


@pytest.fixture
def here(tmp_path: Path) -> Here:
    return Here(tmp_path)


@on("cpython", "micropython")
def test_args_and_the_queue_are_waited_for(far: Far) -> None:
    async def user() -> None:
        async with connect(far.port) as board, connect(far.port) as other:
            relay = await board.machine("relay", every=0)
            theirs = await other.machine("relay", every=0)
            one = relay.when_args("Forward", args={"who": "me"})
            assert relay.when_args("Forward", args={"who": "me"}) is one
            both = relay.when_args("Pulse", {"n": 1}), relay.when_args("Pulse", {"n": 2})
            late = relay.when_queue(n=relay.queue_tick + 6)
            assert await relay.when_queue_ends()
            await theirs.add("Forward", {"who": "you"})
            await theirs.remove("Forward")
            assert one.fired is None
            await theirs.add("Forward", {"who": "me", "ms": 60000})
            assert await one
            await theirs.add("Pulse", {"n": 2})
            assert await relay.wait_any(*both) == 1
            await theirs.add("Pulse", {"n": 2})
            assert await late
            assert relay.queue_tick >= theirs.queue_tick - 1
            again = relay.when_args("Pulse", {"n": 2})  # of what comes from now on
            assert await relay.wait_any(again, timeout=1) is None
            with pytest.raises(TsmeError, match="TSME-M017: relay has no state Nobody"):
                relay.when_args("Nobody", {})

    run(user())


@on("cpython", "micropython")
def test_what_comes_about_while_the_board_is_off_the_line_is_told(far: Far) -> None:
    async def user() -> None:
        async with connect(far.port, timeout=PATIENCE) as board:
            asks_again_soon(board)
            relay = await board.machine("relay", states=["Slow"], every=0)
            closed = relay.when_args("Closed", args={"value": 700}, key="k")
            assert await relay.add("Forward", {"ms": 700}) == "executed"
            far.cut()
            far.power()
            assert await closed

    run(user())


def test_it_ends_with_the_execution_and_with_the_line(far: Far) -> None:
    async def user() -> None:
        async with connect(far.port) as board:
            door = await board.machine("door", every=0)
            never = door.when_args("Open", {"who": "me"})
            await door.add("Open")
            await door.remove("Start")
            assert await never is False
            relay = await board.machine("relay")
            open_one = relay.when_args("Forward", {"who": "me"})
        assert await open_one is False

    run(user())


def test_nothing_is_kept_once_who_waits_was_told_or_waits_no_more(here: Here) -> None:
    async def user(pump: Remote) -> None:
        await pump.when_queue_ends()
        flow = pump.when_args("Flow", {"n": 1}, key="flow")
        pulse = pump.when_args("Pulse", {"n": 1})
        await pump.can_add("Flow")
        assert here.kept == ["flow", 'when_args Pulse {"n":1}']
        await pump.add("Flow", {"n": 1, "back": True})  # within a step it comes and goes
        assert await flow
        assert here.kept == ['when_args Pulse {"n":1}']
        assert await pump.wait_any(pulse, timeout=1) is None
        await pump.can_add("Flow")
        assert here.kept == []
        await pump.add("Pulse", {"n": 1})
        assert pulse.fired is None
        asked = asyncio.ensure_future(pulse.wait())  # anew
        while not here.kept:
            await asyncio.sleep(0)
        await pump.add("Pulse", {"n": 1})
        assert await asked

    here.used(user)


def test_one_that_is_given_up_never_comes(here: Here) -> None:
    async def user(pump: Remote) -> None:
        flow = pump.when_args("Flow", {"n": 1}, key="flow")
        pulse = pump.when("Pulse", key="pulse")
        await pump.forget("flow")
        await pump.forget("pulse")
        assert await pulse is False
        await pump.add("Flow")
        assert await flow is False
        assert here.kept == []

    here.used(user)


def test_who_waits_for_the_same_is_told_the_same(here: Here) -> None:
    async def user(pump: Remote) -> None:
        async with connect(here.port) as board:
            other = await board.machine("pump", every=0, shallow=True)
            one, two = (each.when_args("Flow", {"n": 1}) for each in (pump, other))
            for each in (pump, other):
                await each.can_add("Flow")
            assert len(here.kept) == 1
            await pump.add("Flow", {"n": 1})
            assert await one
            assert await two

    here.used(user)


def test_one_that_is_refused_says_why_and_so_many_are_too_many(here: Here) -> None:
    async def user(pump: Remote) -> None:
        with pytest.raises(TsmeError, match="TSME-N080"):
            await pump.when_args("Flow", {"n": "x" * 2000}, key="long")
        many = [pump.when_args("Flow", {"n": n}) for n in range(16)]
        with pytest.raises(TsmeError, match="TSME-N085: 17 subscriptions of pump are waited"):
            pump.when_queue(n=1000)
        await pump.add("Flow", {"n": 7})
        assert await pump.wait_any(*many) == 7
        with pytest.raises(TsmeError, match="TSME-N085"):
            pump.when_queue(n=1000, key="x" * 1100)
        assert await pump.when_queue(n=1)
        assert here.kept == []

    here.used(user)


def test_keys_that_are_wrong_are_refused(far: Far) -> None:
    with far.wire() as wire:
        followed(wire)
        for keys in ("x", [1], ["k"] * 17):
            with pytest.raises(Refused):
                wire.read(24, to=1, keys=keys)
        wire.write(24, to=1, do=[{"when_args": {"states": ["Pulse"], "args": {}, "key": "k"}}])
        assert wire.read(24, to=1, keys=["k", "none"])["fired"] == [0, None]
        assert "fired" not in wire.read(24, to=1)
        assert wire.write(24, to=1, do=[[0, 5]])["fired"] == [1, None]
        assert "fired" not in wire.read(24, to=1, keys=[])
