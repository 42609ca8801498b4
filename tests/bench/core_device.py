"""Runs one workload to its end on the C core, as device.py does with the Python engine.

Each step is committed to the core's journal on the simulator's NOR flash. Prints nanoseconds and
transitions of a run.
"""

from __future__ import annotations

import gc
import sys
import time
from pathlib import Path
from typing import Any

from sim.core import journal_on
from sim.nor import Nor
from tsme import core
from tsme.kernel import State
from tsme.kernel.limits import LIMITS
from tsme.kernel.protocol import CONTINUE, FAILED, START, SUCCEEDED, TASK, TIMER
from tsme.program import Program
from tsme.values.cbor import decode

FLAKY = "arn:aws:lambda:us-east-1:000000000000:function:flaky"


def answer(state: Any, action: Any, tries: list[int]) -> tuple[Any, ...]:
    if action.resource != FLAKY:
        return (FAILED, state.now, action.id, "BoomError", "")
    tries[0] += 1
    if tries[0] < 3:
        return (FAILED, state.now, action.id, "FlakyError", "")
    return (SUCCEEDED, state.now, action.id, True)


def run(kernel: Any, value: Any, journal: Any) -> tuple[Any, int]:
    """The state at the end of one execution, and its transitions."""
    program = kernel.client.program
    state: Any = State()
    tries = [0]
    event: tuple[Any, ...] = (START, 1000, 1, program.digest, 1, value, None, 1)
    transitions = 0
    while True:
        step = kernel.step(state, event)
        journal.commit(1, step.record)
        if journal.needs_checkpoint():
            journal.checkpoint(kernel.checkpoint(step.state))
        state = step.state
        transitions += kernel.work
        if state.status:
            return state, transitions
        if kernel.client.runnable(state.client):
            event = (CONTINUE, state.now)
            continue
        action = state.pending[min(state.pending)]
        if action.kind == TASK:
            event = answer(state, action, tries)
        else:
            event = (TIMER, action.due, action.id)


def main(program: str, given: str, count: int) -> None:
    LIMITS["state_bytes"] = 1 << 20  # workload c maps over 1,000 items
    client: Any = core.runs(Program(Path(program).read_bytes()))
    kernel = core.kernel(client)
    value = decode(Path(given).read_bytes())[0]
    journal = journal_on(Nor(4096, 64))
    journal.recover()
    run(kernel, value, journal)
    if client.lacks or not core.core:
        raise SystemExit(f"the core does not run it: {client.lacks}")
    gc.collect()
    start = time.time_ns()
    for _ in range(count):
        state, transitions = run(kernel, value, journal)
        if state.status != 1:
            raise SystemExit(f"the workload failed: {state.result!r}")
    print((time.time_ns() - start) // count, transitions)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
