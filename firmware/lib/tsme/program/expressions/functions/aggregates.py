# Of arrays of numbers: sum, count, max, min, average.
from ....values import MISSING
from ..arithmetic import NAN, NATIVE, add, compare, divide, is_nan, nearest, settled

_BIG = 1 << 53


def _total(numbers):
    if NATIVE:
        total = 0.0
        for n in numbers:
            # the nearest of a large int MicroPython does not find by itself
            total += n if type(n) is not int or -_BIG < n < _BIG else nearest(n)
        return settled(total)
    total = 0
    for n in numbers:
        total = add(total, n)
    return total


def sum_(m, v=MISSING):
    return v if v is MISSING else _total(v)


def count_(m, v=MISSING):
    return 0 if v is MISSING else len(v)


def _utmost(v, sign):
    if v is MISSING or not v:
        return MISSING
    if NATIVE:
        for n in v:
            if n != n:
                return NAN
            if type(n) is int and not -_BIG < n < _BIG:
                break  # MicroPython compares it with a float after rounding
        else:
            return max(v) if sign > 0 else min(v)
    best = v[0]
    for n in v:
        order = compare(n, best)
        if order is None:
            return NAN
        if order == sign:
            best = n
    return NAN if is_nan(best) else best


def max_(m, v=MISSING):
    return _utmost(v, 1)


def min_(m, v=MISSING):
    return _utmost(v, -1)


def average_(m, v=MISSING):
    if v is MISSING or not v:
        return MISSING
    return divide(_total(v), len(v))
