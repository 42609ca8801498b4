"""The laws hold for relational machines: same bytes, all or nothing, restored from state alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import interpreters
from tests.relational.lives import life
from tests.relational.machines import Valve
from tsme.errors import LimitError
from tsme.kernel import Kernel, State
from tsme.kernel.limits import LIMITS
from tsme.kernel.rejected import Rejected
from tsme.relational import Relational
from tsme.values import cbor

DEVICE = Path(__file__).with_name("life_device.py")
SEEDS = range(40)


def test_lives_are_worth_running() -> None:
    lives = [life(seed) for seed in SEEDS]
    assert sum(any(isinstance(item, str) for item in one) for one in lives) > len(SEEDS) // 2
    assert len({len(one) for one in lives}) > 5
    assert max(len(one[-1]) for one in lives) > 150


@pytest.mark.parametrize("board", ["micropython", "micropython32", "micropythonf32"])
def test_every_interpreter_writes_the_same_bytes(board: str, tmp_path: Path) -> None:
    interpreters.require(board)
    given, taken = tmp_path / "given", tmp_path / "taken"
    given.write_bytes(cbor.encode(list(SEEDS)))
    done = interpreters.run(board, DEVICE, [given, taken], timeout=600, heap="2m")
    assert done.returncode == 0, done.stderr.decode()
    data, at = taken.read_bytes(), 0
    for seed in SEEDS:
        got, at = cbor.decode(data, at, True)
        assert got == life(seed), f"{board}, seed {seed}"
    assert at == len(data)


def test_what_a_checkpoint_has_is_all_there_is() -> None:
    for seed in SEEDS:
        assert life(seed, restore=True) == life(seed)


def test_a_step_that_is_rejected_leaves_everything_as_it_was() -> None:
    for seed in SEEDS:
        assert "it has happened" not in life(seed)


class Full:
    states: Any = (("A", {"multi": True}), ("B", {}))
    budget = 8

    def AState(m: Any) -> None:
        m.data["kept"] = "x" * m.args["size"]
        m.add("B")


def started(machine: Any) -> tuple[Kernel, State]:
    client = Relational(machine)
    kernel = Kernel(client)
    event = (1, 1000, 1, client.program.digest, 1, None, None, 1)
    return kernel, kernel.step(State(), event).state


def test_a_step_beyond_a_limit_has_not_happened() -> None:
    kernel, state = started(Full)
    before = kernel.checkpoint(state)
    with pytest.raises(LimitError):
        kernel.step(state, (8, 1001, {"add": ["A"], "args": {"size": LIMITS["state_bytes"]}}))
    assert kernel.checkpoint(state) == before
    after = kernel.step(state, (8, 1002, {"add": ["A"], "args": {"size": 3}})).state
    assert after.client.data == {"kept": "xxx"}


class Endless:
    states: Any = (("A", {}), ("B", {}))
    budget = 5

    def AState(m: Any) -> None:
        m.add("B")
        m.remove("A")

    def AEnd(m: Any) -> None:
        m.add("A")


def test_what_has_no_end_is_cut_into_steps_and_goes_on() -> None:
    kernel, state = started(Endless)
    step = kernel.step(state, (8, 1001, {"add": ["A"]}))
    assert kernel.work == 5
    for n in range(4):
        assert kernel.client.runnable(step.state.client)
        step = kernel.step(step.state, (0, 1002 + n))
        assert kernel.work == 5
    assert step.state.client.queue_tick > 20


def test_a_signal_that_finds_a_queue_waits_in_it() -> None:
    kernel, state = started(Endless)
    step = kernel.step(state, (8, 1001, {"add": ["A"]}))
    assert step.state.client.result == "executed"
    queued = len(step.state.client.queue)
    step = kernel.step(step.state, (8, 1002, {"set": ["B"], "args": {"n": 1}}))
    assert step.state.client.result in ("executed", "queued")
    assert queued > 0


def test_an_unknown_state_is_an_error_of_whoever_asks() -> None:
    kernel, state = started(Valve)
    with pytest.raises(Rejected, match="TSME-M017: Valve has no state Opne"):
        kernel.step(state, (8, 1001, {"add": ["Opne"]}))
