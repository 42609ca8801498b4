"""Law 4: a step that fails leaves state and journal as they were, and may be tried again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.nor import Nor, PowerLoss
from tests.engines import each_engine  # noqa: F401
from tests.laws.drive import Drive, start_event
from tests.laws.smallest import must
from tests.laws.support import actions_bytes, drive, kernel_of, many, show, start_of
from tests.laws.workflows import Case, cases, write
from tsme import core
from tsme.errors import LimitError, TsmeError
from tsme.journal import STEP, Journal
from tsme.kernel.limits import LIMITS
from tsme.kernel.protocol import CONTINUE, FAILED, SUCCEEDED, TIMER
from tsme.kernel.replay import Replay


class Bomb:
    """Raises at the n-th line that the package tsme runs; before that, counts."""

    def __init__(self, at: int | None, error: BaseException) -> None:
        self.at = at
        self.error = error
        self.lines = 0

    def line(self, frame: FrameType, event: str, arg: Any) -> Any:
        if event == "line":
            self.lines += 1
            if self.lines == self.at:
                raise self.error
        return self.line

    def call(self, frame: FrameType, event: str, arg: Any) -> Any:
        return self.line if "/tsme/" in frame.f_code.co_filename else None


@contextmanager
def armed(bomb: Bomb) -> Iterator[None]:
    old = sys.gettrace()
    sys.settrace(bomb.call)
    try:
        yield
    finally:
        sys.settrace(old)


def step_bytes(step: Any) -> Any:
    return step and (bytes(step.record), actions_bytes(step))


class Fragile(Drive):
    """Every step fails first, at some of its lines: no memory there."""

    tries = 12
    failures = 0

    def feed(self, event: Any) -> Any:
        before = self.kernel.checkpoint(self.state)
        self.kernel.step(self.state, event)  # what is imported when it is needed, is now
        count = Bomb(None, MemoryError())
        with armed(count):
            once = self.kernel.step(self.state, event)
        want = step_bytes(once)
        for n in range(1, count.lines, max(1, count.lines // self.tries)):
            bomb = Bomb(n, MemoryError())
            raised = False
            try:
                with armed(bomb):
                    self.kernel.step(self.state, event)
            except MemoryError:
                raised = True
            assert raised or core.core, "the core may go another way"
            self.failures += raised
            assert self.kernel.checkpoint(self.state) == before, f"line {n} of {count.lines}"
        step = super().feed(event)
        assert step_bytes(step) == want, "and the same input goes through afterwards"
        return step


def fragile(case: Case) -> None:
    kernel = kernel_of(case)
    straight = drive(case)
    d = Fragile(kernel, start_of(kernel, case), case.moves, case.results).run()
    assert [step_bytes(s) for s in d.steps] == [step_bytes(s) for s in straight.steps]


@many(40)
@given(cases())
def test_no_memory_at_any_line_changes_nothing(case: Case) -> None:
    must(fragile, case, show)


def test_no_memory_at_most_lines_of_a_step() -> None:
    """Every second or third of them, in a workflow with branches."""
    seeds = (write(seed, 2) for seed in range(10000))
    case = next(c for c in seeds if "Parallel" in c.text and len(drive(c).steps) > 4)
    kernel = kernel_of(case)
    d = Fragile(kernel, start_of(kernel, case), case.moves, case.results)
    d.tries = 400
    d.run()
    assert d.failures > 1000 or core.core, "a step of the core has few lines of Python"


BAD: list[Callable[[Any], Any]] = [
    lambda a: (SUCCEEDED, 0, a, float("nan")),
    lambda a: (SUCCEEDED, 0, a, 2**64),
    lambda a: (SUCCEEDED, 0, a, {"k": b"bytes"}),
    lambda a: (SUCCEEDED, 0, a, {1: 2}),
    lambda a: (SUCCEEDED, 0, a, [object()]),
    lambda a: (SUCCEEDED, 0, a, "\ud800"),
    lambda a: (FAILED, 0, a, {"not": "text"}, object()),
    lambda a: (TIMER, 0, a),
    lambda a: (CONTINUE, 0),
]


@pytest.mark.parametrize("bad", BAD)
def test_bad_data_changes_nothing(bad: Any) -> None:
    task = {"Type": "Task", "Resource": "task0", "ResultPath": "$.r", "End": True}
    case = Case({"StartAt": "T", "States": {"T": task}}, {"a": 1}, results={"task0": 7})
    kernel = kernel_of(case)
    d = Drive(kernel, start_of(kernel, case), results=case.results)
    d.feed(d.start)
    before = kernel.checkpoint(d.state)
    event = bad(1)
    with pytest.raises(TsmeError):
        kernel.step(d.state, (event[0], d.state.now, *event[2:]))
    assert kernel.checkpoint(d.state) == before
    assert d.finish().state.result == {"a": 1, "r": 7}


@many(60)
@given(cases(), st.integers(40, 2000))
def test_a_state_that_gets_too_large_stays_as_it_was(case: Case, most: int) -> None:
    must(lambda c: too_large(c, most), case, show)


def too_large(case: Case, most: int) -> None:
    want = drive(case)
    kernel = kernel_of(case)
    d = Drive(kernel, want.start)
    old = LIMITS["state_bytes"]
    for event, step in zip(want.events, want.steps, strict=True):
        before = kernel.checkpoint(d.state)
        LIMITS["state_bytes"] = most
        try:
            kernel.step(d.state, event)
        except LimitError as e:
            assert e.limit == most
            assert kernel.checkpoint(d.state) == before
        finally:
            LIMITS["state_bytes"] = old
        assert step_bytes(d.feed(event)) == step_bytes(step)


# --- the journal ---


class Broken(Nor):
    """Flash whose operations fail, with or without having done something."""

    broken = False

    def writeblocks(self, n: int, buf: Any, off: int = 0) -> int | None:
        if self.broken:
            raise OSError(5)
        return super().writeblocks(n, buf, off)


def journal_of(flash: Nor, kernel: Any) -> tuple[Journal, Any]:
    journal = Journal(flash)
    replay = Replay(kernel)
    journal.recover(replay.checkpoint, replay.step)
    if journal.needs_checkpoint():  # torn writes have used up the room
        journal.checkpoint(kernel.checkpoint(replay.state))
    return journal, replay.state


@many(40)
@given(cases(), st.sampled_from(["error", "none", "first", "half", "random"]))
def test_a_commit_that_fails_leaves_the_journal_before_the_step(case: Case, how: str) -> None:
    must(lambda c: failed_commit(c, how), case, show)


def failed_commit(case: Case, how: str) -> None:
    """Every commit fails once; then the flash is read again, and the same input goes through."""
    want = drive(case)
    kernel = kernel_of(case)
    flash = Broken()
    journal, state = journal_of(flash, kernel)
    for event, expected in zip(want.events, want.steps, strict=True):
        before = kernel.checkpoint(state)
        step = kernel.step(state, event)
        if step is None:
            continue
        if how == "error":
            flash.broken = True
        else:
            flash.cut_at(1, how, 3)
        with pytest.raises((TsmeError, PowerLoss)):
            journal.commit(STEP, step.record)
        flash.broken = False
        flash.power_on()
        with pytest.raises(TsmeError):
            journal.commit(STEP, step.record)  # not before it was read again
        journal, state = journal_of(flash, kernel)
        assert kernel.checkpoint(state) == before, "nothing of the step is there"
        step = kernel.step(state, event)
        journal.commit(STEP, step.record)
        assert step_bytes(step) == step_bytes(expected)
        journal, state = journal_of(flash, kernel)
        assert kernel.checkpoint(state) == kernel.checkpoint(step.state)


def test_a_start_that_fails_leaves_no_execution() -> None:
    case = Case({"StartAt": "S", "States": {"S": {"Type": "Succeed"}}}, {})
    kernel = kernel_of(case)
    d = Drive(kernel, start_event(kernel.client.program, {}))
    with pytest.raises(TsmeError):
        kernel.step(d.state, (*d.start[:3], b"01234567", *d.start[4:]))
    assert d.state.execution == 0
    assert d.run().state.status == 1
