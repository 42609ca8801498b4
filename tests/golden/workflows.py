"""The workflows of the golden corpus: what runs, on what, and what happens to it.

A move is (name, argument, ms that pass), as tests/laws/drive.py has it, and besides: "sleep",
"checkpoint" (one is written), "reset" (the power goes, and all is read again).  What no move is
left for goes on by itself: tasks succeed with their sample, timers become due.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

Json = Any
ARN = "arn:aws:states:::"
LAMBDA = f"{ARN}lambda:invoke"


@dataclass
class Flow:
    """`states`: of the machine, begun with the first; `extra`: its other fields."""

    states: dict[str, Json]
    value: Json = field(default_factory=dict)
    moves: list[Any] = field(default_factory=list)
    extra: dict[str, Json] = field(default_factory=dict)
    budget: int = 256
    later: dict[str, Json] = field(default_factory=dict)  # states of what it is migrated to

    @property
    def texts(self) -> list[str]:
        both = [self.states, self.later] if self.later else [self.states]
        return [json.dumps(machine(one, **self.extra), ensure_ascii=False) for one in both]


def machine(states: dict[str, Json], **extra: Json) -> dict[str, Json]:
    return {"StartAt": next(iter(states)), "States": states, **extra}


def task(resource: str = "work", **more: Json) -> dict[str, Json]:
    return {"Type": "Task", "Resource": resource, **_end(more)}


def wait(**more: Json) -> dict[str, Json]:
    return {"Type": "Wait", **_end(more)}


def pass_(**more: Json) -> dict[str, Json]:
    return {"Type": "Pass", **_end(more)}


def _end(more: dict[str, Json]) -> dict[str, Json]:
    return more if "Next" in more else {**more, "End": True}


def choice(*rules: dict[str, Json], default: str | None = None) -> dict[str, Json]:
    out: dict[str, Json] = {"Type": "Choice", "Choices": list(rules)}
    return {**out, "Default": default} if default else out


def rule(variable: str, test: str, value: Json, target: str = "Yes") -> dict[str, Json]:
    return {**term(variable, test, value), "Next": target}


def term(variable: str, test: str, value: Json) -> dict[str, Json]:
    return {"Variable": variable, test: value}


def parallel(*branches: dict[str, Json], **more: Json) -> dict[str, Json]:
    return {"Type": "Parallel", "Branches": [machine(b) for b in branches], **_end(more)}


def map_(states: dict[str, Json], **more: Json) -> dict[str, Json]:
    return {"Type": "Map", "ItemProcessor": machine(states), **_end(more)}


def distributed(states: dict[str, Json], **more: Json) -> dict[str, Json]:
    config = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
    return {"Type": "Map", "ItemProcessor": machine(states, ProcessorConfig=config), **_end(more)}


def retry(errors: list[str], **more: Json) -> dict[str, Json]:
    return {"ErrorEquals": errors, **more}


def call(function: str, **given: Json) -> Flow:
    return Flow({"A": pass_(Parameters={"out.$": function})}, given)


def fails(state: dict[str, Json], value: Json = None, **more: Json) -> Flow:
    """A workflow that ends with an error of the engine's own."""
    return Flow({"A": state}, {} if value is None else value, **more)


YES_NO = {"Yes": pass_(Result="yes"), "No": pass_(Result="no")}
ALL = ["States.ALL"]
CAUGHT: dict[str, Json] = {"Catch": [{"ErrorEquals": ALL, "ResultPath": "$.e", "Next": "Z"}]}
SOIL = {"bed": "a", "soil": 280, "at": "2026-03-01T06:00:00Z", "list": [3, 1, 2], "ok": True}
BOX = {"items": [{"n": 1, "t": "x"}, {"n": 2, "t": "y"}, {"n": 3, "t": "x"}], "k": {"a": [1, [2]]}}
LOOP = {
    "Set": pass_(Result={"i": 0}, Next="Inc"),
    "Inc": pass_(Parameters={"i.$": "States.MathAdd($.i, 1)"}, Next="More?"),
    "More?": choice(rule("$.i", "NumericLessThan", 9, "Inc"), default="Done"),
    "Done": {"Type": "Succeed"},
}
CHAIN = {f"S{n}": pass_(Result=n, ResultPath=f"$.r{n}", Next=f"S{n + 1}") for n in range(50)}
FAR = {
    "Go": choice(rule("$.far", "BooleanEquals", True, "S50"), default="S0"),
    **CHAIN,
    "S50": {"Type": "Succeed"},
}

