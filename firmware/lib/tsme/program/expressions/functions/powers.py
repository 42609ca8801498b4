# power: exact, then rounded once; by integers alone.
from ....values import MISSING
from ....values.digits import bit_length
from ....values.numbers import parts
from .. import arithmetic, doubles
from ..arithmetic import INFINITY, NAN, NEGATIVE, is_finite, is_nan
from ..doubles import is_zero, negative, of_parts, quotient
from ..values import ExpressionError

_EXACT = 4096  # bits of a power that is worked out in full
_BITS = 192  # of what is not: three times what a number has, and what its exponent takes


def _whole(v):
    # the int that a finite number is, or None
    if type(v) is int:
        return v
    neg, m, e = parts(v)
    if e < 0:
        if m & (1 << -e) - 1:
            return None
        m >>= -e
    else:
        m <<= e
    return -m if neg else m


def _logarithm(m, one):
    # ln(m / one), both large, from 0.7 to 1.5: twice atanh((m - one) / (m + one)), to `one`
    z = (m - one) * one // (m + one)
    square = z * z // one
    total = 0
    n = 1
    while z:
        total += z // n
        z = z * square // one
        if z == -1:
            break
        n += 2
    return 2 * total


def _exponential(r, one):
    # e to the power of r / one, to `one`
    r >>= 8
    term = total = one
    n = 1
    while term:
        term = term * r // (one * n)
        total += term
        n += 1
    for _ in range(8):
        total = total * total // one
    return total


def _general(m, e, y, neg):
    # (m * 2**e) ** y
    _, my, ey = parts(y)
    bits = _BITS + max(bit_length(my) + ey, 0)
    one = 1 << bits
    size = bit_length(m)
    f = m << bits - size
    e += size
    if f * 10 < 7 * one:  # from 0.7 to 1.4
        f <<= 1
        e -= 1
    two = 2 * -_logarithm(one // 2 + one // 4, one) - _logarithm(one * 8 // 9, one)
    t = (_logarithm(f, one) + e * two) * my
    t = t << ey if ey >= 0 else t >> -ey
    if negative(y):
        t = -t
    k = t // two
    if k > 1100:
        return INFINITY
    if k < -1100:
        return 0
    return of_parts(neg, _exponential(t - k * two, one), k - bits)


def raised(x, y):
    # as JavaScript's Math.pow, but rounded exactly
    if is_nan(y):
        return NAN
    if is_zero(y):
        return 1
    if is_nan(x):
        return NAN
    shrinks = negative(y)
    size = doubles.negate(x) if negative(x) else x
    if not is_finite(y):
        order = arithmetic.compare(size, 1)
        return NAN if not order else 0 if (order > 0) == shrinks else INFINITY
    whole = _whole(y)
    neg = negative(x) and whole is not None and whole & 1 == 1
    if is_zero(x) or not is_finite(x):
        return 0 if is_zero(x) != shrinks else NEGATIVE if neg else INFINITY
    if negative(x) and whole is None:
        return NAN
    _, m, e = parts(doubles.nearest(size) if type(size) is int else size)
    while not m & 1:
        m >>= 1
        e += 1
    if whole is not None and -_EXACT < whole < _EXACT and bit_length(m) * abs(whole) <= _EXACT:
        if whole > 0:
            return of_parts(neg, m**whole, e * whole)
        return quotient(neg, 1, m**-whole, e * whole)
    if m == 1 and not e:
        return -1 if neg else 1
    return _general(m, e, doubles.nearest(y) if type(y) is int else y, neg)


def power_(m, x=MISSING, y=MISSING):
    if x is MISSING:
        return x
    v = NAN if y is MISSING else raised(x, y)
    if not is_finite(v):
        raise ExpressionError("D3061", value=x, exp=y, index=1)
    return v
