"""Native functions of arrays, objects and truth give what jsonata 2.0.6 does."""

from __future__ import annotations

from tests.expressions.calling import NOTHING, Error, Items, check

E = Error


def test_arrays_are_joined_turned_and_zipped() -> None:
    check([
        ("append", [[], 1], [1]),
        ("append", [1, NOTHING], 1),
        ("append", [NOTHING, [2]], [2]),
        ("append", [1, 2], [1, 2]),
        ("append", [[1], [[2]]], [1, [2]]),
        ("reverse", [5], [5]),
        ("reverse", [[1, 2, 3]], [3, 2, 1]),
        ("reverse", [NOTHING], NOTHING),
        ("zip", [[1, 2, 3], ["a", "b"]], [[1, "a"], [2, "b"]]),
        ("zip", [[1, 2], NOTHING], []),
        ("zip", [1, 2], [[1, 2]]),
        ("zip", [], E("T0410", 1)),
    ])  # fmt: skip


def test_equal_values_are_kept_once() -> None:
    check([
        ("distinct", [[1, 1]], [1]),
        ("distinct", [[1, 1.0, "1", True, None, None, False]], [1, "1", True, None, False]),
        ("distinct", [[{"a": 1, "b": 2}, {"b": 2, "a": 1}, {}]], [{"a": 1, "b": 2}, {}]),
        ("distinct", [[[1], [1], [1, 1], "a", "a"]], [[1], [1, 1], "a"]),
        ("distinct", [[2**53, 2.0**53, 2**53 + 1]], [2**53, 2**53 + 1]),
        ("distinct", ["a"], "a"),
        ("distinct", [NOTHING], NOTHING),
    ])  # fmt: skip


def test_objects_are_taken_apart_and_put_together() -> None:
    check([
        ("keys", [{"b": 1, "10": 2, "9": 3}], Items(["b", "10", "9"])),
        ("keys", [[{"a": 1}, {"b": 2, "a": 3}]], Items(["a", "b"])),
        ("keys", [{}], Items([])),
        ("keys", ["a"], Items([])),
        ("lookup", [{"a": 1}, "a"], 1),
        ("lookup", [{"a": 1}, "b"], NOTHING),
        ("lookup", [{"a": None}, "a"], None),
        ("lookup", [[{"a": [1, 2]}, {"b": 1}, {"a": 3}], "a"], Items([1, 2, 3])),
        ("lookup", [{"a": 1}, "toString"], NOTHING),
        ("spread", [{"a": 1, "b": 2}], Items([{"a": 1}, {"b": 2}])),
        ("spread", [[{"a": 1}]], [{"a": 1}]),
        ("spread", [[{"a": 1}, 5]], [{"a": 1}, 5]),
        ("spread", ["a"], "a"),
        ("merge", [[]], {}),
        ("merge", [[{"a": 1, "b": 2}, {"a": 3}]], {"a": 3, "b": 2}),
        ("merge", [{"a": 1}], {"a": 1}),
        ("merge", [[1]], E("T0412", 1)),
        ("clone", [{"a": [0.1 + 0.2, None]}], {"a": [0.3, None]}),
        ("clone", [1], E("T0410", 1)),
    ])  # fmt: skip


def test_truth_is_javascripts_but_for_objects_and_arrays() -> None:
    check([
        ("boolean", [[0, 0]], False),
        ("boolean", [[[0, 1]]], True),
        ("boolean", [[{}]], False),
        ("boolean", ["0"], True),
        ("boolean", [""], False),
        ("boolean", [0.0], False),
        ("boolean", [{"a": None}], True),
        ("boolean", [None], False),
        ("boolean", [b"\x00"], False),
        ("boolean", [NOTHING], NOTHING),
        ("not", [NOTHING], NOTHING),
        ("not", [[]], True),
        ("exists", [NOTHING], False),
        ("exists", [None], True),
    ])  # fmt: skip


def test_kinds_have_names() -> None:
    check([
        ("type", [None], "null"),
        ("type", [1.5], "number"),
        ("type", ["a"], "string"),
        ("type", [True], "boolean"),
        ("type", [[]], "array"),
        ("type", [{}], "object"),
        ("type", [b"\x00"], "function"),
        ("type", [NOTHING], NOTHING),
    ])  # fmt: skip


def test_errors_have_the_message_that_was_given() -> None:
    check([
        ("error", ["m"], E("D3137: m")),
        ("error", [], E("D3137: $error() function evaluated")),
        ("error", [""], E("D3137: $error() function evaluated")),
        ("error", [5], E("T0410", 1)),
        ("assert", [True, "m"], NOTHING),
        ("assert", [False, "m"], E("D3141: m")),
        ("assert", [NOTHING], E("D3141: $assert() statement failed")),
        ("assert", [1], E("T0410", 1)),
    ])  # fmt: skip


def test_keys_of_a_sort_compare_by_utf16_and_nothing_comes_last() -> None:
    check([
        ("*compare*", [1, 2.5, 1], -1),
        ("*compare*", [1, 2.5, -1], 1),
        ("*compare*", ["a", "a", 1], 0),
        ("*compare*", ["\ue000", "\U0001f600", 1], 1),
        ("*compare*", [NOTHING, 1, -1], 1),
        ("*compare*", [1, NOTHING, 1], -1),
        ("*compare*", [NOTHING, NOTHING, 1], 0),
        ("*compare*", [1, "a", 1], E("T2007")),
        ("*compare*", [None, 1, 1], E("T2008")),
    ])  # fmt: skip
