"""`tsme replay` of a journal of 1 MiB: executions of workload e, one after the other.

`replay.core.records_per_s`, and with TSME_PARENT=folder, another working tree that `make setup`
was run in, `replay.core.ratio`: how many times as fast as there; both of CPU time, in turns.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from tests.bench.speeds import Workload
from tests.interpreters import ROOT
from tsme.journal import Journal
from tsme.kernel import Kernel, State
from tsme.kernel.protocol import CONTINUE, FAILED, START, SUCCEEDED, TASK, TIMER
from tsme.program import Program
from tsme.program.interpreter import Interpreter
from tsme.values import cbor
from tsme_host.tools.journal.partition import Image

BLOCKS, BLOCK = 256, 4096
FULL = (BLOCKS - 2) * (BLOCK - 64)  # bytes of records that never wrap the ring

# Replays a journal in the tree that runs this: seconds.
TIME = """
import io, sys, time
from contextlib import redirect_stdout
from tsme_host.tools.commands.replay import replay
def run(image, program):
    told = io.StringIO()
    with redirect_stdout(told):
        replay.main([image, "--program", program], standalone_mode=False)
    assert "identical" in told.getvalue(), told.getvalue()
run(sys.argv[1], sys.argv[3])  # what is loaded at need
begun = time.process_time()
run(sys.argv[2], sys.argv[3])
print(time.process_time() - begun)
"""


def answer(state: Any, action: Any, tries: int) -> tuple[Any, ...]:
    """What the handlers of workload e give, without a handler's own cost."""
    if not action.resource.endswith(":flaky"):
        return (FAILED, state.now, action.id, "BoomError", "")
    if tries < 3:
        return (FAILED, state.now, action.id, "FlakyError", "")
    return (SUCCEEDED, state.now, action.id, True)


def write(path: Path, program: Any, value: Any, full: int) -> int:
    """A journal with so many bytes of records; how many they are."""
    flash = Image(BLOCK, BLOCKS, 32, False)
    journal: Any = Journal(flash)
    journal.recover()
    kernel: Any = Kernel(Interpreter(program))
    state: Any = State()
    now, size, records = 1000, 0, 0
    tries = 0

    def feed(event: tuple[Any, ...]) -> None:
        nonlocal state, size, records
        step = kernel.step(state, event)
        state = step.state
        journal.commit(1, step.record)
        size += (len(step.record) + 8 + 31) & -32
        records += 1
        if journal.needs_checkpoint():
            body = kernel.checkpoint(state)
            journal.checkpoint(body)
            size += (len(body) + 8 + 31) & -32
            records += 1

    while size < full:
        if state.status or not state.execution:
            tries = 0
            now = state.now + 7
            feed((START, now, state.execution + 1, program.digest, 1, value, None, 1))
        elif kernel.client.runnable(state.client):
            feed((CONTINUE, state.now))
        else:
            action = state.pending[min(state.pending)]
            if action.kind == TASK:
                tries += 1
                feed(answer(state, action, tries))
            else:
                feed((TIMER, action.due, action.id))
    path.write_bytes(flash.data)
    return records


def seconds(tree: Path, *files: Path) -> float:
    """CPU time of a replay in a working tree."""
    environment = os.environ | {"PYTHONPATH": f"{tree}/firmware/lib:{tree}", "TSME_CORE": "1"}
    command = [str(tree / ".venv" / "bin" / "python"), "-c", TIME, *map(str, files)]
    done = subprocess.run(
        command, capture_output=True, env=environment, cwd=tree, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"bench: replay in {tree}: {done.stderr}")
    return float(done.stdout)


def measure(repeat: int) -> dict[str, float]:
    """Numbers by name."""
    with tempfile.TemporaryDirectory() as folder:
        workload = Workload("e", Path(folder))
        program = Program(workload.program.read_bytes())
        value = cbor.decode(workload.input.read_bytes())[0]
        small, large = Path(folder) / "small.img", Path(folder) / "large.img"
        write(small, program, value, 4096)
        records = write(large, program, value, FULL)
        parent = os.environ.get("TSME_PARENT")
        pairs = []
        for _ in range(min(repeat, 3)):
            now = seconds(ROOT, small, large, workload.program)
            was = seconds(Path(parent), small, large, workload.program) if parent else 0.0
            pairs.append((was, now))
    out: dict[str, float] = {
        "replay.core.records_per_s": round(records / min(now for _, now in pairs))
    }
    if parent:
        out["replay.core.ratio"] = round(statistics.median(was / now for was, now in pairs), 1)
    return out
