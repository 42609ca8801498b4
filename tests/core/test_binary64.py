"""Arithmetic in C is that of IEEE 754: as CPython has it, bit for bit, on each kind of machine."""

import ctypes
import math
import random
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tsme.values import cbor

from . import batch, library, machine

BUILDS = ("clang64", "gcc32", "powerpc", "s390x")
EDGES = [0.0, 5e-324, 2.2250738585072014e-308, 2.225073858507201e-308, 1.7976931348623157e308]
EDGES += [1.0, 3.0, 0.1, 0.2, 0.5, 1.5, 2.5, 2.0**52 + 0.5, 2.0**53 - 1, 2.0**53, 2.0**63, 1e-300]
EDGES += [1e300, 2.0**1023, 4.0**-511, 0.49999999999999994, 4503599627370497.5]
EDGES += [-v for v in EDGES]
DOWN, UP, EVEN, WHOLE = range(5, 9)  # what comes behind the operations


def bits(v: float) -> int:
    """NaN is always the same one."""
    found: int = struct.unpack(">Q", struct.pack(">d", v))[0]
    return 0x7FF8000000000000 if math.isnan(v) else found


def of_bits(n: int) -> float:
    v: float = struct.unpack(">d", struct.pack(">Q", n))[0]
    return v


def some(rng: random.Random) -> float:
    """A number of a kind where rounding, underflow or cancellation is likely."""
    kind = rng.random()
    if kind < 0.1:
        return rng.choice(EDGES)
    if kind < 0.35:
        v = of_bits(rng.getrandbits(64))
        return v if math.isfinite(v) else 0.1
    if kind < 0.6:
        return rng.randint(-1000, 1000) / rng.choice([1, 2, 3, 4, 10])
    if kind < 0.8:
        return rng.uniform(-1, 1) * 2.0 ** rng.randint(-60, 60)
    size = math.ldexp(rng.getrandbits(53) | 1, rng.randint(-1100, -1000))
    return size if rng.random() < 0.5 else -size


def whole(way: int, a: float) -> int | None:
    """The integer that a number becomes; nothing: it stays as it is."""
    found = (math.floor(a), math.ceil(a), round(a), int(a))[way - DOWN]
    kept = abs(a) >= 2**53 or (way == WHOLE and found != a)
    return None if kept else found


def expected(operation: int, a: float, b: float) -> int:
    """The bits of the result, or those of an integer."""
    if operation >= DOWN:
        n = whole(operation, a)
        return bits(a) if n is None else n % 2**64
    if operation < 3:
        return bits((a + b, a - b, a * b)[operation])
    try:
        return bits(a / b if operation == 3 else math.fmod(a, b))
    except ValueError:  # fmod by 0
        return bits(math.nan)
    except ZeroDivisionError:
        sign = math.copysign(1, a) * math.copysign(1, b)
        return bits(math.copysign(math.inf, sign) if a else math.nan)


def operations(count: int, seed: int) -> Iterator[tuple[int, float, float]]:
    """Each pair of edges, and `count` random pairs, with all operations."""
    rng = random.Random(seed)
    pairs = [(a, b) for a in EDGES for b in EDGES]
    for _ in range(count):
        a = some(rng)
        near = rng.random() < 0.1  # so that nearly all bits cancel out
        b = of_bits(max(bits(a) + rng.randint(-3, 3), 0) % 2**64) if near else some(rng)
        pairs.append((a, b if math.isfinite(b) else a))
    for a, b in pairs:
        for operation in range(9):
            yield operation, a, b


def test_every_result_is_that_of_ieee_754():
    core = library.load()
    n = ctypes.c_int64()
    made = 0
    for operation, a, b in operations(30000, 1):
        x, y = ctypes.c_uint64(bits(a)), ctypes.c_uint64(bits(b))
        if operation < DOWN:
            found = core.tsme_compute(operation, x, y)
        else:
            kept = not core.tsme_to_whole(x, operation - DOWN, ctypes.byref(n))
            found = x.value if kept else n.value % 2**64
        want = expected(operation, a, b)
        assert found == want, (operation, a.hex(), b.hex(), hex(found), hex(want))
        made += 1
    assert made > 250000


@pytest.mark.parametrize("build", BUILDS)
def test_it_is_the_same_on_every_kind_of_machine(build: str, tmp_path: Path):
    batch.require(build)
    program = machine.BUILD / f"arithmetic-{build}"
    machine.make(str(program))
    given = bytearray()
    for operation, a, b in operations(6000, 2):
        want = expected(operation, a, b)
        given += struct.pack(">BQQQ", operation, bits(a), bits(b), want)
    path = tmp_path / "operations"
    path.write_bytes(given)
    command = [*batch.RUNNERS.get(build, []), str(program), str(path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, f"{len(given) // 25}\n")


def test_an_integer_is_the_nearest_binary64():
    rng = random.Random(3)
    numbers = [rng.getrandbits(rng.randint(1, 63)) for _ in range(20000)]
    numbers += [2**n + d for n in range(52, 63) for d in (-1, 0, 1, 2, 3)] + [2**63 - 1, 0]
    for n in numbers:
        for v in (n, -n):
            assert library.load().tsme_bits_of(cbor.encode(v)) == bits(float(v)), v


def test_what_is_whole_and_below_two_to_the_53_becomes_an_integer():
    rng = random.Random(4)
    numbers = EDGES + [some(rng) for _ in range(20000)]
    numbers += [float(s * (2**k + d)) for s in (1, -1) for k in range(54) for d in (-1, 0, 1)]
    out = ctypes.create_string_buffer(9)
    for v in numbers:
        end = library.load().tsme_write_binary64(out, ctypes.c_uint64(bits(v)))
        n = whole(WHOLE, v)
        assert out.raw[: end - ctypes.addressof(out)] == cbor.encode(v if n is None else n), v
