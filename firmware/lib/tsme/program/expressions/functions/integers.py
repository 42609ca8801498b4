# formatInteger and parseInteger: integers by pictures of XPath, in digits, letters, Roman numerals
# or English words.  Dates have their parts written and read so, too.
from ....values import MISSING
from .. import arithmetic, doubles
from ..as_text import shortest, units
from ..values import ExpressionError
from .numeric import down, leading

LETTERS, ROMAN, WORDS, DECIMAL, SEQUENCE = range(5)
LOWER, UPPER, TITLE = range(3)
# Zeros of digits that a picture may be written in.
_ZEROS = (0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6)
_ZEROS += (0xD66, 0xDE6, 0xE50, 0xED0, 0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0)
_ZEROS += (0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0)
_ZEROS += (0xAA50, 0xABF0, 0xFF10)
_ROMAN = "M 1000 CM 900 D 500 CD 400 C 100 XC 90 L 50 XL 40 X 10 IX 9 V 5 IV 4 I 1"
_KINDS = {"A": LETTERS, "a": LETTERS, "I": ROMAN, "i": ROMAN, "W": WORDS, "w": WORDS, "Ww": WORDS}


class Picture:
    # `least`: digits that are written at least; `optional`: those of `#`; `groups`: (digits behind
    # it, separator), or `every`, if they are as far from each other everywhere
    def __init__(self, text):
        body, semicolon, modifier = text.rpartition(";")
        if not semicolon:
            body, modifier = text, ""
        self.text = body
        self.ordinal = modifier[:1] == "o"
        self.kind = _KINDS.get(body, DECIMAL)
        self.case = LOWER
        if self.kind != DECIMAL:
            self.case = TITLE if body == "Ww" else UPPER if body < "a" else LOWER
        self.zero = 0x30
        self.least = self.optional = self.every = 0
        self.groups = []
        if self.kind == DECIMAL:
            self._digits(body)

    def _digits(self, body):
        zero = None
        places = 0
        for c in reversed(list(body)):
            n = ord(c)
            for first in _ZEROS:
                if first <= n <= first + 9:
                    if zero is not None and zero != first:
                        raise ExpressionError("D3131")
                    zero = first
                    self.least += 1
                    places += 1
                    break
            else:
                if c == "#":
                    self.optional += 1
                    places += 1
                else:
                    self.groups.append((places, c))
        if zero is None:
            self.kind = SEQUENCE
            return
        self.zero = zero
        self.every = _distance(self.groups)

    def refuse(self):
        # what XPath leaves open
        raise ExpressionError("D3130", value=self.text)


def _distance(groups):
    # of the separators, if they and their distances are all the same; else 0
    if not groups:
        return 0
    step = groups[0][0]
    for n, c in groups:
        if c != groups[0][1]:
            return 0
        while n:
            step, n = n, step % n
    places = [n for n, _ in groups]
    for i in range(1, len(groups) + 1):
        if i * step not in places:
            return 0
    return step


def _in_letters(v, first):
    out = ""
    while arithmetic.compare(v, 0) > 0:
        v = arithmetic.subtract(v, 1)
        out = chr(arithmetic.remainder(v, 26) + first) + out
        v = down(arithmetic.divide(v, 26))
    return out


def _in_roman(v, m):
    out = []
    n = doubles.whole(v, 0, 1 << 1024)
    values = _ROMAN.split()
    if m is not None and n // 1000 > m.largest:
        raise ExpressionError("D2015")
    for i in range(0, len(values), 2):
        v = int(values[i + 1])
        out.append(values[i] * (n // v))
        n %= v
    return "".join(out)


def _digits(v, picture):
    # `v` a number that is not negative
    text = shortest(v)
    text = "0" * (picture.least - len(text)) + text
    if picture.zero != 0x30:
        text = "".join([chr(ord(c) + picture.zero - 0x30) for c in text])
    size = len(text)
    if picture.every:
        for i in range((size - 1) // picture.every, 0, -1):
            at = len(text) - i * picture.every
            text = text[:at] + picture.groups[0][1] + text[at:]
    else:
        for n, c in reversed(picture.groups):
            at = len(text) - n  # with too few digits some are lost, as in the reference
            text = (text[:at] if at > 0 else "") + c + text[at:]
    if picture.ordinal:
        suffix = {"1": "st", "2": "nd", "3": "rd"}.get(text[-1:])
        if not suffix or len(text) > 1 and text[-2] == "1":
            suffix = "th"
        text += suffix
    return text


def written(v, picture, m=None):
    # a whole number by a picture
    neg = doubles.negative(v) and not doubles.is_zero(v)
    if neg:
        v = doubles.negate(v)
    if picture.kind == DECIMAL:
        text = _digits(v, picture) if arithmetic.is_finite(v) else _not_finite(v)
    elif picture.kind == SEQUENCE:
        picture.refuse()
    elif not arithmetic.is_finite(v):
        raise ExpressionError("T0410", value=v, index=1)
    elif picture.kind == LETTERS:
        text = _in_letters(v, 65 if picture.case == UPPER else 97)
    elif picture.kind == ROMAN:
        text = _in_roman(v, m)
        text = text if picture.case == UPPER else text.lower()
    else:
        from .words import spoken

        text = spoken(v, picture.ordinal)
        text = text.upper() if picture.case == UPPER else text
        text = text.lower() if picture.case == LOWER else text
    return "-" + text if neg else text


def _not_finite(v):
    return "NaN" if arithmetic.is_nan(v) else "Infinity"


def formatInteger_(m, v=MISSING, picture=MISSING):
    if v is MISSING:
        return v
    if picture is MISSING:
        raise ExpressionError("T0410", value=picture, index=2)
    return written(down(v), Picture(picture), m)


def _of_letters(text, first):
    # of units of UTF-16, the last first
    total = i = 0
    for c in reversed(units(text)):
        unit = doubles.of_parts(False, 26 ** min(i, 300), 0)
        total = arithmetic.add(total, arithmetic.multiply(c - first + 1, unit))
        i += 1
    return total


def _of_roman(text):
    n = 0
    most = 1
    for c in reversed(list(text)):
        at = "IVXLCDM".find(c)
        if at < 0:
            return arithmetic.NAN
        v = (1, 5, 10, 50, 100, 500, 1000)[at]
        if v < most:
            n -= v
        else:
            most = v
            n += v
    return n


def meant(text, picture):
    # the number that a text stands for
    if picture.kind == LETTERS:
        return _of_letters(text, 65 if picture.case == UPPER else 97)
    if picture.kind == ROMAN:
        return _of_roman(text if picture.case == UPPER else text.upper())
    if picture.kind == WORDS:
        from .words import understood

        return understood(text.lower())
    if picture.kind == SEQUENCE:
        picture.refuse()
    if picture.ordinal:
        text = text[:-2]
    if picture.every:
        text = text.replace(",", "")
    else:
        for _, c in picture.groups:
            text = text.replace(c, "")
    if picture.zero != 0x30:
        text = "".join([chr(max(ord(c) - picture.zero + 0x30, 0)) for c in text])
    n = leading(text)
    return arithmetic.NAN if n is None else arithmetic.settled(n)


def parseInteger_(m, text=MISSING, picture=MISSING):
    if text is MISSING:
        return text
    if picture is MISSING:
        raise ExpressionError("T0410", value=picture, index=2)
    return meant(text, Picture(picture))
