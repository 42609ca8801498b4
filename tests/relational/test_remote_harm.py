"""What clients do wrong, or lose, harms neither a board nor other clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cbor2
import pytest

from tests.link.wire import OWN, Refused, Wire, lines, message
from tests.relational.far import Far
from tests.relational.test_remote import PUSH, followed, on, run
from tsme import TsmeError
from tsme.remote import connect


@pytest.fixture
def far(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Far]:
    one = Far(tmp_path, *getattr(request, "param", ("cpython",)))
    try:
        yield one
        assert one.process.poll() is None
    finally:
        one.cut()


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
