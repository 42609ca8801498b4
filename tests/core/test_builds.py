"""Every compiler's core, on every kind of machine, writes the records that Python writes.

gcc and clang, 32 and 64 bit, the high byte first and last, on a Cortex-M3; with every wrong
address and every undefined operation an error, and each step undone and made again.
"""

from __future__ import annotations

import functools
from collections import Counter
from pathlib import Path

import pytest

from . import batch, generated, machine

SMALL = 9_000  # bytes of memory: most of what is larger than a few values has to be collected
COUNT = 300  # generated executions for each build
LACKS = ("bounded",)  # cases with inputs that the core does not know


@pytest.fixture(autouse=True, scope="module")
def built() -> None:
    for build in batch.BUILDS:
        batch.require(build)
    machine.make("batch")


@functools.cache
def cases() -> list[batch.Case]:
    corpus = [case for case in generated.corpus() if case.name not in LACKS]
    return [*corpus, *generated.cases(COUNT)]


@pytest.mark.parametrize("build", [*batch.BUILDS, "m3"])
def test_every_build_writes_the_records_of_the_kernel(build: str, tmp_path: Path) -> None:
    """What it cannot do it refuses, by name, and every build the same."""
    ended = Counter(
        batch.judge(case, answer)
        for case, answer in zip(
            cases(), batch.run(build, cases(), tmp_path, flags=batch.AGAIN), strict=True
        )
    )
    assert ended["same"] > len(cases()) // 6, ended


@pytest.mark.parametrize("build", batch.BUILDS)
def test_with_little_memory_it_writes_the_same_or_says_so(build: str, tmp_path: Path) -> None:
    collected = batch.run(build, cases(), tmp_path, SMALL)
    ended = Counter(
        batch.judge(case, answer) for case, answer in zip(cases(), collected, strict=True)
    )
    assert ended["same"] > len(cases()) // 6, ended


def test_an_answer_with_another_byte_is_told(tmp_path: Path) -> None:
    case = next(case for case in cases() if case.name == "loop-in-steps")
    answer = batch.run("gcc64", [case], tmp_path)[0]
    assert answer.differs(case) == ""
    wrong = bytearray(case.records[1] or b"")
    wrong[-1] ^= 1
    changed = batch.Case(case.name, case.program, case.inputs, [case.records[0], bytes(wrong)])
    assert "step 1: " in answer.differs(changed)
    changed.records = case.records[:-1]
    assert "steps and not" in answer.differs(changed)


def test_every_big_endian_build_is_one(tmp_path: Path) -> None:
    """Its file says so, so that nobody compares a machine with itself."""
    for build, words in (("powerpc", 1), ("s390x", 2)):
        head = (machine.BUILD / f"batch-{build}").read_bytes()[:6]
        assert head == b"\x7fELF" + bytes((words, 2))
    for build, words in (("gcc32", 1), ("clang32", 1), ("gcc64", 2), ("clang64", 2)):
        head = (machine.BUILD / f"batch-{build}").read_bytes()[:6]
        assert head == b"\x7fELF" + bytes((words, 1))
