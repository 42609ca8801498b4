"""Calls of the 18 intrinsic functions are read, and those that must fail are refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsme_host.compiler.frontend.model import Const, IntrinsicCall, Key, Ref, Where
from tsme_host.compiler.jsonpath.calls import (
    SIGNATURES,
    CallError,
    format_pieces,
    parse_intrinsic,
)

HERE = Where("/p", 1, 1)


def parse(text):
    return parse_intrinsic(text, HERE)


def literals(text):
    return [arg.value for arg in parse(text).args]


def test_the_eighteen_functions_are_known():
    assert len(SIGNATURES) == 18


def test_arguments_are_literals_paths_and_calls():
    call = parse("States.Array('a', -1, 2.5e1, true, false, null, $.x, States.UUID( ) )")
    assert [a.value for a in call.args[:6]] == ["a", -1, 25.0, True, False, None]
    assert isinstance(call.args[6], Ref)
    assert call.args[6].path.segments == (Key("x"),)
    assert call.args[7] == IntrinsicCall("States.UUID", (), "States.UUID( )", HERE)


def test_a_path_argument_ends_at_the_comma_or_parenthesis():
    call = parse("States.ArrayContains($.a[?(@.b == 'x,)')].c,$$.Execution.Id)")
    assert [a.path.text for a in call.args] == ["$.a[?(@.b == 'x,)')].c", "$$.Execution.Id"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r"'it\'s'", "it's"),
        (r"'\{\}'", "{}"),
        (r"'a\\b'", "a\\b"),
        ("'{\"a\": 1}'", '{"a": 1}'),
        ("' $.x, )'", " $.x, )"),
        ("''", ""),
    ],
)
def test_string_literals_undo_the_escapes_of_the_states_language(text, value):
    assert literals(f"States.Array({text})") == [value]


def test_a_format_template_keeps_escaped_braces_apart_from_placeholders():
    template = parse(r"States.Format('\{{}\} it\'s \\', 1)").args[0]
    assert isinstance(template, Const)
    assert template.value == r"\{{}\} it's \\"
    assert format_pieces(template.value) == ("{", "} it's \\")


@given(st.lists(st.text(st.sampled_from("ab{}\\' "), max_size=6), min_size=1, max_size=4))
def test_format_pieces_undo_any_escaping(pieces):
    escaped = ["".join("\\" + c if c in "{}\\'" else c for c in piece) for piece in pieces]
    text = "States.Format('" + "{}".join(escaped) + "'" + ", 1" * (len(pieces) - 1) + ")"
    template = parse(text).args[0]
    assert isinstance(template, Const)
    assert isinstance(template.value, str)
    assert format_pieces(template.value) == tuple(pieces)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_any_string_can_be_written_as_a_literal(value):
    escaped = "".join("\\" + c if c in "{}\\'" else c for c in value)
    assert literals(f"States.Array('{escaped}')") == [value]


@pytest.mark.parametrize(
    ("text", "code", "index", "message"),
    [
        ("States.Fromat('x')", "TSME-C031", 0, "there is no function States.Fromat"),
        ("States.UUID", "TSME-C030", 11, "`(` is missing after States.UUID"),
        ("States.UUID(", "TSME-C030", 12, "an argument is missing"),
        ("States.Array(1", "TSME-C030", 0, "the call is not closed"),
        ("States.Array(1,)", "TSME-C030", 15, "an argument is missing"),
        ("States.Array(1 2)", "TSME-C030", 15, "expected `,` or `)`, found `2`"),
        ("States.Array('a)", "TSME-C030", 13, "the string has no closing quote"),
        ('States.Array("a")', "TSME-C030", 13, '`"` cannot start an argument'),
        ("States.Array(foo)", "TSME-C030", 13, "`foo` is no argument"),
        ("States.UUID() ", "TSME-C030", 13, "` ` follows the end of the call"),
        ("States.Array($.a[)", "TSME-C020", 17, "`)` cannot stand after `[`"),
        ("States.Array(9223372036854775808)", "TSME-C030", 13, "the number "),
        (r"States.Array('a\d')", "TSME-C030", 15, r"`\d` is no escape"),
        (r"States.Format('\"{}\"', 1)", "TSME-C030", 15, r"`\"` is no escape"),
        ("States.Array('\\\n')", "TSME-C030", 14, r"`\U+000A` is no escape"),
        ("States.Array('\\", "TSME-C030", 14, "`\\` is no escape"),
        ("States.MathAdd(1)", "TSME-C032", 0, "States.MathAdd takes 2 arguments, not 1"),
        ("States.UUID(1)", "TSME-C032", 0, "States.UUID takes 0 arguments, not 1"),
        ("States.Format()", "TSME-C032", 0, "States.Format takes at least 1 argument, not 0"),
        ("States.MathRandom(1)", "TSME-C032", 0, "States.MathRandom takes 2 to 3 arguments"),
        ("States.MathAdd('1', 2)", "TSME-C033", 15, "argument 1 of States.MathAdd must be a num"),
        ("States.MathAdd(States.UUID(), 2)", "TSME-C033", 15, "argument 1 of States.MathAdd"),
        (
            "States.ArrayLength('a')",
            "TSME-C033",
            19,
            "argument 1 of States.ArrayLength must be an",
        ),
        ("States.Hash('a', 'SHA-3')", "TSME-C033", 17, "there is no hash algorithm 'SHA-3'"),
        ("States.JsonMerge($.a, $.b, true)", "TSME-C033", 27, "argument 3 of States.JsonMerge"),
        ("States.ArrayPartition($.a, 0)", "TSME-C033", 27, "the chunk size must be at least 1"),
        ("States.ArrayRange(0, 9, 0)", "TSME-C033", 24, "the step must not be 0"),
        ("States.Format('{}')", "TSME-C034", 0, "the template has 1 placeholder(s) {} but 0"),
        ("States.Format('x', 1)", "TSME-C034", 0, "the template has 0 placeholder(s) {} but 1"),
    ],
)
def test_a_call_that_cannot_succeed_is_refused_at_its_character(text, code, index, message):
    with pytest.raises(CallError) as error:
        parse(text)
    assert (error.value.code, error.value.index) == (code, index)
    assert error.value.message.startswith(message)


def test_calls_nest_ten_deep_as_in_aws():
    def nested(depth):
        return "States.Array(" * depth + ")" * depth

    assert parse(nested(10)).name == "States.Array"
    with pytest.raises(CallError):
        parse(nested(11))


@given(st.text(st.sampled_from("States.ArayFomt(),'$1-{}\\ntu"), max_size=25))
def test_any_text_is_a_call_or_an_error_inside_the_text(text):
    source = "States.Array(" + text
    try:
        parse(source)
    except CallError as error:
        assert 0 <= error.index <= len(source)
