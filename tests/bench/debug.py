"""`tsme debug` of a journal of a million steps, which is recorded for that.

`debug.open_ratio`: seconds until the newest moment and a screen of rows are there, against a plain
`tsme replay` of the same file; `debug.open_s`, `debug.replay_s`: both.  `debug.screen_s`: a
process of its own, until its first screen is drawn.  `debug.jump_ms`: to a moment anywhere.
"""

from __future__ import annotations

import io
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from tests.interpreters import ROOT
from tsme.core import kernel as kernel_of
from tsme.core import runs
from tsme.core.journal import Journal
from tsme.kernel import State
from tsme.kernel.protocol import CONTINUE, START, SUCCEEDED, TASK, TIMER
from tsme.program import Program
from tsme_host.compiler.compile import compile_text
from tsme_host.tools.commands.debug import files
from tsme_host.tools.commands.replay import replay
from tsme_host.tools.debugger import panels
from tsme_host.tools.journal.partition import Image
from tsme_host.tools.limits import no_limits

STEPS = 1_000_000
BLOCK = 4096
ROWS = 50

FLOW = {
    "StartAt": "Measure",
    "States": {
        "Measure": {"Type": "Task", "Resource": "measure", "ResultPath": "$.soil", "Next": "Dry?"},
        "Dry?": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.soil", "NumericLessThan": 300, "Next": "Sleep"},
                {"Variable": "$.soil", "NumericGreaterThan": 999, "Next": "Done"},
            ],
            "Default": "Wet",
        },
        "Wet": {"Type": "Pass", "Result": True, "ResultPath": "$.wet", "Next": "Sleep"},
        "Sleep": {"Type": "Wait", "Seconds": 10, "Next": "Measure"},
        "Done": {"Type": "Succeed"},
    },
}

# From the start of the process until the first screen is drawn: seconds.
SCREEN = """
import time
begun = time.perf_counter()
import asyncio, sys
from tsme_host.tools.commands.debug import files
from tsme_host.tools.debugger.app import Debugger
from tsme_host.tools.limits import no_limits
async def main():
    with no_limits():
        app = Debugger(files(sys.argv[1:2], sys.argv[2:3]))
        async with app.run_test(size=(120, 40)) as pilot:
            while app.moment is None:
                await pilot.pause()
            print(time.perf_counter() - begun)
            app.workers.cancel_all()
asyncio.run(main())
"""


def record(path: Path, program: Any, steps: int) -> int:
    """Record an execution of so many steps; how many records they are."""
    blocks = steps * 64 // (BLOCK - 64) + 64
    flash = Image(BLOCK, blocks + blocks // 16, 32, False)
    journal: Any = Journal(flash, 32, BLOCK)
    journal.recover()
    kernel: Any = kernel_of(runs(program))
    state: Any = State()
    event: tuple[Any, ...] = (START, 1_767_225_600_000, 1, program.digest, 1, {}, None, 1)
    for n in range(steps):
        step = kernel.step(state, event)
        journal.commit(1, step.record)
        kernel.adopt(step)
        state = step.state
        if journal.needs_checkpoint():
            journal.checkpoint(kernel.checkpoint(state))
        if state.runnable:
            event = (CONTINUE, state.now)
            continue
        action = next(iter(state.pending.values()))
        if action.kind == TASK:
            event = (SUCCEEDED, state.now + 5, action.id, n * 7 % 600)
        else:
            event = (TIMER, action.due, action.id)
    path.write_bytes(flash.data)
    return int(journal.number)


def opening(path: str, program: str) -> float:
    """Seconds until the newest moment is there, and the rows of a screen."""
    begun = time.perf_counter()
    with no_limits():
        track = files([path], [program])[0].track
        moment = track.moment(track.next - 1)
        assert moment is not None
        assert not moment.played.difference
        for number in range(track.next - ROWS, track.next):
            panels.row(track, number)
    return time.perf_counter() - begun


def replaying(path: str, program: str) -> float:
    """Seconds of `tsme replay`."""
    told = io.StringIO()
    begun = time.perf_counter()
    with redirect_stdout(told):
        replay.main([path, "--program", program], standalone_mode=False)
    took = time.perf_counter() - begun
    assert told.getvalue().startswith("identical"), told.getvalue()
    return took


def jumping(path: str, program: str, times: int) -> float:
    """Seconds to a moment anywhere, in the median."""
    found = []
    with no_limits():
        track = files([path], [program])[0].track
        dice = random.Random(1)
        for _ in range(times):
            number = dice.randrange(track.first, track.next)
            begun = time.perf_counter()
            track.moment(number)
            found.append(time.perf_counter() - begun)
    return statistics.median(found)


def measure(repeat: int) -> dict[str, float]:
    """Numbers by name."""
    with tempfile.TemporaryDirectory() as folder:
        path, program = str(Path(folder) / "j.bin"), str(Path(folder) / "flow.tsm")
        compiled = compile_text(json.dumps(FLOW))
        Path(program).write_bytes(compiled.data)
        record(Path(path), Program(compiled.program), STEPS)
        opening(path, program)  # what is loaded at need
        opens = [opening(path, program) for _ in range(max(repeat, 3))]
        replays = [replaying(path, program) for _ in range(max(min(repeat, 5), 3))]
        command = [sys.executable, "-c", SCREEN, path, program]
        screens = []
        for _ in range(3):
            done = subprocess.run(command, capture_output=True, cwd=ROOT, text=True, check=False)
            if done.returncode:
                raise SystemExit(f"bench: debug: {done.stderr}")
            screens.append(float(done.stdout.split()[-1]))
        jump = jumping(path, program, 30)
    opened, replayed = statistics.median(opens), statistics.median(replays)
    return {
        "debug.open_ratio": round(opened / replayed, 4),
        "debug.open_s": round(opened, 4),
        "debug.replay_s": round(replayed, 3),
        "debug.screen_s": round(statistics.median(screens), 2),
        "debug.jump_ms": round(1000 * jump, 1),
    }
