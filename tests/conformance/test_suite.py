"""The driver and the verdicts, on cases made by hand: a wrong recording must fail."""

import json

import pytest

from tests import interpreters
from tests.conformance import __main__ as command
from tests.conformance import suite
from tests.conformance.samples import LAMBDA, PASS, RETRIED, SEND, case, changed
from tests.conformance.suite import as_json, cases, judge_all
from tsme_host.compiler.frontend.model import CompileError, Problem, Where


def verdict(sample, on="cpython", known=None):
    [found] = judge_all([sample], on, known or {})
    return found


@pytest.mark.parametrize("on", list(interpreters.INTERPRETERS))
@pytest.mark.parametrize("sample", [PASS, RETRIED], ids=["pass", "retried"])
def test_a_right_recording_passes(on, sample):
    interpreters.require(on)
    found = verdict(sample, on)
    assert (found.verdict, found.why) == ("passed", "")


@pytest.mark.parametrize("on", ["cpython", "micropython"])
@pytest.mark.parametrize(
    ("path", "to", "why"),
    [
        (("expected", "output"), {"n": 3}, 'output: {"n": 2} instead of {"n": 3}'),
        (("expected", "status"), "FAILED", "status"),
        (("expected", "error"), "States.ALL", "error: missing"),
        (("expected", "events", 2, "output"), {"n": 3}, "event 3 (PassStateExited): output"),
        (("expected", "events", 1, "state"), "Diff", "event 2 (PassStateEntered): state"),
        (("input", "a"), 5, "output"),
        (("definition", "States", "Sum", "Parameters", "n.$"), "$.b", "could not be found"),
    ],
)
def test_a_doctored_recording_fails(on, path, to, why):
    interpreters.require(on)
    found = verdict(changed(PASS, *path, to=to), on)
    assert found.verdict == "failed"
    assert why in found.why


def test_a_call_that_was_not_recorded_fails():
    found = verdict(changed(RETRIED, "tasks", 0, "parameters", "pin", to=5))
    assert found.verdict == "failed"
    assert "no recorded answer fits" in verdict(changed(RETRIED, "tasks", to=[])).why
    assert found.category == "own/pure"


def test_an_answer_that_never_comes_fails():
    states = {"Read": {"Type": "Task", "Resource": LAMBDA, "End": True}}
    never = [{"state": "Read", "parameters": {}, "outcome": {"timed_out": True}}]
    assert "waits for what never comes" in verdict(case(states, tasks=never)).why


@pytest.mark.parametrize("on", list(interpreters.INTERPRETERS))
@pytest.mark.parametrize(
    ("heartbeat", "timeout", "names", "caught"),
    [
        (5, 9, ["States.HeartbeatTimeout"], True),
        (5, None, ["States.HeartbeatTimeout"], True),
        (5, 9, ["States.Timeout"], True),
        (5, 9, ["States.TaskFailed"], False),
        (None, 5, ["States.HeartbeatTimeout"], False),
    ],
)
def test_a_missing_heartbeat_is_a_timeout_that_has_a_name_of_its_own(
    on, heartbeat, timeout, names, caught
):
    interpreters.require(on)
    limits = {"HeartbeatSeconds": heartbeat, "TimeoutSeconds": timeout}
    state = {k: v for k, v in limits.items() if v} | {"Type": "Task", "Resource": SEND}
    state |= {"Catch": [{"ErrorEquals": names, "Next": "Late"}], "End": True}
    never = [{"state": "Read", "parameters": {}, "outcome": {"timed_out": True}}]
    expected = {"status": "FAILED", "error": "States.Timeout"}
    if caught:
        told = {"Error": "States.Timeout", "Cause": ""}
        expected = {"status": "SUCCEEDED", "output": told}
    states = {"Read": state, "Late": {"Type": "Pass", "End": True}}
    sample = case(states, tasks=never, expected=expected | {"events": None})
    assert verdict(sample, on).why == ""


def test_a_program_that_does_not_end_fails():
    states = {"Again": {"Type": "Pass", "Next": "Stop?"}}
    rule = {"Variable": "$.stop", "IsPresent": True, "Next": "Stop"}
    states["Stop?"] = {"Type": "Choice", "Choices": [rule], "Default": "Again"}
    states["Stop"] = {"Type": "Succeed"}
    assert "does not end" in verdict(case(states)).why


