"""What a campaign has reached, counted over all its seeds, and what it has not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tsme.kernel.protocol import FAILED, INPUTS, TIMER, TRACED
from tsme.program.trace import Tracer
from tsme.values import cbor
from tsme_host.tools.diagram import Cluster

from .device import Device
from .purity.relations import Heard
from .relational import RelationalDevice
from .simulation import Simulation
from .subjects import Subject
from .terms import Call

Edge = tuple[str, str]
_ENTER, _RESUME, _ERROR, _SPAWN, _PASSED = (
    TRACED.index(name) for name in ("enter", "resume", "error", "spawn", "passed")
)


@dataclass
class Seen:
    """Of one device, by name or number.  `states` and `edges` of a machine are its labels; of a
    relational one `states` are how often each became active."""

    inputs: list[int] = field(default_factory=lambda: [0] * len(INPUTS))
    ends: Counter[str] = field(default_factory=Counter)
    states: Counter[str] = field(default_factory=Counter)
    edges: Counter[Edge] = field(default_factory=Counter)
    retries: Counter[str] = field(default_factory=Counter)
    catches: Counter[Edge] = field(default_factory=Counter)
    tasks: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)

    def add(self, other: Seen) -> None:
        self.inputs = [a + b for a, b in zip(self.inputs, other.inputs, strict=True)]
        for name in ("ends", "states", "edges", "retries", "catches", "tasks", "rejected"):
            getattr(self, name).update(getattr(other, name))


@dataclass
class Missed:
    """What was never reached of a workflow: states, transitions, retries, catches."""

    states: list[str]
    edges: list[Edge]
    retries: list[str]
    catches: list[Edge]

    def __bool__(self) -> bool:
        return bool(self.states or self.edges or self.retries or self.catches)


class Coverage:
    """faults: how often each struck.  seeds, moves, steps: how many.  devices: what each did."""

    def __init__(self) -> None:
        self.faults: Counter[str] = Counter()
        self.devices: dict[str, Seen] = {}
        # By file, where traced: lines of machines that ran, and all that could (line_coverage.py).
        self.lines: dict[str, set[int]] = {}
        self.could: dict[str, set[int]] = {}
        self.seeds = self.moves = 0

    @property
    def steps(self) -> int:
        return sum(sum(seen.inputs) for seen in self.devices.values())

    def add(self, other: Coverage) -> None:
        """Count what another one has seen, too."""
        self.faults.update(other.faults)
        self.seeds += other.seeds
        self.moves += other.moves
        for name, seen in other.devices.items():
            self.devices.setdefault(name, Seen()).add(seen)
        for path, lines in other.lines.items():
            self.lines.setdefault(path, set()).update(lines)
            self.could.setdefault(path, set()).update(other.could[path])

    def fault(self, name: str) -> None:
        self.faults[name] += 1

    def task(self, device: Device, call: Call) -> None:
        self.devices[device.name].tasks[call.resource] += 1

    def rejected(self, device: Device, error: Exception) -> None:
        """Counted by where it was raised: the texts are different every time."""
        at = error.__traceback__
        while at is not None and at.tb_next is not None:
            at = at.tb_next
        key = (type(error), at.tb_frame.f_code.co_filename, at.tb_lineno) if at else None
        name = _NAMES.get(key) or _named(error, key)
        self.devices[device.name].rejected[name] += 1

    def counter(
        self, sim: Simulation, device: Device
    ) -> tuple[Callable[..., None], list[int], bool]:
        """What counts each step of a device: (count(event, step, counted), inputs, labelled).

        inputs: how often each kind came; who has counted that itself says so.  labelled: there
        is more to count than inputs and ends.
        """
        seen = self.devices.setdefault(device.name, Seen())
        within = {} if device.is_machine else _trace(seen, device)
        inputs = seen.inputs
        last = ""

        def count(event: Any, step: Any, counted: bool = False) -> None:
            if not counted:
                inputs[event[0]] += 1
            if step.state.status:
                within.clear()
                result = step.state.result
                failed = step.state.status > 1
                seen.ends[str(result[0]) if failed else "succeeded"] += 1

        def count_and_label(event: Any, step: Any, counted: bool = False) -> None:
            nonlocal last
            count(event, step, counted)
            if not step.state.status:
                now = sim.label(device)
                if now != last:
                    seen.states[now] += 1
                    seen.edges[last, now] += 1
                    last = now

        labelled = device.is_machine and type(sim).label is not Simulation.label
        if isinstance(device, RelationalDevice) and not labelled:
            return device.counting(count, seen.states), inputs, True
        return count_and_label if labelled else count, inputs, labelled


_Place = tuple[type, str, int]
_NAMES: dict[_Place | None, str] = {}


def _named(error: Exception, at: _Place | None) -> str:
    """An error's name, and where it was raised; remembered, since most are alike."""
    name = type(error).__name__
    if at:
        name = _NAMES[at] = f"{name} ({at[1].rpartition('/')[2]}:{at[2]})"
    return name


def _trace(seen: Seen, device: Device) -> dict[int, int]:
    """Count the states that a workflow enters, and how it came there.

    Gives the states that frames are in, by number: whoever ends an execution clears them.
    """
    names = device.names
    failing: set[int] = set()  # frames that an error has come to, which is not yet caught
    frames = device.state.client if device.busy() else []
    within = {number: f.state for number, f in enumerate(frames) if f and f.entry}

    def sink(kind: int, frame: int, _pc: int, number: int, _data: bytes) -> None:
        if kind == _SPAWN:
            within.pop(frame, None)
        elif kind == _ENTER:
            name = names[number]
            seen.states[name] += 1
            if frame in within:
                edge = (names[within[frame]], name)
                (seen.catches if frame in failing else seen.edges)[edge] += 1
            failing.discard(frame)
            within[frame] = number
        elif kind == _RESUME and number != FAILED:
            failing.discard(frame)
            if number == TIMER and _again(tracer.frame(frame)):
                seen.retries[names[within[frame]]] += 1
        else:
            failing.add(frame)

    tracer = Tracer(device.client, sink, (_ENTER, _RESUME, _ERROR, _SPAWN, _PASSED))
    return within


def _again(frame: bytes) -> bool:
    """Does a frame (docs/SPEC.md, 5) begin its state once more?"""
    _, pc, entry, *_ = cbor.decode(frame, 0, True)[0]
    return bool(pc == entry)


def missed(subject: Subject, seen: Seen) -> Missed | None:
    """What was never reached of a workflow, or of a relational machine's states; else None."""
    if isinstance(subject.what, Heard):
        active = [name for name in subject.names if name != "Exception"]
        return Missed([name for name in active if not seen.states[name]], [], [], [])
    if subject.drawing is None:
        return None
    out = Missed([], [], [], [])
    _missed(subject.drawing, seen, out)
    return out


def _missed(frame: Cluster, seen: Seen, out: Missed) -> None:
    names = {box.id: box.name for box in frame.boxes if box.kind not in ("start", "finish")}
    for box in frame.boxes:
        if box.id in names:
            if not seen.states[box.name]:
                out.states.append(box.name)
            if any(note.startswith("retry") for note in box.notes) and not seen.retries[box.name]:
                out.retries.append(box.name)
    for arrow in frame.arrows:
        if arrow.source in names and arrow.target in names:
            edge = (names[arrow.source], names[arrow.target])
            if arrow.kind == "catch":
                if not seen.catches[edge] and edge not in out.catches:
                    out.catches.append(edge)
            elif not seen.edges[edge] and edge not in out.edges:
                out.edges.append(edge)
    for inner in frame.frames:
        _missed(inner, seen, out)
