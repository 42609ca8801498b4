"""Expressions in C give the records that Python's give, on every kind of machine."""

from __future__ import annotations

from pathlib import Path

import pytest

from . import batch, expressions, machine, outside

COUNT = 1000
FEW = 300  # where each instruction is emulated, or each chance to collect taken
# Functions in values, in iterators and in sorters, which a collection has to know there.
FUNCTIONS = [
    f"($mk := function($n) {{ function() {{ $n }} }}; {text})"
    for text in (
        "$fs := $append($mk(1), $mk(2)); $d := [$mk(3), $mk(4)]; $f := $fs[1]; $g := $fs[0];"
        " [$f(), $g(), $count($fs)]",
        "$mk(1).($d := [$mk(3), $mk(4)]; $f := $; $f())",
        "$mk(1)[($d := [$mk(3), $mk(4)]; $f := $; $f() = 1)]()",
        "$map($mk(1), function($f) { ($d := [$mk(3), $mk(4)]; $f()) })",
        "$f := $mk(1)^(($d := [$mk(3), $mk(4)]; $f := $; $f())); $f()",
        "$fs := $append($mk(1), [$sum]); $string($fs) & $pad('', 300) & $string([$fs, $fs])",
        "$append($mk(1), $mk(2)) = $append($mk(1), 1)",
        "$f := $count($mk(1)); $g := $mk(2); $h := [$mk(1), $g][1]; $h() + $f",
    )
]
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
    left = [case for case in cases if any(one[0] == outside.EVALUATE for one in case.calls)]
    assert len(cases) > COUNT * 0.95
    assert len(left) < len(cases) * 0.5


@pytest.mark.parametrize("build", ["gcc64", "gcc64-stress", "gcc32"])
def test_functions_live_as_long_as_something_has_them(build: str, tmp_path: Path) -> None:
    batch.require(build)
    machine.make(str(machine.BUILD / f"batch-{build}"))
    cases = [case for text in FUNCTIONS if (case := expressions.written(text, text, {}))]
    assert len(cases) == len(FUNCTIONS)
    found = batch.run(build, cases, tmp_path, flags=batch.AGAIN | batch.RESTORE)
    told = [answer.differs(case) for case, answer in zip(cases, found, strict=True)]
    assert [one for one in told if one] == []