@pytest.mark.parametrize("on", ["cpython", "micropython"])
def test_a_broken_case_fails_alone(on):
    interpreters.require(on)
    broken = {k: v for k, v in PASS.items() if k != "definition"} | {"id": "own/broken"}
    odd = changed(PASS, "expected", "events", to=[{"no": "type"}]) | {"id": "own/odd"}
    first, second, last = judge_all([broken, odd, PASS], on, {})
    assert (first.verdict, second.verdict, last.verdict) == ("failed", "failed", "passed")
    assert "KeyError in definitions.py:" in first.why
    assert "KeyError" in second.why


def test_only_what_is_refused_by_name_is_skipped(monkeypatch):
    where = Where("/States/A", 3, 5)
    refused = Problem("TSME-C090", "this is not supported by this version", where, refusal=True)
    wrong = Problem("TSME-C041", "this is wrong", where)
    for problems, expected in (([refused], "skipped"), ([refused, wrong], "failed")):

        def refuse(text, problems=problems, **_limits):
            raise CompileError(problems)

        monkeypatch.setattr(suite, "compile_text", refuse)
        found = verdict(PASS)
        assert found.verdict == expected
        assert problems[-1].message in found.why


def test_kinds_of_cases_that_are_not_run_are_named():
    found = verdict({"id": "a/b", "kind": "dance", "expected": {}})
    assert (found.verdict, found.category) == ("skipped", "a/dance")
    assert "dance" in found.why


STATE = {
    "id": "a/b",
    "kind": "test_state",
    "state": {"Type": "Task", "Resource": "read", "ResultPath": "$.r", "Next": "B"},
    "input": {"a": 1},
    "inspection_level": "INFO",
    "mock": {"result": "2"},
    "expected": {"status": "SUCCEEDED", "output": {"a": 1, "r": 2}, "nextState": "B"},
}


@pytest.mark.parametrize("on", list(interpreters.INTERPRETERS))
def test_a_state_is_judged_by_its_whole_answer(on):
    interpreters.require(on)
    assert verdict(STATE, on).verdict == "passed"
    assert "output" in verdict(changed(STATE, "expected", "output", "r", to=3), on).why
    assert "nextState" in verdict(changed(STATE, "expected", "nextState", to="C"), on).why
    refused = changed(STATE, "mock", to={"result": "no JSON"})
    assert "api_error: not expected" in verdict(refused, on).why
    wanted = {"api_error": "Mocked result must be valid JSON", "code": "ValidationException"}
    assert verdict(changed(refused, "expected", to=wanted), on).verdict == "passed"
    assert verdict(changed(STATE, "state", "QueryLanguage", to="JSONata"), on).verdict != "passed"


def test_a_call_without_a_mock_is_answered_from_the_recording():
    state = {"Type": "Task", "Resource": "read", "End": True}
    bare = changed(changed(STATE, "mock", to=None), "state", to=state)
    for wanted in (
        {"status": "SUCCEEDED", "output": 7},
        {"status": "FAILED", "error": "Dry", "cause": "dust"},
    ):
        assert verdict(changed(bare, "expected", to=wanted)).verdict == "passed"


def test_the_variables_that_states_read_are_compared():
    states = {
        "A": {"Type": "Pass", "Assign": {"n": 1}, "Next": "B"},
        "B": {"Type": "Pass", "InputPath": "$n", "End": True},
    }
    for wanted, result in (({"B": ["n"]}, "passed"), ({}, "failed")):
        sample = definition("references", states, {"variable_references": wanted})
        assert verdict(sample).verdict == result


def definition(kind, states, expected, machine_type="STANDARD"):
    machine = {"StartAt": next(iter(states)), "States": states}
    head = {"id": "a/b", "kind": kind, "machine_type": machine_type}
    return head | {"definition": machine, "expected": expected}


def test_definitions_are_refused_where_aws_refuses():
    good = {"A": {"Type": "Pass", "End": True}}
    bad = {"A": {"Type": "Pass"}}
    send = {"A": {"Type": "Task", "Resource": SEND, "End": True}}
    ok, fail = {"result": "OK"}, {"result": "FAIL"}
    assert verdict(definition("create", bad, {})).verdict == "passed"
    assert "refused as" in verdict(definition("create", bad, {"create_error": "Bad"})).why
    assert verdict(definition("create", good, {})).verdict == "failed"
    assert verdict(definition("validate", bad, fail)).verdict == "passed"
    assert verdict(definition("validate", good, fail)).verdict == "failed"
    assert verdict(definition("validate", good, ok)).verdict == "passed"
    assert verdict(definition("validate", bad, ok)).verdict == "failed"
    assert verdict(definition("validate", send, ok)).verdict == "passed"
    assert verdict(definition("validate", send, fail, "EXPRESS")).verdict == "passed"


