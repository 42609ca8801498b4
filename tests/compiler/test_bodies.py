"""Expressions become the instructions that they need, and no more, and give what they should."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.jsonata import expressions
from tsme_host.compiler.backend.bodies import Bodies, Names, used
from tsme_host.compiler.backend.disasm import disassemble
from tsme_host.compiler.backend.ir import Ins, Label, Pooled
from tsme_host.compiler.compile import compile_text
from tsme_host.compiler.jsonata.parser import parse

WORKFLOW = Names(given=("result",), input=0, variable={"x": 1}.get)
NOTHING = object()


def words(text: str) -> list[str]:
    """The instructions of an expression in a workflow."""
    bodies = Bodies()
    bodies.body(parse(text), WORKFLOW)
    return [_word(item) for item in bodies.code() if isinstance(item, Ins)]


def _word(item: Ins) -> str:
    if isinstance(item.arg, Pooled):
        return f"{item.op} {item.arg.value}"
    return item.op if isinstance(item.arg, Label) else f"{item.op} {item.arg}"


CODE = {
    "$states.input.a.b": "LOAD 0; NAME a; NAME b",
    "$states.input.a[0].b[-1]": "LOAD 0; ITEM ['a', 0]; ITEM ['b', -1]",
    "$states.result[2]": "GET 1; AT 4",
    "$x": "LOAD 1",
    "$y": "NONE 0",
    "1 + 2 * 3": "INT 7",
    "[1, 'two', {'three': [3]}]": "CONST [1, 'two', {'three': [3]}]",
    "$uppercase('a') & $x": "CONST A; LOAD 1; OPERATE 5",
    "$x ? 1 : 2": "LOAD 1; IS 6; IF; INT 2; RETURN 0; INT 1",
    "$x = 1 ? 1 : 2": "LOAD 1; INT 1; OPERATE 6; IF; INT 2; RETURN 0; INT 1",
    "$x.(a)": "BUILD 0; LOAD 1; EACH 0; NEXT; NAME a; ADD 0; JUMP; DONE 3",
    "$map($x, function($v) { $v * 2 })": (
        "BUILD 0; LOAD 1; EACH 0; NEXT; INT 2; OPERATE 2; ADD 0; JUMP; DONE 0"
    ),
    "$x.a[b > 1]": (
        "BUILD 0; LOAD 1; NAME a; EACH 0; NEXT; SET 2; GET 2; GET 2; NAME b; INT 1; OPERATE 10; "
        "KEEP 1; JUMP; DONE 0"
    ),
    "$x.{'a': b}": (
        "BUILD 0; LOAD 1; EACH 0; NEXT; SET 2; BUILD 2; CONST a; GET 2; NAME b; MEMBER 2; DONE 0; "
        "ADD 0; JUMP; DONE 3"
    ),
    "+".join("1" * 101): "FAULT D1011",
}


@pytest.mark.parametrize("text", CODE)
def test_an_expression_is_as_short_as_it_can_be(text: str) -> None:
    body, *rest = words(text)
    if rest[-1] == "RETURN 0":
        rest.pop()
    assert body.startswith("BODY")
    assert "; ".join(rest) == CODE[text]


def test_equal_expressions_are_one_body() -> None:
    bodies = Bodies()
    one = bodies.body(parse("$x.a + 1"), WORKFLOW)
    assert bodies.body(parse("$x . a+1"), WORKFLOW) is not one  # `+` stands elsewhere
    assert bodies.body(parse("$x.a + 1"), WORKFLOW) is one
    assert len([item for item in bodies.code() if getattr(item, "op", "") == "BODY"]) == 2


def test_what_is_linked_in_is_there_once() -> None:
    bodies = Bodies()
    for text in ("$map($x, $f)", "[1, $map($x, $g)]", "$single($x)"):
        bodies.body(parse(text), WORKFLOW)
    names = [item.name for item in bodies.code() if isinstance(item, Label)]
    assert [name for name in names if name in ("map", "single")] == ["map", "single"]


def test_an_evaluation_is_given_what_it_names() -> None:
    assert used(parse("$states.result.a + $states.input")) == ("input", "result")
    assert used(parse("$map([1], function($states) { $states.result })")) == ()
    assert used(parse("$states")) == ("input", "result", "errorOutput")
    assert used(parse("(" * 60 + "$states.errorOutput" + ")" * 60)) == ("errorOutput",)
    assert used(parse("+".join(["$states.result"] * 500))) == ("result",)


def test_constants_and_inputs_take_no_body() -> None:
    bodies = Bodies()
    simple = {"1": "INT 1", "'a'": "CONST a", "[1]": "CONST [1]", "$states.input": "LOAD 0"}
    for text, expected in simple.items():
        made = bodies.simple(parse(text), WORKFLOW)
        assert made is not None
        assert [_word(item) for item in made] == [expected]
    for text in ("$x", "$states.input.a", "1/0", "$nope", "$states.input[0]"):
        assert bodies.simple(parse(text), WORKFLOW) is None
    assert bodies.code() == []


def given(text: str, data: Any = None) -> Any:
    """What an expression gives: a value, NOTHING, or the code of an error."""
    (answer,) = expressions.run("cpython", [expressions.job({"expr": text, "data": data})])
    if "error" in answer:
        return f"error {answer['error']['code']}"
    return answer.get("value", NOTHING)


DATA = {
    "n": 5,
    "xs": [3, 1, 2],
    "os": [
        {"k": "a", "v": 1, "ps": [{"q": 1}, {"q": 2}]},
        {"k": "b", "v": 2, "ps": [{"q": 3}]},
        {"k": "a", "v": 3},
    ],
    "nested": [{"b": [5]}, {"c": 1}],
}

GIVEN = {
    # variables: what is bound later, on some ways, further in
    "($x := 1; ($y := $x; $x := 2; [$y, $x]))": [1, 2],
    "($f := function() { $x }; $x := 5; $f())": 5,
    "($x := 1; (n > 9 ? $x := 2; $x))": 1,
    "($x := 1; (n > 1 ? $x := 2; $x))": 2,
    "($x := 1; $f := function() { $x }; ($x := 2; $f()))": 1,
    "($sum := function($v) { 'mine' }; $sum(xs))": "mine",
    "($count := 3; $count([1]))": "error T1006",
    "$map(xs, function($v) {( $v > 2 ? $y := $v; $exists($y) )})": [True, False, False],
    # functions that outlive the loop that made them
    "(xs.($x := $; function() { $x })).($())": [3, 1, 2],
    "(os@$o.($o.ps).(function() { $o.k & q })).($())": ["a1", "a2", "b3"],
    "$map([1..3], function($v) { function($w) { $v * $w } }).($(10))": [10, 20, 30],
    # rows
    "os@$o.($o.ps).($o.k & q)": ["a1", "a2", "b3"],
    "os.ps.(%.k & q)": ["a1", "a2", "b3"],
    "os#$i[$i > 0].ps.q": 3,
    "os.ps#$i.($string($i) & q)": ["01", "12", "03"],
    "os.ps[0]#$i.q": 1,
    "os^(>v)#$i.v": [3, 2, 1],
    "os@$o.($o.ps)^(>q).($o.k & q)": ["b3", "a2", "a1"],
    "(os.ps)[%.k = 'b'].q": 3,
    "os@$o.($o.ps){$o.k: [q]}": {"a": [1, 2], "b": [3]},
    "[5, 6]#$i.{'v': $, 'i': $i}": [{"v": 5}, {"v": 6}],
    "nope.ps#$i{'n': $count($)}": {"n": 0},
    # groups
    "os{k: $sum(v)}": {"a": 4, "b": 2},
    "os{k: v, 'all' & k: $count($)}": {"a": [1, 3], "alla": 2, "b": 2, "allb": 1},
    "os{k: v, 'b': v}": "error D1009",
    "os{v: k}": "error T1003",
    "nope{'n': $count($)}": {"n": 0},
    # sequences
    "nested.b": [5],
    "nested.(b)": [5],
    "nested[0].b[]": [5],
    "n[]": [5],
    "os.v[]": [1, 2, 3],
    "os[v > 2].k[]": ["a"],
    "[].a": [],
    "[nope].a": [],
    "['ab', 'c'][0].$": ["a", "b"],
    "$.[n, n]": [5, 5],
    "xs[[0, -1]]": [3, 2],
    "xs[$ > 1][0]": 3,
    "xs^($)[0]": 1,
    # calls
    "n ~> $string": "5",
    "' a ' ~> $trim ~> $uppercase": "A",
    "($trim ~> $uppercase)(' a ')": "A",
    "$substring(?, 1, 2)('abcd')": "bc",
    "os.k.$uppercase()": ["A", "B", "A"],
    "sum(xs)": "error T1005",
    "nope(xs)": "error T1006",
    "$nope(?)": "error T1008",
    "$eval('1')": "error T1006",
    "$map(xs, n)": "error T0410",
    "$map(os, $lookup(?, 'k'))": ["a", "b", "a"],
    "$reduce(xs, function($a, $b) { $a + $b })": 6,
    "$reduce(nope, function($a, $b) { $a + $b }, 1)": NOTHING,
    "$reduce(xs, function($a) { $a })": "error D3050",
    "$single(xs)": "error D3138",
    "$single(xs, function($v) { $v > 9 })": "error D3139",
    "$sort(['a', 1])": "error D3070",
    "$sift(os[0], function($v) { $v = 1 })": {"v": 1},
    "$each({'a': 1, 'b': 2}, function($v, $k) { $k & $v })": ["a1", "b2"],
    "$split('a1b22c', /[0-9]+/)": ["a", "b", "c"],
    "$replace('ab', /b/, function($m) { $m.match & '!' })": "ab!",
    "$contains('ab', function($s) { 5 })": "error T1010",
    "os[0] ~> |$|{'v': v + 1}, 'ps'|": {"k": "a", "v": 2},
    # a matcher that is a function
    "($f := function($s, $at) {($at := $exists($at) ? $at : 0; $at < 2 ? {'match': 'x', "
    "'start': $at, 'end': $at + 1, 'groups': [], 'next': function() { $f($s, $at + 1) }})};"
    "[$match('xx', $f).index, $split('xx', $f), $replace('xx', $f, 'y')])": [
        0, 1, "", "", "", "yy",
    ],
}  # fmt: skip


@pytest.mark.parametrize("text", GIVEN)
def test_an_expression_gives_what_the_reference_gives(text: str) -> None:
    assert given(text, DATA) == GIVEN[text]


def _called(n: int) -> str:
    return f"($f := function($x) {{ $x <= 0 ? 0 : 1 + $f($x - 1) }}; $f({n}))"


@pytest.mark.parametrize(
    ("allowed", "refused"),
    [
        ("+".join("1" * 100), "+".join("1" * 101)),
        ("(" * 99 + "1" + ")" * 99, "(" * 100 + "1" + ")" * 100),
        ("1" + "~> $string" * 99, "1" + "~> $string" * 100),
        ("$count([" + "[" * 28 + "1" + "]" * 28 + "])", "[" * 100 + "1" + "]" * 100),
        (_called(31), _called(32)),
        ("n > 9 ? " + "+".join("1" * 101) + " : 1", "n > 1 ? " + "+".join("1" * 101) + " : 1"),
    ],
)
def test_evaluations_are_as_deep_as_at_aws(allowed: str, refused: str) -> None:
    assert not str(given(allowed, DATA)).startswith("error")
    assert given(refused, DATA) == "error D1011"


def test_a_call_at_the_end_of_a_function_takes_its_place() -> None:
    count = "($f := function($n, $sum) { $n = 0 ? $sum : $f($n - 1, $sum + $n) }; $f(1000, 0))"
    assert given(count) == 500500
    assert given("($f := function($n) { $f($n + 1) }; $f(1))") == "error D1012"


def test_deep_expressions_need_few_operands() -> None:
    """What would need more operands than a body may have is cut into several."""
    assert given("1 + (" * 45 + "xs[0]" + ")" * 45, DATA) == 48
    assert given("os.(" + "1 + (" * 40 + "v" + ")" * 40 + ")", DATA) == [41, 42, 43]


def test_the_disassembler_says_what_bodies_do() -> None:
    state = {
        "Type": "Pass",
        "Assign": {"rate": 2},
        "Output": "{% $map($states.input.xs, function($v) { $string($v * $rate) }) %}",
        "End": True,
    }
    workflow = {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": state}}
    lines = disassemble(compile_text(json.dumps(workflow)).data).lines
    shown = [f"{line.op} {line.meaning}".strip() for line in lines]
    begin = next(n for n, line in enumerate(lines) if line.op == "BODY")
    assert shown[begin : begin + 13] == [
        "BODY 0 given, 2 locals",
        "BUILD sequence",
        "LOAD $",
        'NAME "xs"',
        "EACH",
        "NEXT",
        "SET local 1",
        "FUNC $string",
        "GET local 1",
        "LOAD $rate",
        "OPERATE *",
        "INVOKE 1 argument",
        "ADD",
    ]
