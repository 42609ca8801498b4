"""Paths that name many places become constants of QUERY, or are refused by name."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws.support import SLOW
from tsme.program import Program, opcodes, query_check
from tsme.values import cbor
from tsme_host.compiler.backend.disasm import disassemble
from tsme_host.compiler.compile import compile_text
from tsme_host.compiler.frontend.model import CompileError, Where
from tsme_host.compiler.jsonpath.filter_errors import FilterError, Unsupported
from tsme_host.compiler.jsonpath.filters import compile_filter
from tsme_host.compiler.jsonpath.paths import parse_path
from tsme_host.compiler.jsonpath.queries import plan, to_text


def planned(path):
    head, query = plan(list(parse_path(path, Where("/p", 1, 1)).segments))
    return [getattr(s, "name", getattr(s, "n", None)) for s in head], query


@pytest.mark.parametrize(
    ("path", "head", "query"),
    [
        ("$.a.b[0]", ["a", "b", 0], []),
        ("$.a[(@.length-1)].b", ["a", -1, "b"], []),
        ("$.a[( @.size() - 2 )]", ["a", -2], []),
        ("$.a.b['x','y']", ["a", "b"], [[2, "x", "y"]]),
        ("$.a.b[*]", [], ["a", "b", None]),
        ("$.*", [], [None]),
        ("$..a", [], [True, "a"]),
        ("$.a..*", [], ["a", True, None]),
        ("$..['a','b']", [], [True, [2, "a", "b"]]),
        ("$.a[1:].x", [], ["a", [0, 1, None], "x"]),
        ("$.a[:-1]", [], ["a", [0, None, -1]]),
        ("$.a[1:5]", [], ["a", [0, 1, 5]]),
        ("$.a[0,-1]", [], ["a", [1, 0, -1]]),
        ("$.a[*][-1]", [], ["a", None, -1]),
        ("$.a[?(@.b)]", [], ["a", [3, [7, ["b"]]]]),
        ("$.a[?( !@.b.c[0] )].d", [], ["a", [3, [0, ["b", "c", 0]]], "d"]),
    ],
)
def test_a_path_becomes_steps_and_a_query(path, head, query):
    assert planned(path) == (head, query)
    if query:
        assert query_check.sound(query)
        assert planned("$" + to_text(query)) == ([], query) or head
        assert query_text_again(query) == query


def query_text_again(query):
    """A query's text is a path with the same meaning."""
    return planned("$" + to_text(query).replace("..[*]", "..*"))[1]


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("@.a == 1", [2, ["a"], 1]),
        ("@.a==-2.5e1", [2, ["a"], "-2.5e1"]),
        ("@['x]'] > ')'", [4, ["x]"], ")"]),
        ("@.a != 'it\\'s'", [5, ["a"], "it's"]),
        ('@.a <= "b"', [3, ["a"], "b"]),
        ("@.status == done", [2, ["status"], "done"]),
        ("@.name==ecs.availability-zone", [2, ["name"], "ecs.availability-zone"]),
        ("@.name == /a/b", [2, ["name"], "/a/b"]),
        ("@.on == true && @.n >= 10", [8, [2, ["on"], "true"], [6, ["n"], 10]]),
        (
            "@.a || @.b && !@.c || @.d < 1",
            [9, [7, ["a"]], [8, [7, ["b"]], [0, ["c"]]], [1, ["d"], 1]],
        ),
        ("(@.a || @.b) && @.c", [8, [9, [7, ["a"]], [7, ["b"]]], [7, ["c"]]]),
        ("@.a == 99999999999999999999", [2, ["a"], "99999999999999999999"]),
        ("@.a == 1e999", [2, ["a"], "1e999"]),
        ("@.a == null", [2, ["a"], "null"]),
        ("@.id == $.wanted", [2, ["id"], [None, "wanted"]]),
        ("@.id==@.b[0].c && @.x", [8, [2, ["id"], ["b", 0, "c"]], [7, ["x"]]]),
        ("$['a b'] < @.n", [1, [None, "a b"], ["n"]]),
        ("$.a != $.b", [5, [None, "a"], [None, "b"]]),
        ("$.n >= 10", [6, [None, "n"], 10]),
        ("@.a =~ /x/", [10, ["a"], ["x"]]),
        (
            "@.a=~/x|y/i&&@.b",
            [8, [10, ["a"], [3, "XXxx", -5, "YYyy"]], [7, ["b"]]],
        ),
        ("$.a =~ /[)'\\]\\/]/", [10, [None, "a"], ["''))//]]"]]),
        ("@.a =~ /a/b/ || @.c", [9, [10, ["a"], ["a", "/", "b"]], [7, ["c"]]]),
    ],
)
def test_a_filter_becomes_terms(text, terms):
    assert compile_filter(f"?({text})") == terms
    assert query_check.sound([[3, terms]])


