"""Filters that compare two places or match a pattern: Jayway's and Java's answers, on every
interpreter, and those of the second reader."""

import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import interpreters
from tests.firmware.leaves import on_every_interpreter
from tests.firmware.test_query import DATA, LARGEST, batch, on, ours, query
from tests.laws.support import SLOW
from tests.spec import second_query, second_values
from tsme.errors import StatesError
from tsme.program import patterns as patterns_of_device
from tsme.program.query import select
from tsme.values import cbor
from tsme_host.compiler.compile import compile_text

# What Jayway 2.0's Criteria.safeCompare makes of them: left, right, what holds.
PAIRS: list[tuple[Any, Any, str]] = [
    (1, 1.0, "== <= >="),
    (1, 2, "!= < <="),
    (2**53 + 1, float(2**53), "!= > >="),
    ("a", "a", "== <= >="),
    ("b", "a", "!= > >="),
    ("\U0001f600", "\uffff", "!= > >="),
    (5, "5", "== <= >="),
    (5, "05.0e0", "== <= >="),
    (5, "+5.", "== <= >="),
    (0.5, ".5", "== <= >="),
    (-5, "-5", "== <= >="),
    (2**53 + 1, "9007199254740993", "== <= >="),
    (1e20, "100000000000000000000", "== <= >="),
    (5, "x", "!="),
    (5, "", "!="),
    (5, "1e999", "!="),
    (5, " 5", "!="),
    (5, "1_0", "!="),
    ("5", 5, ""),
    (True, "TRUE", "== <= >="),
    (True, "x", "!= > >="),
    (False, "x", "== <= >="),
    ("true", True, ""),
    (True, False, "!= > >="),
    (False, False, "== <= >="),
    (1, True, ""),
    (True, 1, ""),
    (None, None, "== <= >="),
    (None, "null", "=="),
    ("null", None, "=="),
    (None, 0, "!="),
    ("x", None, "!="),
    ([], None, "!="),
    ("null", "null", "== <= >="),
    ("null", "a", "!= < <="),
    ("a", "null", "!= > >="),
    (7, "null", "!= > >="),
    ("null", 7, "!= < <="),
    ("null", [], "!= < <="),
    ([1], [1], ""),
    ({}, {}, ""),
    ([], 1, ""),
    ([], "x", ""),
    ("x", {}, ""),
    (True, [], ""),
]


@pytest.mark.parametrize(("left", "right", "holds"), PAIRS)
def test_how_two_values_compare(left, right, holds):
    for op in ("==", "!=", "<", "<=", ">", ">="):
        found = ours(f"$.l[?(@.v {op} $.r)]", {"l": [{"v": left}], "r": right})
        assert bool(found) is (op in holds.split()), op
        found = ours(f"$.l[?(@.v {op} @.r)]", {"l": [{"v": left, "r": right}]})
        assert bool(found) is (op in holds.split()), op


# What java.util.regex says of whole texts (OpenJDK 17).
MATCHES: list[tuple[str, list[Any], list[Any]]] = [
    ("/foo/", ["foo"], ["foobar", "xfoo", "FOO", "", None, []]),
    ("/^foo$/", ["foo"], ["foo\n"]),
    ("/.*foo.*/i", ["a FOO b", "foo"], ["fo", "a\nfoo"]),
    ("/.*foo.*/s", ["a\nfoo"], ["FOO"]),
    ("/(?i)foo(?-i)BAR/", ["FOOBAR"], ["foobar"]),
    ("/\\d{3}-\\d{2,}/", ["123-45", "123-456"], ["12-45", "123-4", "١23-45"]),
    ("/(ab|a)(c|bcd)/", ["abc", "abcd", "ac", "abbcd"], ["ab", "abcdd"]),
    ("/(a*)*b/", ["b", "aaaab"], ["a" * 40]),
    ("/(a|aa)+$/", ["a" * 40], ["a" * 40 + "b"]),
    ("/[^a-c&]+/", ["xyz", "é😀"], ["abc", "x&"]),
    ("/[a-z&&[^aeiou]]+/", ["bcd"], ["abc"]),
    ("/\\x41\\u0042\\t\\Q.*\\E/", ["AB\t.*"], ["AB\t.x"]),
    ("/a\\/b/", ["a/b"], ["ab"]),
    ("/[😀-😂]é/", ["😁é"], ["😃é"]),
    ("/É/iu", ["é", "É"], ["e"]),
    ("/É/i", ["É"], ["é"]),
    ("/k/iu", ["K", "\u212a"], ["x"]),
    ("/a b # c\n d/x", ["abd"], ["a bd"]),
    ("/a$\n/", ["a\n"], ["a\r\n", "a"]),
    ("/a$\r\n/", ["a\r\n"], ["a\n"]),
    ("/a$\n^b/m", ["a\nb"], ["ab"]),
    ("/a\n^/m", [], ["a\n"]),
    ("/a.b/d", ["a\rb"], ["a\nb"]),
    ("/a.b/", ["axb"], ["a\rb", "a\u2028b"]),
    ("/\\bfoo\\b.*/", ["foo bar", "foo"], ["foobar"]),
    ("/foo\\Bbar/", ["foobar"], ["foo bar"]),
    ("/\\A(?:x|)\\Z/", ["x", ""], ["y"]),
    ("/\\p{Punct}+/", ["!~_"], ["a!"]),
    ("/[]a-]+/", ["]a-"], ["b"]),
    ("/-?1.5/", [1.5, -1.5], [15]),
    ("/1.0E10/", [1e10], [10**10]),
    ("/true|false/", [True, False, "true"], ["x"]),
    ("/(?<year>\\d{4})/", ["2026"], ["026"]),
    ("//", [""], ["a"]),
    ("/a{0}/", [""], ["a"]),
    ("/[a&&b]|c/", ["c"], ["a", "b"]),
]


