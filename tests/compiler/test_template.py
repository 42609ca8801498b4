"""Payload templates become expressions, constants fold, and `.$` mistakes are found."""

import json

from hypothesis import given
from hypothesis import strategies as st

from tsme_host.compiler.frontend.check import find_problems
from tsme_host.compiler.frontend.model import Arr, Const, IntrinsicCall, Obj, PassState, Ref

plain_names = st.text(st.characters(codec="utf-8"), max_size=6).filter(
    lambda name: not name.endswith(".$")
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text("a$.{}", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(plain_names, inner, max_size=3),
    max_leaves=8,
)


def parameters(value):
    state = {"Type": "Pass", "Parameters": value, "End": True}
    machine, problems = find_problems(json.dumps({"StartAt": "A", "States": {"A": state}}))
    if machine is None:
        return [(p.code, p.where.pointer.removeprefix("/States/A/Parameters")) for p in problems]
    found = machine.states["A"]
    assert isinstance(found, PassState)
    return found.parameters


@given(plain)
def test_a_template_without_dynamic_members_is_one_constant(value):
    folded = parameters(value)
    assert isinstance(folded, Const)
    assert json.dumps(folded.value) == json.dumps(value)


def test_dynamic_members_lose_their_suffix_and_constants_around_them_fold():
    template = parameters({"a": {"b": [1, 2]}, "c.$": "$.c", "d": [{"e.$": "States.UUID()"}, 3]})
    assert isinstance(template, Obj)
    (a, folded), (c, ref), (d, array) = template.items
    assert (a, c, d) == ("a", "c", "d")
    assert isinstance(folded, Const)
    assert folded.value == {"b": [1, 2]}
    assert isinstance(ref, Ref)
    assert isinstance(array, Arr)
    assert isinstance(array.items[0], Obj)
    assert isinstance(array.items[0].items[0][1], IntrinsicCall)
    assert isinstance(array.items[1], Const)


def test_text_that_looks_like_a_path_is_literal_without_the_suffix():
    template = parameters("$.foo")
    assert isinstance(template, Const)
    assert template.value == "$.foo"


def test_every_wrong_dynamic_member_is_found_at_any_depth():
    assert parameters(
        {
            "a.$": 23,
            "b.$": "23",
            "c": [1, {"d.$": {"e": 1}}],
            "f.$": "$$23",
            "g.$": " States.UUID()",
        }
    ) == [
        ("TSME-C036", "/a.$"),
        ("TSME-C036", "/b.$"),
        ("TSME-C036", "/c/1/d.$"),
        ("TSME-C020", "/f.$"),
        ("TSME-C036", "/g.$"),
    ]


def test_two_members_that_become_one_are_found():
    assert parameters({"x": {"a": 1, "a.$": "$.a"}}) == [("TSME-C037", "/x/a.$")]
