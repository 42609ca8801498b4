"""A naive evaluator of the States Language, for the tests alone.

Works on the JSON of a workflow, straight from the specification (states-language.net) and the AWS
documentation; it shares no code and no idea with the compiler or the device.  What it does not
know (`Unknown`) the tests leave out.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from tests.laws.intrinsics import Unknown, call

__all__ = ["Failed", "Machine", "Unknown"]

_SEGMENT = re.compile(r"\.([^.\[\]'\s]+)|\['((?:[^'\\]|\\.)*)'\]|\[(-?\d+)\]")
_ROOT = re.compile(r"\$\$|\$[^\W\d]\w*|\$")
_TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")


class Failed(Exception):
    """An error of the workflow.  `cause` is None where AWS's own long text stands."""

    def __init__(self, error: Any, cause: Any = None) -> None:
        super().__init__(error)
        self.error = error
        self.cause = cause


class NotThere(Exception):
    """A path names nothing."""


def is_number(v: Any) -> bool:
    return isinstance(v, (int, float)) and not isinstance(v, bool)


class Machine:
    """One execution, or a branch of one.  `answer(resource, payload, attempt)` gives a task's
    result, or raises Failed.  Branches run one after the other: who fails first when two do, and
    what the others still said, only the engine knows."""

    def __init__(
        self,
        definition: dict[str, Any],
        value: Any,
        context: dict[str, Any],
        answer: Callable[[str, Any, int], Any],
    ) -> None:
        self.definition = definition
        self.input = value
        self.context = context
        self.answer = answer
        self.variables: dict[str, Any] = {}
        self.emitted: list[tuple[str, Any]] = []
        self.unsure_of_emitted = False
        self.asked = [0]  # tasks so far, of all branches

    def run(self, most: int = 2000) -> Any:
        """The output; raises Failed."""
        name = self.definition["StartAt"]
        data = self.input
        for _ in range(most):
            state = self.definition["States"][name]
            self.retries = [0] * len(state.get("Retry", []))
            self.state = state
            self.name = name
            data, following = getattr(self, "do_" + state["Type"])(state, data)
            if following is None:
                return data
            name = following
        raise Unknown("an endless loop")

    # --- paths and templates ---

    def root(self, token: str, dollar: Any) -> Any:
        if token == "$":
            return dollar
        if token == "$$":
            state = {"Name": self.name}
            if self.state["Type"] == "Task":
                state["RetryCount"] = sum(self.retries)
            return self.context | {"State": state}
        if token[1:] not in self.variables:
            raise Failed("States.Runtime")
        return self.variables[token[1:]]

    def look(self, path: str, dollar: Any, null: bool = False) -> Any:
        """The value at a path; raises NotThere.  `null`: that is a last index past the end."""
        match = _ROOT.match(path)
        assert match, path
        value = self.root(match.group(), dollar)
        at = match.end()
        while at < len(path):
            match = _SEGMENT.match(path, at)
            assert match, path
            at = match.end()
            dotted, quoted, number = match.groups()
            if number is not None:
                n = int(number)
                if not isinstance(value, list):
                    raise NotThere(path)
                if not -len(value) <= n < len(value):
                    if null and at == len(path):
                        return None
                    raise NotThere(path)
                value = value[n]
                continue
            name = dotted if dotted is not None else re.sub(r"\\(['\\])", r"\1", quoted)
            if not isinstance(value, dict) or name not in value:
                if path.startswith("$$") and name in ("EnteredTime", "StartTime"):
                    raise Unknown("time")
                raise NotThere(path)
            value = value[name]
        if path.startswith("$$") and len(re.findall(_SEGMENT, path)) < 2:
            raise Unknown("whole parts of the context object hold times")
        return value

    def must(self, path: str, dollar: Any, null: bool = False) -> Any:
        try:
            return self.look(path, dollar, null)
        except NotThere:
            raise Failed("States.Runtime") from None

    def dynamic(self, text: str, dollar: Any, null: bool = False) -> Any:
        if text.startswith("$"):
            return self.must(text, dollar, null)
        return call(text, lambda path: known(self.must(path, dollar)), Failed)

    def template(self, node: Any, dollar: Any, null: bool = True) -> Any:
        if isinstance(node, list):
            return [self.template(item, dollar, null) for item in node]
        if not isinstance(node, dict):
            return node
        out = {}
        for key, item in node.items():
            if key.endswith(".$"):
                out[key[:-2]] = self.dynamic(item, dollar, null)
            else:
                out[key] = self.template(item, dollar, null)
        return out

    def input_path(self, state: dict[str, Any], data: Any) -> Any:
        path = state.get("InputPath", "$")
        return {} if path is None else self.must(path, data)

    def output_path(self, state: dict[str, Any], data: Any) -> Any:
        path = state.get("OutputPath", "$")
        return {} if path is None else self.must(path, data)

    def put(self, path: str | None, data: Any, result: Any) -> Any:
        """ResultPath: `data` with `result` in it."""
        if path is None:
            return data
        steps: list[str | int] = []
        for dotted, quoted, number in re.findall(_SEGMENT, path[1:]):
            if number:
                steps.append(int(number))
            else:
                steps.append(dotted or re.sub(r"\\(['\\])", r"\1", quoted))
        if not steps:
            return result
        whole = copy.deepcopy(data)
        at: Any = whole
        for n, step in enumerate(steps):
            if isinstance(step, int):
                if not isinstance(at, list) or step >= len(at):
                    raise Failed("States.ResultPathMatchFailure")
            elif not isinstance(at, dict):
                raise Failed("States.ResultPathMatchFailure")
            elif n < len(steps) - 1 and step not in at:
                at[step] = {}
            if n < len(steps) - 1:
                at = at[step]
            else:
                at[step] = copy.deepcopy(result)
        return whole

    def assign(self, node: dict[str, Any] | None, dollar: Any) -> Callable[[], None]:
        """New values, from the old variables; they take effect when the result is called."""
        values = self.template(node or {}, dollar, null=False)
        return lambda: self.variables.update(values)

    def next(self, state: dict[str, Any]) -> str | None:
        return None if state.get("End") else state["Next"]

    # --- states ---

    def do_Pass(self, state: dict[str, Any], data: Any) -> tuple[Any, str | None]:  # noqa: N802
        result = self.input_path(state, data)
        if "Parameters" in state:
            result = self.template(state["Parameters"], result)
        elif "Result" in state:
            result = state["Result"]
        assign = self.assign(state.get("Assign"), result)
        out = self.put(state.get("ResultPath", "$"), data, result)
        out = self.output_path(state, out)
        assign()
        return out, self.next(state)

    def do_Succeed(self, state: dict[str, Any], data: Any) -> tuple[Any, str | None]:  # noqa: N802
        return self.output_path(state, self.input_path(state, data)), None

    def do_Fail(self, state: dict[str, Any], data: Any) -> tuple[Any, str | None]:  # noqa: N802
        parts: list[Any] = []
        for field in ("Error", "Cause"):
            if field + "Path" in state:
                v = self.dynamic(state[field + "Path"], data)
                if not isinstance(v, str):
                    raise Failed("States.Runtime")
                parts.append(v)
            else:
                parts.append(state.get(field))
        raise Failed(*parts)

    def do_Wait(self, state: dict[str, Any], data: Any) -> tuple[Any, str | None]:  # noqa: N802
        out = self.input_path(state, data)
        if "SecondsPath" in state:
            v = self.must(state["SecondsPath"], out)
            if not isinstance(v, int) or isinstance(v, bool) or not 0 <= v < 2**31:
                raise Failed("States.Runtime")
        if "TimestampPath" in state:
            v = self.must(state["TimestampPath"], out)
            if not is_timestamp(v):
                raise Failed("States.Runtime")
        assign = self.assign(state.get("Assign"), out)
        out = self.output_path(state, out)
        assign()
        return out, self.next(state)

    def do_Choice(self, state: dict[str, Any], data: Any) -> tuple[Any, str | None]:  # noqa: N802
        dollar = self.input_path(state, data)
        for rule in state["Choices"]:
            if self.holds(rule, dollar):
                chosen, following = rule, rule["Next"]
                break
        else:
            if "Default" not in state:
                raise Failed("States.NoChoiceMatched")
            chosen, following = state, state["Default"]
        assign = self.assign(chosen.get("Assign"), dollar)
        out = self.output_path(state, dollar)
        assign()
        return out, following

    def do_Task(self, state: dict[str, Any], data: Any) -> tuple[Any, str | None]:  # noqa: N802
        while True:
            try:
                return self.attempt(state, data), self.next(state)
            except Failed as e:
                if e.error == "States.Runtime":
                    raise
                if not self.retried(state, e.error):
                    return self.caught(state, data, e)

    def attempt(self, state: dict[str, Any], data: Any) -> Any:
        payload = self.input_path(state, data)
        for field in ("TimeoutSecondsPath", "HeartbeatSecondsPath"):
            if field in state:
                v = self.must(state[field], payload)
                if not isinstance(v, int) or isinstance(v, bool) or not 0 < v < 10**8:
                    raise Failed("States.Runtime")
        result = self.result(state, payload)
        if "ResultSelector" in state:
            result = self.template(state["ResultSelector"], result)
        assign = self.assign(state.get("Assign"), result)
        out = self.put(state.get("ResultPath", "$"), data, result)
        out = self.output_path(state, out)
        assign()
        return out

    def matches(self, names: list[str], error: str) -> bool:
        if error in names or "States.ALL" in names:
            return True
        return "States.TaskFailed" in names and error != "States.Timeout"

    def retried(self, state: dict[str, Any], error: str) -> bool:
        for n, retrier in enumerate(state.get("Retry", [])):
            if self.matches(retrier["ErrorEquals"], error):
                if self.retries[n] < retrier.get("MaxAttempts", 3):
                    self.retries[n] += 1
                    return True
                return False
        return False

    def caught(self, state: dict[str, Any], data: Any, e: Failed) -> tuple[Any, str]:
        for catcher in state.get("Catch", []):
            if self.matches(catcher["ErrorEquals"], e.error):
                if e.cause is None and e.error.startswith("States."):
                    cause: Any = _Cause()
                else:
                    cause = "" if e.cause is None and e.error is not None else e.cause
                found = {"Error": e.error, "Cause": cause}
                assign = self.assign(catcher.get("Assign"), found)
                out = self.put(catcher.get("ResultPath", "$"), data, found)
                assign()
                return out, catcher["Next"]
        raise e

    # --- branches ---

    def inner(self, definition: dict[str, Any], value: Any) -> Machine:
        machine = Machine(definition, value, dict(self.context), self.answer)
        machine.variables = dict(self.variables)
        machine.emitted, machine.asked = self.emitted, self.asked
        return machine

    def gather(self, machines: list[Machine]) -> list[Any]:
        """Outputs of all; the error if one fails."""
        outputs, errors = [], []
        before = self.asked[0]
        for machine in machines:
            try:
                outputs.append(machine.run())
            except Failed as e:
                errors.append(e)
                self.unsure_of_emitted = True
            self.unsure_of_emitted |= machine.unsure_of_emitted or len(machines) > 1
        if errors and len(machines) > 1 and (len(errors) > 1 or self.asked[0] > before):
            raise Unknown("which error came first, and how far the others were")
        if errors:
            raise errors[0]
        return outputs

    do_Parallel = do_Map = do_Task  # noqa: N815

    def result(self, state: dict[str, Any], payload: Any) -> Any:
        """What the work of a Task, Parallel or Map gives."""
        if state["Type"] == "Parallel":
            if "Parameters" in state:
                payload = self.template(state["Parameters"], payload)
            return self.gather([self.inner(branch, payload) for branch in state["Branches"]])
        if state["Type"] == "Map":
            return self.gather(self.items(state, payload))
        if "Parameters" in state:
            payload = self.template(state["Parameters"], payload)
        if state["Resource"].startswith("tsme:"):
            self.emitted.append((state["Resource"][5:], payload))
            return payload
        self.asked[0] += 1
        return self.answer(state["Resource"], payload, sum(self.retries))

    def items(self, state: dict[str, Any], dollar: Any) -> list[Machine]:
        found = self.must(state.get("ItemsPath", "$"), dollar)
        if not isinstance(found, (list, dict)):
            raise Failed("States.Runtime")
        machines = []
        around = self.context
        for index, first in enumerate(found):
            named: dict[str, Any] = {}
            item = value = first
            if isinstance(found, dict):  # its members
                named, value = {"Key": first}, found[first]
                item = named | {"Value": value}
            self.context = around | {"Map": {"Item": {"Index": index} | named | {"Value": value}}}
            if "ItemSelector" in state:
                item = self.template(state["ItemSelector"], dollar)
            machines.append(self.inner(state["ItemProcessor"], item))
        self.context = around
        return machines

    # --- Choice rules ---

    def holds(self, rule: dict[str, Any], dollar: Any) -> bool:
        if "And" in rule:
            return all(self.holds(part, dollar) for part in rule["And"])
        if "Or" in rule:
            return any(self.holds(part, dollar) for part in rule["Or"])
        if "Not" in rule:
            return not self.holds(rule["Not"], dollar)
        op = next(k for k in rule if k not in ("Variable", "Next", "Assign", "Comment"))
        if op == "IsPresent":
            try:
                self.look(rule["Variable"], dollar)
            except NotThere:
                return rule[op] is False
            return rule[op] is True
        value = known(self.must(rule["Variable"], dollar))
        if op in _TESTS:
            return bool(_TESTS[op](value)) is rule[op]
        operand = known(self.must(rule[op], dollar)) if op.endswith("Path") else rule[op]
        return compare(op.removesuffix("Path"), value, operand)


