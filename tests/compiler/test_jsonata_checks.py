"""What AWS refuses in an expression at creation is refused, and what it reads is known."""

import json

import pytest

from tsme_host.compiler.frontend.aws_text import diagnostics
from tsme_host.compiler.frontend.check import find_problems
from tsme_host.compiler.jsonata.checks import check, references
from tsme_host.compiler.jsonata.members import ERROR, RESULT
from tsme_host.compiler.jsonata.parser import parse


def told(text, *has):
    return [(finding.code, finding.message) for finding in check(parse(text), *has)]


def bare(*names):
    text = "reference to '{}' at the top level is not supported"
    return [("TSME-C084", text.format(name)) for name in names]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("phone", ["phone"]),
        ("phone.number", ["phone"]),
        ("$.phone", ["$"]),
        ("a + b * a", ["a", "b"]),  # each name once
        ("$sum(prices)", ["prices"]),
        ("function($x){ b }", ["b"]),
        ("$map($states.input.xs, function($x){ $x.a + b })", ["b"]),
        ("($x := c; $x)", ["c"]),
        ("[d, {'k': e, f: 1}]", ["d", "e", "f"]),
        ("(g).h", ["g"]),
        ("-i", ["i"]),
        ("j ~> $string", ["j"]),
        ("k ? l : m", ["k", "l", "m"]),
        ("and or or", ["and", "or"]),
        ("`a b`", ["a b"]),
        ("$f(?, n)", ["n"]),
    ],
)
def test_a_path_that_begins_with_a_bare_name_is_refused(text, names):
    assert told(text) == bare(*names)


@pytest.mark.parametrize(
    "text",
    [
        "$states.input.phone",
        "$phone",
        "$unknown.phone",
        "$states.input.xs[a > b]",
        "$states.input.xs^(a, >b)",
        "$states.input.xs{a: b}",
        "$states.input.(a + b)",
        "$states.input.xs.{'k': a, b: 1}",
        "$map($states.input.xs, function($x){ $x.a })",
        "$states.input ~> |a|{'b': c}, 'd'|",
        "{'a': 'b'}.a",
        "$",
        "$x.$",
        "*",
    ],
)
def test_names_of_later_steps_predicates_sorts_and_groups_are_none(text):
    assert told(text) == []


@pytest.mark.parametrize("text", ["$$", "$$.a", "$x[$$.a]", "$states.input.($$)", "[1, $$]"])
def test_the_whole_input_is_not_there(text):
    assert told(text) == [("TSME-C084", "reference to '$$' is not supported")]


def test_each_place_has_its_members_of_states():
    for member, has in (("errorOutput", ERROR), ("result", RESULT)):
        text = f"$states.{member}.Error"
        assert told(text, has) == []
        assert told(text) == [("TSME-C084", f"field '$states.{member}' does not exist")]
    assert told("$states.input.xs[$states.inputs.a]") == [
        ("TSME-C084", "field '$states.inputs' does not exist")
    ]


def test_regular_expressions_are_checked_where_they_stand():
    assert told("$contains($y, /a{2,1}/)")[0][1].startswith("the JSONata expression is wrong: Inv")
    [finding] = check(parse("  $match($x, /a(?=b)/)"))
    assert (finding.code, finding.at) == ("TSME-C085", 13)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("$x + $y.z", "x y"),
        ("$states.input.a & $ & $$", ""),
        ("($x := 1; $x)", ""),
        ("($x := $x + 1; $x)", "x"),
        ("[($x := 1), $x]", "x"),
        ("function($a){ $a + $b }", "b"),
        ("($f := function(){ $later }; $later := 1; $f())", ""),
        ("($later; $later := 1)", "later"),
        ("$xs@$x.$ys[$x.i = i]", "xs ys"),
        ("$xs#$i[$i > $n].{'at': $i}", "n xs"),
        ("$xs[a]#$i.$i", "xs"),
        ("$i + $xs#$i.$i", "i xs"),
        ("$xs{$k: $v}^($t)", "k t v xs"),
        ("$c ? ($a := 1) : $a", "a c"),
        ("$x ~> |$p|{'a': $u}, $d|", "d p u x"),
        ("$f(?, $a)[$b]", "a b f"),
        ("$sum($x)", "sum x"),
    ],
)
def test_the_variables_that_an_expression_reads_are_those_it_does_not_bind(text, names):
    assert sorted(references(parse(text))) == names.split()


def test_long_chains_are_gone_through():
    text = " + ".join(f"$x{n} . a{n}" for n in range(900))
    assert told(text) == []
    assert len(references(parse(text))) == 900
    assert len(told(" & ".join(f"b{n}" for n in range(900)))) == 900


def test_what_only_a_device_refuses_is_no_diagnostic_of_aws():
    for text, code in (("$match($x, /a(?=b)/)", "TSME-C085"), ("(" * 200, "TSME-C083")):
        state = {"Type": "Pass", "QueryLanguage": "JSONata", "Output": f"{{% {text} %}}"}
        machine = {"StartAt": "A", "States": {"A": state | {"End": True}}}
        _, problems = find_problems(json.dumps(machine))
        assert [(p.code, p.refusal) for p in problems if p.code != "TSME-C090"] == [(code, True)]
        assert diagnostics(json.dumps(machine), problems) == []