def test_the_result_of_an_unrecorded_call_is_taken_from_the_end():
    states = {
        "Read": {
            "Type": "Task",
            "Resource": LAMBDA,
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "After"}],
            "End": True,
        },
        "After": {"Type": "Pass", "End": True},
    }
    caught = {"Error": "Boom", "Cause": "wet"}
    for output in (caught, {"n": 1}, 7):
        expected = {"status": "SUCCEEDED", "output": output, "events": None}
        sample = case(states, expected=expected) | {"tasks_complete": False}
        assert verdict(sample).verdict == "passed"
    del states["Read"]["Catch"], states["After"]
    expected = {"status": "FAILED", "error": "Boom", "cause": "wet", "events": None}
    assert verdict(case(states, expected=expected) | {"tasks_complete": False}).verdict == "passed"


def test_a_known_difference_needs_a_reason_and_is_shown():
    doctored = changed(PASS, "expected", "output", to=3)
    found = verdict(doctored, known={"own/sample": "the clock was wrong"})
    assert (found.verdict, found.known) == ("skipped", True)
    assert "the clock was wrong" in command.report([found])
    assert verdict(PASS, known={"own/sample": "not needed"}).verdict == "passed"


def test_the_command(tmp_path, capsys):
    (tmp_path / "deep").mkdir()
    for name, sample in (("a", PASS), ("deep/b", changed(PASS, "expected", "output", to=3))):
        (tmp_path / f"{name}.json").write_text(json.dumps(sample))
    (tmp_path / "no-case.json").write_text("[1]")
    out = tmp_path / "out.txt"
    assert command.main([str(tmp_path), "--json", str(out)]) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == "1 passed, 1 failed, 0 skipped"
    assert said[-2].split() == ["own/pure", "1", "passed", "1", "failed", "0", "skipped"]
    assert [v["verdict"] for v in json.loads(out.read_text())] == ["passed", "failed"]
    assert set(json.loads(out.read_text())[0]) == {"id", "verdict", "why"}
    (tmp_path / "deep" / "b.json").unlink()
    assert command.main([str(tmp_path)]) == 0
    (tmp_path / "cut.json").write_text('{"id": ')
    assert command.main([str(tmp_path)]) == 2
    assert "cut.json holds no JSON" in capsys.readouterr().err
    (tmp_path / "cut.json").unlink()
    assert command.main([str(tmp_path / "none")]) == 2
    assert "there is no folder" in capsys.readouterr().err
    assert as_json(judge_all(cases(tmp_path), "cpython", {}))[0]["verdict"] == "passed"


DIES = """
import sys
from tsme.values.cbor import decode, encode
with open(sys.argv[1], "rb") as f:
    data = f.read()
job, end = decode(data, 0, True)
with open(sys.argv[2], "wb") as f:
    f.write(encode([[], ""], True))
sys.exit(3 if end < len(data) else 0)
"""


def test_what_ends_the_other_interpreter_fails_alone(monkeypatch, tmp_path):
    interpreters.require("micropython")
    (tmp_path / "dies.py").write_text(DIES)
    monkeypatch.setattr(suite, "BATCH", tmp_path / "dies.py")
    runs = [suite.Run(), suite.Run(), suite.Run(records=[b"x"])]
    problems = suite.run_elsewhere("micropython", [(b"", run) for run in runs])
    assert problems == ["", "micropython ended in this case: 3", "0 steps on micropython, not 1"]


def test_other_bytes_on_another_interpreter_fail(monkeypatch):
    interpreters.require("micropython")
    real = suite.drive

    def forged(sample, compiled):
        run = real(sample, compiled)
        run.records[-1] = run.records[-1][:-1] + b"\xff"
        return run

    monkeypatch.setattr(suite, "drive", forged)
    found = verdict(PASS, "micropython")
    assert found.verdict == "failed"
    assert "differs on micropython" in found.why