class _Cause:
    """AWS's own text, which the device has in short: equal to any text."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, (str, _Cause))

    def __hash__(self) -> int:
        return 0

    def __deepcopy__(self, memo: Any) -> _Cause:
        return self


def known(v: Any) -> Any:
    """The value, if no text of AWS is in it."""
    if isinstance(v, _Cause):
        raise Unknown("AWS's own text")
    for item in v.values() if isinstance(v, dict) else v if isinstance(v, list) else ():
        known(item)
    return v


def is_timestamp(v: Any) -> bool:
    if not isinstance(v, str) or not _TIMESTAMP.fullmatch(v):
        return False
    try:
        instant(v)
    except ValueError:
        return False
    return True


def instant(text: str) -> datetime:
    head, zone = (text[:-1], "+00:00") if text.endswith("Z") else (text[:-6], text[-6:])
    whole, _, fraction = head.partition(".")
    if len(fraction.rstrip("0")) > 6:
        raise Unknown("finer than a microsecond")
    return datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}{zone}")


_TESTS: dict[str, Callable[[Any], bool]] = {
    "IsNull": lambda v: v is None,
    "IsString": lambda v: isinstance(v, str),
    "IsNumeric": is_number,
    "IsBoolean": lambda v: isinstance(v, bool),
    "IsTimestamp": is_timestamp,
}


def compare(op: str, x: Any, y: Any) -> bool:
    match = re.fullmatch(
        "(String|Numeric|Boolean|Timestamp)"
        "(Equals|LessThanEquals|GreaterThanEquals|LessThan|GreaterThan|Matches)",
        op,
    )
    assert match, op
    kind, relation = match.groups()
    if kind == "Boolean":
        return isinstance(x, bool) and isinstance(y, bool) and x is y
    if kind == "Numeric":
        if not is_number(x) or not is_number(y):
            return False
    elif not isinstance(x, str) or not isinstance(y, str):
        return False
    if relation == "Matches":
        return wildcard(y, x)
    if kind == "Timestamp":
        if not is_timestamp(x) or not is_timestamp(y):
            return False
        x, y = instant(x), instant(y)
    return bool(
        {
            "Equals": x == y,
            "LessThan": x < y,
            "GreaterThan": x > y,
            "LessThanEquals": x <= y,
            "GreaterThanEquals": x >= y,
        }[relation]
    )


def wildcard(pattern: str, text: str) -> bool:
    """`*` is any run of characters; a backslash before it, or before itself, takes that away."""
    out = ""
    rest = pattern
    while rest:
        if rest[0] == "*":
            out += ".*"
        elif rest[0] == "\\" and len(rest) > 1:
            rest = rest[1:]
            out += re.escape(rest[0])
        else:
            out += re.escape(rest[0])
        rest = rest[1:]
    return re.fullmatch(out, text, re.DOTALL) is not None
