"""Each program on Python and on the C core: the same verdict, the same records, the same end.

Programs are generated workflows and trees, or compiled ones that were changed and signed again
(tests/laws/mutants.py). Both engines get the same inputs, and the core has the answers of
functions that Python noted.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.laws import hostile
from tests.laws.mutants import mutant
from tsme.errors import LimitError, TsmeError

from . import batch, generated

AT_ONCE = 200  # programs in a run of the core
BUILD = "gcc64"
# What the core says to a program that Python does not load.
REFUSED = ("format", "version", "digest", "code", "limit")


def changed(seed: int) -> batch.Case:
    """A mutant with the inputs that hostile.py gives it; without outcomes: it is to be refused."""
    program = mutant(seed)
    name = f"mutant {seed}"
    try:
        noted = generated.Noted(name, program)
    except TsmeError:
        return batch.Case(name, program, [], [], b"")
    event: Any = (
        1,
        1_700_000_000_000,
        1,
        noted.recorder.program.digest,
        1,
        hostile.VALUES[0],
        None,
        1,
    )
    try:
        for n in range(hostile.INPUTS):
            step = noted.step(noted.state, event)
            state = step.state
            if state.status:
                break
            runnable = noted.client.runnable(state.client)
            event = (0, state.now) if runnable else hostile.answer(state, n)
    except LimitError:
        pass
    return noted.end()


def verdict(case: batch.Case, answer: batch.Answer) -> str:
    """What differs; nothing: empty."""
    if not case.outcomes:
        if answer.error in REFUSED or answer.error == "unsupported":
            return ""
        return f"{case.name}: Python refuses the program, the core: {answer.error or 'runs it'}"
    if answer.error in ("unsupported", "memory"):
        return ""
    return answer.differs(case)


def differences(cases: list[batch.Case], folder: Path, build: str = BUILD) -> list[str]:
    """Of all cases, in one run of a build."""
    found = batch.run(build, cases, folder)
    told = (verdict(case, answer) for case, answer in zip(cases, found, strict=True))
    return [one for one in told if one]


def fuzz(seconds: float, seed: int, most: int = sys.maxsize) -> str:
    """Run programs for so long, or so many; what the first run that differs said, else nothing."""
    end = time.monotonic() + seconds
    count = 0
    at = seed * 1_000_003
    with tempfile.TemporaryDirectory() as folder:
        while time.monotonic() < end and count < most:
            seeds = range(at, at + AT_ONCE // 2)
            cases = [made for n in seeds for made in (changed(n), generated.case(n))]
            told = differences(cases, Path(folder))
            if told:
                return "\n".join(told)
            count += len(cases)
            at += AT_ONCE // 2
    sys.stdout.write(f"differential: {count} programs\n")
    return ""
