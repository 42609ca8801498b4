"""Every compiler's core, on every kind of machine, writes the records that Python writes.

gcc and clang, 32 and 64 bit, the high byte first and last, on a Cortex-M3; with every wrong
address and every undefined operation an error, and each step undone and made again.
"""

from __future__ import annotations

import functools
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from tsme.program import Program, opcodes

from . import batch, generated, machine

MIGRATE = "migrate"  # what the core refuses: the Python engine makes that step
SMALL = 20_000  # bytes of memory: most of what is larger than a few values has to be collected
COUNT = 300  # generated executions for each build


@pytest.fixture(autouse=True, scope="module")
def built() -> None:
    for build in batch.BUILDS:
        batch.require(build)
    machine.make("batch")


@functools.cache
def cases() -> list[batch.Case]:
    return [*generated.corpus(), *generated.cases(COUNT)]


def has_expressions(case: batch.Case) -> bool:
    return bool(Program(case.program).needs & opcodes.NEEDS_EXPRESSION)


@pytest.mark.parametrize("build", [*batch.BUILDS, "m3"])
def test_every_build_writes_the_records_of_the_kernel(build: str, tmp_path: Path) -> None:
    # The smallest build asks for other evaluations than those that were noted: test_small.py.
    mine = [case for case in cases() if build != "m3" or not has_expressions(case)]
    answers = batch.run(build, mine, tmp_path, flags=batch.AGAIN)
    ended = Counter(map(batch.judge, mine, answers))
    assert set(ended) <= {"same", MIGRATE}, ended
    assert ended["same"] > COUNT + 50


@pytest.mark.parametrize("build", batch.BUILDS)
def test_from_checkpoints_alone_and_with_little_memory_it_writes_the_same(
    build: str, tmp_path: Path
) -> None:
    collected = batch.run(build, cases(), tmp_path, SMALL, batch.RESTORE)
    ended = Counter(
        batch.judge(case, answer) for case, answer in zip(cases(), collected, strict=True)
    )
    assert set(ended) <= {"same", "memory", "a checkpoint cannot be restored", MIGRATE}, ended
    assert ended["same"] > COUNT


def test_an_answer_with_another_byte_is_told(tmp_path: Path) -> None:
    case = next(case for case in cases() if case.name == "loop-in-steps")
    answer = batch.run("gcc64", [case], tmp_path)[0]
    assert answer.differs(case) == ""
    first, second = case.outcomes[:2]
    assert not isinstance(second, str)
    record, actions = second
    wrong = record[:-1] + bytes([record[-1] ^ 1])
    changed = replace(case, outcomes=[first, (wrong, actions)])
    assert "step 1: " in answer.differs(changed)
    changed.outcomes[1] = (record, b"\x81\x01")
    assert "step 1: with the actions 80 and not with the actions 8101" in answer.differs(changed)
    assert "steps and not" in answer.differs(replace(case, outcomes=case.outcomes[:-1]))
    assert "the checkpoint" in answer.differs(replace(case, checkpoint=b"\x80"))


def test_every_big_endian_build_is_one(tmp_path: Path) -> None:
    """Its file says so, so that nobody compares a machine with itself."""
    for build, words in (("powerpc", 1), ("s390x", 2)):
        head = (machine.BUILD / f"batch-{build}").read_bytes()[:6]
        assert head == b"\x7fELF" + bytes((words, 2))
    for build, words in (("gcc32", 1), ("clang32", 1), ("gcc64", 2), ("clang64", 2)):
        head = (machine.BUILD / f"batch-{build}").read_bytes()[:6]
        assert head == b"\x7fELF" + bytes((words, 1))
