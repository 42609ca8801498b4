"""Regular expressions become patterns that find what JavaScript finds, or are refused by name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.spec.expression_values import found
from tsme.program.expressions.functions import regex
from tsme_host.compiler.jsonata.regexes import compile_regex
from tsme_host.compiler.jsonata.tree import JsonataError


def first(pattern, flags, text):
    """The first match and its groups, as JavaScript's exec() gives them."""
    code = compile_regex(pattern, flags)
    check_form(code)
    groups = kept_groups(code)
    places = found(code, text, 0)
    pairs = list(zip(places[::2], places[1::2], strict=True))[: groups + 1] if places else []
    texts = [None if a is None or b is None else text[a:b] for a, b in pairs]
    # The device's own matcher, beside the one that was written from SPEC alone.
    kept = regex.find(code, text, 0, lambda units: None)
    if kept is None:
        assert places is None
        return None
    assert [text[kept[0] : kept[1]], *regex.groups(text, kept)] == texts
    return texts


def instructions(code):
    """Each instruction: its place, its number, and its operands."""
    at = 0
    while at < len(code):
        op = code[at]
        length = {0: 1, 1: 4, 4: 5, 5: 3, 6: 2, 7: 2, 8: 2}.get(op) or 2 + 6 * code[at + 1]
        yield at, op, code[at + 1 : at + length]
        at += length
    assert at == len(code)


