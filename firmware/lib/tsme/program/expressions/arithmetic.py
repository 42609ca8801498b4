# Arithmetic of expressions (docs/SPEC.md, 2.16, Numbers): binary64 as JavaScript has it, the same
# on every interpreter.  What is whole and below 2^53 is an int; infinities and NaN are numbers.
import struct

try:
    from math import sqrt as root
except ImportError:
    root = None

from ...values.digits import bit_length, round_bits
from ...values.numbers import F64, INT_MAX, INT_MIN, WIDE, Float, bits, from_bits, parts
from ...values.numbers import compare as finite_order

float = Float
int, type = int, type  # found sooner by MicroPython
_BIG = 1 << 53  # integers below it are binary64s, and their sums and products exact
_INF = 0x7FF << 52


def _native(a):
    # Do this interpreter's floats round as IEEE's do, once, and denormals too?  An x87's do not.
    least = struct.unpack("<d", b"\1\0\0\0\0\0\0\0")[0]
    return a + 2.9999 == a + 2.0 and struct.pack("<d", least + least)[0] == 2


NATIVE = WIDE and _native(1e16)
if WIDE:
    INFINITY = struct.unpack("<d", struct.pack("<Q", _INF))[0]
    NEGATIVE = -INFINITY
    NAN = INFINITY - INFINITY
else:
    INFINITY = F64(_INF)
    NEGATIVE = F64(_INF | 1 << 63)
    NAN = F64(_INF | 1 << 51)


def is_finite(v):
    t = type(v)
    if t is int:
        return True
    return v - v == 0 if WIDE else t is not F64 or v.bits & _INF != _INF


def is_nan(v):
    if WIDE:
        return v != v
    return type(v) is F64 and v.bits & ((1 << 63) - 1) > _INF


def negative(v):
    # Does it have a minus?  -0.0 has.
    if type(v) is int:
        return v < 0
    if WIDE:
        return v < 0 or v == 0 and bits(v) >> 63 != 0
    return (v.bits if type(v) is F64 else bits(v)) >> 63 != 0


def is_zero(v):
    return v == 0 if type(v) is int or WIDE else not (type(v) is F64 or v != 0)


def compare(a, b):
    # -1, 0 or 1, exactly; None if one of them is NaN, which is neither
    if type(a) is int and type(b) is int:
        return (a > b) - (a < b)
    if WIDE and type(a) is float and type(b) is float:
        return (a > b) - (a < b) if a == a and b == b else None
    if is_nan(a) or is_nan(b):
        return None
    if is_finite(a) and is_finite(b):
        return finite_order(a, b)
    return _rank(a) - _rank(b) and (1 if _rank(a) > _rank(b) else -1)


def _rank(v):
    return 0 if is_finite(v) else -1 if negative(v) else 1


def settled(v):
    # a number that was computed, as the law wants it
    if type(v) is int:
        return v if -_BIG < v < _BIG else nearest(v)
    if WIDE:
        if -9007199254740992.0 < v < 9007199254740992.0:
            n = int(v)
            return n if n == v else v
        return v
    if not is_finite(v):
        return v
    return _made(*parts(v))


def nearest(v):
    # the binary64 of an int
    if -_BIG < v < _BIG:
        return v
    return from_bits(round_bits(v < 0, -v if v < 0 else v, 0))


def double(v):
    # a native float, of a number that is finite
    return float(v if type(v) is float or -_BIG <= v <= _BIG else nearest(v))


def of_parts(neg, m, e):
    # the number nearest to m * 2**e
    if not m:
        return 0
    return _made(neg, m, e)


def _made(neg, m, e):
    if e < 0 and bit_length(m) + e <= 53:
        whole = m >> -e
        if whole << -e == m and whole < _BIG:
            return -whole if neg else whole
    elif 0 <= e < 64 and m << e < _BIG:
        return -(m << e) if neg else m << e
    n = round_bits(neg, m, e)
    if n is None:
        return NEGATIVE if neg else INFINITY
    v = from_bits(n)
    if e < 0:  # rounding may have made it whole
        neg, m, e = parts(v)
        if -53 < e <= 0:
            whole = m >> -e
            if whole << -e == m:
                return -whole if neg else whole
    return v if m else 0


