"""YAML says what JSON says, by the core schema of YAML 1.2, at its own lines and columns."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsme_host.compiler.frontend.placed import Text, joined, substitute
from tsme_host.compiler.frontend.source import MAX_NESTING, parse
from tsme_host.compiler.frontend.yaml_source import MOST_NODES, parse_yaml


def read(text):
    node, problems = parse_yaml(Text.of(text))
    assert problems == []
    return node


def wrong(text):
    _, problems = parse_yaml(Text.of(text))
    return [(p.code, p.where.line, p.where.column, p.message) for p in problems]


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None),
        ("on", "on"), ("yes", "yes"), ("No", "No"), ("y", "y"), ("off", "off"),
        ("0", 0), ("-5", -5), ("+7", 7), ("0x1F", 31), ("0o17", 15),
        ("1.5", 1.5), (".5", 0.5), ("1e3", 1000.0), ("-2.5E-1", -0.25), ("1.", 1.0),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z"), ("2026-01-01", "2026-01-01"),
        ("12:30:00", "12:30:00"), ("1.2.3", "1.2.3"), ("=", "="), ("${n}", "${n}"),
        ("$.a.b", "$.a.b"), ("'5'", "5"), ('"a\\u263a\\n"', "a\u263a\n"), ("!!str 5", "5"),
        ("!!int '5'", 5), ("!!float 5", 5), ("it's", "it's"), ("[a, 1]", ["a", 1]),
    ],
)  # fmt: skip
def test_plain_words_mean_what_they_mean_in_json(word, value):
    found = read(f"a: {word}\n").plain()["a"]
    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 012", [("TSME-C009", 1, 4)]),
        ("a: 089", [("TSME-C009", 1, 4)]),
        ("a: 1_000", [("TSME-C009", 1, 4)]),
        ("a: 0b101", [("TSME-C009", 1, 4)]),
        ("a: .inf", [("TSME-C009", 1, 4)]),
        ("a: -.Inf\nb: .nan", [("TSME-C009", 1, 4), ("TSME-C009", 2, 4)]),
        ("a: 1e999", [("TSME-C005", 1, 4)]),
        ("a: 9223372036854775808", [("TSME-C005", 1, 4)]),
        ("a: 1\nb: 2\na: 3", [("TSME-C004", 3, 1)]),
        ("a: !!binary aGk=", [("TSME-C009", 1, 4)]),
        ("a: !!set {x}", [("TSME-C009", 1, 4)]),
        ("a: !mine x", [("TSME-C009", 1, 4)]),
        ("a: *nowhere", [("TSME-C009", 1, 4)]),
        ("a: &x [*x]", [("TSME-C009", 1, 8)]),
        ("a: 1\n---\nb: 2", [("TSME-C009", 2, 1)]),
        ("? [a]\n: 1", [("TSME-C009", 1, 3)]),
        ("a: 1\n\tb: 2", [("TSME-C009", 2, 1)]),
        ("a: [1, 2\nb: 3", [("TSME-C009", 2, 2)]),
        ("a: 'x", [("TSME-C009", 1, 6)]),
        ("a: \x01", [("TSME-C009", 1, 4)]),
        ("<<: 5", [("TSME-C009", 1, 1)]),
        ("# nothing", [("TSME-C009", 1, 1)]),
        ("", [("TSME-C009", 1, 1)]),
        ("[" * 70, [("TSME-C006", 1, MAX_NESTING + 1)]),
    ],
)
def test_what_is_wrong_is_told_at_its_place(text, found):
    assert [problem[:3] for problem in wrong(text)] == found


def test_a_character_that_yaml_does_not_have_is_named():
    assert wrong("a: \x01")[0][3] == "the character U+0001 cannot stand in YAML"
    assert wrong("a: b\n\tc: d")[0][3].startswith("this is no YAML: ")


def test_a_bomb_of_aliases_is_refused_before_it_goes_off():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    (problem,) = wrong("\n".join(lines))
    assert problem[0] == "TSME-C006"
    assert str(MOST_NODES) in problem[3]
    deep = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 90)]
    assert wrong("\n".join(deep))[0][0] == "TSME-C006"


def test_aliases_are_copies_and_merges_fill_in():
    text = "base: &b {x: 1, y: [2]}\nc: *b\nd: {<<: *b, x: 3}\ne: {<<: [{z: 4}, *b]}\n"
    node = read(text)
    assert node.plain() == {
        "base": {"x": 1, "y": [2]},
        "c": {"x": 1, "y": [2]},
        "d": {"x": 3, "y": [2]},
        "e": {"z": 4, "x": 1, "y": [2]},
    }
    item = node.value["c"].value["y"].value[0]
    assert (item.pointer, item.where.line, item.where.column) == ("/c/y/0", 1, 21)
    assert node.value["d"].value["y"].pointer == "/d/y"


def test_names_of_members_are_texts_whatever_they_look_like():
    assert read("on: 1\n2: 2\nnull: 3\n'<<': 4\n").plain() == {"on": 1, "2": 2, "null": 3, "<<": 4}


@pytest.mark.parametrize(
    "text",
    [
        "a: $.bc[d]\n",
        "a: '$.b''c[d]'\n",
        'a: "$.b\\u0041\\tc[d]"\n',
        "a: |\n  one\n    two[d]\n\n  three\n",
        "a: |-\n\n  one[d]",
        "a: >\n  one\n  two\n\n  three [d]\n",
        "a: !!str x[d]\n",
        "a: &x 'x[d]'\n",
        "a: one\n  two\n  three[d]\n",
        'a: "one \\\n  two[d]"\n',
        "a: |\r\n  one\r\n  two[d]\r\n",
        "- |2\n    x[d]\n",
    ],
)
def test_each_character_of_a_text_knows_its_place(text):
    node = read(text)
    inner = node.value["a"] if isinstance(node.value, dict) else node.value[0]
    at = inner.value.index("[d]")
    place = inner.inside(at)
    offset = text.index("[d]")
    line = text.count("\n", 0, offset) + 1
    assert (place.line, place.column) == (line, offset - text.rfind("\n", 0, offset))


SAFE = st.text(
    st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f\x85"), max_size=8
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | SAFE
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: "e" not in repr(x)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SAFE, inner, max_size=3),
    max_leaves=10,
)  # fmt: skip


@given(st.dictionaries(SAFE, VALUES, min_size=1, max_size=3))
def test_json_is_yaml(value):
    text = json.dumps(value, ensure_ascii=False, indent=1)
    assert parse(text)[0].plain() == value
    node, problems = parse_yaml(Text.of(text))
    controls = any("\x80" <= c <= "\x9f" for c in text)
    if not controls:
        assert not problems
        assert node.plain() == value


@given(st.text("ab:-[]{}&*!|>'\"#%@,?\n \t0.~<", max_size=40))
def test_any_text_is_read_or_refused(text):
    node, problems = parse_yaml(Text.of(text))
    assert (node is not None) or problems
    for problem in problems:
        assert 1 <= problem.where.line <= text.count("\n") + 1


def test_what_is_put_into_a_placeholder_keeps_the_places_of_the_rest():
    source = Text.of('{"a": ${n},\n "b": "${x}", "c": $}')
    filled = substitute(source, {"n": "12345", "x": "a\nb"}.get)
    assert filled.text == '{"a": 12345,\n "b": "a\nb", "c": $}'
    for mark, place in (("12345", (1, 7)), ("345", (1, 7)), ('"b"', (2, 2)), ("$}", (2, 20))):
        assert filled.place(filled.text.index(mark)) == place
    assert filled.place(len(filled.text)) == source.place(len(source.text))
    assert substitute(source, {}.get) is source


def test_joined_texts_keep_their_places():
    outer = Text.of("one\ntwo")
    text = joined([("wo", [5, 6, 7]), ("-", [0, 0]), ("ne", [1, 2, 3])], outer)
    assert text.text == "wo-ne"
    assert [text.place(n) for n in range(6)] == [(2, 2), (2, 3), (1, 1), (1, 2), (1, 3), (1, 4)]
