"""What a step changed is told by path, and nothing else is."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tsme_host.tools.debugger.diffs import ABSENT, MOST, Change, changes, touches

PLAIN = (
    st.none() | st.booleans() | st.integers(-2, 2) | st.floats(-1, 1) | st.text("ab", max_size=1)
)
NAMES = st.text("ab.", max_size=2)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)


def test_members_items_and_kinds():
    before = {"$": {"a": 1, "b": [1, 2, 3], "gone": None, "x y": 1}, "$v": 1}
    after = {"$": {"a": 1.0, "b": [1, 5], "new": [], "x y": 2}, "$w": True}
    assert [(c.sign, c.path) for c in changes(before, after)] == [
        ("~", "$.a"),
        ("~", "$.b[1]"),
        ("-", "$.b[2]"),
        ("-", "$.gone"),
        ("~", '$["x y"]'),
        ("+", "$.new"),
        ("-", "$v"),
        ("+", "$w"),
    ]


@settings(max_examples=60)
@given(VALUES, VALUES)
def test_nothing_is_told_of_equals_and_something_of_others(a, b):
    assert changes({"$": a}, {"$": a}) == []
    assert bool(changes({"$": a}, {"$": b})) == (repr(_sorted(a)) != repr(_sorted(b)))


def _sorted(value):
    if isinstance(value, dict):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value


def test_no_more_are_told_than_can_be_read():
    assert len(changes({"$": {}}, {"$": {str(n): n for n in range(MOST + 50)}})) == MOST


def test_a_path_is_touched_by_what_is_around_it_and_within_it():
    change = Change("Both it[0] $.a.b[2]", ABSENT, 1, "Both it[0] $")
    for path in ("$", "$.a", "$.a.b", "$.a.b[2]", "$.a.b[2].c"):
        assert touches(change, path), path
    for path in ("$.a.bc", "$.b", "$.a.b[1]", "$a"):
        assert not touches(change, path), path
