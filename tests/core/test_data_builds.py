"""Functions and queries give the same on every compiler's core, on every kind of machine."""

from __future__ import annotations

import contextlib
import functools
from pathlib import Path
from typing import Any

import pytest

from tests.firmware.test_filters import asked
from tests.firmware.test_query import DATA, KNOWN, query
from tests.laws.drive import start_event
from tsme.errors import LimitError
from tsme.kernel.protocol import CONTINUE, RUNNING

from . import batch, functions, generated, machine
from .test_functions import CASES, each
from .test_queries import LARGEST, asking, chunks

SMALL = 30_000  # bytes of memory: most has to be collected


@pytest.fixture(autouse=True, scope="module")
def built() -> None:
    for build in batch.BUILDS:
        batch.require(build)
    machine.make("batch")


def case(name: str, program: bytes, value: Any, folder: Path) -> batch.Case:
    """One execution, with what the core asks its caller in it."""
    noted = generated.Noted(name, program)
    with contextlib.suppress(LimitError):
        event = start_event(noted.recorder.program, value)
        while noted.step(noted.state, event) and noted.state.status == RUNNING:
            event = (CONTINUE, noted.state.now + 3)
    calls: dict[tuple[int, bytes], tuple[int, bytes]] = {}
    caller = functions.Caller()

    def call(number: int, arguments: bytes) -> tuple[int, bytes]:
        calls[number, arguments] = answer = caller(number, arguments)
        return answer

    first = noted.case.inputs[0]
    machine.run("host", program, first[13:], folder, 1 << 19, calls=call)
    noted.case.calls[:] = [(*asked_for, *answer) for asked_for, answer in calls.items()]
    return noted.end()


@functools.cache
def cases(folder: Path) -> list[batch.Case]:
    made = [case(f"function {n}", each(n), args, folder) for n, args in CASES.items()]
    questions: list[tuple[Any, Any]] = [(value, constant) for value, constant, _ in asked()]
    questions += [(DATA, query(path)) for path, _ in KNOWN]
    for n, part in enumerate(chunks(questions, 50)):
        program = asking([constant for _, constant in part], LARGEST, 7)
        made.append(case(f"queries {n}", program, [value for value, _ in part], folder))
    return made


@pytest.mark.parametrize("build", [*batch.BUILDS, "m3"])
def test_every_build_gives_what_python_gives(
    build: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    made = cases(tmp_path_factory.getbasetemp())
    for memory in (SMALL, batch.MEMORY):
        for one, answer in zip(
            made, batch.run(build, made, tmp_path, memory, batch.AGAIN), strict=True
        ):
            assert batch.judge(one, answer) == "same" or memory == SMALL, one.name
