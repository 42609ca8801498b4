"""Generates workflows in the States Language, with an input and a schedule that they react to.

A workflow is a chain of states with jumps forward and counted loops, so it always ends.  While it
is written, a sample of the data is carried along with the reference evaluator: paths mostly name
what is there, and of the kind that is wanted.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from tests.laws import values
from tests.laws.places import CONTEXT, CONTEXTS, NAMES, TIMED, WANTED, paths
from tests.laws.reference import Failed, Machine, Unknown

Json = Any

__all__ = ["NAMES", "Case", "Writer", "cases", "write"]


@dataclass
class Case:
    """One execution to be: what runs, on what, and what happens to it.

    `results`: a task's usual result, by resource.  `answers`: what a task says one after the
    other before that, by resource; for the reference evaluator, which knows no order of branches.
    """

    definition: dict[str, Json]
    value: Json
    moves: list[Any] = field(default_factory=list)
    results: dict[str, Json] = field(default_factory=dict)
    answers: dict[str, list[Any]] = field(default_factory=dict)
    seed: int = 1

    @property
    def text(self) -> str:
        return json.dumps(self.definition, ensure_ascii=False)


class Writer:
    """Writes one workflow.  `exact`: only what the reference evaluator can judge."""

    def __init__(self, source: values.Source, value: Json, exact: bool) -> None:
        self.source = source
        self.of = source.of
        self.maybe = source.maybe
        self.exact = exact
        self.data = value
        self.names = ["v", "w", "ü_1"]
        self.states: dict[str, Json] = {}
        self.counted = [0]  # states so far, of all machines
        self.results: dict[str, Json] = {}
        self.level = 0
        self.mapped: set[str] = set()  # resources of tasks that run once an item
        self.tests: dict[str, str] = {}  # the body of a loop -> the Choice that ends the loop
        self.in_map = False
        self.sample = Machine({}, value, self.context(value), self.usual)
        self.begin({"Type": "Pass"})

    def inside(self, value: Json) -> Writer:
        """The writer of a branch."""
        w = Writer(self.source, value, self.exact)
        w.level = self.level + 1
        w.names = [f"v_{w.level}", f"w_{w.level}"]
        w.results, w.counted = self.results, self.counted
        w.mapped, w.in_map = self.mapped, self.in_map
        w.sample.context = self.sample.context
        w.sample.variables = dict(self.sample.variables)
        return w

    @staticmethod
    def context(value: Json) -> dict[str, Json]:
        return CONTEXT | {"Execution": CONTEXT["Execution"] | {"Input": value}}

    def usual(self, resource: str, payload: Json, attempt: int) -> Json:
        return self.results[resource]

    def begin(self, state: dict[str, Json]) -> None:
        sample = self.sample
        sample.name, sample.state, sample.retries = f"S{self.counted[0]}", state, []

    # --- paths, calls, templates ---

    def path(self, dollar: Json, want: str = "any", context: bool = True) -> str | None:
        """A path to something of the kind wanted; now and then it names nothing."""
        if self.source.random() < 0.005:
            return self.of(["$.nothing", "$.s.deeper", "$.list[99]", "$.obj['no such']"])
        found = paths(dollar, "$")
        for name, v in self.sample.variables.items():
            found += paths(v, "$" + name, 2)
        if context:
            found += [(p, "text") for p in CONTEXTS + ([] if self.exact else TIMED)]
        fitting = [p for p, v in found if WANTED[want](v)]
        return self.of(fitting) if fitting else None

    def arg(self, dollar: Json, want: str, deep: int = 1) -> str:
        if deep and want in ("any", "array", "number") and self.maybe(15):
            return self.call(dollar, want, deep - 1)
        path = self.path(dollar, want) if self.maybe(60) else None
        if path:
            return path
        if want == "array":
            items = [self.arg(dollar, "any", 0) for _ in range(self.of([0, 1, 3]))]
            return f"States.Array({', '.join(items)})"
        if want == "number" or want == "any" and self.maybe(60):
            return str(self.of([0, 1, 2, 3, -1, 7, 1.5, -2.5, 2147483647]))
        if want == "object":
            return 'States.StringToJson(\'{"k":1,"a":[2]}\')'
        return self.of(["'x'", "'a b'", "'naïve'", "''", "'a,b;;c'", "'SHA-256'"])

    def call(self, dollar: Json, want: str = "any", deep: int = 1) -> str:
        def a(kind: str) -> str:
            return self.arg(dollar, kind, deep)

        if want == "number":
            return f"States.MathAdd({a('number')}, {a('number')})"
        arrays = [
            lambda: f"States.Array({a('any')}, {a('any')})",
            lambda: f"States.ArrayRange(0, {self.of([0, 3, 9])}, {self.of([1, 2, 3])})",
            lambda: f"States.ArrayPartition({a('array')}, {self.of([1, 2, 3])})",
            lambda: f"States.ArrayUnique({a('array')})",
            lambda: f"States.StringSplit({a('text')}, ',; ')",
        ]
        others = [
            lambda: f"States.Format('{{}}<{{}}>', {a('scalar')}, {a('scalar')})",
            lambda: f"States.MathAdd({a('number')}, {a('number')})",
            lambda: f"States.ArrayLength({a('array')})",
            lambda: f"States.ArrayContains({a('array')}, {a('any')})",
            lambda: f"States.ArrayGetItem({a('array')}, {self.of([0, 1, 5])})",
            lambda: f"States.Base64Encode({a('text')})",
            lambda: f"States.JsonToString({a('any')})",
            lambda: f"States.StringToJson(States.JsonToString({a('any')}))",
            lambda: f"States.Hash({a('text')}, '{self.of(['MD5', 'SHA-1', 'SHA-256'])}')",
            lambda: f"States.JsonMerge({a('object')}, {a('object')}, false)",
        ]
        wild = [
            lambda: "States.UUID()",
            lambda: f"States.MathRandom({self.of([0, -5])}, {self.of([1, 1000, 2**31])})",
            lambda: "States.MathRandom(0, 99, 7)",
            lambda: f"States.Format('{{}}', {a('any')})",
            lambda: f"States.Base64Decode(States.Base64Encode({a('text')}))",
            lambda: f"States.StringToJson({a('text')})",
        ]
        if want == "array":
            return str(self.of(arrays)())
        return str(self.of(arrays + others + ([] if self.exact else wild))())

    def member(self, out: dict[str, Json], name: str, dollar: Json) -> None:
        kind = self.of(["path", "path", "call", "plain"])
        path = self.path(dollar) if kind == "path" else None
        if path:
            out[name + ".$"] = path
        elif kind == "call":
            out[name + ".$"] = self.call(dollar)
        else:
            out[name] = self.source.leaf()

    def template(self, dollar: Json) -> dict[str, Json]:
        out: dict[str, Json] = {}
        for name in self.of([["p"], ["p", "q"], ["雪 ☃", "p", "n"], []]):
            self.member(out, name, dollar)
        if self.maybe(30):
            inner: dict[str, Json] = {}
            self.member(inner, "in", dollar)
            out["nested"] = [inner, 1] if self.maybe(50) else inner
        return out

    def assign(self, state: dict[str, Json], dollar: Json) -> None:
        if self.maybe(30):
            out: dict[str, Json] = {}
            for name in self.of([self.names[:1], self.names[1:], self.names[:2]]):
                self.member(out, name, dollar)
            state["Assign"] = out

    def flow(self, state: dict[str, Json]) -> Json:
        """InputPath; gives the sample of the effective input."""
        if self.maybe(15):
            state["InputPath"] = self.path(self.data) if self.maybe(90) else None
        return self.tried(lambda: self.sample.input_path(state, self.data), self.data)

    def finish(self, state: dict[str, Json], result: Json) -> None:
        """Assign, ResultPath and OutputPath."""
        self.assign(state, result)
        out = result
        if state["Type"] in ("Pass", "Task", "Parallel", "Map"):
            if self.maybe(70):
                options = ["$.r", "$.q", "$.n", "$['雪 ☃']", "$.obj.x", "$.obj.deep.er", "$", None]
                odd = ["$.list[0]", "$.s.t"] if self.maybe(10) else []
                state["ResultPath"] = self.of([*options, "$.r", "$.r", *odd])
            path = state.get("ResultPath", "$")
            out = self.tried(lambda: self.sample.put(path, self.data, result), self.data)
        if self.maybe(8):
            state["OutputPath"] = self.path(out, "object") if self.maybe(80) else None

    # --- states ---

    def pass_(self) -> dict[str, Json]:
        state: dict[str, Json] = {"Type": "Pass"}
        dollar = self.flow(state)
        result = dollar
        if self.maybe(50):
            state["Parameters"] = self.template(dollar)
            result = self.shown(state["Parameters"], dollar)
        elif self.maybe(50):
            state["Result"] = result = self.source.value()
        self.finish(state, result)
        return state

    def shown(self, template: Json, dollar: Json) -> Json:
        return self.tried(lambda: self.sample.template(template, dollar), dollar)

    def wait(self) -> dict[str, Json]:
        state: dict[str, Json] = {"Type": "Wait"}
        dollar = self.flow(state)
        path = self.path(dollar, "seconds", context=False)
        if path and self.maybe(40):
            state["SecondsPath"] = path
        elif self.maybe(30):
            state["Timestamp"] = self.of(values.TIMES[:3])
        elif self.maybe(40) and isinstance(dollar, dict) and "t" in dollar:
            state["TimestampPath"] = "$.t"
        else:
            state["Seconds"] = self.of([0, 1, 60, 99999])
        self.finish(state, dollar)
        return state

    def task(self) -> dict[str, Json]:
        name = f"task{len(self.results)}"  # one resource a state
        state: dict[str, Json] = {"Type": "Task", "Resource": name}
        if self.maybe(10):
            state["Resource"] = self.of(["tsme:log", "tsme:metric", "tsme:publish"])
        self.results[name] = result = self.source.result()
        if self.in_map:
            self.mapped.add(name)
        dollar = self.flow(state)
        if not state["Resource"].startswith("tsme:"):
            self.limits(state, dollar)
        if self.maybe(40):
            state["Parameters"] = self.template(dollar)
        if self.maybe(30):
            state["ResultSelector"] = self.template(result)
            result = self.shown(state["ResultSelector"], result)
        self.finish(state, result)
        self.guard(state)
        return state

    def limits(self, state: dict[str, Json], dollar: Json) -> None:
        if self.maybe(30):
            state["TimeoutSeconds"] = self.of([3, 60])
        elif self.maybe(15):
            path = self.path(dollar, "seconds", context=False)
            if path:
                state["TimeoutSecondsPath"] = path
        if self.maybe(20):
            state["HeartbeatSeconds"] = self.of([1, 2])

    def guard(self, state: dict[str, Json]) -> None:
        if self.maybe(50):
            state["Retry"] = [self.retrier() for _ in range(self.of([1, 1, 2]))]
        if self.maybe(60):
            state["Catch"] = [self.catcher()]

    def branch(self, value: Json) -> dict[str, Json]:
        w = self.inside(value)
        out = w.write(self.of([1, 1, 2]))
        for name in w.names:
            self.sample.variables.pop(name, None)
        return out

    def parallel(self) -> dict[str, Json]:
        state: dict[str, Json] = {"Type": "Parallel"}
        dollar = self.flow(state)
        if self.maybe(30):
            state["Parameters"] = self.template(dollar)
            dollar = self.shown(state["Parameters"], dollar)
        state["Branches"] = [self.branch(dollar) for _ in range(self.of([1, 2, 2, 3]))]
        return self.gathered(state, dollar)

    def map_(self) -> dict[str, Json]:
        state: dict[str, Json] = {"Type": "Map"}
        dollar = self.flow(state)
        path = self.path(dollar, "array", context=False)
        if path is None:
            return self.pass_()
        state["ItemsPath"] = path
        found = self.tried(lambda: self.sample.must(path, dollar), [])
        item = found[0] if isinstance(found, list) and found else self.source.value()
        if self.maybe(50):
            state["ItemSelector"] = item = self.template(dollar)
            item["i.$"] = "$$.Map.Item.Index"
            if self.maybe(50):
                item["v.$"] = "$$.Map.Item.Value"
        if self.maybe(50):
            state["MaxConcurrency"] = self.of([0, 1, 2])
        around, self.in_map = self.in_map, True
        state["ItemProcessor"] = self.branch(item)
        self.in_map = around
        return self.gathered(state, dollar)

    def gathered(self, state: dict[str, Json], dollar: Json) -> dict[str, Json]:
        result = self.tried(lambda: self.sample.result(state, dollar), [])
        if self.maybe(30):
            state["ResultSelector"] = self.template(result)
            result = self.shown(state["ResultSelector"], result)
        self.finish(state, result)
        self.guard(state)
        return state

    def tried(self, make: Callable[[], Json], otherwise: Json) -> Json:
        try:
            return make()
        except (Failed, Unknown):
            return otherwise

    def errors(self) -> list[str]:
        others = ["States.TaskFailed", "States.IntrinsicFailure", "States.HeartbeatTimeout"]
        named = [*values.ERRORS, *others]
        return self.of([["States.ALL"], ["States.TaskFailed"], [self.of(named)], named[:3]])

    def retrier(self) -> dict[str, Json]:
        out: dict[str, Json] = {"ErrorEquals": self.errors()}
        if "States.ALL" in out["ErrorEquals"]:
            out["ErrorEquals"] = ["E1", "States.Timeout"]  # ALL must stand in the last one
        for name, options in (
            ("IntervalSeconds", [1, 5, 99999999]),
            ("MaxAttempts", [0, 1, 2]),
            ("BackoffRate", [1, 1.5, 2, 1e300]),
            ("MaxDelaySeconds", [10, 31622399]),
        ):
            if self.maybe(50):
                out[name] = self.of(options)
        if not self.exact and self.maybe(40):
            out["JitterStrategy"] = "FULL"
        if out.get("IntervalSeconds", 1) >= out.get("MaxDelaySeconds", 10**9):
            del out["IntervalSeconds"]
        return out

    def catcher(self) -> dict[str, Json]:
        out: dict[str, Json] = {"ErrorEquals": self.errors(), "Next": None}
        if self.maybe(60):
            out["ResultPath"] = self.of(["$.error", None, "$.obj.e", "$"])
        self.assign(out, {"Error": "E1", "Cause": "c"})
        return out

    def rule(self, dollar: Json, deep: int = 2) -> dict[str, Json]:
        if deep and self.maybe(25):
            part = [self.rule(dollar, deep - 1) for _ in range(2)]
            return self.of([{"And": part}, {"Or": part}, {"Not": part[0]}])
        tests = ["IsNull", "IsString", "IsNumeric", "IsBoolean", "IsTimestamp", "IsPresent"]
        if self.maybe(30):
            path = self.path(dollar, context=False) or "$"
            return {"Variable": path, self.of(tests): self.maybe(50)}
        kind, literals = self.of(
            [
                ("Numeric", [0, 1, 2.5, 2**63 - 1, 1.0, 5e-324]),
                ("String", ["x", "10", "", "héllo"]),
                ("Timestamp", values.TIMES[:4]),
            ]
        )
        relation = self.of(
            ["Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"]
        )
        wanted = "number" if kind == "Numeric" else "text"
        out = {"Variable": self.path(dollar, wanted, context=False) or "$"}
        if self.maybe(10):
            return out | {"BooleanEquals": self.maybe(50)}
        if kind == "String" and self.maybe(20):
            return out | {"StringMatches": self.of(["*", "a*b", "h*o", "*:*:*", "\\*", "1*"])}
        other = self.path(dollar, wanted, context=False) if self.maybe(40) else None
        if other:
            return out | {f"{kind}{relation}Path": other}
        return out | {kind + relation: self.of(literals)}

    def choice(self) -> dict[str, Json]:
        state: dict[str, Json] = {"Type": "Choice", "Choices": []}
        dollar = self.flow(state)
        for _ in range(self.of([1, 2, 3])):
            rule = self.rule(dollar)
            rule["Next"] = None
            self.assign(rule, dollar)
            state["Choices"].append(rule)
        if self.maybe(90):
            state["Default"] = None
            self.assign(state, dollar)
        return state

    # --- the whole ---

    def follow(self, state: dict[str, Json]) -> None:
        """Carry the sample along; where that fails, the data stay as they were."""
        sample = self.sample
        self.begin(state)
        self.counted[0] += 1
        self.states[sample.name] = state
        try:
            if state["Type"] in ("Task", "Parallel", "Map"):
                self.data = sample.attempt(state, self.data)
            elif state["Type"] in ("Pass", "Wait"):
                probe = state | {"Next": "x"}
                self.data = getattr(sample, "do_" + state["Type"])(probe, self.data)[0]
        except (Failed, Unknown):
            pass
        for part in (state, *state.get("Choices", []), *state.get("Catch", [])):
            for key in part.get("Assign", {}):
                sample.variables.setdefault(key.removesuffix(".$"), 1)

    def loop(self) -> None:
        """A counted loop around a state or two."""
        i = f"i_{self.level}"
        state = {"Type": "Pass", "Assign": {i: 0}}
        self.follow(state)
        first = self.counted[0]
        self.follow(self.of([self.pass_, self.task, self.wait])())
        self.follow({"Type": "Pass", "Assign": {i + ".$": f"States.MathAdd(${i}, 1)"}})
        rule = {"Variable": "$" + i, "NumericLessThan": self.of([1, 2, 4]), "Next": f"S{first}"}
        self.follow({"Type": "Choice", "Choices": [rule], "Default": None})
        self.tests[f"S{first}"] = self.sample.name

    def write(self, size: int) -> dict[str, Json]:
        kinds = ["pass", "pass", "task", "task", "choice", "wait", "loop"]
        make = {"pass": self.pass_, "task": self.task, "wait": self.wait, "choice": self.choice}
        make |= {"parallel": self.parallel, "map": self.map_}
        if self.level < 2:
            kinds += ["parallel", "map"]
        for _ in range(size):
            kind = self.of(kinds)
            if kind == "loop" and isinstance(self.data, dict):
                self.loop()
            else:
                self.follow(make.get(kind, self.pass_)())
        self.last()
        self.link()
        out = {"StartAt": next(iter(self.states)), "States": self.states}
        if not self.exact and not self.level and self.maybe(10):
            out["TimeoutSeconds"] = self.of([1, 100])
        return out

    def last(self) -> None:
        state: dict[str, Json] = {"Type": "Fail", "Error": "Final", "Cause": "as written"}
        path = self.path(self.data, "text", context=False)
        if self.maybe(75 + 15 * bool(self.level)):
            state = {"Type": "Succeed"}
            self.flow(state)
        elif path and self.maybe(50):
            state = {"Type": "Fail", "ErrorPath": path, "CausePath": path}
        self.follow(state)

    def link(self) -> None:
        names = list(self.states)
        for n, name in enumerate(names[:-1]):
            state = self.states[name]
            later = names[n + 1 :]
            holders = [*state.get("Choices", []), *state.get("Catch", [])]
            # Caught in a loop: not past the counter to the test, or the loop has no end.
            goals = [goal for goal in later if goal != self.tests.get(name)]
            for holder in holders:
                if holder["Next"] is None:
                    holder["Next"] = self.of(goals)
            if state["Type"] != "Choice":
                state["Next"] = later[0]
            elif "Default" in state:
                state["Default"] = later[0]
            else:
                holders[-1]["Next"] = later[0]


def write(seed: int, size: int, exact: bool = False) -> Case:
    """The case of a seed: a workflow, its input, and what happens to it."""
    source = values.Source(seed)
    value = source.document()
    writer = Writer(source, value, exact)
    definition = writer.write(size)
    rng = source.of([0, 1, 2**64 - 1, source.getrandbits(64)])
    case = Case(definition, value, [], writer.results, seed=rng)
    if exact:
        single = [name for name in writer.results if name not in writer.mapped]
        case.answers = {name: source.moves(True)[:3] for name in single}
    else:
        case.moves = source.moves(False)
    return case


def cases(exact: bool = False) -> st.SearchStrategy[Case]:
    """`exact`: only what the reference evaluator can judge."""
    seeds = st.integers(0, 2**48)
    return st.builds(write, seeds, st.integers(1, 7), st.just(exact))
