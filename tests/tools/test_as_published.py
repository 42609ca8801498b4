"""What published workflows have, and AWS takes, is taken here too."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.tools.shell import (
    CPYTHON_AND_MICROPYTHON,
    assert_one_clear_line,
    need,
    spawn,
    tsme,
)

INVOKE = "arn:aws:states:::lambda:invoke"
METER = "arn:aws:lambda:eu-west-1:123456789012:function:Meter"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(start: str, **states: Any) -> None:
    text = json.dumps({"StartAt": start, "States": states}, indent=1)
    Path("flow.asl.json").write_text(text, encoding="utf-8")


def passes(given: Any, expect: dict[str, Any], *args: str, **top: Any) -> None:
    case = {"name": "it", "input": given, "expect": expect}
    Path("flow.test.json").write_text(json.dumps({**top, "cases": [case]}), encoding="utf-8")
    result = tsme("test", *args)
    assert result.exit_code == 0, result.output


def test_blanks_around_paths_wherever_paths_stand():
    rule = {"Variable": "$.level ", "NumericEqualsPath": " $.limit\n", "Next": "Wait"}
    write(
        "Full?",
        **{"Full?": {"Type": "Choice", "InputPath": "$.tank ", "Choices": [rule]}},
        Wait={"Type": "Wait", "SecondsPath": "$.limit ", "Next": "Made"},
        Made={
            "Type": "Pass",
            "InputPath": "\t$ ",
            "Parameters": {
                "id.$": "$$.Execution.Name ",
                "all.$": " $.a[*] ",
                "n.$": "States.ArrayLength( $.a )",
            },
            "ResultPath": "$.made ",
            "OutputPath": "$.made ",
            "End": True,
        },
    )
    given = {"tank": {"level": 3, "limit": 3, "a": [1, 2]}}
    context = {"Execution": {"Name": "run"}}
    expect = {"output": {"id": "run", "all": [1, 2], "n": 2}, "duration_ms": 3000}
    passes(given, expect, context=context)


def test_an_own_error_named_as_those_of_aws_is_raised_and_caught():
    fails = {"Type": "Fail", "Error": "States.EnoughFound"}
    late = {"Type": "Wait", "Seconds": 60, "End": True}
    write(
        "First of two",
        **{
            "First of two": {
                "Type": "Parallel",
                "Branches": [
                    {"StartAt": "Enough", "States": {"Enough": fails}},
                    {"StartAt": "Late", "States": {"Late": late}},
                ],
                "Catch": [{"ErrorEquals": ["States.EnoughFound"], "Next": "On"}],
                "End": True,
            }
        },
        On={"Type": "Succeed"},
    )
    passes({}, {"output_has": {"Error": "States.EnoughFound"}, "states_has": ["On"]})
    for command in ("check", "compile"):
        result = tsme(command, "flow.asl.json")
        assert result.exit_code == 0
        assert "warning TSME-C050: there is no error States.EnoughFound, " in result.output
        assert "give errors of your own names without `States.`" in result.output
    (warning,) = json.loads(tsme("check", "--json", "flow.asl.json").stdout)
    assert (warning["severity"], warning["code"]) == ("warning", "TSME-C050")


def calls(name: str, resource: str = INVOKE) -> None:
    parameters = {"FunctionName": name, "Payload.$": "$"}
    task = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
    write("A", A=task)


@pytest.mark.parametrize("name", [METER, "Meter", f"{METER}:live", "${MeterFunctionArn}"])
@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_a_handler_may_have_the_name_that_compile_prints(name: str, on: str, folder: Path):
    calls(name)
    (printed,) = json.loads(tsme("compile", "flow.asl.json", "--json").stdout)["resources"]
    assert f"  {printed}\n" in tsme("compile", "flow.asl.json").stdout
    passes(0, {"calls": {printed: 1}}, tasks={printed: {"output": {"Payload": 7}}})
    tasks = f"""import tsme
tasks = tsme.Tasks()
@tasks.task({printed!r})
def meter(payload):
    return 7
