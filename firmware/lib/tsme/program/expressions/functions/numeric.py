# Of numbers: number, formatBase, floor, ceil, round, abs, sqrt.
from ....errors import TsmeError
from ....values import MISSING
from ....values.decimal import parse
from ....values.digits import bit_length
from ....values.numbers import INT_MAX, INT_MIN, is_number, parts
from .. import arithmetic, doubles
from ..arithmetic import (
    INFINITY,
    NAN,
    NATIVE,
    NEGATIVE,
    is_finite,
    is_nan,
    settled,
)
from ..as_text import shortest
from ..doubles import negative, of_parts
from ..values import ExpressionError

_DIGITS = "0123456789"
_LONG = 400  # digits of what is beyond binary64
_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyz"
_BLANKS = " \t\n\r\x0b\x0c\xa0\ufeff"


def _run(text, at, digits=_DIGITS):
    while at < len(text) and text[at] in digits:
        at += 1
    return at


def trimmed(text):
    # without blanks before and behind; MicroPython's strip() takes a set of bytes
    at, end = 0, len(text)
    while at < end and text[at] in _BLANKS:
        at += 1
    while at < end and text[end - 1] in _BLANKS:
        end -= 1
    return text[at:end]


def leading(text):
    # the integer that a text begins with, as JavaScript's parseInt sees it, or None
    text = trimmed(text)
    end = first = 1 if text[:1] in ("-", "+") else 0
    while end < len(text) and "0" <= text[end] <= "9":
        end += 1
    if end == first:
        return None
    digits = text[first:end].lstrip("0")
    n = 10**_LONG if len(digits) > _LONG else int(digits or "0")  # CPython reads 4300 at most
    return -n if text[0] == "-" else n


def is_decimal(text):
    # an integer, perhaps a fraction and an exponent; no blanks, no plus
    at = 1 if text[:1] == "-" else 0
    end = _run(text, at)
    if end == at:
        return False
    if text[end : end + 1] == ".":
        at = end + 1
        end = _run(text, at)
        if end == at:
            return False
    if text[end : end + 1] in ("e", "E"):
        at = end + 1
        if text[at : at + 1] in ("-", "+"):
            at += 1
        end = _run(text, at)
        if end == at:
            return False
    return end == len(text)


def read(text):
    # the number nearest to a decimal text; an infinity if it is too large
    neg = text[:1] == "-"
    body = text[1:] if neg else text
    mantissa, e, power = body.replace("E", "e").partition("e")
    whole, point, rest = mantissa.partition(".")
    digits = (whole + rest).lstrip("0") or "0"
    if len(digits) < 16:
        n = -int(digits) if neg else int(digits)
        if not e and not point:
            return n
        if len(power) < 5:
            shift = int(power or "0") - len(rest)
            if 0 <= shift < 23 and len(digits) + shift < 16:
                return n * 10**shift
            if NATIVE and -23 < shift < 0:  # both are binary64s
                return settled(n / 10**-shift)
    text = ("-" if neg else "") + (whole.lstrip("0") or "0") + "." + (rest or "0")
    try:
        return settled(parse(text + ("e" + power if e else "")))
    except TsmeError:
        return NEGATIVE if neg else INFINITY


def json_number(text):
    # a number of JSON text; an integer of up to 64 bits is exact
    digits = text.lstrip("-")
    if not is_decimal(text) or len(digits) > 1 and digits[0] == "0" and digits[1] in _DIGITS:
        raise TsmeError("TSME-V020", "no JSON number")
    if "." not in text and "e" not in text and "E" not in text and len(text) < 21:
        v = int(text)
        if INT_MIN <= v <= INT_MAX:
            return v
    v = read(text)
    if not is_finite(v):
        raise TsmeError("TSME-V022", "the number is too large for binary64")
    return v


def _number(text):
    if is_decimal(text):
        v = read(text)
        if is_finite(v):
            return v
    prefix = text[:2].lower()
    if prefix == "0x" and _run(text, 2, "0123456789abcdefABCDEF") > 2:
        return _based(text)
    for i in range(len(text)):
        two = text[i : i + 2].lower()
        if two == "0o" and _run(text, i + 2, "01234567") > i + 2:
            return _based(text)
        if two == "0b" and len(text) > i + 2 and _run(text, i + 2, "01") == len(text):
            return _based(text)
    return None


