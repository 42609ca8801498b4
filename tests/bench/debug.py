"""`tsme debug` of journals of a million steps, of a program and of a relational machine, which are
recorded for that.

`debug.open_ratio`: seconds until the newest moment and a screen of rows are there, against a plain
`tsme replay` of the same file; `debug.open_s`, `debug.replay_s`: both.  `debug.screen_s`: a
process of its own, until its first screen is drawn.  `debug.jump_ms`: to a moment anywhere.
`debug.relational.*`: the same of the machine, whose replay, in Python, is measured once.
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
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from tests.interpreters import ROOT
from tsme.core import kernel as kernel_of
from tsme.core import runs
from tsme.core.journal import Journal
from tsme.kernel import Kernel, State
from tsme.kernel.protocol import CONTINUE, SIGNAL, START, SUCCEEDED, TASK, TIMER
from tsme.program import Program
from tsme_host.compiler.compile import compile_text
from tsme_host.tools.commands.debug import files
from tsme_host.tools.commands.replay import replay
from tsme_host.tools.debugger import panels
from tsme_host.tools.handlers import load_machine
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


LAMP = """
class Lamp:
    name = "lamp"
    initial = {"times": 0}
    states = [
        ("Start", {}),
        ("On", {"require": ["Start"], "remove": ["Off"]}),
        ("Off", {"require": ["Start"], "remove": ["On"]}),
        ("Warm", {"auto": True, "require": ["On"]}),
    ]

    def OnState(m):
        m.data["times"] += 1
"""


def record(
    path: Path, kernel: Any, digest: bytes, steps: int, given: Callable[[int, Any], Any]
) -> None:
    """Record an execution of so many steps.  `given`: the input of step n, after a state."""
    blocks = steps * 64 // (BLOCK - 64) + 64
    flash = Image(BLOCK, blocks + blocks // 16, 32, False)
    journal: Any = Journal(flash, 32, BLOCK)
    journal.recover()
    adopt = getattr(kernel, "adopt", lambda _: None)  # in Python a step is adopted by its state
    state: Any = State()
    event: tuple[Any, ...] = (START, 1_767_225_600_000, 1, digest, 1, {}, None, 1)
    for n in range(steps):
        step = kernel.step(state, event)
        journal.commit(1, step.record)
        adopt(step)
        state = step.state
        if journal.needs_checkpoint():
            journal.checkpoint(kernel.checkpoint(state))
        event = given(n, state)
    path.write_bytes(flash.data)


def watering(n: int, state: Any) -> tuple[Any, ...]:
    """What comes to the program."""
    if state.runnable:
        return (CONTINUE, state.now)
    action = next(iter(state.pending.values()))
    if action.kind == TASK:
        return (SUCCEEDED, state.now + 5, action.id, n * 7 % 600)
    return (TIMER, action.due, action.id)


def switching(n: int, state: Any) -> tuple[Any, ...]:
    """What comes to the machine."""
    return (SIGNAL, state.now + 5, {"add": "Off" if n % 2 else "On"})


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


def relational(folder: str) -> dict[str, float]:
    """Of the machine."""
    path, source = str(Path(folder) / "r.bin"), Path(folder) / "lamp.py"
    source.write_text(LAMP)
    program = f"{source}:Lamp"
    machine = load_machine(program)
    record(Path(path), Kernel(machine), machine.program.digest, STEPS, switching)
    opening(path, program)
    opened = statistics.median(opening(path, program) for _ in range(3))
    replayed = replaying(path, program)
    return {
        "debug.relational.open_ratio": round(opened / replayed, 4),
        "debug.relational.open_s": round(opened, 4),
        "debug.relational.replay_s": round(replayed, 1),
        "debug.relational.jump_ms": round(1000 * jumping(path, program, 30), 1),
    }


def measure(repeat: int) -> dict[str, float]:
    """Numbers by name."""
    with tempfile.TemporaryDirectory() as folder:
        path, program = str(Path(folder) / "j.bin"), str(Path(folder) / "flow.tsm")
        compiled = compile_text(json.dumps(FLOW))
        Path(program).write_bytes(compiled.data)
        ran = Program(compiled.program)
        record(Path(path), kernel_of(runs(ran)), ran.digest, STEPS, watering)
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
        Path(path).unlink()
        of_machine = relational(folder)
    opened, replayed = statistics.median(opens), statistics.median(replays)
    return {
        "debug.open_ratio": round(opened / replayed, 4),
        "debug.open_s": round(opened, 4),
        "debug.replay_s": round(replayed, 3),
        "debug.screen_s": round(statistics.median(screens), 2),
        "debug.jump_ms": round(1000 * jump, 1),
        **of_machine,
    }
