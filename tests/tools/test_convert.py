"""`tsme convert`: the new workflow goes out, what is left is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tools.shell import assert_one_clear_line, tsme

STATES = {
    "Add": {"Type": "Pass", "Parameters": {"n.$": "States.MathAdd($.n, 1)"}, "Next": "All"},
    "All": {"Type": "Pass", "Parameters": {"all.$": "$.xs[*].v"}, "Next": "Go"},
    "Go": {"Type": "Pass", "OutputPath": "$.x", "End": True},
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    text = json.dumps({"StartAt": "Add", "States": STATES}, indent=1)
    (tmp_path / "flow.asl.json").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_the_workflow_goes_to_the_standard_output_and_what_is_left_is_told():
    done = tsme("convert", "flow.asl.json")
    assert done.exit_code == 0
    made = json.loads(done.stdout)["States"]
    assert [made[name] == STATES[name] for name in STATES] == [True, True, False]
    assert made["Go"]["Output"] == "{% $states.input.x %}"
    told = done.stderr.splitlines()
    assert told[0].startswith(
        "flow.asl.json:7:12: Add stays in JSONPath: `States.MathAdd($.n, 1)`"
    )
    assert told[1] == "  help: write {% ($states.input.n + 1) %}, or give --assume"
    assert "All stays in JSONPath: the path $.xs[*].v may select any number of" in told[2]
    assert told[-1] == "flow.asl.json: 1 of 3 states converted"


def test_with_assume_the_conditions_are_told(folder: Path):
    done = tsme("convert", "flow.asl.json", "--assume", "-o", "new.asl.json")
    assert (done.exit_code, done.stdout) == (0, "")
    became = "`States.MathAdd($.n, 1)` became ($states.input.n + 1); both are whole numbers"
    assert f"Add is the same if this holds: {became}" in done.stderr
    made = json.loads((folder / "new.asl.json").read_text(encoding="utf-8"))
    assert made["States"]["Add"]["Output"] == {"n": "{% ($states.input.n + 1) %}"}
    assert tsme("convert", "flow.asl.json", "-o", "new.asl.json").exit_code == 0


def test_only_what_it_has_made_is_overwritten(folder: Path):
    (folder / "mine.json").write_text('{"StartAt": "A"}', encoding="utf-8")
    for name in ("mine.json", "flow.asl.json"):
        done = tsme("convert", "flow.asl.json", "-o", name)
        assert done.exit_code == 2
        assert_one_clear_line(done.stderr, "TSME-H013")


@pytest.mark.usefixtures("folder")
def test_a_workflow_with_problems_is_not_converted():
    Path("flow.asl.json").write_text('{"StartAt": "A", "States": {}}', encoding="utf-8")
    done = tsme("convert", "flow.asl.json")
    assert (done.exit_code, done.stdout) == (1, "")
    assert "TSME-C" in done.stderr
