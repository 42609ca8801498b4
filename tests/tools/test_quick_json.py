"""JSON is read quickly, and as those read it that say where a mistake is."""

from __future__ import annotations

import json
from collections import OrderedDict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tsme.values.json import dumps, loads
from tsme.values.numbers import F64
from tsme_host.tools.files import parse_value
from tsme_host.tools.quick_json import text_of, value_of

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


WRITTEN: list[object] = [
    *("\x00\x1f\x7f\x85", "\b\t\n\f\r", "\\ \" /", "\u2028\U0001f600", "\ud800", "1.5", "e+", "["),
    *(0, -1, 2**70, True, False, None, 1.0, -0.0, 0.1, 1e16, 1e22, 1e-7, 5e-324, 123456789.0),
    *(float("inf"), float("nan"), 1.5e300, 100, [], {}, (1, (2,)), [True, 1], {"": [{}]}),
    *({"a": 1.5}, {"b": 1, "a": 2}, OrderedDict([("b", 1), ("a", [None])]), {"\x1f": "\x1f"}),
    *({1, 2}, b"x", object, F64(1), ["[" * 40, "{" * 40]),
]  # fmt: skip


def nested(depth):
    value = []
    for _ in range(depth - 1):
        value = [value] if depth % 2 else {"a": value}
    return value


VALUES_WRITTEN = [*WRITTEN, *map(nested, (31, 32, 33, 34, 5000))]


@pytest.mark.parametrize("value", VALUES_WRITTEN, ids=range(len(VALUES_WRITTEN)))
def test_a_value_has_the_same_text_or_the_same_error(value):
    assert told(text_of, value) == told(dumps, value)


@settings(max_examples=150, deadline=None)
@given(value=VALUES)
def test_so_has_any_other_value(value):
    assert told(text_of, value) == told(dumps, value)
