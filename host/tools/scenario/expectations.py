"""What a scenario is to come to, and how what came differs from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from tsme.engine.tasks import names
from tsme.sim.world import World, is_series

from ...compiler.frontend.model import Json, Where
from ...compiler.frontend.source import Node
from .. import console
from ..aws.events import History
from ..errors import did_you_mean
from ..journal.listing import Listing
from .reader import ScenarioReader
from .virtual_time import Run, StartedTask

STATUSES = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED", "RUNNING")
_FIELDS = (
    "status output output_has error cause cause_has states states_has never calls variables "
    "duration_ms world comment"
).split()
_CALLS = ("count", "payloads", "payloads_has")
_WIDTH = 160  # of a value in a difference


class Nothing:
    """No expectation; null is one."""


NOTHING = Nothing()


@dataclass(frozen=True)
class Payloads:
    """What is expected of the calls of a task."""

    where: Where
    count: int | None = None
    exact: list[Json] | None = None
    subset: list[Json] | None = None


@dataclass(frozen=True)
class Expected:
    """What is expected; what is not said does not count, but for the status."""

    status: str = "SUCCEEDED"
    output: Json | Nothing = NOTHING
    output_has: Json | Nothing = NOTHING
    error: str | None = None
    cause: str | None = None
    cause_has: str | None = None
    states: list[str] | None = None
    states_has: list[str] | None = None
    never: list[str] = field(default_factory=list)
    calls: dict[str, Payloads] = field(default_factory=dict)
    variables: Json | Nothing = NOTHING
    duration_ms: int | None = None
    world: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class CaseOutcome:
    """What came of a scenario on one interpreter."""

    history: History
    run: Run

    @property
    def states(self) -> list[str]:
        """The states entered, in order."""
        entered = [e for e in self.history.events if e["type"].endswith("StateEntered")]
        return [event["state"] for event in entered]

    @property
    def variables(self) -> dict[str, Json]:
        """The values that variables were assigned last."""
        found: dict[str, Json] = {}
        for event in self.history.events:
            found |= event.get("assigned_variables", {})
        return found

    def calls(self, name: str) -> list[StartedTask]:
        """Those of a state, else of a resource."""
        of_state = [call for call in self.run.calls if call.state == name]
        return of_state or [call for call in self.run.calls if name in names(call.resource)]


# --- reading ----------------------------------------------------------------------------------


def read_expected(reader: ScenarioReader, node: Node | None, what: Listing) -> Expected:
    """The member `expect` of a case."""
    of = reader.members(node, "expect", _FIELDS)
    error, cause, cause_has = (
        reader.text(of.get(name), name) for name in ("error", "cause", "cause_has")
    )
    fails = any(name in of for name in ("error", "cause", "cause_has"))
    status = reader.text(of.get("status"), "status") or ("FAILED" if fails else "SUCCEEDED")
    if status not in STATUSES:
        message = f'there is no status "{status}"'
        hint = did_you_mean(status.upper(), STATUSES) or f"there are {', '.join(STATUSES)}"
        reader.wrong(of["status"].where, message, hint)
    for name in ("output", "output_has"):
        if name in of and status != "SUCCEEDED":
            reader.wrong(of[name].key_where, f"an execution that is {status} has no output")
    known = [state.name for state in what.states]
    lists = {name: reader.texts(of.get(name), name) for name in ("states", "states_has", "never")}
    for name, states in lists.items():
        for number, state in enumerate(states or []):
            if state not in known:
                place = reader.array(of[name], name)[number].where
                reader.unknown(place, f'the workflow has no state "{state}"', state, known)
    calls = reader.object(of.get("calls"), "calls")
    variables: Json | Nothing = NOTHING
    if "variables" in of:
        for name, item in reader.object(of["variables"], "variables").items():
            if name not in what.variables:
                message = f'the workflow has no variable "{name}"'
                reader.unknown(item.key_where, message, name, what.variables)
        variables = of["variables"].plain()
    return Expected(
        status=status,
        output=of["output"].plain() if "output" in of else NOTHING,
        output_has=of["output_has"].plain() if "output_has" in of else NOTHING,
        error=error,
        cause=cause,
        cause_has=cause_has,
        states=lists["states"],
        states_has=lists["states_has"],
        never=lists["never"] or [],
        calls={name: _payloads(reader, name, item) for name, item in calls.items()},
        variables=variables,
        duration_ms=reader.whole(of.get("duration_ms"), "duration_ms"),
        world={k: v.plain() for k, v in reader.object(of.get("world"), "world").items()},
    )


def _payloads(reader: ScenarioReader, name: str, node: Node) -> Payloads:
    """`3`, or {"count": 3}, or {"payloads": [...]}."""
    if not isinstance(node.value, dict):
        if type(node.value) is not int:
            hint = 'write a number, or {"count": 1, "payloads": [...]}'
            reader.wrong(node.where, f'the calls of "{name}" are no number', hint)
            return Payloads(node.key_where)
        return Payloads(node.key_where, reader.whole(node, "the number of calls"))
    of = reader.members(node, "calls", _CALLS)
    exact, subset = (
        [item.plain() for item in reader.array(of[key], key)] if key in of else None
        for key in ("payloads", "payloads_has")
    )
    return Payloads(node.key_where, reader.whole(of.get("count"), "count"), exact, subset)


# --- comparing --------------------------------------------------------------------------------


def differences(expected: Expected, got: CaseOutcome) -> list[str]:
    """A line for each difference."""
    return list(_differences(expected, got))


def _differences(expected: Expected, got: CaseOutcome) -> Iterator[str]:
    history = got.history
    if history.status != expected.status:
        yield f"status: expected {expected.status}, got {history.status}{_why(got)}"
    else:
        if not isinstance(expected.output, Nothing):
            yield from compare("output $", expected.output, history.output)
        if not isinstance(expected.output_has, Nothing):
            yield from compare("output $", expected.output_has, history.output, subset=True)
    if expected.error is not None and history.error != expected.error:
        yield f"error: expected {shown(expected.error)}, got {shown(history.error)}"
    if expected.cause is not None and history.cause != expected.cause:
        yield f"cause: expected {shown(expected.cause)}, got {shown(history.cause)}"
    if expected.cause_has is not None and expected.cause_has not in (history.cause or ""):
        part = shown(expected.cause_has)
        yield f"cause: expected a text with {part}, got {shown(history.cause)}"
    yield from _states(expected, got.states)
    for name, payloads in expected.calls.items():
        yield from _calls(name, payloads, got.calls(name))
    if not isinstance(expected.variables, Nothing):
        for name, value in expected.variables.items():  # type: ignore[union-attr]
            if name in got.variables:
                yield from compare(f"variable ${name}", value, got.variables[name])
            else:
                yield f"variable ${name}: expected {shown(value)}, but it was never assigned"
    if expected.duration_ms is not None and got.run.duration != expected.duration_ms:
        yield f"duration_ms: expected {expected.duration_ms}, got {got.run.duration}"
    if got.run.world is not None:
        for name, value in expected.world.items():
            yield from _shows(name, value, got.run.world)


def _shows(name: str, want: Json, world: World) -> Iterator[str]:
    """What an output is to show in the end, or all that it showed: [[ms, value], ..]."""
    if is_series(want):
        all_of_it: Any = world.values(name)
        yield from compare(f"world {name} $", want, all_of_it)
    else:
        yield from compare(f"world {name} $", want, world.value(name))


def _why(got: CaseOutcome) -> str:
    history = got.history
    if history.status == "SUCCEEDED":
        return f" with the output {shown(history.output)}"
    if history.status == "RUNNING":
        waits = ", ".join(got.run.waits_for)
        return f"; it waits for {waits}, which has no TimeoutSeconds" if waits else ""
    parts = [part for part in (history.error, history.cause) if part]
    return f" ({': '.join(parts)})" if parts else ""


def _states(expected: Expected, got: list[str]) -> Iterator[str]:
    if expected.states is not None and expected.states != got:
        same = 0
        while same < min(len(expected.states), len(got)) and expected.states[same] == got[same]:
            same += 1
        want, came = ([*each, "the end"][same] for each in (expected.states, got))
        yield f"states: number {same + 1} is expected to be {want}, but it is {came}"
    at = 0
    for state in expected.states_has or []:
        if state not in got[at:]:
            after = f" after {' → '.join(got[:at])}" if at else ""
            yield f"states: expected {state}{after}, but it was not entered"
            break
        at = got.index(state, at) + 1
    for state in expected.never:
        if state in got:
            number = got.index(state) + 1
            yield f"states: {state} must never be entered, but it was number {number}"


def _calls(name: str, expected: Payloads, got: list[StartedTask]) -> Iterator[str]:
    payloads = expected.exact if expected.exact is not None else expected.subset
    count = expected.count if payloads is None else len(payloads)
    if count is not None and len(got) != count:
        times = console.count(len(got), "time")
        yield f"calls of {name}: expected {count}, but it was called {times}"
    for wanted, subset in ((expected.exact, False), (expected.subset, True)):
        for number, (want, call) in enumerate(zip(wanted or [], got, strict=False), 1):
            yield from compare(f"call {number} of {name}, payload $", want, call.payload, subset)


def compare(path: str, want: Json, got: Json, subset: bool = False) -> Iterator[str]:
    """Where two values differ, by JSON path.  `subset`: objects may have more members."""
    if isinstance(want, dict) and isinstance(got, dict):
        for name, value in want.items():
            if name in got:
                yield from compare(path + _step(name), value, got[name], subset)
            else:
                yield f"{path}{_step(name)}: expected {shown(value)}, but it is missing"
        for name in got:
            if name not in want and not subset:
                yield f"{path}{_step(name)}: not expected, got {shown(got[name])}"
    elif isinstance(want, list) and isinstance(got, list):
        for number, (a, b) in enumerate(zip(want, got, strict=False)):
            yield from compare(f"{path}[{number}]", a, b, subset)
        if len(want) != len(got):
            items = console.count(len(want), "item")
            yield f"{path}: expected {items}, got {len(got)}"
    elif not _same(want, got):
        yield f"{path}: expected {shown(want)}, got {shown(got)}"


def _same(want: Json, got: Json) -> bool:
    """Numbers are equal by value; true is not 1."""
    if isinstance(want, bool) or isinstance(got, bool):
        return want is got
    if isinstance(want, (int, float)) and isinstance(got, (int, float)):
        return want == got
    return type(want) is type(got) and want == got


def _step(name: str) -> str:
    return f".{name}" if name.isidentifier() else f"['{name}']"


def shown(value: Any) -> str:
    """A value in one line."""
    return console.short(value, _WIDTH)
