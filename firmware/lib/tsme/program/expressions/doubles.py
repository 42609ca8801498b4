# Numbers of expressions by their parts, with integers alone: what arithmetic.py leaves.
try:
    from math import fmod
    from math import sqrt as root
except ImportError:
    fmod = root = None

from ...values.digits import bit_length, round_bits
from ...values.numbers import F64, INT_MAX, INT_MIN, WIDE, bits, from_bits, parts
from ...values.numbers import compare as finite_order
from .finite import INFINITY, NAN, NATIVE, NEGATIVE, is_finite, is_nan

_BIG = 1 << 53
_INF = 0x7FF << 52


def negative(v):
    # Does it have a minus?  -0.0 has.
    if type(v) is int:
        return v < 0
    if WIDE:
        return v < 0 or v == 0 and bits(v) >> 63 != 0
    return (v.bits if type(v) is F64 else bits(v)) >> 63 != 0


def is_zero(v):
    return v == 0 if type(v) is int or WIDE else not (type(v) is F64 or v != 0)


def order(a, b):
    if is_nan(a) or is_nan(b):
        return None
    if is_finite(a) and is_finite(b):
        return finite_order(a, b)
    a, b = _rank(a), _rank(b)
    return (a > b) - (a < b)


def _rank(v):
    return 0 if is_finite(v) else -1 if negative(v) else 1


def lawful(v):
    # a number that was computed, as the law wants it
    if type(v) is int:
        return nearest(v)
    return _made(*parts(v)) if is_finite(v) else v


def nearest(v):
    # the binary64 of an int
    if -_BIG < v < _BIG:
        return v
    n = round_bits(v < 0, -v if v < 0 else v, 0)
    if n is None:
        return NEGATIVE if v < 0 else INFINITY
    return from_bits(n)


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
        return lawful(-v)
    if type(v) is F64 or not WIDE:
        n = (v.bits if type(v) is F64 else bits(v)) ^ 1 << 63
        return F64(n) if n & _INF == _INF else lawful(from_bits(n))
    return lawful(-v)


def _parts(v):
    return parts(nearest(v) if type(v) is int else v)


def sum_of(a, b):
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


def difference(a, b):
    return sum_of(a, negate(b))


def product(a, b):
    neg = negative(a) != negative(b)
    if not is_finite(a) or not is_finite(b):
        if is_nan(a) or is_nan(b) or is_zero(a) or is_zero(b):
            return NAN
        return NEGATIVE if neg else INFINITY
    _, ma, ea = _parts(a)
    _, mb, eb = _parts(b)
    return of_parts(neg, ma * mb, ea + eb)


def ratio(a, b):
    if is_nan(a) or is_nan(b):
        return NAN
    neg = negative(a) != negative(b)
    if not is_finite(a):
        return NAN if not is_finite(b) else NEGATIVE if neg else INFINITY
    if is_zero(b):
        return NAN if is_zero(a) else NEGATIVE if neg else INFINITY
    if not is_finite(b):
        return 0
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


def rest_of(a, b):
    if is_nan(a) or is_nan(b) or not is_finite(a) or is_zero(b):
        return NAN
    if not is_finite(b):
        return lawful(a)
    if NATIVE and fmod:
        a = nearest(a) if type(a) is int else a
        return lawful(fmod(a, nearest(b) if type(b) is int else b))
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
