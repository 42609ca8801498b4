# Numbers as decimal text, both ways, by exact integer arithmetic: what an interpreter's own
# float() and repr() do differs in the last digit from port to port.
from ..errors import TsmeError
from .binary64 import bit_length, round_bits
from .numbers import INT_MAX, INT_MIN, from_bits, parts

_DIGITS = 800  # a binary64 is decided by fewer; any more can only tell "a little above"


# No repr() in messages: they may end up in a journal, and repr differs between interpreters.
def _malformed(text):
    if len(text) > 40:
        text = text[:40] + "..."
    raise TsmeError("TSME-V020", f"`{text}` is no JSON number")


# The run of digits at i: its end.
def _run(text, i):
    end = i
    while end < len(text) and "0" <= text[end] <= "9":
        end += 1
    if end == i:
        _malformed(text)
    return end


def parse(text):
    neg = text[:1] == "-"
    first = 1 if neg else 0
    point = i = _run(text, first)
    if i > first + 1 and text[first] == "0":
        _malformed(text)
    digits = text[first:i]
    whole = True
    power = 0
    if text[i : i + 1] == ".":
        whole = False
        i = _run(text, i + 1)
        digits += text[point + 1 : i]
        power = point + 1 - i
    if text[i : i + 1] in ("e", "E"):
        whole = False
        i += 1
        sign = text[i : i + 1]
        if sign == "-" or sign == "+":
            i += 1
        end = _run(text, i)
        e = text[i:end].lstrip("0")
        e = int(e or "0") if len(e) < 7 else 999999  # that is far beyond every limit
        power += -e if sign == "-" else e
        i = end
    if i != len(text):
        _malformed(text)
    return _whole(neg, digits) if whole else _decimal(neg, digits, power)


def _whole(neg, digits):
    if len(digits) <= 19:
        v = -int(digits) if neg else int(digits)
        if INT_MIN <= v <= INT_MAX:
            return v
    if len(digits) > 40:
        digits = digits[:40] + "..."
    sign = "-" if neg else ""
    raise TsmeError("TSME-V002", f"the integer {sign}{digits} has more than 64 bits")


# The binary64 nearest to digits * 10**power.
def _decimal(neg, digits, power):
    digits = digits.lstrip("0")
    if len(digits) > _DIGITS:
        power += len(digits) - _DIGITS - 1
        digits = digits[:_DIGITS] + ("1" if digits[_DIGITS:].strip("0") else "0")
    m = int(digits or "0")
    top = len(digits) + power
    if not m or top < -330:
        return from_bits(1 << 63 if neg else 0)
    n = None
    if top <= 310:
        if power >= 0:
            n = round_bits(neg, m * 10**power, 0)
        else:
            ten = 10**-power
            shift = max(bit_length(ten) - bit_length(m) + 56, 0)
            q = (m << shift) // ten
            sticky = 1 if q * ten != m << shift else 0
            n = round_bits(neg, q << 1 | sticky, -shift - 1)
    if n is None:
        raise TsmeError("TSME-V022", "the number is too large for binary64")
    return from_bits(n)


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
def to_text(v):
    if type(v) is int:
        return str(v)
    neg, m, e = parts(v)
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
