# Numbers as decimal text, both ways.
from ..errors import TsmeError
from .digits import bit_length, round_bits, shown
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


def to_text(v):
    return str(v) if type(v) is int else shown(*parts(v))
