"""Numbers in C are those of the Python engine, bit for bit."""

import ctypes
import struct
from fractions import Fraction
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from tsme.errors import TsmeError
from tsme.program import wait
from tsme.values import binary64, cbor, numbers

from . import library

# The edges of each width, and what lies between integers and floats.
FLOATS = [0.0, -0.0, 5e-324, 2.0**-1022, 2.0**-1022 - 5e-324, 1.7976931348623157e308, 0.5, -0.5]
FLOATS += [2.0**n + d for n in (-24, -15, -14, 0, 15, 52, 53, 63) for d in (0, 2.0 ** (n - 10))]
FLOATS += [-(2.0**63), 65504.0, 65520.0, 2.0**-25, 2.0**-149, 2.0**-150, 3.4028234663852886e38]
FLOATS += [1.5, 2.5, -1.5, -2.5, 33.3, 99.9999999, 0.49999999999999994, -0.49999999999999994]
INTEGERS = [0, 1, -1, 2**53, 2**53 + 1, 2**63 - 1, -(2**63), 2**31, 23, 24, 255, 256, 65536]

floats = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(FLOATS)
integers = st.integers(-(2**63), 2**63 - 1) | st.sampled_from(INTEGERS)
halves = st.floats(width=16, allow_nan=False, allow_infinity=False)
any_number = floats | integers | halves | st.integers(-100, 100).map(lambda n: n / 2)


def exact(v: Any) -> Fraction:
    return Fraction(v)


@given(any_number)
def test_a_number_is_taken_apart_as_in_python(v: Any):
    made = library.number(cbor.encode(v))
    assert (bool(made.negative), made.mantissa, made.exponent) == tuple(numbers.parts(v))
    assert bool(made.whole) == isinstance(v, int)


@given(floats | halves)
def test_a_float_has_its_shortest_encoding_and_no_other(v: float):
    encoded = cbor.encode(v)
    bits = numbers.bits(v)
    assert library.load().tsme_float_bits(encoded) == bits
    out = ctypes.create_string_buffer(9)
    end = library.load().tsme_write_float(out, ctypes.c_uint64(bits))
    assert out.raw[: end - ctypes.addressof(out)] == encoded
    longer = {3: (">f", 0xFA), 5: (">d", 0xFB)}.get(len(encoded))
    assert library.load().tsme_is_float(encoded)
    if longer:
        form, first = longer
        assert not library.load().tsme_is_float(bytes([first]) + struct.pack(form, v))


@given(st.integers(0, 2**16 - 1))
def test_every_half_is_what_it_is_in_python(n: int):
    encoded = b"\xf9" + struct.pack(">H", n)
    finite = n >> 10 & 31 != 31
    assert library.load().tsme_is_float(encoded) == finite
    if finite:
        (v,) = struct.unpack(">e", struct.pack(">H", n))
        assert library.load().tsme_float_bits(encoded) == numbers.bits(v)


@given(st.integers(0, 2**32 - 1))
def test_every_single_is_one_only_where_nothing_shorter_is(n: int):
    encoded = b"\xfa" + struct.pack(">I", n)
    try:
        good = cbor.decode(encoded)[1] == 5
    except TsmeError:
        good = False
    assert library.load().tsme_is_float(encoded) == good


@given(any_number, any_number)
@example(2**53 + 1, 2.0**53)
@example(2**63 - 1, 2.0**63)
@example(0, -0.0)
def test_numbers_compare_exactly(a: Any, b: Any):
    x, y = (library.number(cbor.encode(v)) for v in (a, b))
    order = library.load().tsme_compare_numbers(ctypes.byref(x), ctypes.byref(y))
    assert (order > 0) - (order < 0) == (exact(a) > exact(b)) - (exact(a) < exact(b))


@given(any_number)
def test_rounding_is_to_the_nearest_halves_up(v: Any):
    out = ctypes.c_int64()
    made = ctypes.byref(library.number(cbor.encode(v)))
    expected = binary64.round_half_up(v)
    fits = numbers.INT_MIN <= expected <= numbers.INT_MAX
    assert library.load().tsme_round_number(made, ctypes.byref(out)) == fits
    assert not fits or out.value == expected
    whole = binary64.integral(v)
    fits = whole is not None and numbers.INT_MIN <= whole <= numbers.INT_MAX
    assert library.load().tsme_integral(made, ctypes.byref(out)) == fits
    assert not fits or out.value == whole


@given(st.floats(0, 100) | st.integers(0, 100) | st.sampled_from([0.0, -0.0, 5e-324, 33.3, 100.0]))
def test_percentages_become_the_same_millionths(v: Any):
    made = ctypes.byref(library.number(cbor.encode(v)))
    assert library.load().tsme_millionths(made) == wait.ppm(v)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(1, 2**31))
def test_products_and_quotients_of_64_bits(a: int, b: int, by: int):
    call = library.load()
    assert call.tsme_times(ctypes.c_uint64(a), ctypes.c_uint64(b)) == a * b % 2**64
    rest = ctypes.c_uint32()
    got = call.tsme_divide(ctypes.c_uint64(a), ctypes.c_uint32(by), ctypes.byref(rest))
    assert (got, rest.value) == divmod(a, by)
