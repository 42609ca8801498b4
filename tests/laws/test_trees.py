"""Trees of Parallel and Map: right in any order of their tasks, and whole at every step."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.engines import each_engine, kernel_of  # noqa: F401
from tests.laws.drive import EPOCH, start_event
from tests.laws.support import BOARDS, actions_bytes, compiled, many, on_device
from tests.laws.trees import EXCEEDED, FATAL, Forest, Unknown, outcome, same, text
from tsme.errors import LimitError
from tsme.kernel import State
from tsme.kernel.protocol import CONTINUE, FAILED, SUCCEEDED, TASK, TIMER
from tsme.values import cbor

VALUE = {"x": [1, "two"]}
BATCH = 150


class Runner:
    """Runs a tree; which task ends next is left to chance."""

    value: Any = VALUE

    def __init__(self, source: str, seed: int, budget: int = 256, kept: Any = None) -> None:
        self.source = source
        self.kept = kept  # called with every checkpoint
        self.program = compiled(source, budget)
        self.kernel: Any = kernel_of(self.program)
        self.random = Random(seed)
        self.state: Any = State()
        self.events: list[Any] = []
        self.steps: list[Any] = []

    def feed(self, event: Any) -> None:
        step = self.kernel.step(self.state, event)
        assert step is not None, event
        self.events.append(list(event))
        self.steps.append([bytes(step.record), actions_bytes(step)])
        self.state = step.state
        if not self.state.status:
            assert_whole(self.state)
            if self.random.random() < 0.5:  # law 5: the rest follows from a checkpoint alone
                kept = self.kernel.checkpoint(self.state)
                if self.kept:
                    self.kept(kept)
                self.state = self.kernel.restore(cbor.decode(kept, 0, True)[0])
                assert self.kernel.checkpoint(self.state) == kept

    def run(self, answers: bool = True) -> Any:
        self.feed(start_event(self.kernel.client.program, self.value))
        while not self.state.status:
            state = self.state
            assert len(self.events) < 3000
            if self.kernel.client.runnable(state.client):
                self.feed((CONTINUE, state.now))
                continue
            ready = [a for a in state.pending.values() if a.kind == TASK]
            ready = [a for a in ready if answers and a.resource != "silent"]
            if ready and self.random.random() < 0.9:
                self.answer(self.random.choice(ready))
                continue
            timed = [a for a in state.pending.values() if a.due is not None]
            if timed:
                first = min(timed, key=lambda a: (a.due, a.id))
                self.feed((TIMER, max(first.due, state.now), first.id))
            else:
                self.answer(ready[0])
        assert not self.state.pending
        return self.state

    def answer(self, action: Any) -> None:
        now = self.state.now + self.random.randint(0, 3)
        attempt = self.kernel.client.attempt(self.state.client, action)
        if attempt <= action.payload.get("fails", 0):
            self.feed((FAILED, now, action.id, "Flaky", "not yet"))
        else:
            self.feed((SUCCEEDED, now, action.id, action.payload))


def assert_whole(state: Any) -> None:
    """What holds of the frames after every step."""
    frames = state.client
    for number, f in enumerate(frames):
        if f is None:
            continue
        assert f.parent is None or frames[f.parent].wait == -1
        children = [c for c in frames if c and c.parent == number]
        assert (f.wait == -1) == bool(children)
        over = bool(f.join) and not f.join[1]  # the step's budget was spent when they were over
        assert bool(f.join) == (bool(children) or over)
        if f.wait > 0:
            assert state.pending[f.wait].frame == number
        if f.join:
            outputs, left, following = f.join[:3]
            assert left == len(children) + len(outputs) - following
            assert sorted({c.index for c in children}) == sorted(c.index for c in children)
            assert all(c.index < following for c in children)
            assert sum(v is cbor.MISSING for v in outputs) == left
    for action in state.pending.values():
        if action.frame is not None:
            assert frames[action.frame].wait == action.id


def judge(seed: int, budget: int, kept: Any = None) -> Runner | None:
    """Runs the tree of a seed; None if the order decides what comes of it, or it is too large."""
    node = Forest(seed).tree()
    try:
        ok, want = outcome(node, VALUE, {})
    except Unknown:
        return None
    if not ok and FATAL in want and len(want) > 1:
        return None
    runner = Runner(text(node), seed, budget, kept)
    try:
        state = runner.run()
    except LimitError:  # a large one
        return None
    if ok:
        assert state.status == 1, (state.result, text(node))
        assert same(want, state.result), (want, state.result, text(node))
    else:
        assert state.status == 2, (want, state.result, text(node))
        assert state.result[0] in want, (want, state.result, text(node))
    return runner


@many(200)
@given(st.integers(0, 2**32), st.sampled_from([1, 2, 7, 256]))
def test_trees_give_what_they_must_in_any_order(seed: int, budget: int) -> None:
    judge(seed, budget)


@many(60)
@given(st.integers(0, 2**32), st.integers(1, 8))
def test_the_time_of_a_whole_workflow_ends_everything_in_it(seed: int, seconds: int) -> None:
    source = json.loads(text(Forest(seed).tree())) | {"TimeoutSeconds": seconds}
    runner = Runner(json.dumps(source), seed, 2)
    end = 1000 * seconds + EPOCH
    try:
        state = runner.run(answers=False)
    except LimitError:
        return
    assert state.now <= end
    if state.now == end and state.status != 1:
        assert state.result[0] in ("States.Timeout", EXCEEDED, FATAL, "Boom")


@pytest.mark.parametrize("board", BOARDS)
def test_boards_run_trees_to_the_same_bytes(board: str) -> None:
    runs = [r for r in (judge(seed, 1 + seed % 5) for seed in range(BATCH)) if r]
    assert len(runs) > BATCH // 2
    items = [[r.program, r.events] for r in runs]
    for run, got in zip(runs, on_device(board, "replay", items), strict=True):
        want = [*run.steps, run.kernel.checkpoint(run.state)]
        assert got == want, f"{board}: {run.program.hex()}"
