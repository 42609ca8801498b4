"""The runner of cases: a wrong case must fail, and what is right passes on every interpreter."""

from __future__ import annotations

import json

import pytest

from tests import interpreters
from tests.jsonata import __main__ as command
from tests.jsonata import expressions, reference
from tests.jsonata.judge import same, same_items
from tests.jsonata.rules import Rule, rules
from tests.jsonata.suite import as_json, cases, difference, judge_all

SAMPLES = reference.HERE / "samples"


@pytest.fixture(scope="module", autouse=True)
def other_engines():
    try:
        reference.install()
    except interpreters.MissingTool as missing:
        if interpreters.strict():
            pytest.fail(str(missing))
        pytest.skip(str(missing))


def verdict(known=(), on="cpython", **case):
    [found] = judge_all([{"id": "own/case", "data": {"a": 1}} | case], on, known)
    return found


# Generated expressions go through the one that is left out (test_differential.py).
ON = [name for name in interpreters.INTERPRETERS if name != "micropython"]


@pytest.mark.parametrize("on", ON)
def test_what_the_reference_gives_every_interpreter_gives(on):
    interpreters.require(on)
    verdicts = judge_all(cases(SAMPLES), on)
    assert [f"{v.id}: {v.why}" for v in verdicts if v.verdict != "passed"] == []
    assert len(verdicts) > 130


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ({"expr": "a", "result": 2}, "1 instead of 2"),
        ({"expr": "a", "result": True}, "1 instead of true"),
        ({"expr": "a", "result": "1"}, '1 instead of "1"'),
        ({"expr": "b", "result": None}, "nothing instead of null"),
        ({"expr": "a", "undefined": True}, "1 instead of nothing"),
        ({"expr": "[1,2]", "result": [2, 1]}, "[1, 2] instead of [2, 1]"),
        ({"expr": "[1,2]", "result": [2, 3], "unordered": True}, "[1, 2] instead of [2, 3]"),
        ({"expr": "a", "error_code": "T2001"}, "1 instead of error T2001"),
        ({"expr": "a + 'x'", "error_code": "T2001"}, "error T2002"),
        ({"expr": "a +", "error_code": "S0201"}, "error S0207"),
        ({"expr": "a + ]", "error_code": "S0211", "token": "+"}, "is at ] instead of +"),
    ],
)
def test_what_is_not_as_expected_is_told(case, why):
    [answer] = expressions.run("cpython", [expressions.job({"data": {"a": 1}} | case)])
    assert why in difference(case, answer)


def test_what_the_reference_says_too_is_right():
    assert verdict(expr="a", result=1).why == ""
    found = verdict(expr="a", result=2)
    assert (found.verdict, found.why) == ("passed", "as jsonata 2.0.6: 1")


def test_what_the_reference_does_not_say_either_fails(monkeypatch):
    monkeypatch.setattr(reference, "ask", lambda _engine, asked: [{"value": 3}] * len(asked))
    found = verdict(expr="a", result=2)
    assert (found.verdict, found.why) == ("failed", "1 instead of 2; jsonata 2.0.6: 3")
    assert verdict(expr="a", result=1).verdict == "passed"


def test_a_difference_with_a_reason_is_known_by_its_rule(monkeypatch):
    monkeypatch.setattr(reference, "ask", lambda _engine, asked: [{"value": 3}] * len(asked))
    rule = Rule("odd", "it is odd", expression="^a$", ours="^1$", theirs="^3$")
    found = verdict([rule], expr="a", result=2)
    assert (found.verdict, found.why, found.rule) == ("known", "it is odd", "odd")
    assert as_json([found])[0]["rule"] == "odd"
    for other in ("^b$", "^a$"):
        wrong = Rule("odd", "", expression=other, theirs="^4$" if other == "^a$" else "")
        assert verdict([wrong], expr="a", result=2).verdict == "failed"
    assert verdict([Rule("odd", "", ours="^error T1006")], expr="a", result=2).verdict == "failed"
    assert verdict([Rule("odd", "", engine="jlens")], expr="a", result=2).verdict == "failed"


def test_newer_operators_are_refused_by_name():
    for text in ("a ?? 1", "a ?: 1"):
        found = verdict(rules(), expr=text, result=1)
        assert (found.verdict, found.rule) == ("known", "newer operators") or (
            found.verdict == "passed"
        )


def test_numbers_are_equal_by_value_and_truth_is_no_number():
    assert same([1, {"a": 1.0}], [1.0, {"a": 1}])
    assert not same(1, True)
    assert not same({"a": 1}, {"a": 1, "b": 2})
    assert not same([1], [1, 2])
    assert same_items([1, [2]], [[2], 1])
    assert not same_items([1, 1], [1, 2])


def test_data_and_datasets_and_bindings(tmp_path):
    folder = tmp_path / "suite" / "deep"
    folder.mkdir(parents=True)
    (tmp_path / "suite-datasets").mkdir()
    (tmp_path / "suite-datasets" / "one.json").write_text('{"a": [1, 2]}')
    (folder / "x.json").write_text(
        json.dumps(
            [
                {"id": "x/1", "expr": "$sum(a)", "dataset": "one", "result": 3},
                {"id": "x/2", "expr": "$b + 1", "data_undefined": True, "bindings": {"b": 2},
                 "result": 3},
                {"id": "x/3", "expr": "$", "data_undefined": True, "undefined": True},
                {"id": "x/4", "expr": "$$", "data": [[1]], "result": [[1]]},
            ]
        )
    )  # fmt: skip
    assert [v.verdict for v in judge_all(cases(tmp_path / "suite"), "cpython")] == ["passed"] * 4
    (tmp_path / "suite-datasets" / "one.json").unlink()
    with pytest.raises(ValueError, match=r"there is no file .*one\.json"):
        list(cases(tmp_path / "suite"))


def test_the_command_says_how_many_and_exits_with_what_came_of_it(tmp_path, capsys):
    folder = tmp_path / "cases"
    folder.mkdir()
    (folder / "a.json").write_text(
        json.dumps([{"id": "g/1", "expr": "1+1", "result": 2}, {"id": "g/2", "expr": "$eval('1')",
                                                                "result": 1}])
    )  # fmt: skip
    told = tmp_path / "told.json"
    assert command.main([str(folder), "--json", str(told)]) == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1] == "1 passed, 0 failed, 1 known"
    assert 'by the rule "no $eval"' in out
    assert [v["verdict"] for v in json.loads(told.read_text())] == ["passed", "known"]
    assert command.main([str(tmp_path / "nowhere")]) == 2
    assert "there is no folder" in capsys.readouterr().err
    assert command.main([str(folder), "--on", "abacus"]) == 2
    assert 'no interpreter "abacus"' in capsys.readouterr().err
    (folder / "b.json").write_text("{")
    assert command.main([str(folder)]) == 2
    assert "b.json holds no JSON" in capsys.readouterr().err
