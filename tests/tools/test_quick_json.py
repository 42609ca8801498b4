"""JSON is read quickly, and as those read it that say where a mistake is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsme.values.json import loads
from tsme_host.tools.files import parse_value
from tsme_host.tools.quick_json import value_of

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**65), 2**65) | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)
TEXTS = [
    '{"a":1,"a":2}', "1e999", "-1e999", "NaN", "-Infinity", "9223372036854775807",
    "9223372036854775808", "-9223372036854775808", "-9223372036854775809", '"\\ud800"',
    '"\\ud83d\\ude00"', '"\ud800"', '"\x01"', '"\\u0000"', "-0", "-0.0", "1.0", "4.9e-324",
    "0.1e-400", "1.7976931348623159e308", "[" * 32 + "]" * 32, "[" * 33 + "]" * 33,
    "[" * 65 + "]" * 65, "[" * 9000 + "]" * 9000, "[" + '"[[["' + "]", "01", "+1", ".5", "5.",
    "1" * 5000, "{} x", "", "[1,]", "\ufeff{}", "\t\n\r [1 , 2 ]", "\u00a01",
    '"1234567890123456789012"',
]  # fmt: skip


def slowly(text):
    parse_value(text, "input")
    return loads(text)


def told(read, text):
    try:
        return repr(read(text))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_text_has_the_same_value_or_the_same_error(text):
    assert told(lambda given: value_of(given, "input"), text) == told(slowly, text)


@settings(max_examples=150, deadline=None)
@given(value=VALUES, at=st.integers(0, 200), put=st.sampled_from(["", "[", "}", '"', ",", "e9"]))
def test_so_has_any_other(value, at, put):
    text = json.dumps(value, ensure_ascii=False)
    text = text[: at % (len(text) + 1)] + put + text[at % (len(text) + 1) :]
    assert told(lambda given: value_of(given, "input"), text) == told(slowly, text)
