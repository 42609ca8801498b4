"""What a client of a machine elsewhere is made of: ticks that are told, mutations, waits."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsme import TsmeError
from tsme.link import followers as link_followers
from tsme.link import streams
from tsme.link.followers import Follower
from tsme.relational import Schema
from tsme.relational.build import build
from tsme_host.tools.remote.carrier import Refused as NotFollowed
from tsme_host.tools.remote.mirror import Mirror, View
from tsme_host.tools.remote.sending import Sender
from tsme_host.tools.remote.waits import all_at_once


class State:
    """Of an execution whose states tick as they are told."""

    def __init__(self, count: int) -> None:
        self.execution = 1
        self.origin = (0, None, None, 1, bytes(8))
        self.client = SimpleNamespace(ticks=[0] * count, queue_tick=1, machine_tick=0)

    def busy(self) -> bool:
        return True

    @property
    def state(self) -> State:
        return self

    def tick(self, states: list[int]) -> None:
        old = self.client
        ticks = [n + states.count(i) for i, n in enumerate(old.ticks)]
        queue = old.queue_tick + 1
        self.client = SimpleNamespace(ticks=ticks, queue_tick=queue, machine_tick=0)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([3, 70, 130]),
    st.integers(0),
    st.lists(
        st.tuples(
            st.sampled_from(["push", "push", "look", "lost"]),
            st.lists(st.integers(0, 129), max_size=90),
        ),
        max_size=12,
    ),
    st.booleans(),
)
def test_what_is_merged_lost_or_in_pieces_comes_to_the_same_ticks(
    count: int, mask: int, moves: list[tuple[str, list[int]]], shallow: bool
) -> None:
    names = [f"S{n}" for n in range(count)]
    view = View(Schema(build("m", 1, [(n, {}) for n in names[:-1]])), mask | 1, "m")
    slot: Any = State(count)
    line: Any = SimpleNamespace(session=1)
    one = Follower(line, 1, "m", slot.state, view.which, 0, shallow)
    mirror = Mirror(view, shallow)
    mirror.begin(1)
    whole = 0

    def look() -> None:
        nonlocal whole
        while True:
            body: dict[str, Any] = {}
            one.now(slot.client, body, True)
            if not mirror.told(body):  # then all of it is asked for
                whole += 1
                one.begin(slot)
                mirror.begin(1)
                continue
            if not mirror.more:
                return

    look()
    for what, states in moves:
        slot.tick([n % count for n in states])
        if what == "look":
            look()
            assert mirror.queue_tick == slot.client.queue_tick
            wanted = [slot.client.ticks[i] for i in view.which]
            assert mirror.ticks == [n % 2 for n in wanted] if shallow else mirror.ticks == wanted
        else:
            body = one.news(slot)
            if body and what == "push" and not mirror.told(body):
                one.begin(slot)
                mirror.begin(1)
                whole += 1
                look()
    lost = sum(what == "lost" for what, _ in moves)
    assert whole <= lost


@pytest.mark.parametrize("once", [True, False])
def test_a_mutation_is_sent_again_only_if_it_was_surely_not_done(once: bool) -> None:
    """The board was reset: whether it was sent once, and how far its queue has come, tells."""

    async def user(item: Any, before: int, after: int) -> Any:
        known = SimpleNamespace(execution=1, queue_tick=before, more=False)
        sent: list[Any] = []

        async def ask(command: str, fields: Any, write: bool, then: Any) -> Any:
            sent.append(fields)
            if len(sent) == 1:
                known.queue_tick = after
                raise NotFollowed(once)
            return {"did": [0 if isinstance(item, list) else 5], "now": []}

        async def synced() -> None:
            pass

        board: Any = SimpleNamespace(most=1020, ask=ask, spawn=asyncio.ensure_future)
        machine: Any = SimpleNamespace(
            to=1,
            lost=False,
            now=lambda over=False: known,
            take=None,
            renew=lambda: None,
            synced=synced,
        )
        try:
            return await Sender(board, machine).put(item)
        except TsmeError as error:
            return error.code

    maybe = "executed" if once else "TSME-N078"
    assert asyncio.run(user([0, [1]], 3, 3)) == "executed"
    assert asyncio.run(user([0, [1]], 3, 4)) == maybe
    assert asyncio.run(user([4, [1]], 3, 3)) == maybe
    assert asyncio.run(user({"eval": "f"}, 3, 3)) == (5 if once else "TSME-N078")


def test_what_came_and_went_is_known_of_one_state() -> None:
    both = all_at_once([0, 1], 1)
    assert both([0, 0], [1, 1])
    assert both([1, 0], [1, 2])
    assert not both([0, 0], [2, 2])
    assert not both([0, 0], [0, 2])
    assert not both([1, 0], [2, 1])
    none = all_at_once([0], 0)
    assert none([1], [3])
    assert not none([1], [1])


def test_what_a_board_had_no_time_for_goes_with_the_next_request() -> None:
    """Also what stood behind a mutation that was refused."""
    answers = [
        {"did": [0, 1]},
        {"did": [], "error": ["TSME-M017", "as it says"]},
        {"did": [2]},
    ]
    known = SimpleNamespace(execution=1, queue_tick=1, more=False)
    sent: list[Any] = []

    async def ask(command: str, fields: Any, write: bool, then: Any) -> Any:
        sent.append(fields["do"])
        return answers[len(sent) - 1]

    async def synced() -> None:
        pass

    async def user() -> list[Any]:
        board: Any = SimpleNamespace(most=1020, ask=ask, spawn=asyncio.ensure_future)
        machine: Any = SimpleNamespace(to=1, lost=False, now=lambda over=False: known, take=None)
        machine.synced = synced
        sender = Sender(board, machine)
        puts = [sender.put([0, [n]]) for n in range(4)]
        return await asyncio.gather(*puts, return_exceptions=True)

    done = asyncio.run(user())
    assert done[:2] + done[3:] == ["executed", "canceled", "queued"]
    assert str(done[2]) == "TSME-M017: as it says"
    assert [len(one) for one in sent] == [4, 2, 1]


def following(count: int, line: Any, slot: Any) -> Any:
    """A link that so many follow on one line, as far as push() knows it."""
    made = [Follower(line, to, "m", slot.state, range(60), 0, False) for to in range(count)]
    return SimpleNamespace(followers=made, board=SimpleNamespace(slots={"m": slot}))


class Heard:
    """A stream whose peer reads."""

    def __init__(self) -> None:
        self.written: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.written.append(data)


def test_one_who_cannot_be_told_ends_neither_the_board_nor_others() -> None:
    slot: Any = State(60)
    stream = Heard()
    link = following(2, SimpleNamespace(session=1, stream=stream), slot)
    link.followers[0].sent[3] = -(2**64)  # no difference to it can be encoded
    slot.tick([3])
    link_followers.push(link)
    assert stream.written
    link_followers.push(link)
    assert [one.to for one in link.followers] == [1]


def test_a_board_waits_once_for_a_line_that_nobody_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_PATIENCE", 0)
    monkeypatch.setattr(link_followers, "_STUCK", -1)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while ours.send(bytes(65536)):
                pass
        sent: list[bytes] = []

        class Full:
            def send(self, data: Any) -> int:
                sent.append(bytes(data))
                return ours.send(data)

        peer: Any = object.__new__(streams.Peer)
        peer.session = 0
        peer.peer = Full()
        slot: Any = State(60)
        link = following(8, SimpleNamespace(session=1, stream=peer), slot)
        slot.tick(list(range(60)))
        link_followers.push(link)
        assert len(set(sent)) == 1  # a line of the first of them
        link_followers.push(link)
        assert link.followers == []
        assert len(set(sent)) == 1


def sender(ask: Any, now: Any = None, synced: Any = None) -> Sender:
    """Of a machine that is followed, and to whom `ask` answers."""

    async def there() -> None:
        pass

    known = SimpleNamespace(execution=1, queue_tick=1, more=False)
    board: Any = SimpleNamespace(most=1020, ask=ask, spawn=asyncio.ensure_future)
    machine: Any = SimpleNamespace(
        to=1,
        lost=False,
        now=now or (lambda over=False: known),
        take=None,
        renew=lambda: None,
        synced=synced or there,
    )
    return Sender(board, machine)


@pytest.mark.parametrize("once", [True, False])
def test_of_a_mutation_that_perhaps_ended_the_execution_nobody_says_it_was_not_done(
    once: bool,
) -> None:
    over: list[bool] = []

    async def ask(*_: Any) -> Any:
        over.append(True)
        raise NotFollowed(once)

    def now(_: bool = False) -> Any:
        if over:
            raise TsmeError("TSME-K002", "no execution of m is running")
        return SimpleNamespace(execution=1, queue_tick=1, more=False)

    async def user() -> None:
        await sender(ask, now).put([1, [0]])

    with pytest.raises(TsmeError, match="TSME-K002" if once else "TSME-N078"):
        asyncio.run(user())


@pytest.mark.parametrize(
    "answer",
    [
        {"did": [], "error": "odd"},
        {"did": [1.0]},
        {"did": [True]},
        {"did": [3]},
        {"did": 7},
        {"did": [], "error": []},
    ],
    ids=str,
)
def test_an_answer_that_is_none_is_an_error_and_ends_nothing(answer: Any) -> None:
    answers = [answer, {"did": [1]}]

    async def ask(*_: Any) -> Any:
        return answers.pop(0)

    async def user() -> str:
        one = sender(ask)
        with pytest.raises(TsmeError, match=r'TSME-N037: .*"did" is'):
            await one.put([0, [0]])
        return str(await one.put([0, [0]]))

    assert asyncio.run(user()) == "canceled"
