"""Runs a JSONata workflow in ministack or sfnx, in process: peers.py NAME ASL INPUT.

Prints the nanoseconds of one run and its output.  build/jsonata-bench/python is on its path.
"""

import json
import sys
import time
from pathlib import Path


def ministack(definition, value):
    """As it runs executions, without the wait before each and without its thread."""
    from ministack.services import stepfunctions

    stepfunctions.time = type(
        "time", (), {"sleep": staticmethod(lambda _: None), "time": time.time}
    )
    role = "arn:aws:iam::000000000000:role/r"
    request = {"name": "f", "definition": definition, "roleArn": role}
    status, _, body = stepfunctions._create_state_machine(request)
    assert status == 200, body
    arn = json.loads(body)["stateMachineArn"]
    started = []
    stepfunctions.threading = type(
        "threading", (), {"Thread": lambda target, args, daemon: Begun(started, target, args)}
    )
    stepfunctions._start_execution({"stateMachineArn": arn, "name": "x", "input": value})
    [(target, args)] = started
    begin = time.perf_counter_ns()
    target(*args)
    took = time.perf_counter_ns() - begin
    [execution] = [e for e in stepfunctions._executions.values() if e["name"] == "x"]
    assert execution["status"] == "SUCCEEDED", execution
    return took, json.loads(execution["output"])


class Begun:
    """A thread that somebody else runs."""

    def __init__(self, started, target, args):
        self.what = started, target, args

    def start(self):
        started, target, args = self.what
        started.append((target, args))


def sfnx(definition, value):
    """As its tests run a definition."""
    from sfnx import testing

    machine, given = json.loads(definition), json.loads(value)
    begin = time.perf_counter_ns()
    output = testing.run(machine, given).output
    return time.perf_counter_ns() - begin, output


def main(name, asl, value):
    """The command."""
    run = {"ministack": ministack, "sfnx": sfnx}[name]
    took, output = run(Path(asl).read_text(), Path(value).read_text())
    print(took)
    print(json.dumps(output))


main(*sys.argv[1:])
