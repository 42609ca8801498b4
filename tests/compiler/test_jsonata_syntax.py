"""JSONata expressions become trees, or are refused, as the reference implementation does it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsme_host.compiler.jsonata.parser import parse
from tsme_host.compiler.jsonata.tree import JsonataError

from .corpus import FOLDER, cases


def mistake(text):
    try:
        parse(text)
    except JsonataError as error:
        return error
    return None


@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"no conformance data at {FOLDER}")
def test_the_reference_suite_is_judged_as_the_reference_implementation_judges_it():
    wrong = []
    count = 0
    for group in cases("jsonata"):
        for case in group if isinstance(group, list) else group["cases"]:
            if isinstance(case.get("expr"), str):
                count += 1
                code = case.get("error_code") or ""
                found = mistake(case["expr"])
                newer = found is not None and "came with" in found.hint
                expected = code if code.startswith("S0") and code != "S0500" else ""
                if not newer and (found.code if found else "") != expected:
                    wrong.append(case["id"])
    assert count > 100
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "index", "code", "message"),
    [
        # As AWS shows them.
        ("a[1,2)", 3, "S0202", 'Expected "]", got ","'),
        (
            '"unterminated',
            0,
            "S0101",
            "String literal must be terminated by a matching quote",
        ),
        ("1 +", 3, "S0207", "Unexpected end of expression"),
        ("$x :=", 5, "S0207", "Unexpected end of expression"),
        ("", 0, "S0207", "Unexpected end of expression"),
        ('{"a":}', 5, "S0211", 'The symbol "}" cannot be used as a unary operator'),
        ("/abc", 0, "S0302", "No terminating / in regular expression"),
        ("phone %.other", 7, "S0211", 'The symbol "." cannot be used as a unary operator'),
        # As the reference implementation has them.
        ("10 + * 2", 7, "S0201", "Syntax error: 2"),
        ("1 1e-7", 2, "S0201", "Syntax error: 1e-7"),
        ("1 0.00001", 2, "S0201", "Syntax error: 0.00001"),
        ("1 true", 2, "S0201", "Syntax error: true"),
        ("$f(1", 4, "S0203", 'Expected ")" before end of expression'),
        ("a ! b", 2, "S0204", 'Unknown operator: "!"'),
        ("1e400", 0, "S0102", 'Number out of range: "1e400"'),
        ('"a\\y"', 2, "S0103", 'Unsupported escape sequence: \\"y"'),
        ('"\\u12"', 1, "S0104", "The escape sequence \\u must be followed by 4 hex digits"),
        ("`a", 0, "S0105", "Quoted property name must be terminated with a backquote (`)"),
        ("1 /* a", 2, "S0106", "Comment has no closing tag"),
        (
            "function(1){2}",
            9,
            "S0208",
            "Parameter 1 of function definition must be a variable name (start with $)",
        ),
        ("$x{a: b}[0]", 8, "S0209", "A predicate cannot follow a grouping expression in a step"),
        ("a{b: c}{d: e}", 7, "S0210", "Each step can only have one grouping expression"),
        (
            "1 := 2",
            0,
            "S0212",
            "The left side of := must be a variable name (start with $)",
        ),
        (
            "a.1",
            2,
            "S0213",
            "The literal value 1 cannot be used as a step within a path expression",
        ),
        (
            "a@b",
            2,
            "S0214",
            'The right side of "@" must be a variable name (start with $)',
        ),
        (
            "a[0]@$b",
            4,
            "S0215",
            "A context variable binding must precede any predicates on a step",
        ),
        (
            "a^(b)@$c",
            5,
            "S0216",
            "A context variable binding must precede the 'order-by' clause on a step",
        ),
        (
            "$.%",
            0,
            "S0217",
            "The object representing the 'parent' cannot be derived from this expression",
        ),
        ("//", 0, "S0301", "Empty regular expressions are not allowed"),
        (
            "λ($a)<s<n>>{$a}",
            7,
            "S0401",
            "Type parameters can only be applied to functions and arrays",
        ),
        (
            "λ($a)<(a<n>s)>{$a}",
            6,
            "S0402",
            "Choice groups containing parameterized types are not supported",
        ),
    ],
)
def test_a_mistake_is_found_at_its_character(text, index, code, message):
    error = mistake(text)
    assert error is not None
    assert (error.index, error.code, error.message) == (index, code, message)


@pytest.mark.parametrize("operator", ["??", "?:"])
def test_what_came_after_the_version_of_aws_is_refused_by_name(operator):
    error = mistake(f"a {operator} 1")
    assert error is not None
    assert error.code == "S0211"
    assert error.hint.startswith(f"`{operator}` came with JSONata 2.1 and AWS has 2.0.6")


@given(st.text(st.sampled_from("$ab.()[]{}%*+-/:=?@#^|<>'\"`~!,; 1"), max_size=20))
def test_any_text_is_judged_and_a_mistake_lies_inside_it(text):
    error = mistake(text)
    assert error is None or 0 <= error.index <= len(text)


@pytest.mark.parametrize(
    "part", ["(", "[", "{'a':", "-", "a ? b : ", "$f(", "function(){", "a[", "a~>("]
)
def test_deep_nesting_is_a_mistake_and_not_a_crash(part):
    for times in (100_000, 1000, 151):
        error = mistake(part * times)
        assert error is not None
        assert error.message == "the expression is nested more than 150 deep"


@pytest.mark.parametrize(
    "part", [" + 1", ".a", "[0]", "(1)", "~>$f", "^(a)", "#$i", "[]", " and a"]
)
def test_a_chain_of_operators_is_no_nesting(part):
    assert mistake("a" + part * 1000) is None
    error = mistake("a" + part * 100_000)
    assert error is not None
    assert error.message == "more than 2000 operators stand one behind another"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("a == 1", "a = b"),
        ("{'x': == 1}", "a = b"),
        ("a && b", "a and b"),
        ("a || b", "a or b"),
        ("!a", "$not(a)"),
        ("$map(a, x => x)", "function($x)"),
        ("$x := 1; $x", "parentheses"),
    ],
)
def test_an_operator_of_another_language_is_refused_with_what_to_write(text, hint):
    error = mistake(text)
    assert error is not None
    assert hint in error.hint
