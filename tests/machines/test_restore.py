"""After a reset: restore() names each pending task, as it was or as something that finds out.

The power goes at every point of a life, in flash and in handlers, then at every point of the next
one. A world outside, which no reset undoes, counts what really happened.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest

from sim.nor import PowerLoss
from tests.laws.test_ledger import SHAPES, Mains
from tests.machines.test_drafts import Life
from tsme.engine.engine import Engine
from tsme.engine.tasks import Done, Tasks
from tsme.errors import TsmeError
from tsme.journal import Journal
from tsme.kernel import Kernel
from tsme.kernel.replay import Replay
from tsme.machine import Machine

EFFECTS: dict[str, Any] = {
    "look": "pure",
    "note": "idempotent",
    "open": "once",
    "close": "once",
    "ask": "pure",
}


class Valve:
    """Looks, then opens the valve and writes a note of it; a minute later it closes the valve."""

    initial: ClassVar[dict[str, Any]] = {"results": {}, "log": []}
    tasks = tuple(EFFECTS)

    def start(state, input, actions):
        actions.task("look", {"at": input.value})

    def stf(state, input, actions):
        state["log"].append(actions.random(1000))
        if input.task:
            state["results"][input.task] = input.value or input.error
        if input.task == "look":
            actions.task("open", {"litres": input.value})
            actions.task("note", {"looked": input.value})
        elif input.kind == "timer":
            actions.task("close")
        elif input.task == "close":
            actions.end({"results": state["results"], "log": state["log"]})
        elif "open" in state["results"] and "note" in state["results"]:
            actions.timer(60000)


class Asking(Valve):
    """The same; after a reset it asks whether the valve was opened, or closed."""

    def restore(state, actions):
        for i, task, payload in actions.pending:
            if EFFECTS[task] == "once":
                actions.task("ask", {"about": task, "id": i}, id=i)
            else:
                actions.task(task, payload, id=i)


class Same(Valve):
    """The same; after a reset everything is as it was."""

    def restore(state, actions):
        for i, _, _ in actions.pending:
            actions.again(i)


class World:
    """What no reset undoes.  `checks`: the `once` tasks have a check, which knows."""

    def __init__(self, machine: Any, checks: bool) -> None:
        self.machine = machine
        self.checks = checks
        self.mains = Mains()
        self.begun: Counter[tuple[int, str]] = Counter()
        self.done: Counter[tuple[int, str]] = Counter()
        self.now = 1767225600000

    def clock(self) -> int:
        if not self.mains.on:
            raise PowerLoss("the power is off")
        return self.now

    def sleep(self, ms: int) -> None:
        self.now += ms

    def tasks(self) -> Any:
        tasks = Tasks()
        for name, effect in EFFECTS.items():
            check = self.check if self.checks and effect == "once" else None
            tasks.task(name, effect, context=True, check=check)(self.handler(name))
        return tasks

    def handler(self, name: str) -> Any:
        def handle(payload: Any, context: Any) -> Any:
            key = (context.action, name)
            self.begun[key] += 1
            self.mains.maybe_fail()
            if name == "ask":
                return bool(self.done[payload["id"], payload["about"]])
            self.done[key] += 1
            self.mains.maybe_fail()
            return f"{name} {context.action}"

        return handle

    def check(self, payload: Any, context: Any) -> Any:
        self.mains.maybe_fail()
        for (i, name), times in self.done.items():
            if i == context.action and times:
                return Done(f"{name} {i}")
        return False

    def live(self, cut: int = -1, shape: str = "none") -> Any:
        """Until the end of the execution (its output), or of the power (None)."""
        self.mains.begin(cut, shape)
        engine = Engine(
            self.machine, Journal(self.mains), self.clock, self.sleep, lambda: 1, self.tasks()
        )
        try:
            if not engine.recover() and engine.state.execution:
                return engine.state.result  # the power went after the last commit
            return asyncio.run(engine.run("noon")).output
        except PowerLoss:
            return None


def lives(machine: Any, checks: bool) -> Iterator[tuple[World, Any]]:
    """Worlds with one cut and with two, and the output of its execution."""
    clean = World(machine, checks)
    clean.live()
    for first in range(clean.mains.points):
        for shape in SHAPES:
            second, points = first % 2 - 1, 1  # of the second cuts, half with each first one
            while second < points:
                world = World(machine, checks)
                assert world.live(first, shape) is None
                torn = world.mains.torn
                output = world.live(second, shape)
                points = max(points, world.mains.points)
                yield world, world.live() if output is None else output
                second += 2
            if not torn:
                break  # it failed in a handler, which has but one shape


WAYS = [(Valve, False), (Valve, True), (Same, False), (Asking, False)]


@pytest.mark.parametrize(("machine", "checks"), WAYS)
def test_once_is_at_most_once_and_no_result_is_lost(machine, checks):
    undisturbed = World(machine, checks).live()
    seen: Counter[str] = Counter()
    for world, output in lives(machine, checks):
        seen["worlds"] += 1
        ids: Counter[str] = Counter(name for _, name in world.begun if name != "ask")
        assert set(ids.values()) == {1}, "one id a task"
        results = output["results"]
        for (i, name), times in world.begun.items():
            effect, done = EFFECTS[name], world.done[i, name]
            if name == "ask":
                seen["asked"] += 1
            elif effect == "once":
                assert done <= 1
                assert checks or times <= 1
                assert machine is not Asking or results[name] in (
                    f"{name} {i}",
                    bool(done) or None,
                )
                seen["interrupted"] += results[name] == "TSME.Interrupted"
                seen["done all the same"] += results[name] == "TSME.Interrupted" and done
            else:
                assert done >= 1
                seen["again"] += times > 1
        for name in ("look", "note"):
            assert results[name].startswith(name), "the result is there"
        same_way = [results[name] for name in EFFECTS if name in results] == [
            undisturbed["results"][name] for name in EFFECTS if name in results
        ]
        assert not same_way or output["log"] == undisturbed["log"], "random, but the same again"
        replay = Replay(Kernel(Machine(machine)))
        Journal(world.mains).recover(replay.checkpoint, replay.step)
        assert replay.state.result == output
    assert seen["worlds"] > 200
    assert seen["again"] > 30
    interrupted = machine is not Asking and not checks
    assert bool(seen["interrupted"]) == bool(seen["done all the same"]) == interrupted
    assert bool(seen["asked"]) == (machine is Asking)


# --- restore() itself ---


def waiting(restore: Any) -> Any:
    """A life with two tasks and a timer pending."""

    class Waits:
        initial = {"n": [1]}

        def stf(state, input, actions):
            actions.task("a", {"x": [1]})
            actions.timer(50)
            actions.task("b", None, timeout=500)

    if restore:
        Waits.restore = restore  # type: ignore[attr-defined]
    life = Life(Waits)
    life.tell(1)
    life.state.pending[3] = life.state.pending[3]._replace(started=1)
    return life


def restored(restore: Any) -> Any:
    life = waiting(restore)
    before = life.kernel.checkpoint(life.state)
    try:
        return [[a.id, a.resource, a.payload, a.started] for a in life.client.restore(life.state)]
    finally:
        assert life.kernel.checkpoint(life.state) == before


def test_without_restore_tasks_are_what_they_were():
    assert restored(None) == [[1, "a", {"x": [1]}, 0], [3, "b", None, 1]]


def test_another_task_has_not_begun_and_the_same_one_has():
    def restore(state, actions):
        for i, name, payload in actions.pending:
            assert (name, payload) == (("a", {"x": [1]}) if i == 1 else ("b", None))
        assert actions.task("other", {"n": state["n"]}, id=3) == 3
        actions.task("a", 5, id=1)

    assert restored(restore) == [[1, "a", 5, 0], [3, "other", {"n": [1]}, 0]]

    def same(state, actions):
        actions.again(1)
        actions.task("b", "another payload", id=3)

    assert restored(same) == [[1, "a", {"x": [1]}, 0], [3, "b", "another payload", 1]]


@pytest.mark.parametrize(
    ("restore", "code"),
    [
        (lambda s, a: None, "TSME-M007"),
        (lambda s, a: a.again(1), "TSME-M007"),
        (lambda s, a: a.again(2), "TSME-M006"),  # a timer, which goes on by itself
        (lambda s, a: a.again(9), "TSME-M006"),
        (lambda s, a: a.task("a"), "TSME-M006"),
        (lambda s, a: (a.again(1), a.task("a", id=1)), "TSME-M006"),
        (lambda s, a: a.task("a", {1, 2}, id=1), "TSME-V001"),
        (lambda s, a: s.__setitem__("n", 1), "TSME-M002"),
        (lambda s, a: s["n"].append(1), "TSME-M002"),
    ],
)
def test_restore_names_each_task_once_and_changes_nothing(restore, code):
    with pytest.raises(TsmeError) as info:
        restored(restore)
    assert info.value.code == code


def test_restore_cannot_give_what_was_to_be_done_once_to_another_once_task():
    class Asks:
        def start(state, input, actions):
            actions.task("a")

        def stf(state, input, actions):
            actions.end()

        def restore(state, actions):
            actions.task("b", id=1)

    from tsme.journal.ram_flash import RamFlash

    flash = RamFlash()
    runs = []
    for effects in ("once", "once"), ("once", "idempotent"):
        tasks = Tasks()
        begun = asyncio.Event()

        @tasks.task("a", effect=effects[0])
        async def a(payload, begun=begun):
            begun.set()
            await asyncio.sleep(60)

        tasks.task("b", effect=effects[1])(runs.append)

        async def life(tasks=tasks, begun=begun):
            engine = Engine(Asks, Journal(flash), tasks=tasks)
            running = asyncio.create_task(engine.run())
            waiting = asyncio.create_task(begun.wait())
            await asyncio.wait((running, waiting), return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            if not running.done():
                running.cancel()
            return await running

        if not runs and effects[1] == "once":
            with pytest.raises(asyncio.CancelledError):
                asyncio.run(life())  # the reset
            with pytest.raises(TsmeError, match="TSME-M012"):
                asyncio.run(life())
            assert not runs
        else:
            assert asyncio.run(life()).status == "succeeded"
    assert runs == [None]
