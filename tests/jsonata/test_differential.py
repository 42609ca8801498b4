"""Generated expressions give what other engines give, but for what a rule explains."""

from __future__ import annotations

import json

import pytest

from tests import interpreters
from tests.jsonata import differential, reference
from tests.jsonata.generator import made
from tests.jsonata.rules import TREES, Rule, Told, excuse, rules

# How many in a test; `make differential` goes through 20,000.
SEEDS = {"cpython": range(1500), "core": range(1500, 2300), "micropython": range(2300, 2700)}


@pytest.fixture(scope="module", autouse=True)
def other_engines():
    try:
        reference.install()
    except interpreters.MissingTool as missing:
        if interpreters.strict():
            pytest.fail(str(missing))
        pytest.skip(str(missing))


@pytest.mark.parametrize("on", list(SEEDS))
def test_nothing_differs_for_no_reason(on):
    interpreters.require(on)
    found = list(differential.differences(SEEDS[on], on))
    assert "\n".join(str(one) for one in found if one.rule is None) == ""
    assert len(found) < len(SEEDS[on]) / 20


def test_a_seed_decides_the_expression_and_its_data():
    assert made(7) == made(7)
    assert len({made(seed).text for seed in range(200)}) > 180


def test_what_is_wrong_is_told_with_its_seed(monkeypatch, capsys):
    def wrong(_engine, asked):
        return [{"value": "no such value"}] * len(asked)

    monkeypatch.setattr(reference, "ask", wrong)
    assert differential.main(["--count", "3", "--seed", "5"]) == 1
    out = capsys.readouterr().out
    assert "seed 5: " in out
    assert 'jsonata "no such value"' in out
    assert out.splitlines()[-1] == "3 expressions; differences: 0 with a reason, 6 without"


def test_rules_have_reasons_and_ask_something():
    for rule in rules():
        assert len(rule.why) > 20
        assert rule.expression or rule.ours or rule.theirs or rule.tree
        assert rule.tree in ("", *TREES)


@pytest.mark.parametrize(
    ("expression", "tree", "has"),
    [
        ("function($x){ ($sort($x))[0] }", "picks from a tail call", True),
        ("function($x){ $sort($x)[0] }", "picks from a tail call", False),
        ("function($x){ ($x ? $sort($x) : 1){'a': $} }", "picks from a tail call", True),
        ("($sort(xs))[0]", "picks from a tail call", False),
        ("nope[true]", "a filter that does not look", True),
        ("nope[[0..1]]", "a filter that does not look", True),
        ("nope[0]", "a filter that does not look", False),
        ("nope[a > 1]", "a filter that does not look", False),
        ("nope[", "a filter that does not look", False),
    ],
)
def test_a_rule_looks_at_the_tree(expression, tree, has):
    told = Told(expression, {"value": 1}, {"value": 2}, "jsonata")
    assert (excuse([Rule("r", "w", tree=tree)], told) is not None) is has


def test_a_rule_of_one_engine_alone_wants_the_reference_to_agree():
    rule = Rule("r", "w", engine="jlens", alone=True, data="x")
    told = [{"value": 1}, {"value": 2}]
    for reference_says, excused in (({"value": 1}, True), ({"value": 2}, False), (None, False)):
        one = Told("x", *told, "jlens", reference_says, json.dumps("x"))
        assert (excuse([rule], one) is not None) is excused
    assert excuse([rule], Told("x", *told, "jsonata", {"value": 1}, "x")) is None
