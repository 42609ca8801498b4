# formatNumber: numbers by pictures of XPath, such as #,##0.00, as the reference implementation
# reads them.
from ....values import MISSING, Obj
from ....values.numbers import parts
from .. import arithmetic, doubles
from ..as_text import shortest
from ..values import ExpressionError
from .numeric import rounded

_NAMES = "decimal-separator grouping-separator exponent-separator minus-sign percent per-mille "
_NAMES += "zero-digit digit pattern-separator"
_SIGNS = ".,e-%\u20300#;"
_KEPT = 4  # pictures that are not taken apart anew

_known = {}


class Signs:
    # what stands for what in a picture
    def __init__(self, options):
        given = []
        names = _NAMES.split()
        for i in range(len(names)):
            v = options.get(names[i], _SIGNS[i])
            if not isinstance(v, str) or not v:
                raise ExpressionError("T0410", value=options, index=3)
            given.append(v)
        self.point, self.comma, self.e, self.minus, self.percent, self.mille = given[:6]
        self.zero, self.digit, self.between = given[6:]
        first = ord(self.zero[0])
        self.digits = [chr(first + i) for i in range(10)]
        self.active = self.digits + [self.point, self.e, self.comma, self.digit, self.between]

    def count(self, text, optional=False):
        # of its digits
        n = 0
        for c in text:
            if c in self.digits or optional and c == self.digit:
                n += 1
        return n


class Part:
    # A sub-picture, taken apart.
    def __init__(self, text, signs):
        self.text = text
        inner = [i for i in range(len(text)) if text[i] in signs.active and text[i] != signs.e]
        self.prefix = text[: inner[0]] if inner else ""
        self.suffix = text[inner[-1] + 1 :] if inner else ""
        end = len(text) - len(self.suffix)
        self.active = text[len(self.prefix) : end]
        self.mantissa = self.active
        self.exponent = None
        e = text.find(signs.e, len(self.prefix))
        if 0 <= e <= end:
            self.mantissa = self.active[:e]
            self.exponent = self.active[e + 1 :]
        point = self.mantissa.find(signs.point)
        if point < 0:
            self.whole = self.mantissa
            self.fraction = self.suffix
        else:
            self.whole = self.mantissa[:point]
            self.fraction = self.mantissa[point + 1 :]

    def fault(self, signs):
        # the last rule that it breaks, or None
        text = self.text
        point = text.find(signs.point)
        percent = text.find(signs.percent) >= 0
        mille = text.find(signs.mille) >= 0
        beside = ""
        if point >= 0:
            beside = (text[point - 1] if point else "") + text[point + 1 : point + 2]
        optional = self.whole.find(signs.digit)
        last = self.fraction.rfind(signs.digit)
        e = self.exponent
        broken = (
            point != text.rfind(signs.point),
            text.find(signs.percent) != text.rfind(signs.percent),
            text.find(signs.mille) != text.rfind(signs.mille),
            percent and mille,
            not signs.count(self.mantissa, True),
            [c for c in self.active if c not in signs.active] != [],
            point >= 0 and signs.comma in beside,
            point < 0 and self.whole[-1:] == signs.comma,
            signs.comma + signs.comma in text,
            optional >= 0 and signs.count(self.whole[:optional]) > 0,
            last >= 0 and signs.count(self.fraction[last:]) > 0,
            e is not None and e != "" and (percent or mille),
            e is not None and (e == "" or signs.count(e) < len(e)),
        )
        found = None
        for i in range(len(broken)):
            if broken[i]:
                found = "D30%d" % (81 + i)
        return found

    def analyse(self, signs):
        self.groups = self._groups(self.whole, False, signs)
        self.regular = _regular(self.groups)
        self.fraction_groups = self._groups(self.fraction, True, signs)
        self.least = self.scale = signs.count(self.whole)
        self.fraction_least = signs.count(self.fraction)
        self.fraction_most = signs.count(self.fraction, True)
        if not self.least and not self.fraction_most:
            if self.exponent is not None:
                self.fraction_least = self.fraction_most = 1
            else:
                self.least = 1
        if self.exponent is not None and not self.least and signs.digit in self.whole:
            self.least = 1
        if not self.least and not self.fraction_least:
            self.fraction_least = 1
        self.exponent_least = signs.count(self.exponent or "")

    def _groups(self, part, left, signs):
        # digits between each separator and the point; of a fraction it goes on to look for them
        # in the integer part, as the reference does
        out = []
        at = part.find(signs.comma)
        while at >= 0:
            out.append(signs.count(part[:at] if left else part[at:], True))
            at = self.whole.find(signs.comma, at + 1)
        return out


