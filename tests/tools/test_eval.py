"""`tsme eval`: an expression tried, with what newcomers write and what they forget."""

from __future__ import annotations

import json

import pytest

from tests.tools.shell import CPYTHON_AND_MICROPYTHON, assert_one_clear_line, need, tsme

ENGINES = (*CPYTHON_AND_MICROPYTHON, "core")


def told(*args, stdin=None):
    done = tsme("eval", *args, stdin=stdin)
    assert "Traceback" not in done.output
    return done


@pytest.mark.parametrize("on", ENGINES)
def test_every_engine_gives_the_value_as_json(on):
    need(on)
    done = told("$sum($states.input.xs) * $factor", "-i", '{"xs": [1, 2.5]}', "-v", "factor=10",
                "--on", on)  # fmt: skip
    assert (done.stdout, done.exit_code) == ("35\n", 0)


def test_names_are_those_of_a_state():
    given = {
        "input": '{"a": {"b": "ö"}}',
        "variable": 'far={"x": [1]}',
        "context": '{"State": {"Name": "S"}, "Map": {"Item": {"Value": 3}}}',
    }
    options = [word for name, value in given.items() for word in (f"--{name}", value)]
    for text, value in (
        ("$states.input.a.b", '"ö"'),
        ("$far.x[0]", "1"),
        ("$states.context.State.Name", '"S"'),
        ("$states.context.Map.Item.Value", "3"),
        ("$states.input", '{"a": {"b": "ö"}}'),
        ("null", "null"),
        ("$partition([1..3], 2)", "[[1, 2], [3]]"),
    ):
        assert told(text, *options).stdout == value + "\n"


def test_brackets_around_the_expression_are_taken_off():
    for text in ("{% 1 + 1 %}", " {%1+1%} ", "1 + 1"):
        assert told(text).stdout == "2\n"
    assert told("-", "-i", '"a"', stdin="{% $states.input & '!' %}\n").stdout == '"a!"\n'


def test_nothing_is_said_in_words():
    done = told("$states.input.nope")
    assert (done.stdout, done.exit_code) == ("nothing\n", 1)
    assert "specified for the field 'Output' returned nothing (undefined)." in done.stderr
    assert "--variable limit=" in told("$limit + 1").stderr


def test_an_error_has_awss_words():
    done = told("1 + 'a'")
    assert done.exit_code == 1
    assert done.stdout == (
        "States.QueryEvaluationError: The JSONata expression '1 + 'a'' specified for the field "
        "'Output' threw an error during evaluation. T2002: The right side of the \"+\" operator "
        "must evaluate to a number\n"
    )
    answer = json.loads(told("$eval('1')", "--json").stdout)
    assert answer["status"] == "FAILED"
    assert answer["error"] == "States.QueryEvaluationError"
    assert answer["cause"].endswith("T1006: Attempted to invoke a non-function")
    assert json.loads(told("[1/0]", "--json").stdout) == {
        "status": "SUCCEEDED",
        "output": ["Infinity"],
    }


def test_what_is_wrong_is_shown_at_its_place():
    done = told("a[1,2)")
    assert done.exit_code == 1
    assert (
        'expression:1:4: error TSME-C083: the JSONata expression is wrong: Expected "]"'
        in done.stderr
    )
    assert "  1 | a[1,2)\n    |    ^" in done.stderr
    done = told("$x +\n  phone")
    assert "expression:2:3: error TSME-C084: reference to 'phone' at the top level" in done.stderr
    done = told("$a ?? 1")
    assert "came with JSONata 2.1" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["1", "+", "1"], "TSME-H002", "in single quotes: '1 + 1'"),
        ([""], "TSME-H002", "in double quotes the shell takes `$name` away"),
        (["{% %}"], "TSME-H002", "the expression is empty"),
        (["1", "-i", "nowhere.json"], "TSME-H010", 'no file "nowhere.json"'),
        (["1", "-i", "{a: 1}"], "TSME-C003", "--input:1:2"),
        (["1", "-v", "x"], "TSME-H002", "write --variable NAME=JSON"),
        (["1", "-v", "a-b=1"], "TSME-H002", '"a-b" cannot be the name of a variable'),
        (["1", "-v", "x={"], "TSME-C003", "--variable x:1"),
        (["1", "--context", "[]"], "TSME-H062", "--context must be a JSON object"),
        ([], "TSME-H001", "EXPRESSION"),
    ],
)
def test_mistakes_are_one_clear_line(words, code, said):
    done = told(*words)
    assert done.exit_code == 2
    assert_one_clear_line(done.stderr, code)
    assert said in done.stderr


def test_what_the_shell_took_is_guessed():
    done = told(".input.a + 1")  # "$states.input.a + 1" in double quotes
    assert "write the expression in single quotes" in done.stderr
    assert "single quotes" not in told("1 +").stderr


def test_the_tree_is_shown():
    done = told("$f := function($x)<n:n>{ $x + 1 }", "--tree")
    assert done.stdout.splitlines() == [
        'Bind name="f"',
        '  value: Lambda ($x) signature="<n:n>"',
        '    body: Binary op="+"',
        '      left: Variable name="x"',
        "      right: Literal value=1",
    ]
    lines = told("a[b=1]^(>c).d{e: $}", "--tree").stdout.splitlines()
    assert "    stages: Filter" in lines
    assert "    descending: Path" in lines
    assert any(line.startswith("  group: ") for line in lines)


def test_the_code_is_shown():
    done = told("$sum($states.input.xs)", "--code")
    assert done.exit_code == 0
    names = ("EVAL", "BODY", "FUNC     0     $sum", "INVOKE", "RETURN")
    assert all(name in done.stdout for name in names)