def negate(v):
    if type(v) is int:
        return settled(-v)
    if type(v) is F64 or not WIDE:
        n = (v.bits if type(v) is F64 else bits(v)) ^ 1 << 63
        return F64(n) if n & _INF == _INF else settled(from_bits(n))
    return settled(-v)


def add(a, b):
    if type(a) is int and type(b) is int and -_BIG < a < _BIG and -_BIG < b < _BIG:
        c = a + b
        return c if -_BIG < c < _BIG else nearest(c)
    if NATIVE:
        return settled(double(a) + double(b))
    if not is_finite(a) or not is_finite(b):
        if is_nan(a) or is_nan(b):
            return NAN
        if is_finite(a):
            return b
        return NAN if not is_finite(b) and negative(a) != negative(b) else a
    na, ma, ea = _parts(a)
    nb, mb, eb = _parts(b)
    if ea > eb:
        ma <<= ea - eb
        ea = eb
    else:
        mb <<= eb - ea
    ma = (-ma if na else ma) + (-mb if nb else mb)
    return of_parts(ma < 0, -ma if ma < 0 else ma, ea)


def _parts(v):
    return parts(nearest(v) if type(v) is int else v)


def subtract(a, b):
    if type(a) is int and type(b) is int and -_BIG < a < _BIG and -_BIG < b < _BIG:
        c = a - b
        return c if -_BIG < c < _BIG else nearest(c)
    if NATIVE:
        return settled(double(a) - double(b))
    return add(a, negate(b))


def multiply(a, b):
    if type(a) is int and type(b) is int and -_BIG < a < _BIG and -_BIG < b < _BIG:
        c = a * b
        return c if -_BIG < c < _BIG else nearest(c)
    if NATIVE:
        return settled(double(a) * double(b))
    neg = negative(a) != negative(b)
    if not is_finite(a) or not is_finite(b):
        if is_nan(a) or is_nan(b) or is_zero(a) or is_zero(b):
            return NAN
        return NEGATIVE if neg else INFINITY
    _, ma, ea = _parts(a)
    _, mb, eb = _parts(b)
    return of_parts(neg, ma * mb, ea + eb)


def divide(a, b):
    if type(a) is int and type(b) is int and b and -_BIG < a < _BIG:
        c = a // b
        if c * b == a:
            return c
    if is_nan(a) or is_nan(b):
        return NAN
    neg = negative(a) != negative(b)
    if not is_finite(a):
        return NAN if not is_finite(b) else NEGATIVE if neg else INFINITY
    if is_zero(b):
        return NAN if is_zero(a) else NEGATIVE if neg else INFINITY
    if not is_finite(b):
        return 0
    if NATIVE:
        return settled(double(a) / double(b))
    _, ma, ea = _parts(a)
    _, mb, eb = _parts(b)
    return quotient(neg, ma, mb, ea - eb)


def quotient(neg, m, d, e):
    # the number nearest to m / d * 2**e
    shift = bit_length(d) - bit_length(m) + 56
    if shift < 0:
        shift = 0
    q = (m << shift) // d
    sticky = 0 if q * d == m << shift else 1
    return of_parts(neg, q << 1 | sticky, e - shift - 1)


def remainder(a, b):
    # with the sign of the dividend; exact
    if is_nan(a) or is_nan(b) or not is_finite(a) or is_zero(b):
        return NAN
    if not is_finite(b):
        return settled(a)
    na, ma, ea = _parts(a)
    _, mb, eb = _parts(b)
    if ea > eb:
        ma <<= ea - eb
        ea = eb
    else:
        mb <<= eb - ea
    return of_parts(na, ma % mb, ea)


def whole(v, low=INT_MIN, high=INT_MAX):
    # the int that a finite number is, cut towards zero and kept between two; 0 for NaN
    if type(v) is not int:
        if not is_finite(v):
            v = 0 if is_nan(v) else low if negative(v) else high
        else:
            neg, m, e = parts(v)
            m = m << e if e >= 0 else m >> -e
            v = -m if neg else m
    return low if v < low else high if v > high else v