def _regular(places):
    # the distance of separators if it is the same everywhere, else 0
    if not places:
        return 0
    step = places[0]
    for n in places[1:]:
        while n:
            step, n = n, step % n
    for i in range(1, len(places) + 1):
        if i * step not in places:
            return 0
    return step


def fixed(v, places):
    # a finite number that is not negative, with so many digits behind the point
    if arithmetic.is_nan(v):
        return "NaN"
    if not arithmetic.is_finite(v):
        return "Infinity"
    if arithmetic.compare(v, 10**21) >= 0:
        return shortest(v)
    _, m, e = parts(v)
    m *= 10**places
    n = m << e if e >= 0 else (m + (1 << -e - 1)) >> -e
    text = str(n)
    if not places:
        return text
    if len(text) <= places:
        text = "0" * (places + 1 - len(text)) + text
    return text[:-places] + "." + text[-places:]


def _in_digits(text, signs):
    if signs.zero == "0":
        return text
    return "".join([signs.digits[ord(c) - 48] if "0" <= c <= "9" else c for c in text])


def _split(v, part):
    # mantissa and exponent, None if there is none
    if not part.exponent_least:
        return v, None
    most = arithmetic.settled(10**part.scale)
    least = arithmetic.divide(most, 10)
    exponent = 0
    if doubles.is_zero(v) or not arithmetic.is_finite(v):
        return v, 0
    neg = doubles.negative(v)
    v = doubles.negate(v) if neg else v
    while arithmetic.compare(v, least) < 0:
        v = arithmetic.multiply(v, 10)
        exponent -= 1
    while arithmetic.compare(v, most) > 0:
        v = arithmetic.divide(v, 10)
        exponent += 1
    return doubles.negate(v) if neg else v, exponent


def _grouped(text, part, signs):
    point = text.find(signs.point)
    if part.regular:
        for i in range(1, (point - 1) // part.regular + 1):
            at = point - i * part.regular
            text = text[:at] + signs.comma + text[at:]
    else:
        for n in part.groups:
            text = text[: point - n] + signs.comma + text[point - n :]
            point += 1
    point = text.find(signs.point)
    for n in part.fraction_groups:
        at = n + point + 1
        text = text[:at] + signs.comma + text[at:]
    return text


def _parts(picture, options):
    known = _known.get(picture) if options is MISSING else None
    if known:
        return known
    signs = Signs(Obj() if options is MISSING else options)
    found = picture.split(signs.between)
    if len(found) > 2:
        raise ExpressionError("D3080")
    found = [Part(text, signs) for text in found]
    for part in found:
        code = part.fault(signs)
        if code:
            raise ExpressionError(code)
        part.analyse(signs)
    if options is MISSING:
        if len(_known) >= _KEPT:
            _known.clear()
        _known[picture] = signs, found
    return signs, found


def formatNumber_(m, v=MISSING, picture=MISSING, options=MISSING):
    if v is MISSING:
        return v
    if picture is MISSING:
        raise ExpressionError("T0410", value=picture, index=2)
    signs, found = _parts(picture, options)
    part = found[0]
    minus = ""
    if arithmetic.compare(v, 0) in (None, -1):
        part = found[-1]
        minus = signs.minus if len(found) == 1 else ""
    if signs.percent in part.text:
        v = arithmetic.multiply(v, 100)
    elif signs.mille in part.text:
        v = arithmetic.multiply(v, 1000)
    v, exponent = _split(v, part)
    if part.fraction_most > 100:  # more than JavaScript has
        raise ExpressionError("T0410", value=picture, index=2)
    v = rounded(v, part.fraction_most)
    text = fixed(doubles.negate(v) if doubles.negative(v) else v, part.fraction_most)
    text = _in_digits(text, signs)
    text = text.replace(".", signs.point, 1) if "." in text else text + signs.point
    while text[:1] == signs.zero[0]:
        text = text[1:]
    while text[-1:] == signs.zero[0]:
        text = text[:-1]
    point = text.find(signs.point)
    text = signs.zero * (part.least - point) + text
    text += signs.zero * (part.fraction_least - (len(text) - text.find(signs.point) - 1))
    text = _grouped(text, part, signs)
    point = text.find(signs.point)
    if signs.point not in part.text or point == len(text) - 1:
        text = text[:-1]
    if exponent is not None:
        shown = _in_digits(str(abs(exponent)), signs)
        shown = signs.zero * (part.exponent_least - len(shown)) + shown
        text += signs.e + (signs.minus if exponent < 0 else "") + shown
    return minus + part.prefix + text + part.suffix
