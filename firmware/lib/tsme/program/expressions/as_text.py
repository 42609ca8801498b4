# Numbers, and values, as texts of expressions (docs/SPEC.md, 2.16): what `&` and $string make.
# Integers in full, fractions with at most 15 digits, as AWS has it.
from ...errors import fault
from ...values import MISSING, UNICODE
from ...values.digits import bit_length, shortest_digits
from ...values.numbers import is_number, parts
from . import arithmetic
from .values import ExpressionError, is_function

_ESCAPES = {8: "\\b", 9: "\\t", 10: "\\n", 12: "\\f", 13: "\\r", 34: '\\"', 92: "\\\\"}


def script_number(digits, k, neg):
    # as JavaScript writes 0.DIGITS * 10**k
    n = len(digits)
    if n <= k <= 21:
        text = digits + "0" * (k - n)
    elif 0 < k <= 21:
        text = digits[:k] + "." + digits[k:]
    elif -6 < k <= 0:
        text = "0." + "0" * -k + digits
    else:
        text = digits[0] + ("." + digits[1:] if n > 1 else "")
        text += "e" + ("+" if k > 0 else "") + str(k - 1)
    return "-" + text if neg else text


def _short(v):
    # the text of what is not large and has few digits behind the point, or None
    if 1e-3 < v < 1e9 or -1e9 < v < -1e-3:
        unit = 1
        for places in range(1, 7):
            unit *= 10
            n = int(v * unit + (0.5 if v > 0 else -0.5))
            if n / unit == v:  # both are binary64s: it is the nearest to these digits
                text = str(n if n > 0 else -n)
                text = "0" * (places + 1 - len(text)) + text
                return ("-" if n < 0 else "") + text[:-places] + "." + text[-places:]
    return None


def shortest(v):
    # Number::toString of JavaScript for a finite number, integers beyond 2^53 as they are
    if type(v) is int:
        return str(v)
    if UNICODE:  # CPython's repr has the shortest digits
        text = repr(v)
        if "e" not in text and v:
            return text[:-2] if text[-2:] == ".0" else text
    neg, m, e = parts(v)
    if not m:
        return "0"
    if arithmetic.NATIVE and e < 0 and m & (1 << -e) - 1:
        text = _short(v)
        if text:
            return text
    return script_number(*shortest_digits(m, e), neg)


def digits_of(m, e, count):
    # m * 2**e with `count` digits, a half up: (digits, k), 0.DIGITS * 10**k
    k = (bit_length(m) + e) * 30103 // 100000
    while True:
        power = count - k  # digits are m * 2**e * 10**power
        if power >= 0:
            top = m * 10**power
            low = 1
        else:
            top = m
            low = 10**-power
        if e >= 0:
            top <<= e
        else:
            low <<= -e
        n = (2 * top + low) // (2 * low)
        text = str(n)
        if len(text) == count:
            return text, k
        if len(text) > count and n == 10**count:
            return text[:count], k + 1
        k += 1 if len(text) > count else -1


def fraction(v):
    # a finite number that is no int, of which 15 digits are shown
    if UNICODE:
        text = repr(v)
        if len(text) < 17 and "e" not in text and v:  # has no more
            return text[:-2] if text[-2:] == ".0" else text
    neg, m, e = parts(v)
    if e >= 0 or not m or not m & (1 << -e) - 1:
        return shortest(v)  # it is whole
    if arithmetic.NATIVE:
        text = _short(v)
        if text:
            return text
    digits, k = digits_of(m, e, 15)
    if k < -290:  # few digits are left there: those of the nearest
        from ...values.decimal import parse

        neg, m, e = parts(parse(("-" if neg else "") + "0." + digits + "e" + str(k)))
        return script_number(*shortest_digits(m, e), neg)
    return script_number(digits.rstrip("0"), k, neg)


def number(v):
    if type(v) is int:
        return str(v)
    if not arithmetic.is_finite(v):
        raise ExpressionError("D3001", value=v)
    return fraction(v)


def quoted(text):
    if UNICODE and text.isalnum():
        return '"' + text + '"'
    out = []
    plain = True
    for c in text:
        n = ord(c)
        if n < 32 or n == 34 or n == 92:
            plain = False
            c = _ESCAPES.get(n) or "\\u%04x" % n
        out.append(c)
    return '"' + (text if plain else "".join(out)) + '"'


def _scalar(v):
    if isinstance(v, str):
        return quoted(v)
    if v is None:
        return "null"
    if v is True:
        return "true"
    if v is False:
        return "false"
    if is_number(v):
        if not arithmetic.is_finite(v):
            if arithmetic.is_nan(v):
                return "null"
            raise ExpressionError("D1001", value=v)
        return number(v)
    if is_function(v):
        return '""'
    if v is MISSING:
        return "null"
    raise fault("TSME-V001", type(v).__name__)


def json(v, indent=0):
    # with an own stack: a board's is small
    out = []
    stack = []
    it = None
    mapping = first = False
    while True:
        if isinstance(v, (list, dict)):
            inner = isinstance(v, dict)
            if not v:
                out.append("{}" if inner else "[]")
            else:
                stack.append((it, mapping))
                mapping = inner
                it = iter(v.items() if inner else v)
                out.append("{" if inner else "[")
                first = True
        else:
            out.append(_scalar(v))
        while it is not None:
            try:
                v = next(it)
            except StopIteration:
                if indent:
                    out.append("\n" + " " * (indent * (len(stack) - 1)))
                out.append("}" if mapping else "]")
                it, mapping = stack.pop()
                first = False
                continue
            if mapping and v[1] is MISSING:
                continue
            if not first:
                out.append(",")
            first = False
            if indent:
                out.append("\n" + " " * (indent * len(stack)))
            if mapping:
                out.append(quoted(v[0]) + (": " if indent else ":"))
                v = v[1]
            break
        else:
            return "".join(out)


def text_of(v, indent=0):
    # what $string makes of anything but nothing
    if isinstance(v, str):
        return v
    if type(v) is int:
        return str(v)
    if is_number(v):
        return number(v)
    if is_function(v):
        return ""
    return json(v, indent)


def units(text):
    # of UTF-16
    out = []
    for c in text:
        n = ord(c)
        if n >= 0x10000:
            out.append(0xD7C0 + (n >> 10))
            n = 0xDC00 | n & 0x3FF
        out.append(n)
    return out


def before(a, b):
    # Is text a less than b, by the units of UTF-16 as JavaScript compares?
    return _units(a) < _units(b) if _astral(a) or _astral(b) else a < b


def _astral(text):
    return not text.isascii() if UNICODE else len(text.encode()) != len(text)


def _units(text):
    # those above U+FFFF stand between U+D7FF and U+E000
    return [n + 0x110000 if 0xE000 <= n < 0x10000 else n for n in map(ord, text)]
