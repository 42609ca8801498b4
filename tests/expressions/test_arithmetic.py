"""Arithmetic is that of binary64 on every interpreter, also where floats are narrow."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests import interpreters
from tests.expressions.calling import NAMES
from tests.firmware import reference
from tsme.program.expressions import arithmetic, doubles
from tsme.values.cbor import decode, encode

SCRIPT = interpreters.ROOT / "tests" / "expressions" / "arithmetic_device.py"
numbers = reference.numbers | st.integers(-20, 20)
_OPERATIONS = ("add", "subtract", "multiply", "divide", "remainder")
VALUES = [0, 1, -1, 3, 7, 2**53 - 1, 2**53, -(2**53), 2**63 - 1, 0.1, 0.2, 0.3, -2.5, 1e16, 1e-300]
VALUES += [1e308, 1.7976931348623157e308, 5e-324, 2.2250738585072014e-308, 1 / 3, 123456.789]
VALUES += [1e22, 4503599627370497.5, -7.25, 1e-7]


def wanted(name: str, a: Any, b: Any) -> float:
    """What the processor makes of it."""
    a, b = float(a), float(b)
    if name in ("divide", "remainder") and b == 0:
        return math.nan if a == 0 or name == "remainder" else math.copysign(math.inf, a)
    if name == "divide":
        return a / b
    if name == "remainder":
        return math.fmod(a, b)
    return {"add": a + b, "subtract": a - b, "multiply": a * b}[name]


def same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


@pytest.mark.parametrize("name", _OPERATIONS)
@given(numbers, numbers)
@example(2**53 - 1, 1)
@example(1e308, 10)
@example(5e-324, 0.5)
@example(7, -2)
def test_two_numbers_give_the_nearest(name: str, a: Any, b: Any) -> None:
    if name in ("divide", "remainder") and b == 0 and a != 0:
        return  # the sign of a zero: below
    got = getattr(arithmetic, name)(a, b)
    known = wanted(name, a, b)
    assert same(float(got), known)
    assert (type(got) is int) == (math.isfinite(known) and known % 1 == 0 and abs(known) < 2**53)


def test_division_by_zero_gives_infinities() -> None:
    assert arithmetic.divide(1, 0) == math.inf
    assert arithmetic.divide(-1, 0) == -math.inf
    assert arithmetic.is_nan(arithmetic.divide(0, 0))
    assert arithmetic.is_nan(arithmetic.remainder(5, 0))
    assert arithmetic.divide(1, -0.0) == -math.inf


def test_infinities_go_on_as_in_javascript() -> None:
    inf = arithmetic.INFINITY
    assert arithmetic.add(inf, 1) == inf
    assert arithmetic.is_nan(arithmetic.subtract(inf, inf))
    assert arithmetic.is_nan(arithmetic.multiply(inf, 0))
    assert arithmetic.divide(5, inf) == 0
    assert arithmetic.remainder(5, inf) == 5
    assert doubles.negate(inf) == -inf
    assert (arithmetic.compare(1, inf), arithmetic.compare(inf, -inf)) == (-1, 1)
    assert arithmetic.compare(arithmetic.NAN, 1) is None


@pytest.mark.parametrize("name", [name for name in NAMES if name != "cpython"])
def test_every_interpreter_gives_the_same_bits(name: str) -> None:
    interpreters.require(name)
    data = encode(VALUES).hex().encode()
    run = interpreters.run(name, SCRIPT, stdin=data, timeout=300)
    assert run.returncode == 0, run.stderr.decode()[-2000:]
    rows = [decode(bytes.fromhex(line))[0] for line in run.stdout.decode().split()]
    pairs = [(operation, a) for operation in _OPERATIONS for a in VALUES]
    for (operation, a), row in zip(pairs, rows, strict=True):
        for b, got in zip(VALUES, row, strict=True):
            known = wanted(operation, a, b)
            seen = float(got) if not isinstance(got, str) else float(got.lower())
            assert same(seen, known), (operation, a, b, got)
            whole = math.isfinite(known) and known % 1 == 0 and abs(known) < 2**53
            assert isinstance(got, int) == whole, (operation, a, b, got)