BASICS: dict[str, Flow] = {
    "pass": Flow({"A": pass_(Result={"x": [1, -1, 0.5, "é", None, True]}, ResultPath="$.a.b")}, SOIL),
    "paths": Flow(
        {"A": pass_(InputPath="$.k", Parameters={"p.$": "$.a[1][0]", "q.$": "$.a[0]"},
                    ResultPath="$.out", OutputPath="$")}, BOX),
    "output-path": Flow({"A": pass_(OutputPath="$.k.a")}, BOX),
    "no-input": Flow({"A": pass_(InputPath=None, Result=1, ResultPath=None, OutputPath=None)}, BOX),
    "result-selector": Flow(
        {"A": task(ResultSelector={"n.$": "$.n"}, ResultPath="$.r")}, SOIL, [("ok", {"n": 5, "m": 6}, 40)]),
    "loop": Flow(LOOP),
    "loop-in-steps": Flow(LOOP, budget=2),
    "loop-in-single-steps": Flow(LOOP, budget=1),
    "far": Flow(FAR, {"far": False}),
    "far-jump": Flow(FAR, {"far": True}),
    "assign": Flow(
        {"A": pass_(Assign={"v.$": "$.soil", "w": [1]}, Next="B"),
         "B": pass_(Parameters={"v.$": "$v", "w.$": "$w[0]", "same.$": "$v"}, Assign={"v.$": "$w"}, Next="C"),
         "C": pass_(Parameters={"v.$": "$v"})}, SOIL),
    "context": Flow(
        {"A": pass_(Parameters={"e.$": "$$.Execution.Id", "t.$": "$$.Execution.StartTime",
                                "s.$": "$$.State.Name", "i.$": "$$.Execution.Input", "x.$": "$$.Execution.Name",
                                "r.$": "$$.Execution.RoleArn",
                                "y.$": "$$.State.EnteredTime", "m.$": "$$.StateMachine.Id",
                                "n.$": "$$.StateMachine.Name"})}, SOIL),
    "fail": Flow({"A": {"Type": "Fail", "Error": "Dry", "Cause": "no water"}}),
    "fail-paths": Flow({"A": {"Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.Format('{}!', $.c)"}},
                       {"e": "Dry", "c": "no water"}),
    "succeed": Flow({"A": {"Type": "Succeed", "InputPath": "$.k", "OutputPath": "$.a"}}, BOX),
    "emit": Flow({"A": task("tsme:log", Parameters={"l.$": "$.soil"}, Next="B", ResultPath=None),
                  "B": task("tsme:metric", Next="C", ResultPath=None), "C": task("tsme:publish")}, SOIL),
}  # fmt: skip

CHOICES: dict[str, Flow] = {
    "choice-numbers": Flow(
        {"A": choice({"And": [term("$.soil", op, 280.0) for op in ("NumericEquals", "NumericLessThanEquals", "NumericGreaterThanEquals")],
                      "Next": "Yes"}, default="No"), **YES_NO}, SOIL),
    "choice-texts": Flow(
        {"A": choice({"Or": [term("$.bed", "StringMatches", "b*"), term("$.bed", "StringGreaterThan", "á"),
                             {"Not": term("$.bed", "StringLessThanPath", "$.at")}], "Next": "Yes"}, default="No"),
         **YES_NO}, SOIL),
    "choice-times": Flow(
        {"A": choice(rule("$.at", "TimestampGreaterThan", "2026-03-01T07:00:00+01:30"), default="No"), **YES_NO}, SOIL),
    "choice-kinds": Flow(
        {"A": choice({"And": [term("$.none", "IsPresent", False), term("$.ok", "IsBoolean", True),
                              term("$.at", "IsTimestamp", True), term("$.soil", "IsNumeric", True),
                              term("$.bed", "IsString", True), term("$.ok", "IsNull", False),
                              term("$.list[7]", "IsPresent", False), term("$.ok", "BooleanEquals", True)],
                      "Next": "Yes"}, default="No"), **YES_NO}, SOIL),
    "choice-variable": Flow(
        {"S": pass_(Assign={"limit": 300}, Next="A"),
         "A": choice(rule("$.soil", "NumericLessThanPath", "$limit"), default="No"), **YES_NO}, SOIL),
}  # fmt: skip

