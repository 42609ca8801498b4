"""The JSON parser accepts what RFC 8259 does, knows every place, and shows all mistakes."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsme_host.compiler.frontend.model import CompileError
from tsme_host.compiler.frontend.source import MAX_NESTING, Node, decode, parse, parse_text

# All characters but surrogates, which JSON text cannot hold.
texts = st.text(st.characters(exclude_categories=["Cs"]))
numbers = st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | texts
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=25,
)
layouts = st.sampled_from([None, 0, 2, "\t", " \r\n "])


def strict_loads(text):
    """`json.loads` without what it adds to RFC 8259, refusing equal names."""

    def refuse(word):
        raise ValueError(word)

    def members(pairs):
        if len({name for name, _ in pairs}) < len(pairs):
            raise ValueError("equal names")
        return dict(pairs)

    return json.loads(text, parse_constant=refuse, object_pairs_hook=members)


def same(a, b):
    if type(a) is not type(b):
        return False
    if isinstance(a, float):
        return a == b and math.copysign(1, a) == math.copysign(1, b)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    return a == b


def walk(node: Node):
    yield node
    if isinstance(node.value, list):
        for item in node.value:
            yield from walk(item)
    elif isinstance(node.value, dict):
        for item in node.value.values():
            yield from walk(item)


def offset(text, line, column):
    return sum(len(x) + 1 for x in text.split("\n")[: line - 1]) + column - 1


@given(json_values, layouts, st.booleans())
def test_valid_json_reads_as_the_standard_library_reads_it(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert same(parse_text(text).plain(), json.loads(text))


@given(json_values, layouts)
def test_positions_point_at_the_first_character_of_the_value_and_of_its_name(value, indent):
    text = json.dumps(value, indent=indent, ensure_ascii=False)
    for node in walk(parse_text(text)):
        start = offset(text, node.where.line, node.where.column)
        found, _ = json.JSONDecoder().raw_decode(text[start:])
        assert same(found, node.plain())
        if node.key_start is not None:
            start = offset(text, node.key_where.line, node.key_where.column)
            name, _ = json.JSONDecoder().raw_decode(text[start:])
            steps = node.pointer.rsplit("/", 1)[1]
            assert name == steps.replace("~1", "/").replace("~0", "~")


@given(json_values)
def test_pointers_lead_to_the_value(value):
    root = parse_text(json.dumps(value))
    for node in walk(root):
        found = value
        for step in node.pointer.split("/")[1:]:
            name = step.replace("~1", "/").replace("~0", "~")
            found = found[int(name)] if isinstance(found, list) else found[name]
        assert same(found, node.plain())


@given(texts, st.booleans())
def test_a_place_inside_a_string_is_found_through_escapes(text, ascii_only):
    source = json.dumps([text], ensure_ascii=ascii_only)
    node = parse_text(source).value[0]
    for index, char in enumerate(text):
        start = offset(source, node.inside(index).line, node.inside(index).column)
        rest, _ = json.JSONDecoder().raw_decode('"' + source[start:])
        assert rest.startswith(char)


def accepts(text):
    node, problems = parse(text)
    assert (node is None or bool(problems)) or isinstance(node, Node)
    return not problems


def agrees(text):
    try:
        strict_loads(text)
    except (ValueError, RecursionError):
        assert not accepts(text), text
    else:
        beyond = {"TSME-C005", "TSME-C006", "TSME-C007"}  # we are narrower there
        assert all(p.code in beyond for p in parse(text)[1]), text


@given(json_values, st.data())
def test_damaged_json_is_refused_exactly_where_the_standard_library_refuses_it(value, data):
    text = json.dumps(value, ensure_ascii=False)
    at = data.draw(st.integers(0, len(text)))
    insert = data.draw(st.sampled_from(["", *'"{}[],:\\/0-+.eE\n\t ux\u00a0\x00', "//", "1"]))
    cut = data.draw(st.integers(0, 2))
    agrees(text[:at] + insert + text[at + cut :])


@given(st.text(st.sampled_from('{}[]",:\\u0e1-+. \ntrue/*nls'), max_size=30))
def test_any_text_is_read_or_refused_as_the_standard_library_does(text):
    agrees(text)


@pytest.mark.parametrize(
    "text",
    ["01", "-", "+1", "1.", ".5", "1e", "0x10", "NaN", "Infinity", "-Infinity", "True", "nul"]
    + ["'a'", "[1,]", '{"a":1,}', "{a:1}", '"\t"', '"\\x"', '"\\u12"', '"', "[", "{", "", " "]
    + ["1 2", "/**/1", "[1 2]", "\x0c1", '"a\nb"', "[,1]", "{,}", '{"a"}', "}"],
)
def test_what_is_not_json_is_refused(text):
    assert not accepts(text)


def found(text):
    return [(p.code, p.message, p.where.line, p.where.column) for p in parse(text)[1]]


def test_all_mistakes_are_shown_at_their_places():
    text = '{\n  // note\n  "a": 1\n  "a": True,\n  b: [1, 2,],\n  "c": 1e999\n}'
    assert found(text) == [
        ("TSME-C003", "JSON has no comments", 2, 3),
        ("TSME-C003", 'a comma is missing before `"`', 4, 3),
        ("TSME-C003", "`True` is not a JSON value", 4, 8),
        ("TSME-C004", 'the name "a" appears twice in one object; the first time at 3:3', 4, 3),
        ("TSME-C003", "the name b is not in quotes", 5, 3),
        ("TSME-C003", "a comma before the end of the array", 5, 11),
        ("TSME-C005", "the number 1e999 is beyond the range of binary64", 6, 8),
    ]


def test_equal_names_keep_the_tree_so_that_later_passes_can_add_their_findings():
    node, problems = parse('{"a": 1, "a": 2}')
    assert node is not None
    assert node.plain() == {"a": 1}
    assert [p.code for p in problems] == ["TSME-C004"]


@pytest.mark.parametrize(
    "text", [str(2**63), str(-(2**63) - 1), pytest.param("9" * 5000, id="9…")]
)
def test_integers_beyond_64_bits_are_refused(text):
    assert [p.code for p in parse(text)[1]] == ["TSME-C005"]


@pytest.mark.parametrize("number", [2**63 - 1, -(2**63), 0])
def test_integers_of_64_bits_are_exact(number):
    assert parse_text(str(number)).plain() == number


def test_nesting_is_limited_and_never_exhausts_the_stack():
    fits = "[" * MAX_NESTING + "]" * MAX_NESTING
    assert accepts(fits)
    assert [p.code for p in parse("[" + fits + "]")[1]] == ["TSME-C006"]
    assert [p.code for p in parse('{"a":' * 100_000)[1]] == ["TSME-C006"]


@pytest.mark.parametrize(
    "text", ['"\\ud800"', '"\\udc00\\ud800"', '"\\ud800\\u0041"', '"\ud800"', '{"\\ude00": 1}']
)
def test_half_a_surrogate_pair_is_refused(text):
    assert {p.code for p in parse(text)[1]} == {"TSME-C007"}


def test_a_surrogate_pair_is_one_character():
    assert parse_text('"\\ud83d\\ude00"').plain() == "\U0001f600"


def test_bytes_that_are_not_utf8_are_refused_at_their_place():
    with pytest.raises(CompileError) as error:
        decode(b'{\n "\xc3\xa9\xff"')
    (problem,) = error.value.problems
    assert (problem.code, problem.where.line, problem.where.column) == ("TSME-C001", 2, 4)
    assert problem.message == "the file is not UTF-8: byte 0xFF is out of place"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-32-be"])
def test_other_encodings_are_named(encoding):
    with pytest.raises(CompileError) as error:
        decode('{"a": 1}'.encode(encoding))
    assert "UTF-" in error.value.problems[0].message


def test_a_byte_order_mark_does_not_count():
    node, problems = parse(decode('\ufeff{"a": 1, "a": 2}'.encode()))
    assert node is not None
    assert node.plain() == {"a": 1}
    assert [(p.code, p.where.column) for p in problems] == [("TSME-C004", 10)]
    assert parse("1\ufeff")[0] is None


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ('{"a": ${n}}', [7]),
        ('{"a": ${n}, "b": [${m}, 1]}', [7, 19]),
        ('{"a": -${n}.5}', [8]),
        ('{"a": 1${n}${m}}', [8]),
        ('{"a": ${jsonencode({x = "y"})}, "b": 1}', [7]),
        ("${whole}", [1]),
        ("{${name}: 1}", [2]),
        ('{"a": 1 ${more} }', [9]),
        ('{"a": 1, ${more} }', [10]),
        ('{"a": 1} ${more}', [10]),
        ('{"a": ${ n }}', [7]),
    ],
)
def test_a_placeholder_outside_of_strings_is_one_problem_at_its_place(text, columns):
    node, problems = parse(text)
    assert node is None
    assert [(p.code, p.where.column) for p in problems] == [("TSME-C008", c) for c in columns]


def test_a_placeholder_is_named_with_what_gives_it_a_value():
    (problem,) = parse('{"a": ${ n }}')[1]
    assert problem.message == "the placeholder ${n} has no value"
    assert problem.hint == "give it one: --substitute n=VALUE, or write it there"
    (problem,) = parse('{"a": ${max(1, 2)}}')[1]
    assert problem.hint == "put a value in its place"
    assert parse('{"a": "x ${n}"}')[1] == []


def test_a_dollar_that_is_no_placeholder_is_told_as_such():
    for path in ("$", "$.b", "$.b[0].c", "$$.State.Name"):
        (problem,) = parse(f'{{"a": {path}, "c": 1}}')[1]
        assert (problem.code, problem.hint) == ("TSME-C003", f'write "{path}" if it is text')
