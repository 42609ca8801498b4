# Exact arithmetic on numbers, by integers alone; numbers.py has what every program needs.
from ..errors import fault
from .numbers import compare, from_bits, is_number, parts

_FRACTION = (1 << 52) - 1


def bit_length(n):
    k = 0
    while n >> 64:
        n >>= 64
        k += 64
    while n:
        n >>= 1
        k += 1
    return k


# The bits of m * 2**e rounded to the nearest binary64, ties to even; None if that is too large.
def round_bits(neg, m, e):
    sign = 1 << 63 if neg else 0
    if not m:
        return sign
    drop = bit_length(m) - 53
    if e + drop < -1074:
        drop = -1074 - e  # subnormal: fewer than 53 bits are left
    if drop > 0:
        half = 1 << (drop - 1)
        rest = m & ((half << 1) - 1)
        m >>= drop
        if rest > half or (rest == half and m & 1):
            m += 1  # may carry into bit 53, which is exact
        e += drop
        if m >> 53:
            m >>= 1
            e += 1
    else:
        m <<= -drop
        e += drop
    if not m >> 52:
        return sign | m  # subnormal or zero, e is -1074
    e += 1075
    if e > 0x7FE:
        return None
    return sign | e << 52 | m & _FRACTION


def from_parts(neg, m, e):
    n = round_bits(neg, m, e)
    if n is None:
        raise fault("TSME-V022")
    return from_bits(n)


def from_int(v):
    return from_parts(v < 0, -v if v < 0 else v, 0)


# JSON equality: 1 equals 1.0, members of objects in any order, true is not 1.
def equal(a, b):
    todo = [(a, b)]
    while todo:
        a, b = todo.pop()
        if is_number(a):
            if not is_number(b) or compare(a, b):
                return False
        elif isinstance(a, (list, tuple)):
            if not isinstance(b, (list, tuple)) or len(a) != len(b):
                return False
            for i in range(len(a)):
                todo.append((a[i], b[i]))
        elif isinstance(a, dict):
            if not isinstance(b, dict) or len(a) != len(b):
                return False
            if len(a) > 8:
                b = dict(b)  # MicroPython looks through all members of what has an order
            for k in a:
                if k not in b:
                    return False
                todo.append((a[k], b[k]))
        elif type(a) is not type(b) or a != b:
            return False
    return True


def floor(v):
    if type(v) is int:
        return v
    neg, m, e = parts(v)
    if neg:
        m = -m
    return m << e if e >= 0 else m >> -e


# The integer that a number equals, or None.
def integral(v):
    if type(v) is int:
        return v
    neg, m, e = parts(v)
    if e < 0:
        if m & ((1 << -e) - 1):
            return None
        m >>= -e
    else:
        m <<= e
    return -m if neg else m


# Half up means toward +infinity: -1.5 gives -1.
def round_half_up(v):
    if type(v) is int:
        return v
    neg, m, e = parts(v)
    if neg:
        m = -m
    return m << e if e >= 0 else (m + (1 << (-e - 1))) >> -e
