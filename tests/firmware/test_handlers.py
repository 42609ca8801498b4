"""The handler API of the Engine does on every interpreter what the README says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests import interpreters
from tsme_host.compiler.compile import compile_text

DEVICE = Path(__file__).with_name("handlers_device.py")
BOARDS = ["cpython", "micropython", "micropython32", "micropythonf32"]
LAMBDA = "arn:aws:lambda:eu-central-1:111122223333:function:"
ALL = [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]
PASS: dict[str, Any] = {"Type": "Pass", "End": True}


def chain(*resources: str, **fields: Any) -> dict[str, Any]:
    """Tasks one after the other; `fields` are those of all."""
    states: dict[str, Any] = {}
    for n, resource in enumerate(resources):
        states[f"S{n}"] = {"Type": "Task", "Resource": resource, "Next": f"S{n + 1}", **fields}
    states[f"S{len(resources)}"] = PASS
    return states


def named() -> dict[str, Any]:
    states = chain(
        LAMBDA + "plain", LAMBDA + "qualified:PROD", "arn:aws:states:::dynamodb:getItem"
    )
    states["S2"]["Next"] = "Invoke"
    states["Invoke"] = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Parameters": {"FunctionName": LAMBDA + "invoked:7", "Payload.$": "$"},
        "End": True,
    }
    del states["S3"]
    return states


def waits() -> dict[str, Any]:
    states = chain("a")
    states["S1"] = {"Type": "Wait", "Seconds": 90, "Next": "S2"}
    states["S2"] = {"Type": "Wait", "Timestamp": "2023-11-14T22:16:00Z", "Next": "S3"}
    return states | {"S3": PASS}


RETRY = [{"ErrorEquals": ["Again"], "IntervalSeconds": 2, "MaxAttempts": 5}]
FLOWS: dict[str, Any] = {
    "plain": chain("a", "b", "c"),
    "order": chain("a", "b"),
    "attempts": chain("a", Retry=RETRY),
    "names": named(),
    "missing": chain("a", "b", LAMBDA + "c:1", "a"),
    "errors": chain("a", Catch=ALL) | {"Caught": PASS},
    "timeout": chain("a", TimeoutSeconds=1, Catch=ALL) | {"Caught": chain("b")["S0"]},
    "heartbeat": chain("a", HeartbeatSeconds=1),
    "late": chain("a", "b"),
    "sleep": waits(),
    "stop": chain("a"),
    "emitted": chain("tsme:log", "tsme:metric", "tsme:publish"),
}
FLOWS["timeout"]["Caught"] |= {"Next": "S1"}

# What handlers_device.py prints.
EXPECTED = {
    "plain": [
        'succeeded [["y","z","ü"],1,3,1] null null',
        "succeeded [[],2,3,1] null null",
    ],
    "order": ['succeeded {"a":0,"m":{"x":2,"y":1},"z":{"z":1,"a":2,"new":1}} null null'],
    "attempts": [
        '1 1 {"in":1}',
        '2 3 {"in":1}',
        '3 5 {"in":1}',
        '4 7 {"in":1}',
        "succeeded 4 null null",
        "[2000,4000,8000]",
    ],
    "names": [
        'succeeded {"ExecutedVersion":"$LATEST","Payload":{"invoked":["whole",["qualified",'
        '["plain",{"k":1}]]]},"StatusCode":200} null null'
    ],
    "missing": [
        "TSME-T002 no handler for a, c; write @engine.task('a') above a function",
        "0",
        "TSME-T001 the effect 'twice' of the task 'x' is none of pure, idempotent, once",
    ],
    "errors": [
        "0 ZeroDivisionError true",
        "1 KeyError true",
        "2 ValueError as written, ü",
        "3 My.Error its cause",
        "4 Bare ",
    ],
    "timeout": [
        'succeeded {"Error":"States.Timeout","Cause":""} null null',
        '["cancelled","b"] 0',
    ],
    "heartbeat": ["succeeded done null 4", "failed null States.Timeout 0"],
    "late": ["succeeded by token null null", "TSME-T003", "succeeded by token null null"],
    "sleep": ["slept before []", "succeeded {} null null", "[90000,70000]"],
    "stop": ["stopped null Enough said the handler", "0"],
    "emitted": ['log {"n":1}', 'publish {"n":1}', 'succeeded {"n":1} null null'],
}


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize("case", FLOWS)
def test_handlers(board: str, case: str, tmp_path: Path) -> None:
    interpreters.require(board)
    program = tmp_path / "program.tsm"
    flow = {"StartAt": "S0", "States": FLOWS[case]}
    program.write_bytes(compile_text(json.dumps(flow)).program)
    done = interpreters.run(board, DEVICE, [case, program])
    assert not done.returncode, done.stderr.decode()
    lines = done.stdout.decode().splitlines()
    if case == "errors":  # the rest says what is no value, and names the handler
        for line in lines[5:]:
            assert 'handler "a" returned ' in line, line
        lines = lines[:5]
    assert lines == EXPECTED[case]
