"""A relational machine on a board or in another process is asked as an engine is."""

from __future__ import annotations

import asyncio
import binascii
import json
import re
import struct
import subprocess
from collections.abc import Coroutine
from contextlib import closing
from pathlib import Path
from typing import Any

import cbor2
import pytest

from tests import interpreters
from tests.link.relay import TO_BOARD, TO_LAPTOP, Cable, Fault
from tests.link.wire import OWN, Refused, Wire, lines, message
from tests.relational.far import PATIENCE, SCRIPT, Far
from tsme import TsmeError
from tsme.remote import Change, connect

PUSH = 0x0D
ALL = ["cpython", "core", "micropython", "micropython32"]


def run(work: Coroutine[Any, Any, None]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(5 * PATIENCE):
            await work

    asyncio.run(limited())


def asks_again_soon(board: Any) -> None:
    """What is not answered in half a second, however long the first answers took."""
    board._carrier._session.timeout = 0.5


def on(*names: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("far", [(name,) for name in names], indirect=True, ids=names)


@on(*ALL)
def test_it_is_asked_as_an_engine_is(far: Far) -> None:
    async def user() -> None:
        async with connect(far.port) as board:
            relay = await board.machine("relay", every=0)
            assert (relay.execution, relay.active_states()) == (1, ["Start", "Ready"])
            closed = relay.when("Closed")
            assert await relay.add("Forward") == "executed"
            assert relay.is_active(["Ready", "Forward"])
            assert await closed
            assert await relay.when(["Forward", "Closed"])
            assert await relay.toggle(["Reverse", "Slow"], {"ms": 1}) == "executed"
            assert await relay.wait_any(relay.when("Exception"), relay.when("Pulse")) == 1
            assert await relay.wait_any(relay.when("Exception"), timeout=1) is None
            assert await relay.wait_all(relay.when("Reverse"), relay.when_not("Forward"))
            assert await relay.can_add("Forward") == "executed"
            assert await relay.add("Forward", {"ok": False}) == "canceled"
            assert await relay.eval("turns") == 1
            assert await relay.set(["Start", "Ready", "Pulse"]) == "executed"
            assert relay.machine_time(["Start", "Forward", "Pulse"]) == [1, 2, 3]
            assert relay.is_clock({"Forward": 2})
            assert relay.was_clock({"Pulse": 1})
            assert relay.ticks("Closed") == 2
            assert await relay.add_err(["Odd", "as asked"]) == "executed"
            assert relay.is_active("Exception")
            with pytest.raises(TsmeError, match="TSME-M017: relay has no state Nobody"):
                await relay.add("Nobody")
            with pytest.raises(TsmeError, match=r"TSME-M019: relay cannot take the signal lift"):
                await relay.ask({"lift": 1})
            assert await relay.remove("Pulse") == "executed"

    run(user())


@on("cpython", "micropython")
def test_clients_see_what_others_do_and_nobody_hears_what_he_does_not_follow(far: Far) -> None:
    async def user() -> None:
        async with connect(far.port) as one, connect(far.port) as two:
            first = await one.machine("relay", every=0)
            second = await two.machine("relay", every=0)
            many = await two.machine("many", every=0)
            for n in range(1, 5):
                waits = second.when_time("Slow", times=[n])
                await (first.add("Slow", {"ms": 60000}) if n % 2 else first.remove("Slow"))
                assert await waits
            with pytest.raises(TsmeError, match="TSME-M017: relay has no state S001"):
                first.send({"add": ["S001"]})
            many.send({"add": ["S001"]})
            assert await many.when("S001")
            with far.wire() as other:
                await first.add("Pulse")
                assert await second.when("Pulse")
                assert other.read(5, name="relay")["status"] == "running"
                assert other.answer(0.05) is None

    run(user())


def test_states_that_are_not_followed_are_not_sent(far: Far) -> None:
    async def user() -> None:
        async with connect(far.port) as board:
            some = await board.machine("relay", states=["Slow", "Pulse"], every=0)
            most = await board.machine("relay", skip=["Pulse"], every=0, shallow=True)
            assert some.machine_clock() == {"Pulse": 0, "Slow": 0}
            updates: list[Change] = []
            some.on("AnyState", updates.append)
            await most.add("Pulse")
            await most.add("Forward")
            await most.when("Closed")
            await some.when("Pulse")
            assert [(one.before["Pulse"], one.after["Pulse"]) for one in updates] == [(0, 1)]
            with pytest.raises(TsmeError, match='TSME-N079: "Pulse" of relay is not followed'):
                most.is_active("Pulse")
            for _ in range(4):
                await some.toggle("Slow", {"ms": 60000})
            await some.add("Slow", {"ms": 60000})
            await most.when("Slow")
            assert (most.ticks("Slow"), some.ticks("Slow")) == (1, 5)

    run(user())


def test_handlers_here_are_told_of_each_update(far: Far) -> None:
    async def user() -> None:
        async with connect(far.port) as board:
            relay = await board.machine("relay", every=0)
            told: list[Any] = []
            failed: list[Any] = []
            asyncio.get_running_loop().set_exception_handler(lambda _, what: failed.append(what))

            @relay.on("SlowState")
            async def begun(change: Change) -> None:
                told.append(("begun", change.after["Slow"]))
                await change.machine.remove("Slow")

            relay.on("SlowEnd", lambda change: told.append(("ended", change.ticked)))
            relay.on("PulseState", lambda change: 1 / 0)
            with pytest.raises(TsmeError, match="TSME-M017"):
                relay.on("NobodyState", print)
            await relay.add("Slow", {"ms": 60000})
            await relay.when_time("Slow", times=[2])
            await relay.add("Pulse")
            assert told == [("begun", 1), ("ended", ["Slow"])]
            assert [type(one["exception"]) for one in failed] == [ZeroDivisionError]

    run(user())


def test_a_machine_of_many_states_is_told_of_in_pieces(far: Far) -> None:
    async def user() -> None:
        async with connect(far.port) as board:
            many = await board.machine("many", every=0)
            other = await board.machine("many", every=0)
            updates: list[Change] = []
            other.on("AnyState", updates.append)
            names = list(many.machine_clock())
            assert await many.add(names[:80]) == "executed"
            assert len(many.active_states()) == 80
            assert await other.when(names[:80])
            assert [len(one.ticked) for one in updates] == [79]
            third = await board.machine("many")
            assert len(third.active_states()) == 80

    run(user())


def followed(wire: Wire, **more: Any) -> Any:
    """`relay`, as number 1."""
    program = wire.read(23, to=1, name="relay")["program"]
    return wire.read(23, to=1, name="relay", program=program, **more)


def asked(wire: Wire) -> tuple[list[Any], Any]:
    """What was pushed before the answer to a question, and that answer."""
    wire.send(lines(message(OWN, 24, {"to": 1}, False, 99)))
    out = []
    while (got := wire.answer()) is not None and got[0] == PUSH:
        assert got[:1] + got[4:8] == b"\x0d\x00\x41\x00\x18"
        out.append(cbor2.loads(got[8:]))
    assert got is not None
    assert got[:1] + got[4:8] == b"\x09\x00\x41\x63\x18"
    return out, cbor2.loads(got[8:])["now"]


def test_who_is_not_heard_is_told_no_more_and_then_all_at_once(far: Far) -> None:
    async def user() -> None:
        async with connect(far.port) as board:
            relay = await board.machine("relay")
            with far.wire() as quick, far.wire() as seldom:
                first = followed(quick, every=0)["now"]
                assert followed(seldom, every=600000)["execution"] == 1
                for _ in range(30):
                    await relay.toggle("Slow", {"ms": 600000})
                told, rest = asked(quick)
                assert 1 <= len(told) <= 8
                none, later = asked(seldom)
                assert (none, later[4:]) == ([], [6, 30])
                parts = [first, *(one["now"] for one in told), rest]
                assert [one[0] for one in parts] == list(range(len(parts)))
                assert sum(sum(one[5:]) for one in parts[1:]) == 30
                assert {i for one in parts[1:] for i in one[4:5]} == {6}
                assert rest[3] == (2 + 30 + relay.queue_tick) % 256

    run(user())


def test_what_was_lost_is_asked_for_again(far: Far) -> None:
    async def user() -> None:
        async with connect(far.port) as board:
            relay = await board.machine("relay", every=0)
            mirror: Any = relay.now()
            mirror._staged[0] = 77
            await relay.toggle("Slow", {"ms": 600000})
            assert relay.machine_time(["Start", "Slow"]) == [1, 1]
            mirror.begin(1)
            await relay.toggle("Slow", {"ms": 600000})
            assert relay.machine_time(["Start", "Slow"]) == [1, 2]

    run(user())


def test_an_execution_that_is_a_new_one_is_noticed(far: Far) -> None:
    async def user() -> None:
        async with connect(far.port) as board:
            relay = await board.machine("relay", every=0)
            await relay.add(["Slow", "Forward"], {"ms": 600000})
            never = relay.when("Exception")
            assert await relay.remove("Start") is None  # with which it has ended
            assert await never is False
            while relay.execution == 1:
                await relay.look()
            assert relay.execution == 4  # two others have begun after it
            assert relay.machine_time(["Start", "Forward", "Slow"]) == [1, 0, 0]
            assert await relay.add("Slow") == "executed"

    run(user())


def test_another_machine_of_the_name_is_known_by_its_own_states(far: Far) -> None:
    async def user() -> None:
        async with connect(far.port) as board:
            door = await board.machine("door", every=0)
            assert await door.add("Open") == "executed"
            never = door.when("Exception")
            await door.remove("Start")
            assert await never is False
            while "Locked" not in door.now(True).view.names:
                await door.look()
                await door.synced()
            assert door.machine_clock() == {"Locked": 0, "Start": 1, "Open": 0, "Exception": 0}
            assert await door.add("Locked") == "executed"
            assert door.active_states() == ["Locked", "Start"]

    run(user())


def test_a_query_that_fails_is_told_to_who_waits_for_it_alone(far: Far) -> None:
    async def user() -> None:
        async with connect(far.port) as board:
            relay = await board.machine("relay", every=0)
            broken = relay.when_query(lambda clock: clock["Nobody"])
            sound = relay.when_query(lambda clock, n: clock["Pulse"] >= n, values=[3])
            assert await relay.add("Pulse") == "executed"
            assert sound.fired is None
            with pytest.raises(KeyError):
                await broken
            with pytest.raises(KeyError):
                await relay.wait_any(sound, broken)
            await relay.add("Pulse")
            assert await sound
            open_one = relay.when("Exception")
        assert await open_one is False

    run(user())


@on("cpython", "micropython")
def test_a_reset_is_caught_up_with(far: Far) -> None:
    async def user() -> None:
        async with connect(far.port, timeout=PATIENCE) as board:
            asks_again_soon(board)
            relay = await board.machine("relay", every=0)
            many = await board.machine("many", states=["S000"], every=0)
            closed = relay.when("Closed")
            await relay.add("Forward", {"ms": 400})
            far.cut()
            pulse = asyncio.ensure_future(relay.add("Pulse"))
            await asyncio.sleep(0)
            far.power()
            assert await closed
            assert await pulse == "executed"
            assert relay.ticks("Pulse") == 1
            assert (relay.execution, many.execution) == (1, 2)
            await many.remove("S000")
            assert many.active_states() == []

    run(user())


def test_a_line_that_loses_bytes_and_is_pulled_does_each_mutation_once(tmp_path: Path) -> None:
    for name in ("files", "programs"):
        (tmp_path / name).mkdir()
    with closing(Cable(tmp_path)) as cable:
        command = interpreters.command("cpython", SCRIPT, [tmp_path])
        far = subprocess.Popen(
            command, stdin=cable.board, stdout=cable.board, env=interpreters.environment()
        )

        async def user() -> None:
            async with connect(cable.port, timeout=PATIENCE) as board:
                relay = await board.machine("relay", every=0)
                asks_again_soon(board)
                up, down = cable.counted
                cable.faults = [
                    Fault(TO_BOARD, up + 60, 20),
                    Fault(TO_LAPTOP, down + 70, 20),
                    Fault(TO_LAPTOP, down + 230, 0, pulled=True),
                    Fault(TO_BOARD, up + 700, 3, pulled=True),
                ]
                for _ in range(15):
                    assert await relay.add("Pulse") == "executed"
                assert relay.ticks("Pulse") == 29
                assert cable.pulls == 2

        try:
            run(user())
        finally:
            far.kill()
            far.wait()


@pytest.mark.parametrize("far", [("cpython", "key=k")], indirect=True)
def test_a_lock_is_for_mutations(far: Far) -> None:
    async def user() -> None:
        with pytest.raises(TsmeError, match="TSME-N038: that is not the key"):
            async with connect(far.port, key="wrong"):
                pass
        async with connect(far.port, key="k") as opened, connect(far.port) as other:
            mine = await opened.machine("relay", every=0)
            theirs = await other.machine("relay", every=0)
            with pytest.raises(TsmeError, match="TSME-N038: the board is locked"):
                await theirs.add("Pulse")
            assert await mine.add("Pulse") == "executed"
            assert await theirs.when("Pulse")

    run(user())


def test_what_cannot_be_followed_says_why(far: Far) -> None:
    async def user() -> None:
        async with connect(far.port) as board:
            with pytest.raises(TsmeError, match="TSME-J014"):
                await board.machine("pump")
            with pytest.raises(TsmeError, match="TSME-M017: relay has no state Nobody"):
                await board.machine("relay", states=["Nobody"])
            for _ in range(8):
                await board.machine("relay")
            with pytest.raises(TsmeError, match="TSME-N013: machines that are followed"):
                await board.machine("relay")
        with pytest.raises(TsmeError, match="TSME-N081"):
            await board.machine("relay")
        with pytest.raises(TsmeError, match="TSME-N041"):
            await connect("tcp://127.0.0.1:1").open()

    run(user())


def test_a_schema_that_is_here_is_not_sent(far: Far, tmp_path: Path) -> None:
    async def user() -> None:
        async with connect(far.port) as board:
            data = await board.schema("relay")
            (tmp_path / "relay.tsr").write_bytes(data)
            asked: list[str] = []
            ask = board.ask
            board.ask = lambda *words: asked.append(words[0]) or ask(*words)  # type: ignore[method-assign,func-returns-value]
            relay = await board.machine("relay", schema=tmp_path / "relay.tsr")
            assert relay.is_active("Ready")
            assert asked == ["follow"]

    run(user())


def test_requests_that_are_wrong_change_nothing(far: Far) -> None:
    with far.wire() as wire:
        followed(wire)
        for do in (
            [],
            [1],
            [[0]],
            [[0, [99]]],
            [[0, 99]],
            [[9, 0]],
            [[0, []]],
            [[0, [0], 1, 1]],
            "x",
        ):
            if do:
                with pytest.raises(Refused) as refused:
                    wire.write(24, to=1, do=do)
                assert refused.value.args == (OWN, 3)
        with pytest.raises(Refused) as refused:
            wire.write(24, to=2, do=[[0, [5]]])
        assert refused.value.args == (OWN, 11)
        assert wire.why()[0] == "TSME-N012"
        r = wire.write(24, to=1, do=[[0, [5]], {"lift": 1}, [0, [5]]])
        assert (r["did"], r["error"][0], r["now"][4:]) == ([0], "TSME-M019", [5, 1])
        assert wire.read(23, to=1) == {}
        with pytest.raises(Refused):
            wire.read(24, to=1)


def ticked(parts: list[list[int]]) -> list[int]:
    """Indexes of the states that have."""
    return sorted(i for part in parts for i in part[4::2])


def test_the_examples_of_spec_are_what_is_sent(far: Far) -> None:
    text = (interpreters.ROOT / "docs" / "SPEC.md").read_text(encoding="utf-8")
    rows = text.split("### 8.5")[1].split("\n## ")[0]
    shown = {
        row[1]: (binascii.a2b_base64(row[2])[2:-2], json.loads(row[3]))
        for row in re.finditer(r"^\| (.+) \| `06 09 (\S+) 0A`: ({.*})", rows, re.M)
    }
    assert list(shown) == ["a mutation", "its answer", "pushed"]
    for data, body in shown.values():
        assert struct.unpack(">H", data[2:4])[0] == len(data) - 8
        assert cbor2.loads(data[8:]) == body
    with far.wire() as wire:
        first = followed(wire)["now"]
        asked = shown["a mutation"][0]
        wire.send(lines(asked))
        while (answer := wire.answer()) is not None and answer[0] == PUSH:
            pass  # none came before
        assert answer is not None
        assert answer[:8:7] == shown["its answer"][0][:8:7]
        assert answer[6] == asked[6]
        told = cbor2.loads(answer[8:])
        assert "did" not in told
        pushed = wire.answer() if told["now"][4:] == [2, 1] else None
        both = [told["now"], *([cbor2.loads(pushed[8:])["now"]] if pushed else [])]
        spec = [shown[name][1]["now"] for name in ("its answer", "pushed")]
        assert ticked(both) == ticked(spec)
        assert both[-1][3] == spec[-1][3]
        assert first == [0, 2, 0, 4, 0, 1, 1, 1]


@on("cpython", "micropython")
def test_what_was_told_is_there_after_a_power_cut(far: Far) -> None:
    async def user() -> None:
        async with connect(far.port, timeout=PATIENCE) as board:
            asks_again_soon(board)
            relay = await board.machine("relay", every=0)
            for turn in range(3):
                for _ in range(40):
                    relay.send({"toggle": ["Slow"], "args": {"ms": 600000}})
                await relay.when_ticks("Slow", n=1 + 7 * turn)
                far.cut()
                told = relay.machine_time()
                far.power()
                await relay.look()
                await relay.synced()
                assert relay.was_time(told)
            far.cut()
        far.power()  # closed while it was away

    run(user())