FUNCTIONS: dict[str, Flow] = {
    "format": call("States.Format('{} \\'{}\\' {}', $.a, $.b, $.c)", a=1.5, b=[1, {"x": None}], c="é"),
    "array": call("States.ArrayUnique(States.Array(1, 1.0, 'a', $.a, $.a))", a=[1]),
    "array-parts": call("States.ArrayPartition(States.ArrayRange(1, 9, 2), 2)"),
    "array-item": call("States.Array(States.ArrayGetItem($.a, 1), States.ArrayLength($.a), "
                       "States.ArrayContains($.a, 3))", a=[1, 2, 3]),
    "json": call("States.StringToJson(States.JsonToString($.a))", a={"b": [1, -0.0, 1e300, "\""]}),
    "merge": call("States.JsonMerge($.a, $.b, false)", a={"x": 1, "y": 2}, b={"y": 3, "z": 4}),
    "split": call("States.StringSplit($.a, ', ')", a="1, 2,3"),
    "hash": call("States.Hash($.a, 'SHA-256')", a="x"),
    "base64": call("States.Base64Decode(States.Base64Encode($.a))", a="déjà"),
    "random": call("States.Array(States.MathRandom(1, 100), States.MathRandom(1, 100), States.UUID())"),
    "math": call("States.MathAdd($.a, -0.5)", a=2147483647),
}  # fmt: skip

QUERIES: dict[str, Flow] = {
    "query-all": call("$.items[*].n", **BOX),
    "query-deep": call("$..t", **BOX),
    "query-slice": call("$.items[0,2]", **BOX),
    "query-range": call("$.items[1:]", **BOX),
    "query-filter": call("$.items[?(@.n >= 2 && @.t == 'x')].n", **BOX),
    "query-pattern": call("$.items[?(@.t =~ /[xz]+/)].n", **BOX),
    "query-paths": call("$.items[?(@.n > $.items[0].n)].t", **BOX),
}

