"""Law 1 for machines: the same steps write the same bytes on every interpreter."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests import interpreters
from tests.laws.support import BOARDS, SCALE
from tests.machines import generate
from tests.machines.ops import Ops
from tsme.kernel import Kernel, State
from tsme.kernel.rejected import Rejected
from tsme.machine import Machine
from tsme.values import cbor

DEVICE = Path(__file__).with_name("device.py")
COUNT = 150 * SCALE


def answers(events: list[Any]) -> list[Any]:
    """What CPython makes of them."""
    kernel = Kernel(Machine(Ops))
    state = State()
    out: list[Any] = []
    for event in events:
        try:
            step = kernel.step(state, event)
        except Rejected as e:
            out.append(e.cause)
            continue
        out.append([bytes(step.record), cbor.encode(step.actions, True)])
        state = step.state
    return [*out, kernel.checkpoint(state)]


@functools.cache
def batch() -> list[tuple[list[Any], list[Any]]]:
    """Inputs, and what CPython makes of them."""
    digest = Machine(Ops).program.digest
    lives = [generate.events(digest, generate.life(seed)) for seed in range(COUNT)]
    return [(events, answers(events)) for events in lives]


def test_the_batch_is_worth_running() -> None:
    """Most lives come to a large state, and some steps of most are rejected."""
    got = [out for _, out in batch()]
    assert sum(any(isinstance(item, str) for item in out[:-1]) for out in got) > COUNT // 3
    assert sum(len(out[-1]) > 120 for out in got) > COUNT // 3


@pytest.mark.parametrize("board", BOARDS)
def test_boards_write_the_bytes_that_cpython_writes(board: str) -> None:
    interpreters.require(board)
    with tempfile.TemporaryDirectory() as folder:
        given, taken = Path(folder, "given"), Path(folder, "taken")
        given.write_bytes(b"".join(cbor.encode([events], True) for events, _ in batch()))
        done = interpreters.run(board, DEVICE, [given, taken], timeout=300, heap="2m")
        assert done.returncode == 0, done.stderr.decode()
        data = taken.read_bytes()
    at = 0
    for seed, (events, expected) in enumerate(batch()):
        got, at = cbor.decode(data, at, True)
        for n, (want, have) in enumerate(zip(expected, got, strict=True)):
            assert have == want, f"{board}, seed {seed}, input {n}: {events[n : n + 1]}"
    assert at == len(data)


@pytest.mark.parametrize("board", BOARDS)
def test_arrays_are_sorted_and_searched_alike(board: str) -> None:
    interpreters.require(board)
    script = Path(__file__).with_name("ranks_device.py")
    told = [interpreters.run(name, script) for name in ("cpython", board)]
    assert [done.stderr for done in told] == [b"", b""]
    assert told[0].stdout == told[1].stdout
    assert told[0].stdout.endswith(b"TypeError\n")
