# Exact arithmetic on numbers, by integers alone; numbers.py has what every program needs.
from ..errors import fault
from .numbers import compare, from_bits, is_number, parts


def from_parts(neg, m, e):
    from .digits import round_bits

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
