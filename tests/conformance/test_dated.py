"""A recording is held to the form of its day, on just the field that has changed."""

import pytest

from tests.conformance import dated
from tests.conformance.samples import case, changed
from tests.conformance.suite import judge_all

PASSES = {"Type": "Pass", "End": True}
MODE = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
EACH = {
    "M": {
        "Type": "Map",
        "MaxConcurrency": 1,
        "ItemProcessor": {"StartAt": "P", "States": {"P": PASSES}} | MODE,
        "End": True,
    }
}
KINDS = ["ExecutionStarted", "MapStateEntered", "MapStateStarted", "MapRunStarted"]
KINDS += ["MapRunSucceeded", "MapStateSucceeded", "MapStateExited", "ExecutionSucceeded"]
PREVS = [0, 0, 2, 3, 4, 5, 4, 7]


def events(prevs):
    out = [
        {"id": n, "prev": p, "type": k}
        for n, (p, k) in enumerate(zip(prevs, KINDS, strict=True), 1)
    ]
    out[0]["input"] = out[1]["input"] = out[6]["output"] = out[7]["output"] = [1]
    out[1]["state"] = out[6]["state"] = "M"
    out[2]["details"] = {"length": 1}
    out[3]["details"] = {"mapRunArn": "<*arn*>"}
    return out


def recording(day, prevs):
    expected = {"status": "SUCCEEDED", "output": [1], "events": events(prevs)}
    return case(EACH, [1], expected=expected, source={"recorded": day and day + ", 10:00:00"})


@pytest.mark.parametrize(
    ("day", "prev", "passes"),
    [
        ("20-07-2024", 5, True),
        ("20-07-2024", 4, False),
        ("13-11-2024", 4, True),
        ("13-11-2024", 5, False),
        ("", 4, True),
        ("", 5, False),
    ],
)
def test_the_exit_of_a_distributed_map_follows_what_it_followed_that_day(day, prev, passes):
    sample = recording(day, [*PREVS[:6], prev, 7])
    [verdict] = judge_all([sample], "cpython", {})
    assert (verdict.verdict == "passed") is passes
    assert passes or verdict.why.startswith("event 7 (MapStateExited): is 7 after ")


def test_no_other_field_of_an_old_recording_is_let_pass():
    for n in range(8):
        prevs = [*PREVS[:6], 5, 7]
        prevs[n] += 1
        [verdict] = judge_all([recording("20-07-2024", prevs)], "cpython", {})
        assert verdict.verdict == "failed"
    wrong = changed(recording("20-07-2024", [*PREVS[:6], 5, 7]), "expected", "output", to=2)
    assert judge_all([wrong], "cpython", {})[0].verdict == "failed"


@pytest.mark.parametrize(("day", "prev"), [("21-11-2024", 2), ("27-12-2024", 3), ("", 3)])
def test_a_failed_evaluation_follows_what_it_followed_that_day(day, prev):
    """No product's history has one yet; the judge knows the rule."""
    today = [
        {"id": 3, "prev": 2, "type": "TaskStateEntered"},
        {"id": 4, "prev": 3, "type": "EvaluationFailed"},
        {"id": 5, "prev": 4, "type": "EvaluationFailed"},  # of the second attempt
    ]
    then = dated.as_then({"source": {"recorded": day}}, today)
    assert [e["prev"] for e in then] == [2, prev, 4 if prev == 3 else 2]


@pytest.mark.parametrize(("day", "verdict"), [("21-09-2023", "skipped"), ("01-08-2026", "failed")])
def test_objects_were_no_items_once(day, verdict):
    cause = "An error occurred while executing the state 'M' (entered at the event id #2). "
    cause += 'Reference path "$" must point to array.'
    expected = {"status": "FAILED", "error": "States.Runtime", "cause": cause, "events": None}
    sample = case(EACH, {"a": 1}, expected=expected, source={"recorded": day + ", 10:00:00"})
    [found] = judge_all([sample], "cpython", {})
    assert found.verdict == verdict
    assert not found.known or "a Map takes an object" in found.why
    still = changed(sample, "input", to=5)  # what is refused today as well
    assert judge_all([still], "cpython", {})[0].verdict == "passed"
