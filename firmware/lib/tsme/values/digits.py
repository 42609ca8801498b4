# Binary64 rounded, and as decimal text, by exact integer arithmetic: what an interpreter's own
# float() and repr() do differs in the last digit from port to port.
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


# The shortest digits that only this value has, the nearest if there are several (Steele and
# White's algorithm), and where the point is: 0.DIGITS * 10**k.
def shortest_digits(m, e):
    even = not m & 1
    edge = 1 if m == 1 << 52 and e > -1074 else 0  # the gap below is half the gap above
    r = m << (1 + edge)
    s = 2 << edge
    high = 1 << edge
    low = 1
    if e >= 0:
        r <<= e
        high <<= e
        low <<= e
    else:
        s <<= -e
    k = (bit_length(m) + e) * 30103 // 100000
    if k >= 0:
        s *= 10**k
    else:
        ten = 10**-k
        r *= ten
        high *= ten
        low *= ten
    while r + high > s or (even and r + high == s):
        s *= 10
        k += 1
    text = ""
    while True:
        r *= 10
        high *= 10
        low *= 10
        d = r // s
        r -= d * s
        down = r < low or (even and r == low)
        up = r + high > s or (even and r + high == s)
        if down or up:
            break
        if d or text:
            text += str(d)
        else:
            k -= 1
    if up and (not down or 2 * r > s or (2 * r == s and d & 1)):
        d += 1
    return text + str(d), k


# Java takes two digits where one would do, those nearest to the value: 4.9E-324 and not 5.0E-324.
# It makes a difference only where values lie far apart, among the smallest of all.
def _two_digits(m, e, k):
    s = 1 << -e
    r = m * 10 ** (2 - k)
    if r < 10 * s:
        r *= 10
        k -= 1
    d, r = r // s, r % s
    if 2 * r > s or 2 * r == s and d & 1:
        d += 1
    if d == 100:
        d = 10
        k += 1
    return str(d) if d % 10 else str(d // 10), k


# As Java prints a double, which is what AWS shows: 0.0, 1.5, 1.0E10, 2.5E-4.
def shown(neg, m, e):
    sign = "-" if neg else ""
    if not m:
        return sign + "0.0"
    digits, k = shortest_digits(m, e)
    if len(digits) == 1 and m < 1024 and e == -1074:
        digits, k = _two_digits(m, e, k)
    if 0 < k <= 7:
        if len(digits) <= k:
            return sign + digits + "0" * (k - len(digits)) + ".0"
        return sign + digits[:k] + "." + digits[k:]
    if -2 <= k <= 0:
        return sign + "0." + "0" * -k + digits
    return sign + digits[0] + "." + (digits[1:] or "0") + "E" + str(k - 1)
