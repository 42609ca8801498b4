"""Executions that are told what comes next, on the Python kernel and then on the C core."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.laws.drive import start_event
from tsme.kernel import Kernel, State
from tsme.kernel.protocol import CONTINUE, SUCCEEDED, TIMER, WAKE
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme_host.compiler.compile import compile_text

from . import functions, kernel, machine
from .machine import Ran

LARGE = 200_000  # bytes of memory: nothing has to be collected


def played(
    target: str, program: bytes, events: list[Any], folder: Path, memory: int = LARGE
) -> Ran:
    """The C engine's run of these inputs."""
    first = events[0]
    fields, then = kernel.fields_of(first), kernel.packed(events[1:])
    calls = functions.Caller() if target.startswith("host") else None
    return machine.run(
        target, program, fields, folder, memory, then=then, start=first[1], calls=calls
    )


class Played:
    """An execution that is told what comes next."""

    def __init__(self, flow: dict[str, Any], value: Any, budget: int = 256, **limits: int) -> None:
        program = compile_text(json.dumps(flow), "", budget=budget, **limits).program
        self.begin(program, value)

    @classmethod
    def of(cls, program: bytes, value: Any, names: Any = None, bound: Any = None) -> Played:
        """An execution of a program; with the names of its context, and the bound of its start."""
        played = cls.__new__(cls)
        played.begin(program, value, names, bound)
        return played

    def begin(self, program: bytes, value: Any, names: Any = None, bound: Any = None) -> None:
        self.program = program
        self.kernel = Kernel(Interpreter(Program(self.program)))
        self.state: Any = State()
        self.events: list[Any] = []
        self.records: list[bytes] = []
        event = list(start_event(self.kernel.client.program, value))
        event[6] = names
        self.feed((*event, *([] if bound is None else [bound])))

    def feed(self, event: Any) -> None:
        step = self.kernel.step(self.state, event)
        self.events.append(event)
        if step is not None:
            self.state = step.state
            self.records.append(bytes(step.record))

    def answer(self, kind: int, *fields: Any, later: int = 5, which: int = 0) -> None:
        """An input for one of the pending actions."""
        pending = sorted(self.state.pending)
        self.feed((kind, self.state.now + later, pending[which % len(pending)], *fields))

    def rest(self) -> None:
        """Continues, and answers what is pending, until the end."""
        while not self.state.status:
            if self.kernel.client.runnable(self.state.client):
                self.feed((CONTINUE, self.state.now + 1))
                continue
            first = self.state.pending[min(self.state.pending)]
            if first[1] == WAKE:
                self.feed((TIMER, first[3], first[0]))
            else:
                self.answer(SUCCEEDED, {"done": len(self.events)})

    def same(
        self, folder: Path, memory: int = LARGE, targets: Sequence[str] = ("host", "m3")
    ) -> Ran:
        """The C engine, on these machines, does what the kernel did."""
        want = kernel.framed_all(self.records)
        for target in targets:
            ran = played(target, self.program, self.events, folder, memory)
            assert (ran.error, ran.records) == ("", want), target
        assert ran.numbers["status"] == self.state.status
        return ran


def flow(*states: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """States one after the other."""
    names = [name for name, _ in states]
    out = {}
    for (name, state), after in zip(states, [*names[1:], None], strict=True):
        ends = state["Type"] in ("Fail", "Succeed")
        out[name] = state if ends else state | ({"Next": after} if after else {"End": True})
    return {"StartAt": names[0], "States": out}


def mapped(body: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"Type": "Map", "ItemProcessor": body} | more


def task(**more: Any) -> dict[str, Any]:
    return {"Type": "Task", "Resource": "work"} | more