TASKS: dict[str, Flow] = {
    "task": Flow({"A": task(ResultPath="$.r")}, SOIL, [("ok", {"z": 1, "a": [0.1, 2**62]}, 250)]),
    "task-once": Flow({"A": task()}, SOIL, [("begun", None, 5), ("ok", 1, 250)]),
    "task-lambda": Flow({"A": task(LAMBDA, Parameters={"FunctionName": "f", "Payload.$": "$"})}, {"n": 1},
                        [("ok", {"Payload": 2, "StatusCode": 200}, 250)]),
    "retry": Flow(
        {"A": task(Retry=[retry(["Busy"], IntervalSeconds=2, MaxAttempts=2, BackoffRate=1.5),
                          retry(["Late"], MaxAttempts=1)])}, SOIL,
        [("fail", ("Busy", "1"), 100), ("due", None, 0), ("fail", ("Late", ""), 10), ("due", None, 0),
         ("fail", ("Busy", "2"), 100), ("due", None, 5), ("fail", ("Busy", "3"), 100)]),
    "retry-longest": Flow(
        {"A": task(Retry=[retry(ALL, IntervalSeconds=3, MaxAttempts=4, BackoffRate=2.5, MaxDelaySeconds=7)])},
        SOIL, [("fail", ("E", str(n)), 0) if n % 2 == 0 else ("due", None, 0) for n in range(9)]),
    "retry-jitter": Flow(
        {"A": task(Parameters={"n.$": "$$.State.RetryCount"}, Retry=[retry(ALL, IntervalSeconds=30, MaxAttempts=3, JitterStrategy="FULL")])},
        SOIL, [("fail", ("E", None), 0), ("due", None, 0)] * 3 + [("ok", "at last", 0)]),
    "catch": Flow(
        {"A": task(Catch=[{"ErrorEquals": ["Other"], "Next": "Y"},
                          {"ErrorEquals": ["Dry"], "ResultPath": "$.e", "Next": "Z", "Assign": {"n.$": "$.Error"}}]),
         "Y": pass_(), "Z": pass_(Parameters={"n.$": "$n", "all.$": "$"})}, SOIL, [("fail", ("Dry", "no water"), 20)]),
    "catch-all": Flow({"A": task(**CAUGHT), "Z": pass_()}, SOIL, [("fail", ("E", None), 20)]),
    "retry-then-catch": Flow(
        {"A": task(Retry=[retry(["States.TaskFailed"], MaxAttempts=1)], **CAUGHT), "Z": pass_()}, SOIL,
        [("fail", ("E", "a"), 1), ("due", None, 0), ("fail", ("F", "b"), 1)]),
    "timeout": Flow({"A": task(TimeoutSeconds=5, **CAUGHT), "Z": pass_()}, SOIL, [("due", None, 0)]),
    "timeout-paths": Flow({"A": task(TimeoutSecondsPath="$.t", HeartbeatSecondsPath="$.h", **CAUGHT), "Z": pass_()},
                          {"t": 9, "h": 2}, [("beat", None, 1500), ("beat", None, 1500), ("due", None, 0)]),
    "heartbeat": Flow({"A": task(HeartbeatSeconds=2, TimeoutSeconds=60)}, SOIL,
                      [("beat", None, 1000), ("due", None, 0)]),
    "callback": Flow({"A": task("post.waitForTaskToken", Parameters={"token.$": "$$.Task.Token"})}, SOIL,
                     [("beat", None, 60000), ("ok", {"closed": True}, 3600000)]),
    "activity": Flow({"A": task("arn:aws:states:eu-west-1:1:activity:press")}, SOIL, [("ok", 1, 90)]),
    "late-results": Flow({"A": task(Next="B"), "B": task()}, SOIL,
                         [("ok", 1, 5), ("late", -1, 5), ("late", 3, 5), ("ok", 2, 5)]),
    "stop": Flow({"A": task()}, SOIL, [("begun", None, 5), ("stop", None, 10)]),
    "workflow-timeout": Flow({"A": task(Next="B"), "B": wait(Seconds=90)}, SOIL, [("ok", 1, 500)],
                             extra={"TimeoutSeconds": 60}),
    "bounded": Flow({"A": task(Next="B"), "B": pass_(Result=1, Next="C"), "C": pass_()}, SOIL,
                    [("bound", 1, 0), ("ok", 1, 7)]),
}  # fmt: skip

WAITS: dict[str, Flow] = {
    "wait-seconds": Flow({"A": wait(Seconds=3600, Next="B"), "B": pass_()}, SOIL, [("due", None, 0)]),
    "wait-path": Flow({"A": wait(SecondsPath="$.s")}, {"s": 7}, [("sleep", None, 3000), ("due", None, 20)]),
    "wait-until": Flow({"A": wait(Timestamp="2023-11-15T00:00:00Z")}, SOIL, [("due", None, 0)]),
    "wait-until-path": Flow({"A": wait(TimestampPath="$.at")}, SOIL, [("sleep", None, 1), ("due", None, 0)]),
    "wait-over": Flow({"A": wait(Timestamp="2001-01-01T00:00:00Z", Next="B"), "B": pass_()}, SOIL),
    "checkpoints": Flow({"A": wait(Seconds=60, Next="B"), "B": task(Next="C", ResultPath="$.r"),
                         "C": choice(rule("$.n", "NumericEquals", 1, "A"), default="D"), "D": pass_()},
                        {"n": 1}, [("due", None, 0), ("checkpoint", None, 0), ("ok", 1, 20), ("due", None, 0),
                                   ("checkpoint", None, 0), ("checkpoint", None, 0), ("ok", [2], 20),
                                   ("reset", None, 0), ("due", None, 3), ("stop", None, 0)]),
    "new-blocks": Flow({"A": wait(Seconds=1, Next="B"), "B": choice(rule("$.n", "NumericEquals", 1, "A"), default="D"),
                        "D": pass_()}, {"n": 1}, [("due", None, 0)] * 70 + [("reset", None, 0), ("stop", None, 0)]),
}  # fmt: skip

