"""What runs on the devices of a simulation: machines, and workflows with their names."""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tsme.engine.tasks import TaskError, names
from tsme.errors import TsmeError
from tsme.machine import Machine
from tsme.program import Program
from tsme.relational import Relational
from tsme_host.compiler.backend.disasm import disassemble
from tsme_host.compiler.frontend.check import find_problems
from tsme_host.compiler.frontend.model import MapState
from tsme_host.compiler.frontend.model import StateMachine as Flow
from tsme_host.tools.diagram import Cluster, diagram
from tsme_host.tools.files import read_program
from tsme_host.tools.scenario.scenarios import Case, load
from tsme_host.tools.scenario.virtual_time import MockAnswer

from .purity.relations import Heard
from .rng import Dice
from .simulation import Simulation
from .terms import Call, Value

# What a test of names may give a task that fails: names that mean no error by itself.
_WILD = {"States.ALL": "Simulated", "States.TaskFailed": "Simulated"}


@dataclass
class Subject:
    """name: of the device.  what: a Program, Machine or Relational.  names: of the states of a
    workflow or a relational machine, by number.

    errors: that its tasks may fail with, as the workflow names them.  drawing: of the workflow.
    answers: of its tasks, by state or resource.  starts: what its executions may start with.
    """

    name: str
    what: Any
    names: list[str] = field(default_factory=list)
    errors: tuple[str, ...] = ()
    drawing: Cluster | None = None
    answers: dict[str, list[MockAnswer]] = field(default_factory=dict)
    starts: list[Value] = field(default_factory=list)


def folder(kind: type[Simulation]) -> Path:
    """Where paths in a simulation begin."""
    try:
        return Path(inspect.getfile(kind)).parent
    except (OSError, TypeError):  # made in a session, or by the command itself
        return Path()


def subjects_of(kind: type[Simulation]) -> list[Subject]:
    """Everything that a simulation runs.  Raises TsmeError if that is nothing or no machine."""
    given: dict[str, Any] = dict(kind.devices)
    if kind.machine is not None:
        given.setdefault(getattr(kind.machine, "__name__", "machine").lower(), kind.machine)
    if kind.program:
        given.setdefault(Path(kind.program).name.partition(".")[0], kind.program)
    if not given:
        text = f"{kind.__name__} says nothing of what runs"
        raise TsmeError("TSME-S001", f"{text}; give it a `machine`, a `program` or `devices`")
    return [_thing(kind, name, what) for name, what in given.items()]


def _thing(kind: type[Simulation], name: str, what: Any) -> Subject:
    if isinstance(what, str):
        return _workflow(kind, name, str(folder(kind) / what))
    if isinstance(what, Machine):
        return Subject(name, what)
    if isinstance(what, Relational) or is_relational(what):
        heard = Heard(getattr(what, "machine", what))
        return Subject(name, heard, heard.schema.names)
    return Subject(name, Machine(what))


def is_relational(what: Any) -> bool:
    """Is that the class of a relational machine?"""
    kinds = ("states", "schema", "inherit")
    return not hasattr(what, "stf") and any(hasattr(what, name) for name in kinds)


def _workflow(kind: type[Simulation], name: str, path: str) -> Subject:
    loaded = read_program(path)
    listing = disassemble(loaded.data)
    states = [state.name for state in listing.debug.states] if listing.debug else []
    subject = Subject(name, Program(loaded.data[: listing.size]), states)
    if loaded.source is not None:
        flow, _ = find_problems(loaded.source)
        if flow:
            subject.drawing = diagram(flow)
            subject.errors = tuple(dict.fromkeys(_errors(flow)))
    if kind.scenario:
        cases = load(str(folder(kind) / kind.scenario)).cases
        subject.answers = _answers(cases)
        subject.starts = [case.begin.value for case in cases]
    subject.starts = list(kind.inputs) or subject.starts or [{}]
    return subject


def _errors(flow: Flow) -> list[str]:
    found = []
    for state in flow.states.values():
        for rule in (*getattr(state, "retry", ()), *getattr(state, "catch", ())):
            found += [_WILD.get(error, error) for error in rule.errors]
        inner = [
            *getattr(state, "branches", ()),
            *([state.body] if isinstance(state, MapState) else []),
        ]
        for machine in inner:
            found += _errors(machine)
    return found


def _answers(cases: list[Case]) -> dict[str, list[MockAnswer]]:
    """All that the cases of a test file have tasks answer, by state or resource."""
    out: dict[str, list[MockAnswer]] = {}
    for case in cases:
        for name, mock in case.mocks.items():
            known = out.setdefault(name, [])
            known += [a for a in mock.answers if a is not None and a not in known]
    return out


def answered(subject: Subject, dice: Dice, call: Call) -> Value:
    """A task's result as a scenario has it: any of those, whenever it is called."""
    for name in (call.state, *names(call.resource)):
        found = subject.answers.get(name)
        if found:
            answer = found[dice.below(len(found))]
            if len(answer.fields) == 2:
                raise TaskError(*answer.fields)
            return answer.fields[0]
    return {}
