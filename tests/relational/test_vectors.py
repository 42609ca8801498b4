"""Vectors of relational machines: all that are here pass, on every interpreter."""

from __future__ import annotations

import copy
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.interpreters import ROOT, require
from tests.relational import vectors
from tests.relational.__main__ import main
from tests.relational.generate import vector
from tests.spec.second_relational import Model

SAMPLES = Path(__file__).with_name("samples.json")
SHARED = Path(__file__).parents[2].parent / "shared" / "conformance" / "relational"
INTERPRETERS = ["cpython", "micropython", "micropython32"]
COUNT = 60


def known() -> list[vectors.Vector]:
    path = SHARED / "vectors.json"
    return vectors.read(SAMPLES) + (vectors.read(path) if path.exists() else [])


@pytest.mark.parametrize("on", INTERPRETERS)
def test_all_that_are_known_pass_though_each_step_begins_with_a_checkpoint(on: str) -> None:
    require(on)
    verdicts = vectors.judge_all(known(), on, restore=True)
    assert [v for v in verdicts if v.verdict != "passed"] == []


@pytest.mark.parametrize("on", INTERPRETERS[1:])
def test_machines_made_by_chance_do_the_same_everywhere_and_after_any_checkpoint(on: str) -> None:
    require(on)
    made = [vector(seed) for seed in range(COUNT)]
    here = vectors.outcomes(made, "cpython")
    assert vectors.outcomes(made, on, restore=True) == here
    assert len({json.dumps(one[-1]) for one in here}) > COUNT // 2


WRONG_TICKS: Any = {
    "name": "ticks of too few states",
    "schema": {"A": {}, "B": {"multi": True}},
    "order": ["A", "B", "Exception"],
    "initial": None,
    "handlers": {"do": {"BState": [{"op": "when_time", "states": ["A"], "times": [], "id": "x"}]}},
    "steps": [
        {
            "op": "when_time",
            "states": ["A", "B"],
            "times": [1],
            "id": "w",
            "expect": {
                "result": "none",
                "active": ["Exception"],
                "clock": {"Exception": 1},
                "queue_tick": 2,
                "err": "whenTime: states and times must have the same length (A B)",
                "fired": ["w"],
            },
        },
        {
            "op": "add",
            "states": ["B"],
            "expect": {
                "result": "executed",
                "active": ["B", "Exception"],
                "clock": {"B": 1, "Exception": 3},
                "queue_tick": 4,
                "nested": [{"handler": "BState", "op": "when_time", "result": "none"}],
                "fired": ["x"],
            },
        },
    ],
    "initial_expect": {"active": [], "clock": {}, "queue_tick": 1},
}


@pytest.mark.parametrize("on", INTERPRETERS)
def test_a_wait_for_ticks_that_fit_no_states_adds_exception_and_is_over(on: str) -> None:
    require(on)
    told = vectors.outcomes([WRONG_TICKS], on, restore=True)[0]
    assert vectors.judge(WRONG_TICKS, told).why == ""
    assert vectors.judge(WRONG_TICKS, Model(WRONG_TICKS).play()).why == ""


def test_the_vector_of_the_page_passes() -> None:
    page = (ROOT / "docs" / "RELATIONAL.md").read_text(encoding="utf-8")
    shown = [json.loads(one) for one in re.findall(r'```json\n(\{"name".*?)```', page, re.DOTALL)]
    assert [v.verdict for v in vectors.judge_all(shown, "cpython")] == ["passed"]


def test_a_machine_that_does_anything_else_is_told() -> None:
    known = vectors.read(SAMPLES)[:3]
    told = vectors.outcomes(known, "cpython")
    for name, other in (
        ("result", "queued"),
        ("active", ["A"]),
        ("clock", {"A": 9}),
        ("queue_tick", 77),
        ("calls", ["AnyEnter"]),
        ("transitions", []),
    ):
        changed: Any = copy.deepcopy(told[0])
        changed[-1][name] = other
        verdict = vectors.judge(known[0], changed)
        assert verdict.verdict == "failed"
        assert name in verdict.why
    assert vectors.judge(known[0], told[0]).verdict == "passed"


def test_the_command_writes_verdicts_and_says_what_it_cannot_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "verdicts.json"
    assert main([str(SAMPLES), "--json", str(out)]) == 0
    verdicts = json.loads(out.read_text(encoding="utf-8"))
    assert {v["verdict"] for v in verdicts} == {"passed"}
    assert capsys.readouterr().out.endswith(f"{len(verdicts)} passed, 0 failed\n")
    wrong = vectors.read(SAMPLES)[:1]
    wrong[0]["steps"][0]["expect"]["queue_tick"] = 5
    file = tmp_path / "wrong.json"
    file.write_text(json.dumps(wrong), encoding="utf-8")
    assert main([str(file)]) == 1
    assert "queue_tick is" in capsys.readouterr().out
    assert main([str(tmp_path / "none.json")]) == 2
    file.write_text("{}", encoding="utf-8")
    assert main([str(file)]) == 2
    assert main([str(SAMPLES), "--on", "perl"]) == 2
    assert "ON= takes cpython" in capsys.readouterr().err
