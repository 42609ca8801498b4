"""Law 6 over every cut: a world outside counts what really happened, and the journal tells of it.

The power goes at every operation of the flash, torn in several ways, and in every handler before
and after it did its work; then once more, at every point of the life after that.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.nor import Nor, PowerLoss
from tests.engines import each_engine  # noqa: F401
from tests.laws.plant import Plant
from tests.laws.smallest import must
from tests.laws.support import many, show
from tests.laws.workflows import Case, cases
from tsme.engine.engine import Engine
from tsme.engine.tasks import Done, TaskError, Tasks
from tsme.journal import Journal
from tsme.program import Program
from tsme_host.compiler.compile import compile_text
from tsme_host.tools.files import Loaded
from tsme_host.tools.journal.image import read_log
from tsme_host.tools.journal.ledger import INTERRUPTED, PENDING, SUCCEEDED, keep
from tsme_host.tools.journal.replayer import know

SHAPES = ("none", "random", "all")
EFFECTS: dict[str, Any] = {
    "look": "pure",
    "note": "idempotent",
    "open": "once",
    "close": "once",
    "tell": "once",
}


def task(name: str, following: str = "") -> dict[str, Any]:
    """A task whose result is kept, and whose interruption is caught."""
    state: dict[str, Any] = {"Type": "Task", "Resource": name, "ResultPath": f"$.{name}"}
    if EFFECTS[name] == "once":
        rule = {"ErrorEquals": ["TSME.Interrupted"], "ResultPath": f"$.{name}"}
        state["Catch"] = [rule | {"Next": following or "Over"}]
    return state | ({"Next": following} if following else {"End": True})


def branch(name: str) -> dict[str, Any]:
    over = {"Over": {"Type": "Pass", "End": True}} if EFFECTS[name] == "once" else {}
    return {"StartAt": name, "States": {name: task(name)} | over}


FLOW = {
    "StartAt": "look",
    "States": {
        "look": task("look", "open"),
        "open": task("open", "both"),
        "both": {
            "Type": "Parallel",
            "Branches": [branch("close"), branch("note")],
            "ResultPath": "$.both",
            "Next": "tell",
        },
        "tell": task("tell", "done"),
        "done": {"Type": "Succeed"},
    },
}
DATA = compile_text(json.dumps(FLOW)).data
PROGRAM = Program(DATA)
KNOWN = know(Loaded("flow", DATA, None))


class Mains(Nor):
    """Flash and handlers on one power line.  `cut`: the point at which it fails, from 0."""

    def __init__(self) -> None:
        super().__init__(4096, 4)
        self.points = 0
        self.cut = -1
        self.shape = "none"

    def begin(self, cut: int, shape: str) -> None:
        self.power_on()
        self.points, self.cut, self.shape = 0, cut, shape
        self.torn = False  # it failed in an operation of the flash

    def passed(self) -> bool:
        """A point at which the power may fail; whether it does."""
        self.points += 1
        return self.points - 1 == self.cut

    def writeblocks(self, n: int, buf: Any, off: int = 0) -> Any:
        self._maybe_tear()
        return super().writeblocks(n, buf, off)

    def ioctl(self, op: int, arg: int) -> int:
        if op == 6:
            self._maybe_tear()
        return super().ioctl(op, arg)

    def _maybe_tear(self) -> None:
        if self.passed():
            self.torn = True
            self.cut_at(1, self.shape)

    def maybe_fail(self) -> None:
        """In a handler; what it raises then reaches nobody, for the clock stands still too."""
        if self.passed():
            self.on = False
            raise TaskError("the power is off")


class World:
    """What no reset undoes.  `checks`: the handlers of `once` tasks have a check, which knows."""

    def __init__(self, checks: bool) -> None:
        self.mains = Mains()
        self.checks = checks
        self.begun: Counter[int] = Counter()  # handlers that began, by action
        self.done: Counter[int] = Counter()  # and that did it
        self.resource: dict[int, str] = {}
        self.said: dict[int, Any] = {}  # what was answered last

    def clock(self) -> int:
        if not self.mains.on:
            raise PowerLoss("the power is off")
        return 1767225600000

    def tasks(self) -> Any:
        tasks = Tasks()
        for name, effect in EFFECTS.items():
            check = self.check if self.checks and effect == "once" else None
            tasks.task(name, effect, context=True, check=check)(self.handler(name))
        return tasks

    def handler(self, name: str) -> Any:
        def handle(payload: Any, context: Any) -> Any:
            i = context.action
            assert self.resource.setdefault(i, name) == name, "one id, one task"
            self.begun[i] += 1
            self.mains.maybe_fail()
            self.done[i] += 1
            self.said[i] = f"{name} {self.done[i]}"
            self.mains.maybe_fail()
            return self.said[i]

        return handle

    def check(self, payload: Any, context: Any) -> Any:
        self.mains.maybe_fail()
        return Done(self.said[context.action]) if self.done[context.action] else False

    def live(self, cut: int = -1, shape: str = "none") -> Any:
        """Until the end of the execution (its output), or of the power (None)."""
        self.mains.begin(cut, shape)
        engine = Engine(
            PROGRAM, Journal(self.mains), self.clock, lambda ms: None, lambda: 1, self.tasks()
        )
        try:
            if not engine.recover() and engine.state.execution:
                return engine.state.result  # the power went after the last commit
            return asyncio.run(engine.run({})).output
        except PowerLoss:
            return None


def lives(checks: bool) -> Iterator[tuple[World, Any]]:
    """Each world with one cut, and with two, and the output of its execution."""
    clean = World(checks)
    clean.live()
    for first in range(clean.mains.points):
        for shape in SHAPES:
            second, points = -1, 1
            while second < points:
                world = World(checks)
                assert world.live(first, shape) is None
                torn = world.mains.torn
                output = world.live(second, shape)
                points = max(points, world.mains.points)
                yield world, world.live() if output is None else output
                second += 1
            if not torn:
                break  # it failed in a handler, which has but one shape


def results(world: World, output: Any) -> dict[str, Any]:
    """What the output says of each task."""
    found = {name: output[name] for name in ("look", "open", "tell")}
    return found | {"close": output["both"][0]["close"], "note": output["both"][1]["note"]}


@pytest.mark.parametrize("checks", [False, True], ids=["no check", "check"])
def test_once_is_at_most_once_and_no_result_is_lost(checks: bool, tmp_path: Path):
    path = tmp_path / "j.bin"
    seen: Counter[str] = Counter()
    for world, output in lives(checks):
        seen["worlds"] += 1
        world.mains.save(str(path))
        account, _ = keep(read_log(str(path)), [KNOWN], world.tasks())
        told = results(world, output)
        assert sorted(item.resource for item in account.booked) == sorted(EFFECTS), "one id each"
        for item in account.booked:
            i, name = item.action, item.resource
            seen[f"{item.end} {item.effect}"] += 1
            assert world.resource.get(i, name) == name
            if item.effect == "once":
                assert world.done[i] <= 1
                assert checks or world.begun[i] <= 1
            else:
                assert world.done[i] >= 1
                seen["again"] += world.begun[i] > 1
            least, most = item.ran
            assert least <= world.done[i]
            assert most is None or world.done[i] <= most
            if item.end == SUCCEEDED:
                assert told[name] == item.result == world.said[i], "the result is in the output"
            else:
                assert item.end == INTERRUPTED
                assert not checks, "the check always knew"
                assert told[name]["Error"] == "TSME.Interrupted"
                seen["done all the same"] += world.done[i]
    assert seen["worlds"] > 600
    assert seen["again"] > 100
    assert bool(seen["interrupted once"]) == bool(seen["done all the same"]) == (not checks)


@many(200)
@given(cases(exact=True), st.integers(0, 30), st.sampled_from(SHAPES), st.integers(0, 6))
def test_the_journal_tells_the_truth(case: Case, op: int, shape: str, die_in: int) -> None:
    """Of any workflow: no handler ran less often, or more often, than its journal proves."""
    must(lambda c: truth(c, op, shape, die_in), case, show)


def truth(case: Case, op: int, shape: str, die_in: int) -> None:
    plant = Plant(case)
    plant.die_in = die_in
    if op:
        plant.flash.cut_at(op, shape)
    plant.live()
    plant.die_in = None
    plant.run()
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        plant.flash.save(file.name)
        log = read_log(file.name)
    known = know(Loaded("case", compile_text(case.text).data, None))
    account, played = keep(log, [known], plant.engine.tasks)
    assert not any(item.difference or item.skipped for item in played)
    assert {b.action for b in plant.ledger.begun} <= {item.action for item in account.booked}
    for item in account.booked:
        assert item.end != PENDING
        runs = plant.ledger.of(item.action)
        assert {b.resource for b in runs} <= {item.resource}
        least, most = item.ran
        assert least <= sum(b.finished for b in runs)
        assert most is None or len(runs) <= most
