# Of arrays of numbers: sum, count, max, min, average.
from ....values import MISSING

_BIG = 1 << 53


def _total(numbers):
    # integers, with nothing more in a board's heap; then all else
    total = 0
    for n in numbers:
        if type(n) is not int or not -_BIG < n < _BIG:
            break
        total += n
        if not -_BIG < total < _BIG:
            break
    else:
        return total
    from ..arithmetic import NATIVE, add, double, settled

    if NATIVE:
        total = 0.0
        for n in numbers:
            # the nearest of a large int MicroPython does not find by itself
            total += n if type(n) is not int or -_BIG < n < _BIG else double(n)
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
    from ..arithmetic import NAN, NATIVE, compare, is_nan

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
    from ..arithmetic import divide

    return divide(_total(v), len(v))
