"""All recorded AWS executions, on each interpreter.  The recordings are not part of the project:
they lie beside it, or where TSME_CONFORMANCE says."""

import os
from pathlib import Path

import pytest

from tests import interpreters
from tests.conformance import dated
from tests.conformance.definitions import text_of
from tests.conformance.driver import drive
from tests.conformance.judge import is_concurrent
from tests.conformance.suite import cases, judge_all
from tests.conformance.verdicts import known_differences
from tsme_host.compiler.compile import compile_text
from tsme_host.compiler.frontend.model import CompileError
from tsme_host.tools.aws.history import replay_history

SHARED = Path(__file__).parents[2].parent / "shared" / "conformance" / "aws"
CASES = Path(os.environ.get("TSME_CONFORMANCE", SHARED))

pytestmark = pytest.mark.skipif(
    not CASES.is_dir(), reason=f"no recorded executions in {CASES} (set TSME_CONFORMANCE)"
)


@pytest.mark.parametrize("on", list(interpreters.INTERPRETERS))
def test_nothing_fails(on):
    interpreters.require(on)
    verdicts = judge_all(cases(CASES), on)
    assert [f"{v.id}: {v.why}" for v in verdicts if v.verdict == "failed"] == []
    assert sum(v.verdict == "passed" for v in verdicts) > len(verdicts) / 2


def executions():
    """Every recorded execution that this version can run, compiled with the options given."""
    for case in cases(CASES):
        if case["kind"] == "execution":
            yield case


def compiled(case, **options):
    try:
        return compile_text(text_of(case), **options)
    except CompileError:
        return None


def test_event_ids_are_awss():
    """In the form of the day on which each was recorded."""
    checked, old = 0, 0
    for case in executions():
        events = case["expected"].get("events")
        program = None if not events or is_concurrent(case) else compiled(case)
        if program is None:
            continue
        run = drive(case, program)
        history = replay_history(program.program, program.debug, run.records, run.notes)
        if dated.outdated(case, history.answer()):
            continue
        then = dated.as_then(case, history.events)
        ids = [(e["id"], e["prev"]) for e in then]
        assert ids == [(e["id"], e["prev"]) for e in events], case["id"]
        checked += 1
        old += then != history.events
    assert checked > 100
    assert old > 2


def test_the_budget_of_a_step_changes_nothing():
    checked = 0
    for case in executions():
        if (large := compiled(case)) is None:
            continue
        small = compiled(case, budget=1)
        run, steps = drive(case, large), drive(case, small)
        told = replay_history(large.program, large.debug, run.records, run.notes)
        slowly = replay_history(small.program, small.debug, steps.records, steps.notes)
        for history in (told, slowly):  # answers come 1 ms after the call: times may move
            for event in history.events:
                del event["time"]
        assert told == slowly, case["id"]
        checked += len(steps.records) > len(run.records)
    assert checked > 100


@pytest.mark.skipif(CASES != SHARED, reason="the list is of the public cases")
def test_known_differences_are_of_cases_that_are_there():
    ids = {case["id"] for case in cases(CASES)}
    assert known_differences().keys() <= ids