REFUSED = {
    "$.a.sum()": "the path function sum()",
    "$.a.length()": "the path function length()",
    "$.a[0:9:2]": "the step of a slice",
    "$.a[:]": "the slice [:]",
    "$.a[-3:-1]": "two ends of which one is negative",
    "$.a[1:-1]": "two ends of which one is negative",
    "$['a','b'].c": "a list of names before the end",
    "$['a','a']": "the same name twice",
    "$.a[(@.length)]": "the script [(@.length)]",
    "$.a[?@.b]": "a filter without parentheses",
    "$.a[?(@.b in ['x'])]": "the operator `in`",
    "$.a[?(@.b subsetof ['x'])]": "the operator `subsetof`",
    "$.a[?(@.b size 2)]": "the operator `size`",
    "$.a[?(@.b === 1)]": "the operator `===`",
    "$.a[?(@.b !== 1)]": "the operator `!==`",
    "$.a[?($.b)]": "`$` by itself",
    "$.a[?(!$.b)]": "`$` by itself",
    "$.a[?(@.b == $)]": "`$` by itself",
    "$.a[?(@.b == @)]": "`@` by itself",
    "$.a[?(@.b == $c)]": "the variable $c in a filter",
    "$.a[?(@.b == $$.Execution.Id)]": "a path from `$$` in a filter",
    "$.a[?(@.b == $.c[*])]": "the path $.c[*]",
    "$$.Execution.Input[?(@.b == $.c)]": "`$` in a filter of the context object",
    "$.a[?(/x/ =~ @.b)]": "a filter that compares `/x/",
    "$.a[?(@.b =~ /(a)\\1/)]": "refers back to a group",
    "$.a[?(@.b =~ /(?=a)b/)]": "looks ahead",
    "$.a[?(@.b =~ /a(?<!b)/)]": "looks behind",
    "$.a[?(@.b =~ /(?>a)b/)]": "keeps what it has",
    "$.a[?(@.b =~ /a*+b/)]": "keeps what it has",
    "$.a[?(@.b =~ /\\p{L}/)]": "\\p{L} in a pattern",
    "$.a[?(@.b =~ /a{1000}/)]": "more than 500 instructions",
    "$.a[?(@.b =~ /a/U)]": "the flag U",
    "$.a[?(@.b =~ /\\R/)]": "\\R in a pattern",
    "$.a[?(@ > 1)]": "`@` by itself",
    "$.a[?(@.b == [1])]": "an array or object",
    "$.a[?(@.b == {})]": "an array or object",
    "$.a[?(1 == @.b)]": "a filter that compares `1",
    "$.a[?('x' == @.b)]": "a filter that compares `'x'",
    "$.a[?(@.b[*])]": "the path @.b[*]",
    "$.a[?(@..b)]": "the path @..b",
    "$.a[?(@.b[-1] == 1)]": "the path @.b[-1]",
    "$.a[?(@.length() > 1)]": "the path @.length()",
    "$.a[?(!(@.b))]": "`!` before parentheses",
    "$.a[?(!@.b == 1)]": "`!` before a comparison",
    "$.a[?(((((@.b)))))]": "parentheses more than",
    "$" + "[*]" * 33: "more than 32 steps",
}


def machine(path):
    state = {"Type": "Pass", "Parameters": {"x.$": path}, "End": True}
    return json.dumps({"StartAt": "P", "States": {"P": state}})


@pytest.mark.parametrize(("path", "what"), REFUSED.items(), ids=list(REFUSED))
def test_what_aws_has_not_or_not_surely_is_refused_by_name(path, what):
    with pytest.raises(CompileError) as error:
        compile_text(machine(path))
    (problem,) = error.value.problems
    assert (problem.code, problem.refusal) == ("TSME-C090", True)
    assert what in problem.message
    assert path[:60] in problem.message


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("$.a[?(@.b == )]", "a literal is missing"),
        ("$.a[?(@.b == 'x' y)]", "something follows the literal 'x'"),
        ("$.a[?(@.b == it's')]", "needs quotes"),
        ("$.a[?(@.b ! 1)]", "`! ` is no operator"),
        ("$.a[?(@.b = 1)]", "`= ` is no operator"),
        ("$.a[?(@.b) @.c]", "`@.c` cannot stand here"),
        ("$.a[?(&& @.b)]", "a path such as @.name is missing"),
        ("$.a[?(@.b &&)]", "a path such as @.name is missing"),
        ("$.a[?(@.b..)]", "`@.b..` in the filter"),
        ("$.a[?(@.b =~ x)]", "a pattern is missing behind =~"),
        ("$.a[?(@.b =~ )]", "a pattern is missing behind =~"),
        ("$.a[?(@.b =~ 'x')]", "a pattern is missing behind =~"),
        ("$.a[?(@.b =~ /(x/)]", "`(` is not closed in the pattern /(x/"),
        ("$.a[?(@.b =~ /x)/)]", "`)` closes nothing in the pattern"),
        ("$.a[?(@.b =~ /*x/)]", "`*` repeats nothing"),
        ("$.a[?(@.b =~ /x{2}{3}/)]", "`{` repeats nothing"),
        ("$.a[?(@.b =~ /x**/)]", "`*` repeats nothing"),
        ("$.a[?(@.b =~ /x{3,2}/)]", "{3,2} is no repetition"),
        ("$.a[?(@.b =~ /x{,2}/)]", "`{` is no repetition"),
        ("$.a[?(@.b =~ /[b-a]/)]", "a range that goes from nowhere"),
        ("$.a[?(@.b =~ /\\y/)]", "`\\y` means nothing"),
        ("$.a[?(@.b =~ /(?<n>a)(?<n>b)/)]", "there are two groups"),
        ("$.a[?(@.b =~ /x/q)]", "`q` is no flag of a pattern"),
        ("$.a[?(@.b =~ /x/ y)]", "`y)` cannot stand here"),
        ("$.a[?(@.b == @.c y)]", "`y)` cannot stand here"),
    ],
)
def test_a_mistake_in_a_filter_is_told(path, what):
    with pytest.raises(CompileError) as error:
        compile_text(machine(path))
    (problem,) = error.value.problems
    assert (problem.code, problem.refusal) == ("TSME-C020", False)
    assert what in problem.message