MIGRATIONS: dict[str, Flow] = {
    "migrate": Flow(
        {"A": task(Next="B", ResultPath="$.r", Assign={"n.$": "$"}), "B": wait(Seconds=60, Next="C"),
         "C": pass_(Parameters={"n.$": "$n"})}, SOIL,
        [("ok", 1, 30), ("migrate", None, 5), ("reset", None, 0), ("due", None, 0)],
        later={"New": pass_(Result=0, Next="A"), "A": task(Next="B", ResultPath="$.r", Assign={"n.$": "$"}),
               "B": wait(Seconds=60, Next="D"), "D": pass_(Parameters={"was.$": "$n", "now": "D"})}),
    "migrate-branches": Flow(
        {"A": parallel({"X": task("x")}, {"Y": wait(Seconds=9)})}, SOIL,
        [("migrate", None, 1), ("checkpoint", None, 0), ("ok", 5, 1), ("due", None, 0)],
        later={"A": parallel({"X": task("x", Next="X2"), "X2": pass_(Result="x2")}, {"Y": wait(Seconds=9)})}),
}  # fmt: skip

BRANCHES: dict[str, Flow] = {
    "parallel": Flow({"A": parallel({"X": task("x")}, {"Y": task("y")}, ResultPath="$.r")}, SOIL,
                     [("ok", 1, 10), ("ok", 2, 10)]),
    "parallel-fails": Flow({"A": parallel({"X": task("x")}, {"Y": wait(Seconds=9)}, **CAUGHT), "Z": pass_()}, SOIL,
                           [("fail", ("Dry", "x"), 10)]),
    "parallel-retry": Flow({"A": parallel({"X": task("x")}, {"Y": pass_()}, Retry=[retry(ALL, MaxAttempts=1)])}, SOIL,
                           [("fail", ("E", ""), 10), ("due", None, 0), ("ok", 5, 0)]),
    "parallel-in-parallel": Flow(
        {"V": pass_(Assign={"v.$": "$.soil"}, Next="A"),
         "A": parallel({"X": parallel({"P": pass_(Parameters={"v.$": "$v"})}, {"Q": task("q")})}, {"Y": pass_(Result=2)})},
        SOIL, [("checkpoint", None, 0), ("ok", 3, 4)]),
    "parallel-plain": Flow({"A": parallel({"X": pass_(Result=1)}, {"Y": pass_(OutputPath="$.soil")})}, SOIL),
    "map": Flow({"A": map_({"I": task("i")}, ItemsPath="$.items", MaxConcurrency=2, ItemSelector={
        "v.$": "$$.Map.Item.Value.n", "at.$": "$$.Map.Item.Index", "k.$": "$.k.a[0]"})}, BOX,
        [("ok", "one", 9), ("ok", "two", 9), ("reset", None, 0), ("ok", "three", 9)]),
    "map-plain": Flow({"A": map_({"I": pass_(OutputPath="$.t")}, ItemsPath="$.items", ResultPath="$.r")}, BOX),
    "map-in-map": Flow({"A": map_({"I": map_({"J": pass_(Parameters={"v.$": "$"})})})}, [[1, 2], [], [3]], budget=3),
    "map-empty": Flow({"A": map_({"I": pass_()})}, []),
    "map-fails": Flow({"A": map_({"I": task("i")}, ItemsPath="$.items", **CAUGHT), "Z": pass_()}, BOX,
                      [("ok", 1, 2), ("fail", ("E", "e"), 3)]),
    "map-variables": Flow(
        {"V": pass_(Assign={"v.$": "$.soil"}, Next="A"),
         "A": map_({"I": pass_(Assign={"w.$": "$"}, Next="J"), "J": pass_(Parameters={"w.$": "$w", "v.$": "$v"})},
                   ItemsPath="$.list")}, SOIL),
    "map-concurrency-path": Flow({"A": map_({"I": task("i")}, ItemsPath="$.list", MaxConcurrencyPath="$.list[1]")},
                                 SOIL, [("ok", n, 1) for n in range(3)]),
    "distributed": Flow(
        {"A": distributed({"I": task("i")}, ItemsPath="$.items", ToleratedFailureCount=1)}, BOX,
        [("ok", 1, 1), ("fail", ("E", "e"), 1), ("ok", 3, 1)]),
    "distributed-reader": Flow(
        {"A": distributed({"I": pass_()}, ItemReader={
            "Resource": f"{ARN}s3:getObject", "ReaderConfig": {"InputType": "JSON", "MaxItems": 2},
            "Parameters": {"Bucket": "b", "Key.$": "$.k"}})}, {"k": "k.json"},
        [("ok", {"Body": "[1, {\"a\": 2}, 3]"}, 8)]),
    "distributed-batches": Flow(
        {"A": distributed({"I": task("i")}, ItemsPath="$.list", ItemBatcher={
            "MaxItemsPerBatch": 2, "BatchInput": {"b.$": "$.bed"}}, Label="L")}, SOIL, [("ok", 1, 1), ("ok", 2, 1)]),
    "distributed-flat": Flow(
        {"A": distributed({"I": pass_(Parameters={"v.$": "States.Array($, $)"}, OutputPath="$.v")}, ItemsPath="$.list",
                          ResultWriter={"WriterConfig": {"OutputType": "JSON", "Transformation": "FLATTEN"}})}, SOIL),
    "distributed-writer": Flow(
        {"A": distributed({"I": pass_()}, ItemsPath="$.list", ResultWriter={
            "Resource": f"{ARN}s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "p"}})}, SOIL,
        [("ok", {"Bucket": "b", "Key": "m"}, 1)]),
}  # fmt: skip

# By the number of the error (docs/SPEC.md, 2.9).
ERRORS: dict[str, Flow] = {
    "error-1": fails(pass_(InputPath="$.nowhere")),
    "error-2": fails(pass_(Result=1, ResultPath="$.a.b"), {"a": 5}),
    "error-3": fails(pass_(Parameters={"x.$": "States.ArrayGetItem($.a, 9)"}), {"a": [1]}),
    "error-4": Flow({"A": choice(rule("$.n", "NumericEquals", 2, "B")), "B": pass_()}, {"n": 1}),
    "error-5": Flow({"C": choice(rule("$.n", "NumericEquals", 1, "B"), default="A"),
                     "A": pass_(Assign={"v": 1}, Next="B"), "B": pass_(Parameters={"x.$": "$v"})}, {"n": 1}),
    "error-6": fails(wait(SecondsPath="$.s"), {"s": -1}),
    "error-7": fails(pass_(Parameters={"a.$": "States.Array($.d)"}), json.loads("{\"d\":" + "[" * 31 + "]" * 31 + "}")),
    "error-8": fails(map_({"I": pass_()}, ItemsPath="$.no"), {"no": 5}),
    "error-9": Flow({"A": distributed({"I": task("i")}, ItemsPath="$.items", ToleratedFailurePercentage=10)}, BOX,
                    [("fail", ("E", "e"), 1)]),
    "error-10": fails(task(f"{ARN}apigateway:invoke", Parameters={
        "ApiEndpoint": "h", "Method": "GET", "Headers.$": "$.h"}), {"h": 5}),
    "error-11": fails(pass_(Parameters={f"v{n}.$": "States.ArrayRange(1, 990, 1)" for n in range(14)})),
    "error-12": Flow({"A": pass_(Parameters={"a.$": "States.ArrayRange(1, 1000, 1)"}, Next="B"),
                      "B": pass_(Parameters={"all.$": "$..*"}, Next="C"),
                      "C": map_({"I": pass_(Result=0)}, ItemsPath="$.all")}),
    "too-large": fails(pass_(Parameters={"x.$": "States.ArrayRange(1, 900, 1)", "y.$": "States.ArrayRange(1, 900, 1)"},
                             Next="B") | {"Next": "B"}, {}),
}  # fmt: skip
ERRORS["too-large"].states["B"] = pass_(Parameters={f"v{n}.$": "$" for n in range(4)}, Next="C")
ERRORS["too-large"].states["C"] = task()

ALL_FLOWS = {
    **BASICS, **CHOICES, **FUNCTIONS, **QUERIES, **TASKS, **WAITS, **BRANCHES, **MIGRATIONS, **ERRORS
}  # fmt: skip

# Of tests/golden/machines.py: the classes, the input of the start, what happens.
MACHINES: dict[str, tuple[list[str], Json, list[Any]]] = {
    "machine": (["Counter"], None, [
        ("signal", 5, 10), ("signal", -2, 10), ("reset", None, 0), ("signal", 40, 5), ("checkpoint", None, 0),
        ("signal", 0, 0), ("stop", None, 1)]),
    "machine-tasks": (["Pump"], {"every": 60000}, [
        ("due", None, 0), ("ok", "wet", 700), ("due", None, 0), ("begun", None, 1), ("reset", None, 0), ("ok", 2, 9),
        ("due", None, 0), ("ok", [3], 4)]),
    "machine-fails": (["Pump"], {"every": 1}, [("due", None, 0), ("fail", ("Stuck", None), 8)]),
    "machine-migrates": (["Gate", "WiderGate"], None, [
        ("signal", True, 5), ("ok", True, 9), ("signal", False, 3), ("migrate", None, 1), ("reset", None, 0),
        ("ok", [True, True], 2)]),
    "relational": (["Lock"], {"floor": 2}, [
        ("signal", {"add": ["Opening"]}, 3), ("signal", {"add": ["Opening"], "args": {"key": 7}}, 4),
        ("signal", {"when": {"states": ["Open"], "key": "open"}}, 1), ("checkpoint", None, 0), ("ok", "wide", 70), ("reset", None, 0),
        ("signal", {"seen": "open"}, 1), ("due", None, 0), ("signal", {"eval": "sum", "args": {"more": 5}}, 2),
        ("signal", {"add": ["Knock"], "args": {"n": 13}}, 2), ("signal", {"when_query": {"query": "noisy", "values": [8]}}, 2),
        ("signal", {"when_args": {"states": ["Knock"], "args": {"n": 99}, "key": "a"}}, 2), ("signal", {"when_queue_ends": {}}, 1),
        ("signal", {"add": ["Opening"], "args": {"key": 7}}, 4), ("reset", None, 0), ("fail", ("Jam", "sand"), 6),
        ("signal", {"context": {"states": ["Opening"], "key": "c"}}, 1), ("signal", {"toggle": ["Opening", "Start"], "args": {"key": 7}}, 4),
        ("checkpoint", None, 0), ("signal", {"set": ["Start"]}, 1), ("signal", {"add": ["Opening"], "args": {"key": 7}}, 4),
        ("reset", None, 0), ("ok", None, 9), ("due", None, 0)]),
    "relational-migrates": (["Lock", "WiderLock"], None, [
        ("signal", {"add": ["Opening"], "args": {"key": 7}}, 4), ("signal", {"when_ticks": {"states": ["Knock"], "n": 6}}, 1),
        ("migrate", None, 5), ("reset", None, 0), ("ok", 1, 8), ("signal", {"add": ["Opening"], "args": {"key": 7}}, 4),
        ("ok", 2, 8), ("due", None, 0)]),
}  # fmt: skip
