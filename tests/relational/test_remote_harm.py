"""What clients do wrong, or lose, harms neither a board nor other clients."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path
from typing import Any

import cbor2
import pytest

from tests.link.wire import OWN, Refused, Wire, lines, message
from tests.relational.far import PATIENCE, Far
from tests.relational.test_remote import PUSH, asks_again_soon, followed, on, run
from tsme import TsmeError
from tsme.relational.build import build
from tsme.remote import connect
from tsme_host.tools.errors import HostError


@on("cpython", "micropython")
def test_ticks_that_a_client_cannot_know_are_refused_and_harm_nobody(far: Far) -> None:
    with far.wire() as wire:
        program = wire.read(23, to=1, name="many")["program"]
        execution = wire.read(23, to=1, name="many", program=program)["execution"]
        known = {"to": 1, "name": "many", "program": program, "execution": execution}
        for more in ({}, {"shallow": True}):
            for bad in (2**64 - 1, 2, -1, True):
                with pytest.raises(Refused) as refused:
                    wire.read(23, time=[0] * 90 + [bad], **known, **more)
                assert refused.value.args == (OWN, 3)
        assert wire.read(23, time=[1] + [0] * 90, **known)["now"][4:] == []


def test_a_client_whose_ticks_a_board_does_not_know_asks_for_all_of_them(far: Far) -> None:
    async def user() -> None:
        async with connect(far.port) as board:
            relay = await board.machine("relay", every=0)
            relay.now().ticks[1] = 77
            relay.renew()
            await relay.synced()
            assert relay.machine_time(["Start", "Ready", "Slow"]) == [1, 1, 0]

    run(user())


def test_followers_end_with_the_connection_that_they_had(far: Far) -> None:
    for _ in range(3):
        with far.wire() as wire:
            program = wire.read(23, to=1, name="relay")["program"]
            for to in range(8):
                assert "now" in wire.read(23, to=to, name="relay", program=program)


def mutated(wire: Wire, sent: bytes) -> Any:
    wire.send(lines(sent))
    while (got := wire.answer()) is not None and got[0] == PUSH:
        pass  # what came of another's
    assert got is not None
    return cbor2.loads(got[8:])


def test_the_last_write_of_a_client_is_done_once_however_many_others_there_are(far: Far) -> None:
    with far.wire() as one, far.wire() as other:
        for wire in (one, other):
            followed(wire)
        mine = message(OWN, 24, {"to": 1, "do": [[0, 5]], "id": 1}, True, 200)
        first = mutated(one, mine)
        for n in range(9):
            theirs = {"to": 1, "do": [[4, 5]], "id": n + 2}
            assert mutated(other, message(OWN, 24, theirs, True, n)).get("did") is None
        assert mutated(one, mine) == first
        assert followed(one)["now"][4:] == [0, 1, 1, 1, 5, 1]


def test_what_a_signal_gives_is_what_its_client_gets(far: Far) -> None:
    async def user() -> None:
        async with connect(far.port) as board:
            relay = await board.machine("relay", every=0)
            for value, result in (
                ({"eval": "plain", "args": {"value": False}}, False),
                ({"eval": "plain", "args": {"value": 0.0}}, 0.0),
                ({"eval": "plain", "args": {"value": 0}}, 0),
            ):
                found = await relay.ask(value)
                assert (type(found), found) == (type(result), result)

    run(user())


@pytest.mark.parametrize("far", [("cpython", "key=k")], indirect=True)
def test_who_has_the_key_may_follow_however_many_have_none(far: Far) -> None:
    async def user() -> None:
        async with connect(far.port) as locked, connect(far.port, key="k") as opened:
            for _ in range(8):
                await locked.machine("relay")
            with pytest.raises(TsmeError, match="TSME-N013"):
                await locked.machine("relay")
            for _ in range(8):
                await opened.machine("relay")
            with pytest.raises(TsmeError, match="TSME-N013"):
                await opened.machine("relay")

    run(user())


def test_a_request_that_cannot_be_made_is_an_error_and_the_next_is_answered(far: Far) -> None:
    async def user() -> None:
        async with connect(far.port) as board:
            with pytest.raises(TsmeError, match="TSME-V004"):
                await board.machine("\ud800")
            with pytest.raises(TsmeError, match="TSME-V004"):
                await board.schema("\ud800")
            assert (await board.machine("relay")).is_active("Ready")

    run(user())


def test_who_waits_for_a_board_that_is_closed_hears_of_it(far: Far) -> None:
    async def user() -> None:
        async with connect(far.port, timeout=PATIENCE) as board:
            asks_again_soon(board)
            far.process.send_signal(signal.SIGSTOP)  # it answers nothing
            machine = asyncio.ensure_future(board.machine("relay"))
            schema = asyncio.ensure_future(board.schema("relay"))
            for _ in range(3):
                await asyncio.sleep(0)  # what it asks for is on its way
            board._timeout = 0.1
        with pytest.raises(TsmeError, match="TSME-N081"):
            await machine
        with pytest.raises(HostError, match=r"is (away|closed)"):
            await schema
        far.process.send_signal(signal.SIGCONT)

    run(user())


def test_of_a_shallow_machine_changes_are_told_and_ticks_are_not_waited_for(far: Far) -> None:
    async def user() -> None:
        async with connect(far.port) as board:
            relay = await board.machine("relay", every=0, shallow=True)
            asked: list[str] = []
            ask = board.ask
            board.ask = lambda *words: asked.append(words[0]) or ask(*words)  # type: ignore[method-assign,func-returns-value]
            for n in range(1, 5):
                await relay.toggle("Slow", {"ms": 600000})
                assert relay.ticks("Slow") == n % 2
            assert "follow" not in asked
            for wait in (
                lambda: relay.when_time("Slow", [2]),
                lambda: relay.when_ticks("Slow"),
                lambda: relay.when_next_active("Slow"),
                lambda: relay.context("Slow"),
            ):
                with pytest.raises(TsmeError, match="TSME-N082: relay is followed without its"):
                    wait()
            assert await relay.wait_any() is None
            assert await relay.wait_all()

    run(user())


def test_what_nobody_foresaw_does_not_end_looking(far: Far) -> None:
    async def user() -> None:
        async with connect(far.port) as board:
            relay: Any = await board.machine("relay", every=0)
            take = relay.take
            relay.take = lambda body: 1 / 0
            await relay.look()
            assert str(relay._error).startswith("TSME-N083: it cannot be asked: ZeroDivision")
            relay.take = take
            await relay.look()
            await relay.synced()
            assert await relay.add("Pulse") == "executed"

    run(user())


def test_a_schema_of_another_machine_is_an_error_and_the_next_is_followed(
    far: Far, tmp_path: Path
) -> None:
    async def user() -> None:
        async with connect(far.port) as board:
            for name, schema, why in (
                ("relay", await board.schema("door"), "is of door version 1, and .* is relay"),
                ("door", build("door", 1, [("Start", {})]), ".* with other states or relations"),
                ("relay", tmp_path / "none.tsr", "cannot be read"),
            ):
                with pytest.raises(TsmeError, match=f"TSME-N084: schema= {why}"):
                    await board.machine(name, schema=schema)
            assert board.machines == {}
            assert (await board.machine("relay")).is_active("Ready")

    run(user())
