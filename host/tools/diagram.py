"""A workflow as boxes and arrows, whoever draws them."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..compiler.frontend.model import (
    And,
    AslState,
    ChoiceState,
    Compare,
    Condition,
    FailState,
    Jsonata,
    MapState,
    Not,
    Or,
    ParallelState,
    Path,
    Retrier,
    StateMachine,
    TaskState,
    WaitState,
)

_SIGNS = {
    "Equals": "=",
    "LessThan": "<",
    "GreaterThan": ">",
    "LessThanEquals": "≤",
    "GreaterThanEquals": "≥",
    "Matches": "like",
}
_TESTS = {
    "IsPresent": "present",
    "IsNull": "null",
    "IsString": "a string",
    "IsNumeric": "a number",
    "IsBoolean": "a boolean",
    "IsTimestamp": "a timestamp",
}
_LABEL = 40  # of a condition


@dataclass(frozen=True)
class Box:
    """A state, or `start` and `finish` of a machine.  `notes` stand below its name.

    `seen`: how often it was reached, in a drawing that shows that.
    """

    id: str
    kind: str  # a state type in lower case, or start, finish
    name: str
    notes: tuple[str, ...] = ()
    seen: int | None = None


@dataclass(frozen=True)
class Arrow:
    """`kind`: next, choice, catch, inner.  `seen` as in a Box."""

    source: str
    target: str
    kind: str = "next"
    label: str = ""
    seen: int | None = None


@dataclass
class Cluster:
    """One machine.  `frames` are the branches of its Parallel and the bodies of its Map states."""

    id: str
    title: str
    boxes: list[Box] = field(default_factory=list)
    arrows: list[Arrow] = field(default_factory=list)
    frames: list[Cluster] = field(default_factory=list)


def diagram(machine: StateMachine) -> Cluster:
    """The drawing of a workflow."""
    return _Drawing().machine(machine, "", "")


class _Drawing:
    def __init__(self) -> None:
        self.count = 0

    def machine(self, machine: StateMachine, prefix: str, title: str) -> Cluster:
        frame = Cluster(f"m{prefix}", title)
        start, finish = f"start{prefix}", f"finish{prefix}"
        ids = {name: self.number() for name in machine.states}
        frame.boxes.append(Box(start, "start", "Start"))
        frame.arrows.append(Arrow(start, ids[machine.start_at]))
        ends = False
        for name, state in machine.states.items():
            kind = state.kind.lower()
            frame.boxes.append(Box(ids[name], kind, name, tuple(_notes(state))))
            for arrow in _arrows(state, ids):
                frame.arrows.append(arrow)
            if state.next is None and not isinstance(state, (ChoiceState, FailState)):
                frame.arrows.append(Arrow(ids[name], finish))
                ends = True
            self.inner(frame, state, ids[name])
        if ends:
            frame.boxes.append(Box(finish, "finish", "End"))
        return frame

    def number(self) -> str:
        self.count += 1
        return f"s{self.count}"

    def inner(self, frame: Cluster, state: AslState, box: str) -> None:
        if isinstance(state, ParallelState):
            for n, branch in enumerate(state.branches, 1):
                title = f"{state.name}: branch {n}"
                frame.frames.append(self.machine(branch, f"_{box}_{n}", title))
                frame.arrows.append(Arrow(box, f"start_{box}_{n}", "inner"))
        elif isinstance(state, MapState):
            frame.frames.append(self.machine(state.body, f"_{box}", f"{state.name}: each item"))
            frame.arrows.append(Arrow(box, f"start_{box}", "inner"))


def _arrows(state: AslState, ids: dict[str, str]) -> list[Arrow]:
    source = ids[state.name]
    arrows = []
    if isinstance(state, ChoiceState):
        for rule in state.rules:
            arrows.append(Arrow(source, ids[rule.next], "choice", short(rule.condition)))
        if state.default is not None:
            arrows.append(Arrow(source, ids[state.default], "choice", "else"))
    if state.next is not None:
        arrows.append(Arrow(source, ids[state.next]))
    if isinstance(state, (TaskState, ParallelState, MapState)):
        for catcher in state.catch:
            label = _cut(", ".join(catcher.errors))
            arrows.append(Arrow(source, ids[catcher.next], "catch", label))
    return arrows


def _notes(state: AslState) -> list[str]:
    notes = []
    if isinstance(state, TaskState):
        notes.append(_resource(state.resource))
    elif isinstance(state, WaitState):
        if state.seconds is not None:
            text = _text(state.seconds) + (" s" if isinstance(state.seconds, int) else "")
        else:
            text = f"until {_text(state.timestamp)}"
        notes.append(text)
    elif isinstance(state, ParallelState):
        notes.append(f"{len(state.branches)} branches at once")
    elif isinstance(state, MapState):
        notes.append("for each item")
    elif isinstance(state, FailState) and isinstance(state.error, str):
        notes.append(state.error)
    if isinstance(state, (TaskState, ParallelState, MapState)):
        notes += [_retry(retrier) for retrier in state.retry]
    return notes


def _resource(resource: str) -> str:
    """The name that a handler would have."""
    parts = resource.split(":")
    if "function" in parts[:-1]:
        return parts[parts.index("function") + 1]
    return _cut(resource.removeprefix("arn:aws:states:::"))


def _retry(retrier: Retrier) -> str:
    errors = ", ".join(retrier.errors)
    times = "never" if retrier.max_attempts == 0 else f"{retrier.max_attempts}×"
    return _cut(f"retry {times}: {errors}")


def _text(value: Path | Jsonata | str | int | float | bool | None) -> str:
    if isinstance(value, (Path, Jsonata)):
        return " ".join(value.text.split())
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _cut(text: str) -> str:
    return text if len(text) <= _LABEL else text[: _LABEL - 1] + "…"


def short(condition: Condition | Jsonata | bool) -> str:
    """A condition in a few characters."""
    if isinstance(condition, (Jsonata, bool)):
        return _cut(_text(condition))
    return _cut(_condition(condition, top=True))


def _condition(condition: Condition, top: bool = False) -> str:
    if isinstance(condition, (And, Or)):
        word = " and " if isinstance(condition, And) else " or "
        text = word.join(_condition(part) for part in condition.parts)
        return text if top or len(condition.parts) == 1 else f"({text})"
    if isinstance(condition, Not):
        inner = _condition(condition.part, top=True)
        return f"not {inner}" if isinstance(condition.part, Compare) else f"not ({inner})"
    return _compare(condition)


def _compare(c: Compare) -> str:
    if c.op in _TESTS:
        word = "is" if c.operand is not False else "is not"
        return f"{c.variable.text} {word} {_TESTS[c.op]}"
    for kind in ("String", "Numeric", "Boolean", "Timestamp"):
        if c.op.startswith(kind):
            return f"{c.variable.text} {_SIGNS[c.op.removeprefix(kind)]} {_text(c.operand)}"
    return c.op
