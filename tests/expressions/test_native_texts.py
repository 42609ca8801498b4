"""Native functions of texts count in characters, and have AWS's and JavaScript's oddities."""

from __future__ import annotations

from tests.expressions.calling import NOTHING, Error, check

E = Error


def test_parts_of_texts_are_cut_as_javascript_cuts_them() -> None:
    check([
        ("substring", ["Hello", -10, 3], "Hel"),
        ("substring", ["Hello", -3, 2], "ll"),
        ("substring", ["Hello", 1.5, 2], "el"),
        ("substring", ["Hello", 3], "lo"),
        ("substring", ["Hello", 1, 0], ""),
        ("substring", ["Hello", 1, -1], ""),
        ("substring", ["Hello", 9], ""),
        ("substring", ["a\U0001f600b\u00e9", 1, 2], "\U0001f600b"),
        ("substring", ["Hello", 1e300], ""),
        ("substring", ["Hello", -0.5, 2], "Hello"),
        ("substringBefore", ["a-b-c", "-"], "a"),
        ("substringBefore", ["abc", "x"], "abc"),
        ("substringAfter", ["a-b-c", "-"], "b-c"),
        ("substringAfter", ["abc", ""], "abc"),
        ("length", ["\U0001f600"], 1),
        ("length", [""], 0),
        ("trim", ["  a \n b "], "a b"),
        ("trim", [" \t\r\n "], ""),
        ("trim", ["a\u00a0 "], "a\u00a0"),
    ])  # fmt: skip


def test_texts_are_padded_to_characters() -> None:
    check([
        ("pad", ["foo", 5], "foo  "),
        ("pad", ["foo", -5], "  foo"),
        ("pad", ["foo", -5, "#"], "##foo"),
        ("pad", ["foo", 8, "ab"], "fooababa"),
        ("pad", ["\U0001f600", 3, "\U0001f601\u00e9"], "\U0001f600\U0001f601\u00e9"),
        ("pad", ["foo", 1], "foo"),
        ("pad", ["foo", 5.9], "foo  "),
        ("pad", ["foo", NOTHING], "foo"),
        ("pad", ["foo", 1e9], E("D2015")),
        ("pad", ["foo", 5, ""], "foo  "),
    ])  # fmt: skip


def test_case_is_that_of_unicode_on_every_interpreter() -> None:
    check([
        ("uppercase", ["abc\u00e9\u00df"], "ABC\u00c9SS"),
        ("lowercase", ["ABC\u00c9\u0130"], "abc\u00e9i\u0307"),
        ("lowercase", ["\u039f\u0394\u039f\u03a3 \u03a3"], "\u03bf\u03b4\u03bf\u03c2 \u03c3"),
        ("uppercase", ["\u0436\u03c2\ufb01\u01c6"], "\u0416\u03a3FI\u01c4"),
        ("lowercase", ["\U00010400\u1e9e"], "\U00010428\u00df"),
        ("uppercase", ["\U00010428\u00ff\u1fb3"], "\U00010400\u0178\u0391\u0399"),
        ("uppercase", [None], E("T0410", 1)),
    ])  # fmt: skip


def test_values_become_texts_as_json() -> None:
    value = {"a": [1, None, True, 'x"\\\n\u0001\u00e9'], "b": {}, "c": []}
    compact = '{"a":[1,null,true,"x\\"\\\\\\n\\u0001\u00e9"],"b":{},"c":[]}'
    lines = '{\n  "a": [\n    1,\n    null\n  ],\n  "b": {}\n}'
    check([
        ("string", [value], compact),
        ("string", [{"a": [1, None], "b": {}}, True], lines),
        ("string", [["a"], False], '["a"]'),
        ("string", ["a"], "a"),
        ("string", [None], "null"),
        ("string", [True], "true"),
        ("string", [NOTHING], NOTHING),
        ("string", [b"\x00"], ""),
        ("join", [["a", "b"], ","], "a,b"),
        ("join", [["a", "b"]], "ab"),
        ("join", ["a", ","], "a"),
        ("join", [[], ","], ""),
        ("join", [[1, 2], ","], E("T0412", 1)),
    ])  # fmt: skip


def test_base64_takes_the_low_byte_of_each_character() -> None:
    check([
        ("base64encode", ["hello"], "aGVsbG8="),
        ("base64encode", ["\u00e9"], "6Q=="),
        ("base64encode", ["\U0001f600"], "PQA="),
        ("base64encode", [""], ""),
        ("base64decode", ["aGVsbG8="], "hello"),
        ("base64decode", ["aGVsbG8"], "hello"),
        ("base64decode", ["6Q=="], "\u00e9"),
        ("base64decode", ["!!!"], E("internal")),
        ("base64decode", ["a"], E("internal")),
        ("base64decode", ["aGVsbG8=="], E("internal")),
    ])  # fmt: skip


def test_urls_keep_what_javascript_keeps() -> None:
    kept = "-_.!~*'()"
    check([
        ("encodeUrlComponent", ["a b&c/\u00e9" + kept], "a%20b%26c%2F%C3%A9" + kept),
        ("encodeUrl", ["a b&c/\u00e9#;,?:@=+$"], "a%20b&c/%C3%A9#;,?:@=+$"),
        ("decodeUrlComponent", ["a%26b%C3%A9%F0%9F%98%80"], "a&b\u00e9\U0001f600"),
        ("decodeUrl", ["a%26b%20c"], "a%26b c"),
        ("decodeUrl", ["%3D%3d%41"], "%3D%3dA"),
        ("decodeUrl", ["%E0%A4%A"], E("D3140")),
        ("decodeUrlComponent", ["%"], E("D3140")),
        ("decodeUrlComponent", ["%C3"], E("D3140")),
        ("decodeUrlComponent", ["%C3x%A9"], E("D3140")),
        ("decodeUrlComponent", ["%ED%A0%80"], E("D3140")),
        ("decodeUrlComponent", ["%C0%80"], E("D3140")),
        ("decodeUrlComponent", ["%+1"], E("D3140")),
    ])  # fmt: skip