"""
    (folder / "tasks.py").write_text(tasks, encoding="utf-8")
    done = spawn("run", "flow.asl.json", "-t", "tasks.py", "--on", need(on), cwd=folder)
    assert json.loads(done.stdout)["Payload"] == 7, done.stderr


@pytest.mark.parametrize("partition", ["aws-cn", "${AWS::Partition}", "${partition}"])
@pytest.mark.parametrize("handler", ["Meter", INVOKE, "as printed"])
@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_a_function_is_invoked_in_any_partition(
    partition: str, handler: str, on: str, folder: Path
):
    calls("Meter", INVOKE.replace("aws", partition))
    (printed,) = json.loads(tsme("compile", "flow.asl.json", "--json").stdout)["resources"]
    assert printed == f"arn:{partition}:states:::lambda:invoke Meter"
    name = printed if handler == "as printed" else handler
    tasks = f"""import tsme
tasks = tsme.Tasks()
@tasks.task({name!r})
def meter(payload):
    return payload["n"]
"""
    (folder / "tasks.py").write_text(tasks, encoding="utf-8")
    run = ("run", "flow.asl.json", "-t", "tasks.py", "-i", '{"n": 7}', "--on", need(on))
    done = spawn(*run, cwd=folder)
    assert json.loads(done.stdout)["Payload"] == 7, done.stderr


READ = {"Type": "Task", "Resource": "read", "End": True}


def long_log(**case: Any) -> None:
    write("Read", Read=READ)
    answers = {"Read": {"output": "x" * 20000}}
    cases = [
        {"name": "a long log", "tasks": answers, **case},
        {"name": "short", "tasks": {"Read": {"output": 1}}},
    ]
    Path("flow.test.json").write_text(json.dumps({"cases": cases}), encoding="utf-8")


@pytest.mark.parametrize("on", CPYTHON_AND_MICROPYTHON)
def test_a_test_raises_a_limit_as_main_py_does(on: str):
    long_log()
    result = tsme("test", "--on", need(on))
    assert result.exit_code == 1
    assert "1 passed, 1 failed" in result.stdout
    assert "write --limit state_bytes=32768, on a board tsme.LIMITS" in result.stdout
    result = tsme("test", "--on", on, "--limit", "state_bytes=32768")
    assert "2 passed" in result.stdout, result.output
    long_log(limits={"state_bytes": 32768})
    assert "2 passed" in tsme("test", "--on", on).stdout
    result = tsme("test", "--on", on, "--limit", "state_bytes=9000")
    assert "1 passed, 1 failed" in result.stdout


def test_a_limit_of_a_case_goes_before_that_of_the_file_and_ends_with_the_case():
    long_log(limits={"state_bytes": 32768})
    text = Path("flow.test.json").read_text(encoding="utf-8")
    for low in (30, 9000):
        of_file = json.dumps({"limits": {"state_bytes": low}, **json.loads(text)})
        Path("flow.test.json").write_text(of_file, encoding="utf-8")
        passed = "1 passed, 1 failed" if low < 9000 else "2 passed"
        assert passed in tsme("test").stdout


@pytest.mark.parametrize(
    ("limits", "code", "said"),
    [
        ({"state_byte": 1}, "TSME-H071", 'did you mean "state_bytes"?'),
        ({"state_bytes": 0}, "TSME-H072", "whole number of at least 1"),
        ({"state_bytes": "64k"}, "TSME-H072", "whole number of at least 1"),
        ({"state_bytes": 10**9}, "TSME-H072", "below 10^9"),
        ([], "TSME-H072", "limits must be an object"),
    ],
)
def test_a_limit_that_is_none_is_told(limits: Any, code: str, said: str):
    long_log(limits=limits)
    result = tsme("test")
    assert result.exit_code == 2
    assert_one_clear_line(result.stderr, code)
    assert said in result.stderr
    if isinstance(limits, dict) and limits != {"state_bytes": 10**9}:
        ((name, n),) = limits.items()
        result = tsme("test", "--limit", f"{name}={n}")
        assert_one_clear_line(result.stderr, "TSME-H002")
