"""A mutation that was done is told to be done, however little memory the board has left then."""

from __future__ import annotations

import asyncio
import binascii
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cbor2
import pytest

import tsme
from tests.link.wire import OWN, lines, message
from tsme.link.followers import Follower
from tsme.remote import connect


class Pump:
    name = "pump"
    version = 1
    states = [("On", {}), ("Pulse", {"multi": True})]

    def start(m: Any) -> None:
        m.add("On")


class Stream:
    """What comes, and what was said."""

    def __init__(self) -> None:
        self.came = b""
        self.said: list[bytes] = []

    def read_into(self, buf: Any) -> int:
        n = min(len(buf), len(self.came))
        buf[:n] = self.came[:n]
        self.came = self.came[n:]
        return n

    def write(self, data: bytes) -> None:
        self.said.append(bytes(data))


class Bench:
    """A board with the machine, whose link does a request when it is told to."""

    def __init__(self, folder: Path) -> None:
        flash = tsme.FileFlash(str(folder / "flash"), 4096, 64, False)
        self.board: Any = tsme.Board(flash, tsme.ProgramFiles(str(folder)))
        self.begin()
        self.stream = Stream()
        self.link: Any = tsme.Link(self.board, self.stream)
        program = self.ask(23, {"to": 1, "name": "pump"})["program"]
        self.ask(23, {"to": 1, "name": "pump", "program": program})

    def begin(self) -> None:
        self.board.start("pump", Pump, {})
        self.board.guard(self.slot)

    @property
    def slot(self) -> Any:
        return self.board.slot("pump")

    @property
    def pulses(self) -> int:
        return int(self.slot.ticks("Pulse"))

    def ask(self, command: int, body: Any, write: bool = False) -> Any:
        """The answer; None if there is none."""
        self.stream.came = lines(message(OWN, command, body, write, 7))
        self.stream.said.clear()

        async def served() -> None:
            while not await self.link.serve(self.link.lines[0]):
                pass

        asyncio.run(served())
        packet = b"".join(binascii.a2b_base64(one[2:]) for one in self.stream.said)
        return cbor2.loads(packet[10:-2]) if packet else None

    def pulse(self, n: int = 1) -> Any:
        return self.ask(24, {"to": 1, "do": [[0, 1]] * n, "id": 5}, True)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def gone_once(monkeypatch: pytest.MonkeyPatch, owner: Any, name: str) -> None:
    """There is no memory the next time that this is called."""
    usual: Callable[..., Any] = getattr(owner, name)

    def called(*args: Any) -> Any:
        monkeypatch.setattr(owner, name, usual)
        raise MemoryError

    monkeypatch.setattr(owner, name, called)


def test_what_has_ticked_is_asked_for_if_there_was_no_room_for_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone_once(monkeypatch, Follower, "now")
    first = bench.pulse(2)
    assert first == {"more": True}
    assert bench.pulse(2) == first
    assert bench.pulses == 3
    assert bench.ask(24, {"to": 1})["err"]["rc"] == 11  # it is followed anew


def test_a_client_knows_all_the_same_what_its_mutation_came_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line: Any = tsme.Tcp(0, "127.0.0.1")
    bench = Bench(tmp_path)

    async def user() -> None:
        serving = asyncio.ensure_future(tsme.Link(bench.board, line).run())
        async with connect(f"tcp://127.0.0.1:{line.server.getsockname()[1]}") as board:
            pump = await board.machine("pump", every=0)
            gone_once(monkeypatch, Follower, "now")
            assert await pump.add("Pulse") == "executed"
            assert pump.ticks("Pulse") == 1
        serving.cancel()
        line.server.close()

    asyncio.run(user())


def test_an_answer_that_cannot_be_sent_is_kept_for_who_asks_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone_once(monkeypatch, bench.link, "_put")
    assert bench.pulse() is None
    assert bench.pulse()["now"][4:] == [1, 1]
    assert bench.pulses == 1


def test_what_was_posted_is_waited_for_without_memory_to_wait_with(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.board.active = True  # somebody runs it, and never comes to it

    async def none(_: float) -> None:
        raise MemoryError

    monkeypatch.setattr(asyncio, "sleep", none)
    assert bench.pulse()["now"][4:] == [1, 1]
    assert bench.pulses == 1


def test_a_step_that_was_durable_before_memory_went_was_done(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine stands still until the next boot, and nothing else is begun."""
    gone_once(monkeypatch, bench.slot, "keep")
    did = bench.pulse(2)
    assert did["did"] == [0]
    assert did["error"][0] == "TSME-K002"
    bench.begin()
    assert bench.pulses == 1


def test_a_step_that_cannot_be_made_is_refused_and_not_done(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone_once(monkeypatch, bench.slot.kernel, "step")
    refused = bench.pulse()
    assert (refused["did"], refused["error"][0]) == ([], "TSME-N011")
    assert bench.pulses == 0
    assert bench.ask(24, {"to": 1, "do": [[0, 1]], "id": 6}, True)["now"][4:] == [1, 1]


def test_of_a_step_that_the_journal_alone_knows_nobody_says_it_was_refused(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit = bench.slot.journal.commit

    def committed(*args: Any) -> None:
        commit(*args)
        raise MemoryError

    monkeypatch.setattr(bench.slot.journal, "commit", committed)
    told = bench.pulse()
    assert (told["did"], told["error"][0]) == ([], "TSME-N001")
    bench.begin()
    assert bench.pulses == 1
