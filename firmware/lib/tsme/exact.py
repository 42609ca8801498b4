# Exact arithmetic on numbers, by integers alone; num.py has what every program needs.
from .errors import fault
from .num import compare, from_bits, is_number, parts

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


# The bits of the binary64 product, or None if it is too large.
def _mul_bits(a, b):
    na, ma, ea = parts(from_int(a) if type(a) is int else a)
    nb, mb, eb = parts(from_int(b) if type(b) is int else b)
    return round_bits(na != nb, ma * mb, ea + eb)


# The binary64 product of two numbers; an integer operand is made binary64 first.
def mul(a, b):
    n = _mul_bits(a, b)
    if n is None:
        raise fault("TSME-V022")
    return from_bits(n)


# floor(interval * rate**n), at most `longest`. The power is built from the low bit of n up, and
# every product is rounded to binary64: so the cost is bounded, and every kernel agrees.
def backoff(interval, rate, n, longest):
    power = 1
    while n:
        if n & 1:
            power = _mul_bits(power, rate)
            if power is None:
                return longest
            power = from_bits(power)
        n >>= 1
        if n:
            rate = _mul_bits(rate, rate)
            if rate is None:
                return longest
            rate = from_bits(rate)
    delay = _mul_bits(interval, power)
    if delay is None:
        return longest
    return min(floor(from_bits(delay)), longest)
