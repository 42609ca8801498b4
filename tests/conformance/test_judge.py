"""The judge lets pass what the data set's rules allow, and nothing else."""

import importlib.util
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conformance import judge
from tests.conformance.samples import PASS, RETRIED, changed

SHARED = Path(__file__).parents[2].parent / "shared" / "conformance"
REFERENCE = Path(os.environ.get("TSME_CONFORMANCE", SHARED / "aws")).parent / "compare.py"

SAME = [
    (1, 1.0),
    ("<*uuid:1*>", {"any": ["thing"]}),
    ("id <*uuid:1*>, again <*uuid:1*>", "id 1, again 2"),
    ('{"a": 1, "b": 2}', '{"b":2,"a":1}'),
    ("[1, 2]", "[1,2]"),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ({"StartTime": "x"}, {"StartTime": "x", "RedriveCount": 0}),
    ("a.b", "a.b"),
]
DIFFERENT = [
    (1, True),
    (0, False),
    (None, False),
    (None, ""),
    ("1", 1),
    ("a.b", "axb"),
    ("id <*x*>!", "id 1"),
    ("<*x*>y", "xyz"),
    ('{"a": 1}', '{"a":2}'),
    ('{"a": 1}', "{a:1}"),
    ([1, 2], [2, 1]),
    ([1], [1, 1]),
    ({"a": 1}, {"a": 1, "b": 2}),
    ({"Time": "x"}, {"Time": "x", "RedriveCount": 0}),
]

jsons = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.floats(-1, 1)
    | st.text("<*x>{}[]1,", max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", max_size=1), inner),
    max_leaves=6,
)


@pytest.mark.parametrize(("expected", "actual"), SAME)
def test_same(expected, actual):
    assert judge.match(expected, actual)


@pytest.mark.parametrize(("expected", "actual"), DIFFERENT)
def test_different(expected, actual):
    assert not judge.match(expected, actual)


def own(case):
    return dict(case["expected"])


@pytest.mark.parametrize("case", [PASS, RETRIED])
def test_a_recording_is_what_it_says(case):
    assert judge.compare(case, own(case)) == []


@pytest.mark.parametrize("case", [PASS, RETRIED])
def test_every_change_to_an_event_is_seen(case):
    for n, event in enumerate(case["expected"]["events"]):
        for key in event.keys() - {"id", "prev"}:
            actual = changed(case, "expected", "events", n, key, to="<other>")["expected"]
            assert judge.compare(case, actual), (n, key)
        actual = own(case) | {"events": case["expected"]["events"][:n]}
        assert judge.compare(case, actual)


def test_a_result_of_another_kind_is_seen():
    failed = {"status": "FAILED", "error": "E", "cause": "c", "events": PASS["expected"]["events"]}
    told = " ".join(judge.compare(PASS, failed))
    for part in ("status", "output: missing", "error: not expected", "cause: not expected"):
        assert part in told


def test_branches_may_be_interleaved_but_nothing_may_be_lost():
    branch = {"StartAt": "x", "States": {"x": {"Type": "Pass", "End": True}}}
    states = {"Both": {"Type": "Parallel", "Branches": [branch, branch], "End": True}}
    case = changed(PASS, "definition", to={"StartAt": "Both", "States": states})
    turned = own(case) | {"events": case["expected"]["events"][::-1]}
    assert judge.compare(case, turned) == []
    assert judge.compare(case, turned | {"events": turned["events"][1:]})
    assert judge.compare(case, turned | {"events": turned["events"] * 2})
    assert judge.compare(PASS, turned)


@pytest.fixture(scope="module")
def reference():
    if not REFERENCE.exists():
        pytest.skip(f"the data set's own comparison is not here ({REFERENCE})")
    spec = importlib.util.spec_from_file_location("reference_compare", REFERENCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@given(jsons, jsons)
def test_it_judges_as_the_data_set_does(reference, expected, actual):
    assert judge.match(expected, actual) == reference.match(expected, actual)
    assert judge.match(expected, expected) == reference.match(expected, expected)


def test_it_sees_the_differences_that_the_data_set_sees(reference):
    folder = REFERENCE.parent / "aws"
    for path in sorted(folder.glob("*.json"))[::7]:
        case = json.loads(path.read_text(encoding="utf-8"))
        if case["kind"] != "execution":
            continue
        actual = own(case)
        if actual.get("events"):
            events = actual["events"]
            actual = actual | {"events": events[1:], "output": [actual.get("output")]}
        theirs = reference.compare(case, actual)
        mine = judge.compare(case, actual)
        assert len(mine) == len(theirs), case["id"]
        assert not judge.compare(case, own(case))
