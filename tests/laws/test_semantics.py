"""Workflows mean what the States Language says they mean: the reference evaluator's word."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given, reject

from tests.engines import each_engine  # noqa: F401
from tests.laws.drive import SAMPLE, Drive, first_due
from tests.laws.reference import Failed, Machine, Unknown
from tests.laws.smallest import must
from tests.laws.support import kernel_of, many, show, start_of
from tests.laws.workflows import Case, Writer, cases
from tsme.kernel.protocol import CONTINUE, FAILED, STATUS, SUCCEEDED, TASK, TIMER


def expected(case: Case) -> tuple[Any, ...]:
    """What the reference says: status, output or [error, cause], and what was emitted."""
    answers = {name: iter(moves) for name, moves in case.answers.items()}
    nothing: Iterator[Any] = iter(())

    def answer(resource: str, payload: Any, attempt: int) -> Any:
        name, arg, _ = next(answers.get(resource, nothing), ("ok", SAMPLE, 0))
        if name == "fail":
            raise Failed(*arg)
        return case.results[resource] if arg == SAMPLE else arg

    machine = Machine(case.definition, case.value, Writer.context(case.value), answer)
    try:
        status, result = "succeeded", machine.run()
    except Failed as e:
        status, result = "failed", [e.error, e.cause]
    return status, result, None if machine.unsure_of_emitted else machine.emitted


def got(case: Case, budget: int = 256) -> tuple[Any, ...]:
    """What the kernel does, with the same answers."""
    kernel = kernel_of(case, budget)
    emitted: list[Any] = []

    def look(event: Any, step: Any) -> None:
        emitted.extend((a.kind, a.payload) for a in step.actions if a.id == 0)

    d = Drive(kernel, start_of(kernel, case), look=look)
    answers = {name: iter(moves) for name, moves in case.answers.items()}
    nothing: Iterator[Any] = iter(())
    d.feed(d.start)
    while not d.state.status:
        if d.runnable():
            d.feed((CONTINUE, d.state.now))
            continue
        action = first_due(d.state)
        for i in sorted(d.state.pending):
            if d.state.pending[i].kind == TASK:
                action = d.state.pending[i]
                break
        assert action
        if action.kind != TASK:
            d.feed((TIMER, max(d.state.now, action.due), action.id))
            continue
        name, arg, _ = next(answers.get(action.resource, nothing), ("ok", SAMPLE, 0))
        if name == "fail":
            d.feed((FAILED, d.state.now, action.id, *arg))
        else:
            value = case.results[action.resource] if arg == SAMPLE else arg
            d.feed((SUCCEEDED, d.state.now, action.id, value))
    return STATUS[d.state.status], d.state.result, emitted


def identical(a: Any, b: Any) -> bool:
    """Equal, and of the same types, with members in the same order."""
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(identical(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return (
            isinstance(b, (list, tuple))
            and len(a) == len(b)
            and all(identical(x, y) for x, y in zip(a, b, strict=True))
        )
    if isinstance(a, str) or not isinstance(a, (bool, int, float, type(None))):
        return bool(a == b)
    return type(a) is type(b) and a == b


@many(1500)
@given(cases(exact=True))
def test_data_flows_as_the_states_language_says(case: Case) -> None:
    must(agree, case, show)


def agree(case: Case) -> None:
    try:
        want = expected(case)
    except Unknown:
        reject()
    have = got(case)
    assert have[0] == want[0], (have, want)
    if want[0] == "failed" and want[1][1] is None and str(want[1][0]).startswith("States."):
        assert have[1][0] == want[1][0], (have, want)
    else:
        assert identical(want[1], have[1]), (have, want)
    assert want[2] is None or identical(want[2], have[2]), (have, want)