@pytest.mark.parametrize(("pattern", "yes", "no"), MATCHES, ids=[it[0] for it in MATCHES])
def test_a_pattern_matches_whole_texts_as_java_does(pattern, yes, no):
    found = ours(f"$[?(@.v =~ {pattern})]", [{"v": v} for v in [*yes, *no]])
    assert found == [{"v": v} for v in yes]


def asked() -> list[list[Any]]:
    """All of that, as questions for an interpreter."""
    questions: list[list[Any]] = []
    for left, right, _ in PAIRS:
        for op in ("==", "!=", "<", "<=", ">", ">="):
            constant = query(f"$.l[?(@.v {op} $.r)]")
            questions.append([{"l": [{"v": left}], "r": right}, constant, LARGEST])
    for pattern, yes, no in MATCHES:
        data = [{"v": v} for v in [*yes, *no]]
        questions.append([data, query(f"$[?(@.v =~ {pattern})]"), LARGEST])
    return questions


@on_every_interpreter
def test_all_interpreters_compare_and_match_alike(name):
    questions = asked()
    expected = [cbor.encode(select(*question)).hex() for question in questions]
    assert on(name, questions) == expected


# --- a third opinion: the second reader, written from docs/SPEC.md alone -----------------------


@st.composite
def patterns(draw: st.DrawFn, deep: int = 2) -> str:
    """Patterns that Java and Python read alike."""
    atoms = ["a", "b", ".", "[ab]", "[^a]", "\\\\d", "[0-9b]", "^", "$", "\\\\b", "c|d", ""]
    kind = draw(st.integers(0, 5 if deep else 0))
    if kind == 0:
        return draw(st.sampled_from(atoms)).replace("\\\\", "\\")
    if kind < 3:
        return "".join(draw(st.lists(patterns(deep - 1), min_size=1, max_size=3)))
    inner = draw(patterns(deep - 1))
    return f"(?:{inner})" + draw(st.sampled_from(["*", "+", "?", "{2}", "{1,2}", "*?", ""]))


@settings(max_examples=300, suppress_health_check=SLOW)
@given(patterns(), st.text("abcd1 \n", max_size=6), st.sampled_from(["", "i", "m", "s"]))
def test_patterns_match_what_pythons_do(pattern, text, flags):
    constant = query(f"$[?(@.v =~ /{pattern}/{flags})]")
    document = [{"v": text}]
    known = {"i": re.I, "m": re.M, "s": re.S}
    found = re.fullmatch(pattern, text, known.get(flags, re.RegexFlag(0)) | re.ASCII) is not None
    # `^` of Python's multiline mode also stands behind the last line; Java's `$` is the same here
    if not (flags == "m" and "^" in pattern and (not text or text.endswith("\n"))):
        assert (select(document, constant, LARGEST) == document) is found
    assert second_query.select(document, constant, LARGEST)[0] == select(
        document, constant, LARGEST
    )


def second(*question: Any) -> Any:
    return second_query.select(*question)[0]


def test_the_second_reader_selects_the_same():
    for value, constant, largest in [*batch(), *asked()]:
        assert second_query.select(value, constant, largest)[0] == select(value, constant, largest)
    for largest in range(1, 60):
        for path in (
            "$.items[?(@.t =~ /[ab]*/)]",
            "$.items[?(@.n == $.o.x || @.t == $.items[1].t)]",
        ):
            answers = []
            for reader in (select, second):
                try:
                    answers.append(reader(DATA, query(path), largest))
                except (StatesError, second_values.WorkflowError):
                    answers.append("too much")
            assert answers[0] == answers[1], (path, largest)


@pytest.mark.parametrize("pattern", ["(a*)*b", "(a|aa)+c", "(a?){30}a{30}", ".*.*.*x"])
def test_the_work_of_a_pattern_grows_as_the_text_does(pattern, monkeypatch):
    taken = patterns_of_device._within

    def counting(ranges, c):
        nonlocal count
        count += 1
        return taken(ranges, c)

    monkeypatch.setattr(patterns_of_device, "_within", counting)
    counts = []
    for size in (200, 400, 800):
        count = 0
        assert ours(f"$[?(@.v =~ /{pattern}/)]", [{"v": "a" * size}]) in ([], [{"v": "a" * size}])
        counts.append(count)
    assert counts[2] - counts[1] <= 2.01 * (counts[1] - counts[0])


@on_every_interpreter
def test_only_a_program_with_such_a_filter_loads_their_module(name, tmp_path):
    interpreters.require(name)
    programs = []
    for path in ("$.a[?(@.b == 1)]", "$.a[?(@.b =~ /x/)]"):
        state = {"Type": "Pass", "OutputPath": path, "End": True}
        text = json.dumps({"StartAt": "P", "States": {"P": state}})
        programs.append(compile_text(text).program.hex())
    script = tmp_path / "load.py"
    lines = ["import sys, binascii", "from tsme.program import Program"]
    for program in programs:
        lines.append(f"Program(binascii.unhexlify('{program}'))")
        lines.append("print('tsme.program.patterns' in sys.modules)")
    script.write_text("\n".join(lines))
    assert interpreters.run(name, script).stdout.split() == [b"False", b"True"]
