"""`tsme test`: scenarios pass or fail for the right reason, on both interpreters."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from click.testing import Result

from tests.interpreters import ROOT
from tests.tools.shell import CPYTHON_AND_MICROPYTHON, assert_one_clear_line, example, need, tsme
from tsme.kernel.limits import LIMITS
from tsme_host.tools import engines

DRY = {"Measure": {"output": {"moisture": 12.5}}, "Water": {"output": "opened"}}
OUTPUT = {"day": 1, "soil": {"moisture": 12.5}, "valve": "opened"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return example(tmp_path)


def write(*cases: dict[str, Any], **top: Any) -> None:
    named = [{"name": f"case {n}", **case} for n, case in enumerate(cases, 1)]
    text = json.dumps({"input": {"day": 1}, **top, "cases": named}, indent=1)
    Path("flow.test.json").write_text(text, encoding="utf-8")


def check(expect: dict[str, Any], tasks: Any = None, *args: str, **top: Any) -> Result:
    write({"tasks": DRY if tasks is None else tasks, "expect": expect}, **top)
    return tsme("test", *args)


def problems(result: Result) -> list[str]:
    """The differences that a failed case shows."""
    assert result.exit_code == 1, result.output
    lines = [line[6:] for line in result.stdout.splitlines() if line.startswith(" " * 6)]
    return [line for line in lines if not line.startswith(("entered: ", "! "))]


def passes(result: Result) -> None:
    assert result.exit_code == 0, result.output


# --- what passes ------------------------------------------------------------------------------


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_the_greenhouse_passes(on: str):
    result = tsme("test", ROOT / "examples" / "greenhouse", "--on", need(on))
    passes(result)
    assert "1 file, 10 cases: 10 passed" in result.stdout
    assert "not used" not in result.stdout


def test_both_interpreters_are_asked_with_both(folder: Path):
    need("micropython")
    write({"tasks": DRY})
    result = tsme("test", "--on", "both")
    passes(result)
    assert f"flow.test.json on {engines.name()}" in result.stdout
    assert "flow.test.json on micropython" in result.stdout
    assert "2 cases: 2 passed" in result.stdout


def test_the_example_in_the_documentation_passes(folder: Path):
    text = (ROOT / "docs" / "TESTING.md").read_text(encoding="utf-8")
    example_file, _ = re.findall(r"```json\n(.*?)```", text, re.DOTALL)
    Path("flow.test.json").write_text(example_file, encoding="utf-8")
    result = tsme("test")
    passes(result)
    assert "2 cases: 2 passed" in result.stdout


def test_every_expectation_that_holds_passes(folder: Path):
    passes(
        check(
            {
                "status": "SUCCEEDED",
                "output": OUTPUT,
                "output_has": {"soil": {}},
                "states": ["Measure", "Dry?", "Water", "Soak", "Done"],
                "states_has": ["Measure", "Soak"],
                "never": ["GiveUp"],
                "calls": {
                    "Measure": 1,
                    "open_valve": {"count": 1, "payloads_has": [{"seconds": 20}]},
                },
                "variables": {},
                "duration_ms": 60000,
            }
        )
    )


def test_a_folder_is_searched_but_not_its_hidden_parts(folder: Path):
    write({"tasks": DRY})
    for name in (".hidden", "build", "deeper"):
        (folder / name).mkdir()
        text = (
            Path("flow.test.json").read_text().replace("{", '{"workflow": "../flow.asl.json",', 1)
        )
        (folder / name / "flow.test.json").write_text(text)
    assert "2 files, 2 cases: 2 passed" in tsme("test").stdout


def test_k_chooses_cases_by_a_part_of_the_name(folder: Path):
    write({"tasks": DRY}, {"tasks": {}})
    passes(tsme("test", "-k", "CASE 1"))
    assert tsme("test", "-k", "case 2").exit_code == 1


# --- what tasks answer ------------------------------------------------------------------------


def test_answers_come_in_order_and_errors_are_retried(folder: Path):
    tasks = {
        **DRY,
        "Measure": [{"error": "SensorBusy", "times": 2}, {"output": {"moisture": 1}}],
    }
    passes(check({"calls": {"Measure": 3}, "duration_ms": 63000}, tasks))


def test_a_delay_is_virtual_time(folder: Path):
    tasks = {**DRY, "Water": {"output": "opened", "delay_ms": 86400000}}
    passes(check({"duration_ms": 86460000}, tasks))


def test_a_task_may_be_mocked_by_its_resource(folder: Path):
    passes(check({}, {"read_soil": DRY["Measure"], "open_valve": DRY["Water"]}))


def flow(states: dict[str, Any], first: str = "A") -> None:
    text = json.dumps({"StartAt": first, "States": states})
    Path("flow.asl.json").write_text(text, encoding="utf-8")


def test_a_timeout_lets_the_time_pass_that_the_state_has(folder: Path):
    flow({"A": {"Type": "Task", "Resource": "a", "TimeoutSeconds": 90, "End": True}})
    passes(check({"error": "States.Timeout", "duration_ms": 90000}, {"A": {"timeout": True}}))


def test_an_answer_that_comes_too_late_does_not_count(folder: Path):
    flow({"A": {"Type": "Task", "Resource": "a", "TimeoutSeconds": 90, "End": True}})
    passes(check({"error": "States.Timeout"}, {"A": {"output": 1, "delay_ms": 90001}}))
    passes(check({"output": 1}, {"A": {"output": 1, "delay_ms": 90000}}))


def test_branches_and_items_share_the_answers_of_a_state(folder: Path):
    inner = {"StartAt": "B", "States": {"B": {"Type": "Task", "Resource": "b", "End": True}}}
    flow({"A": {"Type": "Map", "ItemProcessor": inner, "End": True}})
    tasks = {"B": [{"output": "x", "delay_ms": 5}, {"output": "y"}]}
    expect = {"output": ["x", "y"], "calls": {"B": {"payloads": [1, 2]}}, "duration_ms": 5}
    passes(check(expect, tasks, input=[1, 2]))


def test_what_is_published_can_be_expected(folder: Path):
    flow({"A": {"Type": "Task", "Resource": "tsme:publish", "End": True}})
    passes(check({"calls": {"tsme:publish": {"payloads": [{"day": 1}]}}}, {}))


def test_names_and_time_come_from_the_test_file(folder: Path):
    parameters = {"name.$": "$$.Execution.Name", "at.$": "$$.State.EnteredTime"}
    flow({"A": {"Type": "Pass", "Parameters": parameters, "End": True}})
    output = {"name": "mine", "at": "2030-01-01T00:00:00.000Z"}
    context = {"Execution": {"Name": "mine"}}
    passes(check({"output": output}, {}, context=context, start="2030-01-01T00:00:00Z"))


def test_variables_are_those_assigned_last(folder: Path):
    flow({"A": {"Type": "Pass", "Assign": {"n": 1}, "Next": "B"},
          "B": {"Type": "Pass", "Assign": {"n": 2}, "End": True}})  # fmt: skip
    passes(check({"variables": {"n": 2}}, {}))
    assert problems(check({"variables": {"n": 1}}, {})) == ["variable $n: expected 1, got 2"]


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_a_state_too_large_for_a_board_fails_here_too(
    folder: Path, on: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(LIMITS, "state_bytes", 16384)  # other tests may have raised it
    flow({"A": {"Type": "Task", "Resource": "a", "Next": "B"},
          "B": {"Type": "Wait", "Seconds": 1, "End": True}})  # fmt: skip
    tasks = {"A": {"output": "x" * 70000}}
    passes(check({"error": "States.DataLimitExceeded"}, tasks, "--on", need(on)))


# --- what fails, and how it is said -----------------------------------------------------------


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ({"output": OUTPUT | {"day": 2}}, "output $.day: expected 2, got 1"),
        ({"output": OUTPUT | {"soil": {}}}, "output $.soil.moisture: not expected, got 12.5"),
        ({"output_has": {"no way": 1}}, "output $['no way']: expected 1, but it is missing"),
        ({"output_has": {"soil": [1]}}, 'output $.soil: expected [1], got {"moisture": 12.5}'),
        ({"error": "NoSensor"},
         "status: expected FAILED, got SUCCEEDED with the output " + json.dumps(OUTPUT)),
        ({"states": ["Measure", "Dry?", "Done"]},
         "states: number 3 is expected to be Done, but it is Water"),
        ({"states_has": ["Soak", "Water"]},
         "states: expected Water after Measure → Dry? → Water → Soak, but it was not entered"),
        ({"never": ["Soak"]}, "states: Soak must never be entered, but it was number 4"),
        ({"calls": {"Water": 2}}, "calls of Water: expected 2, but it was called 1 time"),
        ({"calls": {"Water": {"payloads_has": [{"seconds": 21}]}}},
         "call 1 of Water, payload $.seconds: expected 21, got 20"),
        ({"duration_ms": 1}, "duration_ms: expected 1, got 60000"),
    ],
)  # fmt: skip
def test_a_difference_is_said_in_one_line(folder: Path, expect: dict[str, Any], said: str):
    found = problems(check(expect))
    assert said in found
    assert len(found) <= 1 + ("error" in expect)


def test_an_unexpected_end_is_said_with_error_and_cause(folder: Path):
    found = problems(check({}, {"Measure": {"error": "Bad"}}))
    assert found == [
        "status: expected SUCCEEDED, got FAILED (NoSensor: the soil sensor does not answer)"
    ]


def test_true_is_not_one_but_one_is_one_point_nought(folder: Path):
    flow({"A": {"Type": "Pass", "Result": {"a": True, "b": 1}, "End": True}})
    passes(check({"output": {"a": True, "b": 1.0}}, {}))
    found = problems(check({"output": {"a": 1, "b": True}}, {}))
    assert found == ["output $.a: expected 1, got true", "output $.b: expected true, got 1"]


def test_a_task_without_a_mock_fails_the_case(folder: Path):
    found = problems(check({}, {"Measure": DRY["Measure"]}))
    assert found == ['Water calls open_valve, which is not mocked; add "Water" to "tasks"']


def test_a_call_beyond_the_last_answer_fails_the_case(folder: Path):
    found = problems(check({}, {"Measure": [{"error": "SensorBusy"}]}))
    assert found[0].startswith("Measure calls read_soil once more, but has 1 answer; ")


def test_waiting_forever_is_told_with_what_it_waits_for(folder: Path):
    flow({"A": {"Type": "Task", "Resource": "a", "End": True}})
    [found] = problems(check({}, {"A": {"timeout": True}}))
    assert found.startswith("status: expected SUCCEEDED, got RUNNING; it waits for A")
    passes(check({"status": "RUNNING"}, {"A": {"timeout": True}}))


def test_a_workflow_without_end_is_stopped(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tsme_host.tools.scenario.virtual_time.MOST_STEPS", 100)
    again = {"Variable": "$.day", "NumericEquals": 1, "Next": "A"}
    flow({"A": {"Type": "Wait", "Seconds": 1, "Next": "B"},
          "B": {"Type": "Choice", "Choices": [again], "Default": "C"},
          "C": {"Type": "Succeed"}})  # fmt: skip
    assert problems(check({}, {})) == ["it did not end within 100 steps"]


def test_mocks_that_were_never_used_are_reported_and_fail_nothing(folder: Path):
    tasks = {"Measure": [{"output": {"moisture": 50}}, {"output": 1}], "Water": {"output": 1}}
    result = check({}, tasks)
    passes(result)
    assert '! "Measure" has 2 answers, but was called 1 time' in result.stdout
    assert '! "Water" is mocked, but was never called' in result.stdout
    assert "2 mocks not used up" in result.stdout


def test_a_mock_of_the_file_is_reported_if_no_case_uses_it(folder: Path):
    wet = {"Measure": {"output": {"moisture": 50}}}
    write({"tasks": wet}, {"tasks": wet}, tasks=DRY)
    assert '! "Water" is mocked, but no case calls it' in tsme("test").stdout
    write({"tasks": wet}, {}, tasks=DRY)
    assert "no case calls it" not in tsme("test").stdout


# --- MockConfigFile ---------------------------------------------------------------------------

CONFIG: dict[str, Any] = {
    "StateMachines": {
        "flow": {
            "TestCases": {
                "HappyPath": {"Measure": "Dry", "Water": "Opened"},
                "Busy": {"Measure": "BusyTwice", "Water": "Opened"},
            }
        }
    },
    "MockedResponses": {
        "Dry": {"0": {"Return": {"moisture": 12.5}}},
        "BusyTwice": {
            "0-1": {"Throw": {"Error": "SensorBusy", "Cause": "busy"}},
            "2": {"Return": {"moisture": 12.5}},
        },
        "Opened": {"0": {"Return": "opened"}},
    },
}


def config(change: dict[str, Any] | None = None) -> None:
    Path("MockConfigFile.json").write_text(json.dumps(CONFIG | (change or {})), encoding="utf-8")


def test_a_mock_config_file_runs_by_itself(folder: Path):
    config()
    flow_text = Path("flow.asl.json").read_text().replace(', "day.$": "$.day"', "")
    Path("flow.asl.json").write_text(flow_text)
    result = tsme("test", "MockConfigFile.json", "-v")
    passes(result)
    assert "flow HappyPath (1 min)" in result.stdout
    assert "flow Busy (1.05 min)" in result.stdout


def test_a_case_may_take_the_mocks_of_a_mock_config_file(folder: Path):
    config()
    case = {"mock_case": "Busy", "expect": {"output": OUTPUT, "calls": {"Measure": 3}}}
    write(case, mock_config="MockConfigFile.json")
    passes(tsme("test"))


def test_its_form_may_stand_in_a_case_too(folder: Path):
    responses = CONFIG["MockedResponses"]
    tasks = {"Measure": responses["BusyTwice"], "Water": responses["Opened"]}
    passes(check({"output": OUTPUT, "calls": {"Measure": 3}}, tasks))


# --- JUnit ------------------------------------------------------------------------------------


@pytest.mark.parametrize("on", ["cpython", "both"])
def test_junit_has_every_case_and_why_it_failed(folder: Path, on: str):
    need("micropython")
    write({"tasks": DRY}, {"tasks": DRY, "expect": {"output_has": {"day": "\x01<"}}})
    assert tsme("test", "--junit", "out.xml", "--on", on).exit_code == 1
    suites = ElementTree.parse("out.xml").getroot().findall("testsuite")
    assert len(suites) == (2 if on == "both" else 1)
    for suite in suites:
        assert (suite.get("tests"), suite.get("failures")) == ("2", "1")
        good, bad = suite.findall("testcase")
        assert good.find("failure") is None
        failure = bad.find("failure")
        assert failure is not None
        assert failure.get("message") == 'output $.day: expected "\\u0001<", got 1'


def test_results_are_there_for_scripts(folder: Path):
    write({"tasks": DRY}, {"tasks": DRY, "expect": {"output_has": {"day": 7}}})
    done = tsme("test", "--json")
    assert (done.exit_code, done.stderr) == (1, "")
    good, bad = json.loads(done.stdout)
    assert (good["passed"], good["problems"], good["on"]) == (True, [], engines.name())
    assert good["answer"]["status"] == "SUCCEEDED"
    assert (bad["passed"], bad["problems"]) == (False, ["output $.day: expected 7, got 1"])
    assert good["states"] == bad["states"] != []


# --- mistakes ---------------------------------------------------------------------------------

CASE = '{"name": "x", %s}'
MISTAKES = {
    "no JSON": ('{"cases": [}', "TSME-C003", "flow.test.json:1:12"),
    "an unknown field": ('{"csaes": []}', "TSME-H071", '1:2: a test file has no field "csaes"'),
    "no cases": ("{}", "TSME-H072", '"cases"'),
    "cases that are none": ('{"cases": {}}', "TSME-H072", "an array, not an object"),
    "no name": ('{"cases": [{}]}', "TSME-H072", '1:12: a case needs a "name"'),
    "a name twice": (
        '{"cases": [{"name": "a"},\n{"name": "a"}]}', "TSME-H072", '2:1: there are two cases "a"'),
    "a field of a case": (CASE % '"inptu": 1', "TSME-H071", 'did you mean "input"?'),
    "a state that is none": (
        CASE % '"expect": {"never": ["Sok"]}', "TSME-H071", 'did you mean "Soak"?'),
    "a mock for nothing": (
        CASE % '"tasks": {"Mesure": {"output": 1}}', "TSME-H071", 'did you mean "Measure"?'),
    "a mock for a Wait": (
        CASE % '"tasks": {"Soak": {"output": 1}}', "TSME-H071", "is a Wait state"),
    "an answer that says nothing": (CASE % '"tasks": {"Water": [{}]}', "TSME-H072", "timeout"),
    "an answer that says two things": (
        CASE % '"tasks": {"Water": {"output": 1, "error": "x"}}', "TSME-H072", "and"),
    "an answer in no object": (CASE % '"tasks": {"Water": "opened"}', "TSME-H072", "an object"),
    "a field of an answer": (
        CASE % '"tasks": {"Water": {"output": 1, "delay": 5}}', "TSME-H071", '"delay_ms"'),
    "times that are none": (
        CASE % '"tasks": {"Water": [{"output": 1, "times": 0}]}', "TSME-H072", "at least 1"),
    "calls with a gap": (
        CASE % '"tasks": {"Water": {"1": {"Return": 1}}}', "TSME-H072", "call 0"),
    "a throw without an error": (
        CASE % '"tasks": {"Water": {"0": {"Throw": {}}}}', "TSME-H072", 'Throw needs "Error"'),
    "a field of expect": (
        CASE % '"expect": {"ouptut": 1}', "TSME-H071", 'did you mean "output"?'),
    "a status that is none": (
        CASE % '"expect": {"status": "succeeded"}', "TSME-H072", 'did you mean "SUCCEEDED"?'),
    "the output of a failure": (
        CASE % '"expect": {"error": "x", "output": 1}', "TSME-H072", "no output"),
    "a time that is none": (CASE % '"start": "today"', "TSME-H072", "2026-01-01T00:00:00Z"),
    "a variable that is none": (
        CASE % '"expect": {"variables": {"x": 1}}', "TSME-H071", 'no variable "x"'),
    "a mock case without a config": (CASE % '"mock_case": "a"', "TSME-H072", "mock_config"),
    "a workflow that is not there": (
        '{"workflow": "folw.asl.json"}', "TSME-H010", 'did you mean "flow.asl.json"?'),
    "a workflow that is a number": ('{"workflow": 1}', "TSME-H072", "must be text"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_a_test_file_gives_one_clear_line(folder: Path, mistake: str):
    text, code, clue = MISTAKES[mistake]
    if text.startswith('{"name"'):
        text = f'{{"cases": [{text}]}}'
    Path("flow.test.json").write_text(text, encoding="utf-8")
    result = tsme("test")
    assert (result.exit_code, result.stdout) == (2, "")
    assert_one_clear_line(result.stderr, code)
    assert clue in result.stderr
    assert "flow.test.json" in result.stderr or code == "TSME-H010"


def test_a_workflow_that_does_not_compile_is_named_with_the_place(folder: Path):
    write({})
    Path("flow.asl.json").write_text('{\n "StartAt": "A",\n "States": {}\n}', encoding="utf-8")
    result = tsme("test")
    assert result.exit_code == 2
    assert_one_clear_line(result.stderr, "TSME-C014")
    assert "flow.asl.json:" in result.stderr


@pytest.mark.parametrize(
    ("args", "code", "clue"),
    [
        (["test"], "TSME-H070", "flow.test.json"),
        (["test", "nowhere"], "TSME-H010", "nowhere"),
        (["test", "lonely.test.json"], "TSME-H073", "lonely.asl.json"),
        (["test", "MockConfigFile.json"], "TSME-H073", 'did you mean "flow"?'),
    ],
)
def test_tests_that_cannot_be_found_give_one_clear_line(
    folder: Path, args: list[str], code: str, clue: str
):
    if len(args) > 1:
        Path("lonely.test.json").write_text('{"cases": []}', encoding="utf-8")
    config({"StateMachines": {"folw": {"TestCases": {}}}})
    result = tsme(*args)
    assert result.exit_code == 2
    assert_one_clear_line(result.stderr, code)
    assert clue in result.stderr


def test_k_that_chooses_nothing_gives_one_clear_line(folder: Path):
    write({"tasks": DRY})
    result = tsme("test", "-k", "jma")
    assert result.exit_code == 2
    assert_one_clear_line(result.stderr, "TSME-H074")


@pytest.mark.parametrize(
    ("change", "code", "clue"),
    [
        ({"MockedResponse": {}}, "TSME-H071", 'did you mean "MockedResponses"?'),
        ({"MockedResponses": {}}, "TSME-H071", 'no MockedResponses "Dry"'),
        (
            {"StateMachines": {}, "MockedResponses": {"A": {"1-0": {"Return": 1}}}},
            "TSME-H072",
            '"1-0" is no number of calls',
        ),
    ],
)
def test_a_mistake_in_a_mock_config_file_gives_one_clear_line(
    folder: Path, change: dict[str, Any], code: str, clue: str
):
    config(change)
    result = tsme("test", "MockConfigFile.json")
    assert result.exit_code == 2
    assert_one_clear_line(result.stderr, code)
    assert clue in result.stderr
    assert "MockConfigFile.json:1:" in result.stderr
