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
EDGES += [math.inf, 1e300, 2.0**1023, 4.0**-511, 0.49999999999999994, 4503599627370497.5]
EDGES = EDGES + [-v for v in EDGES] + [math.nan]
FLOOR, ROUND = 5, 6


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
        return of_bits(rng.getrandbits(64))
    if kind < 0.6:
        return rng.randint(-1000, 1000) / rng.choice([1, 2, 3, 4, 10])
    if kind < 0.8:
        return rng.uniform(-1, 1) * 2.0 ** rng.randint(-60, 60)
    size = math.ldexp(rng.getrandbits(53) | 1, rng.randint(-1100, -1000))
    return size if rng.random() < 0.5 else -size


def expected(operation: int, a: float, b: float) -> float:
    if operation == FLOOR:
        return a if not math.isfinite(a) or not a else math.copysign(math.floor(a), a)
    if operation == ROUND:
        return a if not math.isfinite(a) else math.copysign(round(a), a)
    if operation < 3:
        return (a + b, a - b, a * b)[operation]
    try:
        return a / b if operation == 3 else math.fmod(a, b)
    except ValueError:  # fmod of an infinity, or by 0
        return math.nan
    except ZeroDivisionError:
        sign = math.copysign(1, a) * math.copysign(1, b)
        return math.copysign(math.inf, sign) if a and not math.isnan(a) else math.nan


def operations(count: int, seed: int) -> Iterator[tuple[int, float, float]]:
    """Each pair of edges, and `count` random pairs, with all operations."""
    rng = random.Random(seed)
    pairs = [(a, b) for a in EDGES for b in EDGES]
    for _ in range(count):
        a = some(rng)
        near = rng.random() < 0.1  # so that nearly all bits cancel out
        pairs.append((a, of_bits((bits(a) + rng.randint(-3, 3)) % 2**64) if near else some(rng)))
    for a, b in pairs:
        for operation in range(7):
            yield operation, a, b


def test_every_result_is_that_of_ieee_754():
    compute = library.load().tsme_compute
    rounded = {FLOOR: library.load().tsme_floor, ROUND: library.load().tsme_round_even}
    made = 0
    for operation, a, b in operations(30000, 1):
        x, y = ctypes.c_uint64(bits(a)), ctypes.c_uint64(bits(b))
        found = rounded[operation](x) if operation in rounded else compute(operation, x, y)
        want = bits(expected(operation, a, b))
        assert found == want, (operation, a.hex(), b.hex(), hex(found), hex(want))
        made += 1
    assert made > 200000


@pytest.mark.parametrize("build", BUILDS)
def test_it_is_the_same_on_every_kind_of_machine(build: str, tmp_path: Path):
    batch.require(build)
    program = machine.BUILD / f"arithmetic-{build}"
    machine.make(str(program))
    given = bytearray()
    for operation, a, b in operations(6000, 2):
        want = bits(expected(operation, a, b))
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
    numbers = [v for v in EDGES if math.isfinite(v)] + [some(rng) for _ in range(20000)]
    numbers += [float(s * (2**k + d)) for s in (1, -1) for k in range(54) for d in (-1, 0, 1)]
    out = ctypes.create_string_buffer(9)
    for v in numbers:
        if not math.isfinite(v):
            continue
        end = library.load().tsme_write_binary64(out, ctypes.c_uint64(bits(v)))
        whole = v == int(v) and abs(v) < 2**53
        assert out.raw[: end - ctypes.addressof(out)] == cbor.encode(int(v) if whole else v), v