def kept_groups(code):
    numbers = [o[0] // 2 if op == 6 else o[0] for _, op, o in instructions(code) if op in (6, 8)]
    return max(numbers)


def check_form(code):
    """What SPEC asks of a pattern."""
    parts = list(instructions(code))
    places = {at for at, _op, _operands in parts}
    assert parts[-1][1] == 0
    assert len(parts) <= 2000
    assert len(code) <= 16384
    for _at, op, operands in parts:
        assert op <= 8
        if op in (4, 5):
            assert all(
                int.from_bytes(operands[n : n + 2], "little") in places
                for n in range(0, len(operands), 2)
            )
        if op == 6:
            assert operands[0] < 20
        if op == 8:
            assert 1 <= operands[0] <= 9


@pytest.mark.parametrize(
    ("pattern", "flags", "text", "expected"),
    [
        # which way is first
        ("a|ab", "", "ab", ["a"]),
        ("ab|a", "", "ab", ["ab"]),
        ("a+", "", "caab", ["aa"]),
        ("a+?", "", "caab", ["a"]),
        ("<(.+?)>", "", "<a><b>", ["<a>", "a"]),
        ("<(.+)>", "", "<a><b>", ["<a><b>", "a><b"]),
        ("(a*)(a*)", "", "aaa", ["aaa", "aaa", ""]),
        ("(a*?)(a*)", "", "aaa", ["aaa", "", "aaa"]),
        ("x{2,3}", "", "xxxx", ["xxx"]),
        ("x{2,3}?", "", "xxxx", ["xx"]),
        ("x{2}", "", "x", None),
        ("(?:ab){2,}", "", "ababab", ["ababab"]),
        ("a{,2}", "", "a{,2}", ["a{,2}"]),
        ("a{x", "", "a{x", ["a{x"]),
        # groups
        ("(?<year>\\d{4})-(\\d\\d)", "", "on 2026-11-29", ["2026-11", "2026", "11"]),
        ("(a)|(b)", "", "b", ["b", None, "b"]),
        ("(?:(a)|(b))*", "", "ab", ["ab", None, "b"]),
        ("(?:(a)|b){2}", "", "ab", ["ab", None]),
        ("(z)((a+)?(b+)?(c))*", "", "zaacbbbcac", ["zaacbbbcac", "z", "ac", "a", None, "c"]),
        ("(a){0}b", "", "b", ["b", None]),
        # a round that takes nothing does not count, but those that must be do
        ("(a*)*", "", "b", ["", None]),
        ("(a*)+", "", "b", ["", ""]),
        ("(a*)?", "", "b", ["", None]),
        ("(|a)+", "", "aa", ["aa", "a"]),
        ("(|a)*", "", "aa", ["aa", "a"]),
        ("(?:|a){0,2}", "", "aa", ["aa"]),
        ("((.{1,2})*?)*x", "", "abcx", ["abcx", "c", "c"]),
        ("(?:(a)|b?){0,2}", "", "a", ["a", "a"]),
        # places
        ("^b", "", "a\nb", None),
        ("^b", "m", "a\nb", ["b"]),
        ("a$", "m", "a\r\nb", ["a"]),
        ("a$", "", "a\n", None),
        ("\\bb\\w+", "", "ab bcd", ["bcd"]),
        ("\\Bb", "", "b ab", ["b"]),
        ("(?:^)*b", "", "ab", ["b"]),
        # characters
        (".+", "", "a\u2028b", ["a"]),
        ("\\w+", "", "éa_1-", ["a_1"]),
        ("\\s", "", "a\ufeffb", ["\ufeff"]),
        ("\\S\\D\\W", "", "1a-", ["1a-"]),
        ("[^a-c]+", "", "abxyc", ["xy"]),
        ("[]", "", "a", None),
        ("[^]", "", "\n", ["\n"]),
        ("[\\d-x]+", "", "a1-x2", ["1-x2"]),
        ("[a\\-z]+", "", "b-az", ["-az"]),
        ("[\\b]", "", "a\bc", ["\b"]),
        ("\\x41\\u0042\\103\\cJ\\0", "", "ABC\n\0", ["ABC\n\0"]),
        ("\\u{3}", "", "uuu", ["uuu"]),
        ("\\a\\p\\k\\.", "", "apk.", ["apk."]),
        ("😀+", "", "a😀😀", ["😀😀"]),
        ("\\ud83d\\ude00", "", "😀", ["😀"]),
        ("\\8\\1", "", "8\1", ["8\1"]),
        # case aside
        ("straße", "i", "STRAßE", ["STRAßE"]),
        ("[à-ÿ]+", "i", "xÀÉŸ", ["ÀÉŸ"]),
        ("k", "i", "\u212a", None),
        ("[^k]", "i", "K\u212a", ["\u212a"]),
        ("Σ+", "i", "σςΣ", ["σςΣ"]),
    ],
)
def test_a_pattern_finds_what_javascript_finds(pattern, flags, text, expected):
    assert first(pattern, flags, text) == expected


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("a(?=b)", "a regular expression that looks ahead, `(?=`, is no regular language"),
        ("a(?!b)", "a regular expression that looks ahead, `(?!`, is no regular language"),
        ("(?<=a)b", "a regular expression that looks behind, `(?<=`, is no regular language"),
        ("(?<!a)b", "a regular expression that looks behind, `(?<!`, is no regular language"),
        (
            "(a)\\1",
            "a regular expression that refers back to a group, `\\1`, is no regular language",
        ),
        (
            "(?<n>a)\\k<n>",
            "a regular expression that refers back to a group, `\\k`, is no regular language",
        ),
        ("(a)" * 10, "a regular expression that has more than 9 groups that keep their texts"),
        ("a{1001}", "the regular expression repeats more than 1000 times"),
        ("(?:ab){600}", "the regular expression takes more than 1000 instructions"),
        ("(?:(?:(?:a{9}){9}){9}){9}", "the regular expression takes more than 1000 instructions"),
        ("(?:" * 31 + ")" * 31, "a regular expression that has groups more than 30 deep"),
    ],
)
def test_what_a_device_cannot_match_is_refused_by_name(pattern, what):
    with pytest.raises(JsonataError) as caught:
        compile_regex(pattern, "", 7)
    error = caught.value
    assert (error.code, error.message, error.index) == ("TSME-C085", what, 7)
    assert error.hint != ""


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("(a", "Unterminated group"),
        ("a)", "Unmatched ')'"),
        ("[a", "Unterminated character class"),
        ("*a", "Nothing to repeat"),
        ("^*", "Nothing to repeat"),
        ("a**", "Nothing to repeat"),
        ("{1}", "Nothing to repeat"),
        ("a{2,1}", "numbers out of order in {} quantifier"),
        ("[z-a]", "Range out of order in character class"),
        ("a\\", "\\ at end of pattern"),
        ("(?a)", "Invalid group"),
        ("(?<1>a)", "Invalid capture group name"),
        ("(?<a>a)(?<a>b)", "Duplicate capture group name"),
    ],
)
def test_what_is_no_regular_expression_is_a_mistake(pattern, what):
    with pytest.raises(JsonataError) as caught:
        compile_regex(pattern, "")
    assert caught.value.code == ""
    assert caught.value.message == f"Invalid regular expression: /{pattern}/: {what}"


def test_a_flag_stands_once():
    with pytest.raises(JsonataError, match="Invalid flags supplied"):
        compile_regex("a", "ii")


@given(st.text(st.sampled_from("ab()[]{}*+?|^$.\\-,:12=<!kcux"), max_size=15))
def test_any_text_is_compiled_to_a_proper_pattern_or_refused(pattern):
    try:
        code = compile_regex(pattern, "im")
    except JsonataError as error:
        assert error.message != ""
    else:
        check_form(code)


def test_nested_repetitions_of_nothing_end():
    assert first("(?:(?:(?:){1000}){1000}){1000}a", "", "a") == ["a"]
    with pytest.raises(JsonataError, match="instructions"):
        compile_regex("((((((((a*)*)*)*)*)*)*)*)*", "")
