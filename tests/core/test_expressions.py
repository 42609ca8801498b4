"""Expressions in C give the records that Python's give, on every kind of machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import batch, expressions, machine

COUNT = 1000
FEW = 300  # where each instruction is emulated, or each chance to collect taken
BUILDS = ("gcc64", "gcc64-stress", "gcc32", "powerpc", "s390x")


@pytest.fixture(scope="module")
def cases() -> list[batch.Case]:
    batch.require("gcc64")
    return list(expressions.cases(range(COUNT)))


@pytest.mark.parametrize("build", BUILDS)
def test_records_are_those_of_python(build: str, cases: list[batch.Case], tmp_path: Path) -> None:
    batch.require(build)
    machine.make(str(machine.BUILD / f"batch-{build}"))
    count = COUNT if build == "gcc64" else FEW
    flags = batch.AGAIN | batch.RESTORE
    found = batch.run(build, cases[:count], tmp_path, flags=flags)
    told = [answer.differs(case) for case, answer in zip(cases, found, strict=False)]
    assert [one for one in told if one] == []


def test_most_are_evaluated_in_c(cases: list[batch.Case]) -> None:
    left = [case for case in cases if any(one[0] == expressions.EVALUATE for one in case.calls)]
    assert len(cases) > COUNT * 0.95
    assert len(left) < len(cases) * 0.5
