"""What the tests of the laws share on the host: compiling, running, batches for devices."""

from __future__ import annotations

import functools
import json
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests import engines, interpreters
from tests.laws.drive import Drive, start_event
from tests.laws.workflows import NAMES, Case
from tsme.program import Program
from tsme.values import cbor
from tsme_host.compiler.compile import compile_text

T = TypeVar("T")
DEVICE = Path(__file__).with_name("device.py")
BOARDS = ("micropython", "micropython32", "micropythonf32")

# TSME_LAWS=50 tries fifty times as many workflows, for a night.
SCALE = int(os.environ.get("TSME_LAWS", "1"))

# Generating a workflow takes a while, which is no fault of the test.
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def many(count: int) -> settings:
    """Settings for a test of `count` generated workflows."""
    return settings(max_examples=count * SCALE, suppress_health_check=SLOW)


def collect(strategy: st.SearchStrategy[T], count: int) -> list[T]:
    """Examples for a batch that runs elsewhere in one go."""
    out: list[T] = []

    @settings(
        max_examples=count * SCALE,
        suppress_health_check=SLOW,
        phases=[Phase.generate],
        database=None,
    )
    @given(strategy)
    def gather(example: T) -> None:
        out.append(example)

    gather()
    return out


@functools.lru_cache(maxsize=8)
def compiled(text: str, budget: int) -> bytes:
    return compile_text(text, budget=budget).program


def program_of(case: Case, budget: int = 256) -> Program:
    return Program(compiled(case.text, budget))


def kernel_of(case: Case, budget: int = 256) -> Any:
    return engines.kernel_of(program_of(case, budget))


def start_of(kernel: Any, case: Case) -> tuple[Any, ...]:
    return start_event(kernel.client.program, case.value, case.seed, NAMES)


def drive(case: Case, budget: int = 256, look: Callable[[Any, Any], None] | None = None) -> Drive:
    """Run a case to its end."""
    kernel = kernel_of(case, budget)
    return Drive(kernel, start_of(kernel, case), case.moves, case.results, look).run()


def show(case: Case) -> str:
    parts = [json.dumps(case.definition, indent=1, ensure_ascii=False)]
    parts += [
        f"{name} {getattr(case, name)!r}" for name in ("value", "moves", "results", "answers")
    ]
    return "\n".join(parts)


def actions_bytes(step: Any) -> bytes:
    return cbor.encode(step.actions, True)


def on_device(board: str, mode: str, items: Sequence[Any], heap: str = "16M") -> list[Any]:
    """Run device.py on a batch; what it answers to each item.  Skips where there is no board."""
    if board != "cpython":
        interpreters.require(board)
    with tempfile.TemporaryDirectory() as folder:
        given_, answers = Path(folder) / "batch", Path(folder) / "answers"
        given_.write_bytes(b"".join(cbor.encode(item, True) for item in items))
        done = interpreters.run(board, DEVICE, [mode, given_, answers], timeout=240, heap=heap)
        if done.returncode:
            pytest.fail(f"{board}: {done.stdout.decode()[-2000:]}{done.stderr.decode()[-3000:]}")
        data = answers.read_bytes()
    out = []
    at = 0
    while at < len(data):
        item, at = cbor.decode(data, at, True)
        out.append(item)
    assert len(out) == len(items)
    return out
