"""Executions that fail again and again and are redriven each time: what they did is kept."""

from __future__ import annotations

import json
from collections import Counter
from functools import partial
from random import Random
from typing import Any

import pytest

from tsme import kernel
from tsme.kernel import protocol
from tsme.program import Program, interpreter
from tsme.values import cbor
from tsme_host.compiler.compile import compile_text
from tsme_host.tools.aws import redrive
from tsme_host.tools.aws.children import ChildView
from tsme_host.tools.aws.history import Telling

NAME = "arn:aws:states:eu-1:1:stateMachine:m"
NAMES = [NAME.replace("stateMachine", "execution") + ":e", "e", "role", NAME, "m"]
PUT = "arn:aws:states:::s3:putObject"
GIVEN = {"items": [{"x": f"{n}", "inner": [f"{n}{m}" for m in "abcd"]} for n in range(9)]}


def task(name: str, **fields: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": name, "End": True, **fields}


def each(states: dict[str, Any], **fields: Any) -> dict[str, Any]:
    body = {"StartAt": next(iter(states)), "States": states}
    return {"Type": "Map", "End": True, "ItemProcessor": body, **fields}


def runs(states: dict[str, Any], kind: str = "STANDARD", **fields: Any) -> dict[str, Any]:
    found = each(states, **fields)
    found["ItemProcessor"]["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": kind}
    return found


def flow(kind: str) -> dict[str, Any]:
    """Children of a distributed Map, which writes its results: tasks before and behind a Parallel
    of an inline Map and of another distributed one."""
    inline = each({"In": task("in")}, ItemsPath="$.inner", MaxConcurrency=2)
    nested = runs({"Deep": task("deep")}, ItemsPath="$.inner", ToleratedFailureCount=1)
    both = [{"StartAt": "I", "States": {"I": inline}}, {"StartAt": "N", "States": {"N": nested}}]
    children = {
        "First": task("first", ResultPath=None, Next="Both", End=None),
        "Both": {"Type": "Parallel", "Branches": both, "ResultPath": "$.both", "Next": "Last"},
        "Last": task("last"),
    }
    del children["First"]["End"]
    outer = runs(
        children, kind, ItemsPath="$.items", MaxConcurrency=4, ToleratedFailureCount=2,
        ResultWriter={"Resource": PUT, "Parameters": {"Bucket": "b"}},
    )  # fmt: skip
    return {"StartAt": "Each", "States": {"Each": outer}}


class World:
    """Does tasks in any order, and lets some fail; redrives what has failed."""

    def __init__(self, seed: int, kind: str) -> None:
        self.random = Random(seed)
        self.compiled = compile_text(json.dumps(flow(kind)))
        program: Any = Program(self.compiled.program)
        self.core: Any = kernel.Kernel(interpreter.Interpreter(program))
        self.express = {"Each"} if kind == "EXPRESS" else set()
        self.records: list[Any] = []
        self.done: Counter[str] = Counter()
        self.written: Any = None
        self.state: Any = kernel.State()
        self.redrives = 0
        self.step((protocol.START, 1000, 1, program.digest, 7, GIVEN, NAMES, 1))

    def step(self, event: Any) -> None:
        step = self.core.step(self.state, event)
        self.records.append(bytes(step.record))
        self.state = step.state

    def move(self) -> None:
        now = self.state.now + 1
        if not self.state.pending:
            self.step((protocol.CONTINUE, now))
            return
        action = self.random.choice(list(self.state.pending.values()))
        chance = self.random.random()
        if chance < 0.01:
            self.step((protocol.STOP, now, None, None))
        elif chance < 0.12:
            self.step((protocol.FAILED, now, action.id, "Stone", "hard"))
        else:
            self.step((protocol.SUCCEEDED, now, action.id, self.does(action)))

    def does(self, action: Any) -> Any:
        given = action.payload
        if action.resource == PUT:
            self.written = given["Results"]
            return {"Key": "k"}
        key = given if isinstance(given, str) else given["x"]
        self.done[action.resource + key] += 1
        return given if action.resource == "last" else key

    def redrive(self) -> None:
        parts = self.compiled.program, self.compiled.debug
        body = redrive.checkpoint(*parts, self.records, self.state.now + 5, self.express)
        self.records.append(redrive.Redriven(body))
        self.state = self.core.restore(cbor.decode(body, 0, True)[0], len(body))
        self.redrives += 1
        if self.express:
            assert not any(frame.entry for frame in self.state.client[1:] if frame)

    def finish(self) -> None:
        while self.state.status != protocol.DONE:
            if self.state.status == protocol.RUNNING:
                self.move()
            else:
                self.redrive()

    def told(self, view: Any = None) -> Any:
        more = {"view": view} if view else {}
        telling = Telling(self.compiled.program, self.compiled.debug, **more)
        for record in self.records:
            telling.take(record)
        return telling


def failed(value: Any) -> bool:
    return "Error" in value


@pytest.mark.parametrize("kind", ["STANDARD", "EXPRESS"])
@pytest.mark.parametrize("seed", range(12))
def test_what_has_been_done_is_kept_however_often_it_fails(seed: int, kind: str) -> None:
    world = World(seed, kind)
    world.finish()
    assert [len(world.written), world.state.result["ResultWriterDetails"]] == [9, {"Key": "k"}]
    told = world.told().history
    assert told.status == "SUCCEEDED"
    [run] = told.map_runs
    assert (run.status, run.redrives) == ("SUCCEEDED", world.redrives)
    assert run.arn == world.state.result["MapRunArn"]
    tolerated = {number for number, value in enumerate(world.written) if failed(value)}
    assert (run.failed, run.succeeded) == (tolerated, set(range(9)) - tolerated)
    assert len(tolerated) <= 2
    for number in run.succeeded:
        value, given = world.written[number], GIVEN["items"][number]
        assert value["both"][0] == given["inner"]
        deep = value["both"][1]
        lost = [n for n, one in enumerate(deep) if "Error" in one and one != given["inner"][n]]
        assert len(lost) <= 1
        assert [one for n, one in enumerate(deep) if n not in lost] == [
            one for n, one in enumerate(given["inner"]) if n not in lost
        ]
        if kind == "STANDARD":
            keys = [f"first{number}", f"last{number}", *(f"in{key}" for key in given["inner"])]
            assert [world.done[key] for key in keys] == [1] * len(keys)
    if kind == "STANDARD":
        assert max(world.done.values()) == 1
    events = told.events
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    again = [event for event in events if event["type"] == "MapRunRedriven"]
    assert [event["details"]["redriveCount"] for event in again] == list(
        range(1, run.redrives + 1)
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_child_tells_of_its_redrives(seed: int) -> None:
    world = World(100 + seed, "STANDARD")
    world.finish()
    [run] = world.told().history.map_runs
    number = max(run.children, key=lambda n: run.children[n].redrives)
    view = world.told(partial(ChildView, run.arn, number)).view
    kinds = [event["type"] for event in view.own]
    assert view.nested
    assert kinds.count("ExecutionRedriven") == run.children[number].redrives
    assert kinds[-1] == "Execution" + run.standing(number).capitalize()
