"""JSONata expressions are accepted or refused as the reference implementation does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tsme_host.compiler.jsonata.syntax import JsonataError, check_expression

from .corpus import FOLDER, cases

# Codes the reference implementation gives while parsing.  Those left out need the whole syntax
# tree (signatures, the parent operator, the order of bindings) and are found by running it.
SYNTAX = tuple(f"S0{n}" for n in (101, 103, 104, 201, 202, 203, 204, 207, 208, 209, 210, 211))
SYNTAX += ("S0212", "S0213", "S0214")


def mistake(text):
    try:
        check_expression(text)
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
                refused = case.get("error_code") in SYNTAX
                if (mistake(case["expr"]) is not None) != refused:
                    wrong.append(case["id"])
    assert count > 100
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "index", "message"),
    [
        ("", 0, "the expression ends too early"),
        ("10 + * 2", 7, "`2` cannot follow here"),
        ("$f(", 3, "the expression ends too early"),
        ("$f(1", 4, "expected `)`, found the end"),
        ("a[?(@.b)]", 2, "`?` cannot start an expression"),
        ("1 := 2", 0, "only a variable can stand left of `:=`"),
        ("a.1", 2, "`1` cannot be a step of a path"),
        ("/a", 0, "the regular expression is not closed"),
        ("/* a", 0, "the comment is not closed"),
        ("`a", 0, "the name has no closing backtick"),
        ("function(1){2}", 9, "the parameters of a function are variables"),
        ("a ! b", 2, "`!` cannot follow here"),
    ],
)
def test_a_mistake_is_found_at_its_character(text, index, message):
    error = mistake(text)
    assert error is not None
    assert (error.index, error.message) == (index, message)


@given(st.text(st.sampled_from("$ab.()[]{}%*+-/:=?@#^|<>'\"`~!,; 1"), max_size=20))
def test_any_text_is_judged_and_a_mistake_lies_inside_it(text):
    error = mistake(text)
    assert error is None or 0 <= error.index <= len(text)


def test_deep_nesting_is_a_mistake_and_not_a_crash():
    assert mistake("(" * 100_000) is not None
