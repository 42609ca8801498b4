"""A Map over many items, in the C core: how much memory it takes, and how many instructions.

The items take 16 bytes each. `add`: each, an object, becomes an integer, many in a step; `named`:
the same for the members of an object; `task`: each is the payload of a task, whose answer is an
integer, one in a step. Those of `same` are integers, and stay what they are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.laws.drive import start_event
from tsme.kernel import Kernel, State
from tsme.kernel.limits import LIMITS
from tsme.kernel.protocol import CONTINUE, SUCCEEDED
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme_host.compiler.compile import compile_text

from . import kernel, machine, tsm
from .machine import Ran

BODIES: dict[str, dict[str, Any]] = {
    "add": {
        "Type": "Pass",
        "Parameters": {"n.$": "States.MathAdd($.level, 1)"},
        "OutputPath": "$.n",
        "End": True,
    },
    "named": {
        "Type": "Pass",
        "Parameters": {"n.$": "States.MathAdd($.Value, 1)"},
        "OutputPath": "$.n",
        "End": True,
    },
    "same": {"Type": "Pass", "End": True},
    "task": {
        "Type": "Task",
        "Resource": "measure",
        "Retry": [{"ErrorEquals": ["States.ALL"]}],
        "End": True,
    },
}
STEP = 256  # bytes of memory: how exactly the least is looked for


def items(body: str, count: int) -> list[dict[str, int]] | dict[str, int] | list[int]:
    """So many objects of 16 bytes, or members, or for `same` integers."""
    if body == "same":
        return list(range(count))
    if body == "named":
        return {f"sensor-{n:05}": 1000 + n for n in range(count)}
    made = [{"id": 1000 + n, "level": 300 + n} for n in range(count)]
    assert {len(tsm.encode(item)) for item in made} == {16}
    return made


@dataclass
class Mapped:
    """A program, its inputs, and the records that the kernel makes of them."""

    program: bytes
    events: list[Any]
    records: bytes

    def run(self, folder: Path, memory: int, target: str = "m3") -> Ran:
        """The C engine's run of it."""
        fields, then = kernel.fields_of(self.events[0]), kernel.packed(self.events[1:])
        start: int = self.events[0][1]
        return machine.run(target, self.program, fields, folder, memory, then=then, start=start)

    def least_memory(self, folder: Path, most: int) -> int:
        """Bytes without which it cannot be done, by halves; `most` are enough."""
        little = 0
        while most - little > STEP:
            middle = (little + most) // 2
            if self.run(folder, middle).error:
                little = middle
            else:
                most = middle
        return most


def mapped(body: str, count: int, constant: bool = False) -> Mapped:
    """The Map of a body over so many items, which are its input, or a constant of the program."""
    inner = {"StartAt": "One", "States": {"One": BODIES[body]}}
    value = items(body, count)
    states: dict[str, Any] = {"All": {"Type": "Map", "ItemProcessor": inner, "End": True}}
    if constant:
        states["Items"] = {"Type": "Pass", "Result": value, "Next": "All"}
    first = "Items" if constant else "All"
    program = compile_text(json.dumps({"StartAt": first, "States": states})).program
    # the kernel counts items twice
    kept = {name: LIMITS[name] for name in ("state_bytes", "program_bytes")}
    LIMITS.update(dict.fromkeys(kept, 1 << 20))
    try:
        core = Kernel(Interpreter(Program(program)))
        events = [start_event(core.client.program, None if constant else value)]
        step: Any = core.step(State(), events[0])
        bodies = [bytes(step.record)]
        while not step.state.status:
            state_ = step.state
            if core.client.runnable(state_.client):
                events.append((CONTINUE, state_.now + 3))
            else:
                first = min(state_.pending)
                events.append((SUCCEEDED, state_.now + 3, first, first % 200))
            step = core.step(state_, events[-1])
            bodies.append(bytes(step.record))
    finally:
        LIMITS.update(kept)
    assert step.state.status == 1
    return Mapped(program, events, kernel.framed_all(bodies))


def measure(folder: Path, memory: int = 32768) -> dict[str, float]:
    """Instructions an item at 1,000 items against 100, in this memory; and the least memory."""
    out: dict[str, float] = {}
    for body in BODIES:
        if body == "same":
            continue
        each = {}
        for count in (100, 1000):
            made = mapped(body, count)
            ran = made.run(folder, memory)
            assert (ran.error, ran.records) == ("", made.records), (body, count)
            each[count] = ran.numbers["instructions"] / count
            out[f"map.{body}.{count}.instructions_per_item"] = round(each[count], 1)
        out[f"map.{body}.ratio"] = round(each[1000] / each[100], 3)
        out[f"map.{body}.1000.least_memory"] = made.least_memory(folder, memory)
    for body in ("same", "add", "task"):
        least = mapped(body, 1000, body != "same").least_memory(folder, memory)
        out[f"map.{body}.1000.least_memory_beside_the_items"] = least
    return out