@settings(suppress_health_check=SLOW)
@given(st.text("@.ab[]()'\"!=<>&|~$ 01/,\\*+?{}^i", max_size=30))
def test_any_filter_is_compiled_or_refused(text):
    try:
        terms = compile_filter(f"?({text})")
    except (FilterError, Unsupported) as error:
        assert str(error)
    else:
        assert query_check.sound([[3, terms]])


@pytest.mark.parametrize(
    "state",
    [
        {"Type": "Pass", "Parameters": {"x.$": "$.a[*]"}},
        {"Type": "Pass", "Parameters": {"x.$": "States.ArrayLength($.a[*])"}},
        {"Type": "Pass", "InputPath": "$.a[1:]"},
        {"Type": "Pass", "OutputPath": "$..a"},
        {"Type": "Pass", "Assign": {"x.$": "$.a[?(@.b)]"}},
        {"Type": "Pass", "Parameters": {"x.$": "$$.Execution.Input[*]"}},
        {"Type": "Pass", "Parameters": {"x.$": "$$[*]"}},
        {"Type": "Task", "Resource": "r", "ResultSelector": {"x.$": "$['a','b']"}},
    ],
)
def test_every_place_for_a_path_takes_one(state):
    text = json.dumps({"StartAt": "P", "States": {"P": {**state, "End": True}}})
    compiled = compile_text(text)
    assert Program(compiled.program).needs & opcodes.NEEDS_QUERY
    (line,) = [line for line in disassemble(compiled.data).lines if line.op == "QUERY"]
    assert line.source
    assert line.meaning.startswith(("[", ".."))


def test_a_variable_may_be_asked_too():
    states = {
        "A": {"Type": "Pass", "Assign": {"x.$": "$.list"}, "Next": "B"},
        "B": {"Type": "Pass", "Parameters": {"y.$": "$x[*].name"}, "End": True},
    }
    compiled = compile_text(json.dumps({"StartAt": "A", "States": states}))
    assert Program(compiled.program).needs & opcodes.NEEDS_QUERY


def test_a_reference_path_names_one_place():
    state = {"Type": "Pass", "ResultPath": "$.a[*]", "End": True}
    with pytest.raises(CompileError) as error:
        compile_text(json.dumps({"StartAt": "P", "States": {"P": state}}))
    assert error.value.problems[0].code == "TSME-C021"


def test_a_program_without_such_paths_does_not_ask_for_them():
    compiled = compile_text(machine("$.a.b[0]"))
    program = Program(compiled.program)
    assert not program.needs & opcodes.NEEDS_QUERY
    assert cbor.encode(program.consts)


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("$.a[?(@.b == $.c)]", "a second path"),
        ("$.a[?(@.b == @.c)]", "a second path"),
        ("$.a[?($.b == 1)]", "a second path"),
        ("$.a[?(@.b =~ /x/)]", "a pattern (=~)"),
        ("$.a[?(@.x == 1 && (@.y || @.b =~ /x/))]", "a pattern (=~)"),
        ("$.a[?(@.b == 'x')]", ""),
    ],
)
def test_what_the_guide_does_not_have_gives_a_warning(path, what):
    warnings = compile_text(machine(path)).warnings
    assert [w.code for w in warnings] == (["TSME-C023"] if what else [])
    assert all(w.message.startswith(f"{what} in a filter") for w in warnings)
    state = {"Type": "Pass", "ResultPath": path, "End": True}
    with pytest.raises(CompileError) as error:
        compile_text(json.dumps({"StartAt": "P", "States": {"P": state}}))
    assert error.value.problems[0].code == "TSME-C021"


def test_the_text_of_a_filter_with_two_paths_is_a_path_with_the_same_meaning():
    for text in ("@.a == $.b", "@.a[0] < @['x y'].c", "$.a >= $.b"):
        query = planned(f"$.l[?({text})]")[1]
        assert query_text_again(query) == query
    assert to_text(planned("$.l[?(@.a =~ /x*/)]")[1]) == "['l'][?(@['a'] =~ (3 instructions))]"
