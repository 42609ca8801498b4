"""States in JSONata are read whole, and refused where AWS's CreateStateMachine refuses them.

The rows are measured ones: expression or definition, code, words, and the place that AWS names.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tsme_host.compiler.compile import compile_text
from tsme_host.compiler.frontend.aws_text import diagnostics
from tsme_host.compiler.frontend.check import find_problems
from tsme_host.compiler.frontend.model import Arr, CompileError, Const, Jsonata, Obj
from tsme_host.compiler.frontend.references import references

UNSUPPORTED, INVALID = "UNSUPPORTED_JSONATA_EXPRESSION", "INVALID_JSONATA_EXPRESSION"
SCHEMA = "SCHEMA_VALIDATION_FAILED"
END = {"Type": "Succeed"}


def whole(states: dict[str, Any], **fields: Any) -> dict[str, Any]:
    fields = {"QueryLanguage": "JSONata", "StartAt": next(iter(states)), **fields}
    return {**fields, "States": states}


def said(definition: dict[str, Any]) -> list[tuple[str, str, str]]:
    text = json.dumps(definition)
    found = diagnostics(text, find_problems(text)[1])
    return [(d.code, d.message, d.location) for d in found]


def output(expression: str) -> dict[str, Any]:
    value = {"v": "{%" + expression + "%}"}
    return whole({"E": {"Type": "Pass", "Output": value, "End": True}})


def top(*names: str) -> list[tuple[str, str, str]]:
    words = "Reference to '{}' at the top level is not supported."
    return [(UNSUPPORTED, words.format(name), "/States/E/Output/v") for name in names]


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ("phone", ["phone"]),
        ("$.phone", ["$"]),
        ("phone.a & phone.b & fax", ["phone", "fax"]),
        ("function($x){ b }", ["b"]),
        ("$map($states.input, function($v){ $v.a + c })", ["c"]),
        ("[a, {'k': b}]", ["a", "b"]),
    ],
)
def test_a_path_begins_at_states_or_at_a_variable(expression, names):
    assert said(output(expression)) == top(*names)


@pytest.mark.parametrize(
    "expression",
    [
        "$states.input.phone",
        "$states.input.a.(b & c)",
        "$states.input.a[b = 1]",
        "$states.input.a^(>b, c)",
        "$states.input.a{b: c}",
        "$unknown.a",
        "$states.input.a.$.b",
        "$states.context.Execution.Id",
        "$states",
        "$",
        "$f := function($x){ $x.b }",
        "1" + " + 1" * 1500,
    ],
)
def test_names_in_later_steps_predicates_sorts_and_groups_are_fine(expression):
    assert said(output(expression)) == []


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("$$", "Reference to '$$' is not supported."),
        ("$states.input.a[$$.b]", "Reference to '$$' is not supported."),
        ("$states.errorOutput", "Field '$states.errorOutput' does not exist."),
        ("$states.result.a", "Field '$states.result' does not exist."),
    ],
)
def test_what_is_not_there_is_refused(expression, words):
    assert said(output(expression)) == [(UNSUPPORTED, words, "/States/E/Output/v")]


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("a[1,2)", 'Expected "]", got ","'),
        ('"unterminated', "String literal must be terminated by a matching quote"),
        ("1 +", "Unexpected end of expression"),
        ("$x :=", "Unexpected end of expression"),
        (" ", "Unexpected end of expression"),
        ('{"a":}', 'The symbol "}" cannot be used as a unary operator'),
        ('$match("a", /abc', "No terminating / in regular expression"),
        ("phone %.other", 'The symbol "." cannot be used as a unary operator'),
    ],
)
def test_what_does_not_parse_is_refused_in_the_parsers_words(expression, words):
    assert said(output(expression)) == [(INVALID, words, "/States/E/Output/v")]


def test_the_place_of_an_expression_is_told():
    bad = "{% x %}"
    body = {"StartAt": "I", "States": {"I": {"Type": "Pass", "Output": {"v": bad}, "End": True}}}
    branch = {"StartAt": "B", "States": {"B": {"Type": "Pass", "Output": [1, bad], "End": True}}}
    catcher = {"ErrorEquals": ["States.ALL"], "Output": {"v": bad}, "Next": "M"}
    states = {
        "C": {"Type": "Choice", "Choices": [{"Condition": bad, "Next": "E"}], "Default": "E"},
        "E": {"Type": "Task", "Resource": "r", "Catch": [catcher], "Next": "M"},
        "M": {"Type": "Map", "ItemProcessor": body, "Next": "P"},
        "P": {"Type": "Parallel", "Branches": [branch], "End": True},
    }
    assert [place for _, _, place in said(whole(states))] == [
        "/States/C/Choices[0]/Condition",
        "/States/E/Catch[0]/Output/v",
        "/States/M/ItemProcessor/States/I/Output/v",
        "/States/P/Branches[0]/States/B/Output[1]",
    ]


def test_an_assignment_of_the_name_does_not_help():
    states = {
        "A": {"Type": "Pass", "Assign": {"phone": 1}, "Next": "E"},
        "E": {"Type": "Pass", "Output": {"v": "{% phone %}"}, "End": True},
    }
    assert said(whole(states)) == top("phone")


@pytest.mark.parametrize("name", ["result", "errorOutput"])
def test_results_and_errors_are_there_where_aws_has_them(name):
    value = "{% $states." + name + " %}"
    result, error = (value, "{% 1 %}") if name == "result" else ("{% 1 %}", value)
    catcher = {"ErrorEquals": ["States.ALL"], "Output": error, "Assign": {"b": error}, "Next": "E"}
    inner = {"StartAt": "I" + name, "States": {"I" + name: {"Type": "Pass", "End": True}}}
    for kind in (
        {"Type": "Task", "Resource": "r"},
        {"Type": "Map", "ItemProcessor": inner},
        {"Type": "Parallel", "Branches": [inner]},
    ):
        state = {**kind, "Output": result, "Assign": {"a": result}, "Catch": [catcher]}
        assert said(whole({"T": {**state, "Next": "E"}, "E": END})) == []
        given = "ItemSelector" if kind["Type"] == "Map" else "Arguments"
        (found,) = said(whole({"T": {**state, given: value, "Next": "E"}, "E": END}))
        assert found[1:] == (f"Field '$states.{name}' does not exist.", f"/States/T/{given}")


def test_comments_targets_and_error_names_are_no_expressions():
    states = {
        "{% a %}": {
            "Type": "Task",
            "Resource": "r",
            "Comment": "{% b",
            "Catch": [{"ErrorEquals": ["{% c %}"], "Next": "E"}],
            "Next": "E",
        },
        "E": END,
    }
    assert said(whole(states)) == []


def test_in_jsonpath_an_expression_is_text():
    state = {"Type": "Pass", "Result": "{% a", "Next": "E"}
    assert said({"StartAt": "P", "States": {"P": state, "E": END}}) == []


@pytest.mark.parametrize(
    ("fields", "message", "place"),
    [
        (
            {"QueryLanguage": "JSONPath"},
            "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
            "/States/X",
        ),
        (
            {"QueryLanguage": "JSONPath", "Output": 1, "InputPath": "$"},
            "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine",
            "/States/X",
        ),
        (
            {"Parameters": {}},
            "The QueryLanguage is set to 'JSONata', but field 'Parameters' is only supported for "
            "the 'JSONPath' QueryLanguage",
            "/States/X",
        ),
        (
            {"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "E"}]},
            "Field 'Catch' is not supported",
            "/States/X",
        ),
        ({"TimeoutSeconds": 3}, "Field 'TimeoutSeconds' is not supported", "/States/X"),
    ],
)
def test_fields_that_a_jsonata_pass_has_not(fields, message, place):
    state = {"Type": "Pass", **fields, "Next": "E"}
    assert said(whole({"X": state, "E": END})) == [(SCHEMA, message, place)]


def test_states_of_a_branch_have_the_language_of_the_machine():
    inner = {"Type": "Pass", "Output": "{% 1 %}", "End": True}
    branch = {"StartAt": "B", "States": {"B": inner}}
    state = {"Type": "Parallel", "QueryLanguage": "JSONata", "Branches": [branch], "Next": "E"}
    (found,) = said({"StartAt": "P", "States": {"P": state, "E": END}})
    assert found[1].startswith("The QueryLanguage is set to 'JSONPath', but field 'Output'")
    inner["QueryLanguage"] = "JSONata"
    assert said({"StartAt": "P", "States": {"P": state, "E": END}}) == []
    branch["QueryLanguage"] = "JSONata"
    (found,) = said({"StartAt": "P", "States": {"P": state, "E": END}})
    assert found[1:] == ("Field 'QueryLanguage' is not supported", "/States/P/Branches[0]")


def test_a_word_that_is_no_language_counts_as_jsonata():
    state = {"Type": "Pass", "QueryLanguage": "jsonpath", "Output": "{% a %}", "Next": "E"}
    found = said({"StartAt": "P", "States": {"P": state, "E": END}})
    assert [(code, place) for code, _, place in found] == [
        (SCHEMA, "/States/P/QueryLanguage"),
        (UNSUPPORTED, "/States/P/Output"),
    ]
    found = said(
        whole({"P": {"Type": "Pass", "Output": 1, "Next": "E"}, "E": END}, QueryLanguage=1)
    )
    assert found == [(SCHEMA, "Expected value of type [STRING]", "/QueryLanguage")]


def test_a_template_holds_expressions_at_any_depth():
    template = {"a": [{"b": "{% $states.input %}"}, "x {% 1 %}", 2], "c": {"d": None}}
    state = {"Type": "Pass", "Output": template, "Assign": {"v": [template]}, "End": True}
    machine, problems = find_problems(json.dumps(whole({"P": state})))
    assert problems == []
    assert machine is not None
    output = machine.states["P"].output
    assert isinstance(output, Obj)
    (_, array), (_, rest) = output.items
    assert isinstance(array, Arr)
    assert isinstance(rest, Const)
    assert rest.value == {"d": None}
    (member,) = array.items[0].items
    expression = member[1]
    assert isinstance(expression, Jsonata)
    assert (expression.text, expression.field) == ("$states.input", "Output/a[0]/b")
    assert [item.value for item in array.items[1:]] == ["x {% 1 %}", 2]
    ((_, assigned),) = machine.states["P"].assign
    inner = assigned.items[0].items[0][1].items[0].items[0][1]
    assert inner.field == "Assign/v[0]/a[0]/b"


def test_references_are_the_variables_that_an_expression_does_not_bind():
    expression = "($a := $b; $map($c, function($d){ $a + $d + $e }); $states.input.x@$f.($f))"
    states = {
        "A": {"Type": "Pass", "Assign": dict.fromkeys("bce", 1), "Next": "P"},
        "P": {"Type": "Pass", "Output": {"v": "{% " + expression + " %}"}, "End": True},
    }
    machine, _ = find_problems(json.dumps(whole(states)))
    assert machine is not None
    assert references(machine) == {"P": ["b", "c", "e"]}


def test_a_variable_that_nothing_sets_is_warned_of():
    def warned(expression: str, **more: Any) -> list[tuple[str, str]]:
        state = {"Type": "Pass", "Output": "{% " + expression + " %}", **more, "End": True}
        machine, problems = find_problems(json.dumps(whole({"E": state})))
        assert problems == []
        assert machine is not None
        return [(w.code, w.hint) for w in machine.warnings]

    assert warned("$cout($x)", Assign={"x": 1}) == [("TSME-C061", 'did you mean "count"?')]
    assert warned("$map($states.input, function($v){ $v + $x })", Assign={"x": 1}) == []
    assert warned("($y := 1; $y + $hash('a', 'MD5'))") == []
    assert warned("$qq.a") == [("TSME-C061", "no function has that name, either")]
    assert warned("$eval('1')")[0][1].startswith("AWS has no $eval")
    assert warned("$state.input") == [("TSME-C061", 'did you mean "states"?')]


@pytest.mark.parametrize("text", ["$states.input.a", "$.a", {"a.$": "$.a"}])
def test_a_text_that_looks_like_an_expression_and_is_none_is_warned_of(text):
    state = {"Type": "Pass", "Output": text, "End": True}
    machine, problems = find_problems(json.dumps(whole({"E": state})))
    assert problems == []
    assert machine is not None
    assert [w.code for w in machine.warnings] == ["TSME-C080"]


@pytest.mark.parametrize(
    ("fields", "instead"),
    [
        ({"Parameters": {}}, "Output"),
        ({"ResultPath": "$.a"}, "$merge"),
        ({"OutputPath": "$.a"}, "Output"),
        ({"Result": 1}, "Output"),
    ],
)
def test_a_field_of_jsonpath_in_jsonata_is_refused_with_what_to_write(fields, instead):
    _, problems = find_problems(json.dumps(whole({"E": {"Type": "Pass", **fields, "End": True}})))
    assert [p.code for p in problems] == ["TSME-C081"]
    assert instead in problems[0].hint


def test_a_line_behind_an_expression_as_yaml_makes_it_is_refused_with_its_cure():
    state = {"Type": "Pass", "Output": "{% 1 %}\n", "End": True}
    _, [problem] = find_problems(json.dumps(whole({"E": state})))
    assert problem.code == "TSME-C080"
    assert "in YAML write |- instead of |" in problem.hint


@pytest.mark.parametrize(
    "expression",
    [
        "(" + "".join(f"$v{n} := $states.input.a + {n}; " for n in range(300)) + "$v299)",
        "(" + "".join(f"$v{n} := {n}; " for n in range(300)) + "$v299)",
        "[" + ", ".join(f"$states.input.l[$ > {n}]" for n in range(300)) + "]",
        "function(" + ", ".join(f"$p{n}" for n in range(300)) + "){ $p299 }(1)",
    ],
)
def test_an_expression_of_more_locals_than_a_body_has_is_refused_by_name(expression):
    with pytest.raises(CompileError) as refused:
        compile_text(json.dumps(output(expression)))
    [problem] = refused.value.problems
    assert problem.code == "TSME-C090"
    assert "so many variables and loops" in problem.message
