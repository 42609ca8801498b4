"""Regular expressions find what jsonata 2.0.6 finds, in linear time."""

from __future__ import annotations

import pytest

from tests.expressions.calling import NOTHING, Call, Error, Items, check, regex
from tsme.program.expressions.functions import regex as finder

E = Error


def test_matches_have_their_places_and_groups() -> None:
    check([
        ("match", ["abab", regex("ab"), 1], Items([{"match": "ab", "index": 0, "groups": []}])),
        ("match", ["ab", regex(r"\d")], Items([])),
        ("match", ["\u00e9a", regex(r"\w")], Items([{"match": "a", "index": 1, "groups": []}])),
        ("match", ["b", regex("(a)|b")], Items([{"match": "b", "index": 0, "groups": [None]}])),
        ("match", ["abc", regex("b*")], E("D1004")),
        ("match", ["abc", regex("b*"), 1], E("D1004")),
        ("match", ["", regex("b*")], Items([{"match": "", "index": 0, "groups": []}])),
        ("match", ["abc", regex("c"), 0], Items([])),
        ("match", ["abc", regex("c"), -1], E("D3040", 3)),
        ("match", ["abc", "c"], E("T0410", 2)),
        ("match", [NOTHING, regex("c")], NOTHING),
        ("*matches*", ["a1b22", regex(r"\d(\d)?")], Items([
            {"match": "1", "start": 1, "end": 2, "groups": [None]},
            {"match": "22", "start": 3, "end": 5, "groups": ["2"]},
        ])),
        ("contains", ["abc", regex("x*")], True),
        ("contains", ["abc", regex("^b")], False),
        ("contains", ["a\nb", regex("^b", "m")], True),
        ("contains", ["ABC", regex("b", "i")], True),
        ("contains", ["abc", "bc"], True),
        ("contains", ["abc", ""], True),
        ("contains", ["abc", NOTHING], E("T0410", 2)),
    ])  # fmt: skip


def test_a_way_that_comes_first_wins() -> None:
    def found(text: str, pattern: str, match: str, *groups: str | None) -> Call:
        wanted = {"match": match, "index": text.find(match), "groups": list(groups)}
        return ("match", [text, regex(pattern), 1], Items([wanted]))

    check([
        found("abcd", "ab|abcd", "ab"),
        found("aaab", "(a+)(a*)b", "aaab", "aaa", ""),
        found("aaab", "(a+?)(a*)b", "aaab", "a", "aa"),
        found("xyx", "(x|y)+", "xyx", "x"),
        found("foo.bar", r"(\w+)\.(\w+)", "foo.bar", "foo", "bar"),
        found("a b", r"\bb", "b"),
        found("\u00e9", "[^a]", "\u00e9"),
        found("ab", "(?:(a)|b)*", "ab", None),
    ])  # fmt: skip


def test_texts_are_split() -> None:
    check([
        ("split", ["", "a"], [""]),
        ("split", ["", ""], []),
        ("split", ["abc", ""], ["a", "b", "c"]),
        ("split", ["a,b,c", ",", 2], ["a", "b"]),
        ("split", ["a,b,c", ",", 1.5], ["a"]),
        ("split", ["a,b,c", ",", 0], []),
        ("split", ["a,b,c", ",", -1], E("D3020", 3)),
        ("split", ["a1b", regex(r"(\d)")], ["a", "b"]),
        ("split", ["a1b2c", regex(r"\d"), 1.5], ["a", "b"]),
        ("split", ["abc", regex(r"\d")], ["abc"]),
        ("split", ["a  b", regex(" *")], E("D1004")),
        ("split", ["abc", NOTHING], E("T0410", 2)),
    ])  # fmt: skip


def test_what_is_found_is_replaced() -> None:
    check([
        ("replace", ["abc", regex("b"), "$x$$"], "a$x$c"),
        ("replace", ["abc", regex("(b)"), "$10"], "ab0c"),
        ("replace", ["aaa", regex("a"), "b", 1.5], "bba"),
        ("replace", ["aaa", "a", "b", 2], "bba"),
        ("replace", ["abab", "b", "$0"], "a$0a$0"),
        ("replace", ["abab", regex("b"), "[$0]"], "a[b]a[b]"),
        ("replace", ["John Smith", regex(r"(\w+)\s(\w+)"), "$2, $1"], "Smith, John"),
        ("replace", ["abc", regex("b"), "$1|$"], "a|$c"),
        ("replace", ["b", regex("(a)|b"), "<$1>"], "<>"),
        ("replace", ["abc", "b", NOTHING], "aundefinedc"),
        ("replace", ["abc", "x", "y"], "abc"),
        ("replace", ["abc", "", "y"], E("D3010", 2)),
        ("replace", ["abc", "b", "y", -1], E("D3011", 4)),
        ("replace", ["abc", "b", "y", 0], "abc"),
        ("replace", ["abc", regex("x*"), "y"], E("D1004")),
        ("replace", ["a" * 60000, "a", "abcdefgh"], E("D2015")),
        ("replace", ["a" * 9000, regex("a"), "abcdefgh"], E("D2015")),
        ("*replacement*", ["a"], "a"),
        ("*replacement*", [1], E("D3012")),
        ("*replacement*", [NOTHING], E("D3012")),
    ])  # fmt: skip


@pytest.mark.parametrize(
    "pattern", ["(a*)*b", "(a|a)*b", "(a+)+$", "(x+x+)+y", "a?" * 30 + "a" * 30]
)
def test_no_pattern_takes_more_than_linear_time(pattern: str) -> None:
    """What is looked at is counted; a way that were tried twice would be counted again."""
    code = regex(pattern)
    weight = finder.pattern(code).weight

    def cost(size: int) -> int:
        spent: list[int] = []
        finder.find(code, "a" * size + "!", 0, spent.append)
        return sum(spent)

    assert cost(1024) <= (1025 * weight >> 8)
    assert cost(4096) <= 5 * max(cost(1024), 1)