def _based(text):
    # as JavaScript's Number(): no sign, blanks around; else NaN
    text = trimmed(text).lower()
    base = {"0x": 16, "0o": 8, "0b": 2}.get(text[:2])
    if not base or len(text) < 3 or _run(text, 2, _LETTERS[:base]) != len(text):
        return NAN
    return of_parts(False, int(text[2:], base), 0)


def number_(m, v=MISSING):
    if v is MISSING:
        return v
    if v is True or v is False:
        return 1 if v else 0
    if is_number(v):
        return v
    found = _number(v) if isinstance(v, str) else None
    if found is None:
        raise ExpressionError("D3030", value=v, index=1)
    return found


def down(v):
    # the largest whole number that is not larger
    if type(v) is int or not is_finite(v):
        return settled(v)
    neg, m, e = parts(v)
    if e >= 0:
        return settled(v)
    m = -m >> -e if neg else m >> -e
    return settled(m)


def floor_(m, v=MISSING):
    return v if v is MISSING else down(v)


def ceil_(m, v=MISSING):
    return v if v is MISSING else doubles.negate(down(doubles.negate(v)))


def half_even(v):
    # to the nearest whole number
    if type(v) is int or not is_finite(v):
        return settled(v)
    neg, m, e = parts(v)
    if e >= 0:
        return settled(v)
    n = m >> -e
    rest = m - (n << -e)
    half = 1 << -e - 1
    if rest > half or rest == half and n & 1:
        n += 1
    return settled(-n if neg else n)


def _shifted(v, places):
    # v * 10**places by its decimal text
    if not is_finite(v):
        return NAN
    text = shortest(v)
    mantissa, e, power = text.partition("e")
    return read(mantissa + "e" + str(int(power or "0") + places))


def rounded(v, places=MISSING):
    # half to even in decimal text, as the reference does
    if places is MISSING or doubles.is_zero(places) or is_nan(places):
        return half_even(v)
    if type(places) is not int:
        return NAN
    if not is_finite(v) or not -10000 < places < 10000:
        if is_finite(v) and (places < 0 or v == 0):
            return 0
        return NAN
    v = half_even(_shifted(settled(v), places))
    return _shifted(v, -places)


def round_(m, v=MISSING, places=MISSING):
    return v if v is MISSING else rounded(v, places)


def abs_(m, v=MISSING):
    if v is MISSING:
        return v
    return doubles.negate(v) if negative(v) else settled(v)


def _root(m):
    # the whole part of a square root
    if m < 2:
        return m
    x = 1 << (bit_length(m) + 1 >> 1)
    while True:
        y = x + m // x >> 1
        if y >= x:
            return x
        x = y


def sqrt_(m, v=MISSING):
    if v is MISSING or is_nan(v):
        return v
    if doubles.is_zero(v):
        return 0
    if negative(v):
        raise ExpressionError("D3060", value=v, index=1)
    if not is_finite(v):
        return v
    if NATIVE:
        return settled(doubles.root(arithmetic.double(v)))
    _, n, e = parts(settled(v))
    shift = 110 - bit_length(n)
    shift += shift + e & 1
    n <<= shift
    e -= shift
    x = _root(n)
    return of_parts(False, x << 1 | (x * x != n), (e >> 1) - 1)


def formatBase_(m, v=MISSING, base=MISSING):
    if v is MISSING:
        return v
    v = half_even(v)
    base = 10 if base is MISSING else half_even(base)
    if is_nan(base) or arithmetic.compare(base, 2) < 0 or arithmetic.compare(base, 36) > 0:
        raise ExpressionError("D3100", value=base)
    if not is_finite(v):
        return "NaN" if is_nan(v) else "-Infinity" if negative(v) else "Infinity"
    if base == 10:
        return shortest(v)
    neg = negative(v)
    v = doubles.negate(v) if neg else v
    n = doubles.whole(v, 0, 1 << 1024)
    out = ""
    while True:
        out = _LETTERS[n % base] + out
        n //= base
        if not n:
            return "-" + out if neg else out
