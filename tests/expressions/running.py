"""Bodies of docs/SPEC.md, 2.16, as programs of one state, run by the engine."""

from __future__ import annotations

from typing import Any

from tests.laws.mutants import Parts
from tests.spec.expression_code import Code
from tsme import core
from tsme.kernel import BEHAVIOUR, State
from tsme.kernel.protocol import CONTINUE, DONE, RUNNING, START
from tsme.program import Program
from tsme.values import cbor

NEEDS = 1 << 7
HEAD = 5  # instructions before the first body, but for EXTs


def program(
    code: Code,
    given: int = 1,
    entry: int = 0,
    head: bytes | None = None,
    **limits: int,
) -> bytes:
    """A workflow that evaluates the body at `entry` with its input as each parameter."""
    known = {"slots": 1, "stack": 32, "counters": 0, "budget": 0, "timeout": 0, "largest": 0}
    known |= {"step_bytes": 0, "items": 0}
    if head is None:
        head = bytes((17, 0)) + bytes((3, 0)) * given
        head += bytes((64, given + 4 + entry)) + bytes((4, 0, 33, 0))
    consts = [cbor.encode(v, True) for v in code.consts]
    moved = relocated(code, len(head) // 2)
    return Parts(NEEDS, list((known | limits).values()), head + moved, tuple(consts)).build()


def packed(code: Code) -> bytes:
    """Generated code, whose places are those behind the five instructions of a workflow."""
    consts = tuple(cbor.encode(v, True) for v in code.consts)
    limits = [1, 32, 0, 0, 0, 0, 0, 0]
    head = bytes((17, 0, 3, 0, 64, HEAD, 4, 0, 33, 0))
    return Parts(NEEDS, limits, head + code.code, consts).build()


def relocated(code: Code, by: int) -> bytes:
    """The code as it stands `by` instructions later; small listings need no EXT for that."""
    out = bytearray(code.code)
    high = 0
    for at in range(0, len(out), 2):
        op, a = out[at], out[at + 1]
        if op in (18, 19, 20, 70, 83, 93):
            target = (high << 8 | a) + by
            assert target >> 8 == high, "the listing is too long to be moved"
            out[at + 1] = target & 255
        high = a if op == 0 else 0
    return bytes(out)


def run(data: bytes, value: Any, seed: int = 7) -> Any:
    """What the execution ends with: its output, or (error, cause)."""
    made = Program(data)
    kernel = core.kernel(core.runs(made))
    event = (START, 1000, 1, made.digest, seed, value, None, BEHAVIOUR)
    state: Any = kernel.step(State(), event).state
    while state.status == RUNNING:
        state = kernel.step(state, (CONTINUE, 1000)).state
    return state.result if state.status == DONE else tuple(state.result)
