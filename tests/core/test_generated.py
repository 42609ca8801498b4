"""Ten thousand generated executions: Python and the C core make the same records, actions and end.

The core's run is checked for every wrong address and undefined operation; each of its steps is
undone once and made again, and behind each step it goes on from nothing but a checkpoint. The
module of CPython runs all of them too.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import interpreters

from . import batch, generated, machine

SCRIPT = Path(__file__).with_name("generated_board.py")
MEMORY = 200_000  # bytes of the module's
COUNT = 10_000
PARTS = 4  # run side by side


@pytest.fixture(autouse=True, scope="module")
def built() -> None:
    batch.require("gcc64")
    machine.make("batch")


def same(said: str, count: int) -> None:
    """Of a run of generated_board.py: all of them are."""
    lines = [line for line in said.splitlines() if line.startswith("generated: ")]
    assert [line.strip() for line in lines] == [f"generated: {count} same"], said[-3000:]


@pytest.mark.parametrize("number", range(PARTS))
def test_python_the_core_and_its_module_make_the_same(number: int, tmp_path: Path) -> None:
    size = COUNT // PARTS
    cases = list(generated.cases(size, number * size))
    interpreters.require("core")
    path = tmp_path / "module"
    path.write_bytes(b"".join(case.for_module() for case in cases))
    done = interpreters.run("core", SCRIPT, [path, str(MEMORY)], timeout=400)
    assert done.returncode == 0, done.stderr.decode()
    same(done.stdout.decode(), size)
    found = batch.run("gcc64", cases, tmp_path, flags=batch.AGAIN | batch.RESTORE)
    told = [answer.differs(case) for case, answer in zip(cases, found, strict=True)]
    assert [one for one in told if one] == []


def test_undoing_a_step_gives_all_its_memory_back(tmp_path: Path) -> None:
    """With just so much memory a step that is undone can be made again, if it could be made."""
    cases = [generated.case(seed) for seed in range(0, 3000, 50)]
    lacked = 0
    for memory in range(6000, 18000, 1500):
        ends = []
        for flags in (0, batch.AGAIN):
            found = batch.run("gcc64", cases, tmp_path, memory, flags)
            ends.append([(one.error, one.told, len(one.outcomes)) for one in found])
        assert ends[0] == ends[1], memory
        lacked += sum(error == "memory" for error, _, _ in ends[0])
    assert lacked > 10


def test_they_go_on_from_checkpoints_of_one_another(tmp_path: Path) -> None:
    """What the core makes of a checkpoint of Python's; that they have the same bytes is above."""
    cases = [case.rest() for case in generated.cases(600) if case.middle[0]]
    assert len(cases) > 100
    found = batch.run("gcc64", cases, tmp_path)
    told = [answer.differs(case) for case, answer in zip(cases, found, strict=True)]
    assert [one for one in told if one] == []


def test_the_ten_thousand_are_worth_running() -> None:
    """Of a sample: every kind of state, every kind of end, odd numbers, Map in Parallel in Map."""
    text = "".join(generated.show(seed) for seed in range(600))
    for kind in ("Pass", "Task", "Choice", "Wait", "Succeed", "Fail", "Parallel", "Map"):
        assert text.count(f'"Type": "{kind}"') > 50, kind
    for word in (
        "Retry",
        "Catch",
        "InputPath",
        "OutputPath",
        "ResultPath",
        "Parameters",
        "Assign",
    ):
        assert text.count(f'"{word}"') > 30, word
    for word in ("ResultSelector", "ItemSelector", "MaxConcurrency", "JitterStrategy", "$$."):
        assert word in text, word
    numbers = ("-0.0", "5e-324", str(2**53 + 1), str(2**63 - 1), "3.4028234663852886e+38")
    for number in numbers:
        assert number in text, number
    assert any(nested(json.loads(generated.show(seed))) for seed in range(0, 2000, 10))
    cases = list(generated.cases(600))
    ends = {case.checkpoint for case in cases}
    assert len(ends) > 500
    assert sum(isinstance(one, str) for case in cases for one in case.outcomes) > 20
    assert sum(case.calls != [] for case in cases) > 100
    assert sum(case.inputs != [] and len(case.inputs) > 8 for case in cases) > 50


def nested(machine: object, inside: str = "") -> bool:
    """Whether there is a Map in a Parallel in a Map."""
    if isinstance(machine, list):
        return any(nested(one, inside) for one in machine)
    if not isinstance(machine, dict):
        return False
    if machine.get("Type") in ("Map", "Parallel"):
        inside += str(machine["Type"])
    return "MapParallelMap" in inside or any(nested(one, inside) for one in machine.values())
