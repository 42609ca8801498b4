"""The simulator's quick copy of values from outside is the one that devices make."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tsme.values.copies import ordered as device
from tsme_sim.values import ordered

PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(2**65), 2**65)
    | st.floats()
    | st.text(max_size=30)
    | st.text(st.characters(codec=None), max_size=2)  # halves of characters, too
    | st.binary(max_size=2)
)
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner)
        | st.dictionaries(st.text(max_size=3) | st.integers(0, 3), inner, max_size=3)
    ),
)


def outcome(function: Any, value: Any) -> tuple[str, str]:
    try:
        return "", repr(function(value))
    except Exception as e:
        return type(e).__name__, str(e)


@given(VALUES)
def test_a_value_is_taken_or_refused_as_on_a_device(value: Any) -> None:
    assert outcome(ordered, value) == outcome(device, value)


def test_nothing_is_deeper_than_on_a_device() -> None:
    value: Any = 0
    for _ in range(40):
        assert outcome(ordered, value) == outcome(device, value)
        value = [value] if isinstance(value, dict) else {"a": value}
