# Of texts: string, substring, case, length, trim, pad, join.  Characters are code points.
from ....values import MISSING, UNICODE
from .. import arithmetic, doubles
from ..as_text import text_of
from ..values import ExpressionError

_FAR = 1 << 29  # beyond every text, and no long integer on a board


def string_(m, v=MISSING, pretty=MISSING):
    if v is MISSING or isinstance(v, str):
        return v
    if type(v) is int:
        return str(v)
    if isinstance(v, (list, dict)):
        return text_of(v, 2 if pretty is True else 0)
    return text_of(v)


def _place(n):
    if type(n) is int and -_FAR < n < _FAR:
        return n
    return doubles.whole(n, -_FAR, _FAR)


def substring_(m, text=MISSING, start=MISSING, count=MISSING):
    if text is MISSING:
        return text
    size = len(text)
    if start is MISSING:
        return text if count is MISSING else ""
    if type(start) is not int or count is not MISSING and type(count) is not int:
        return _cut(text, size, start, count)
    if size + start < 0:
        start = 0
    if count is MISSING:
        return text[_place(start) :]
    if count <= 0:
        return ""
    end = start + count if start >= 0 else size + start + count
    return text[_place(start) : _place(end)]


def _cut(text, size, start, count):
    # with fractions, which are added before they are cut off
    add, compare = arithmetic.add, arithmetic.compare
    if compare(add(size, start), 0) == -1:
        start = 0
    if count is MISSING:
        return text[_place(start) :]
    if compare(count, 0) in (0, -1):
        return ""
    below = compare(start, 0) == -1 or arithmetic.is_nan(start)
    end = add(add(size, start), count) if below else add(start, count)
    return text[_place(start) : _place(end)]


def substringBefore_(m, text=MISSING, chars=MISSING):
    if text is MISSING:
        return text
    at = text.find("undefined" if chars is MISSING else chars)
    return text[:at] if at >= 0 else text


def substringAfter_(m, text=MISSING, chars=MISSING):
    if text is MISSING:
        return text
    if chars is MISSING:
        if "undefined" in text:
            raise ExpressionError("T0410", value=chars, index=2)
        return text
    at = text.find(chars)
    return text[at + len(chars) :] if at >= 0 else text


def _ascii(text):
    return text.isascii() if UNICODE else len(text.encode()) == len(text)


def lowercase_(m, text=MISSING):
    if text is MISSING or _ascii(text):
        return text if text is MISSING else text.lower()
    from .letter_case import lower

    return lower(text)


def uppercase_(m, text=MISSING):
    if text is MISSING or _ascii(text):
        return text if text is MISSING else text.upper()
    from .letter_case import upper

    return upper(text)


def length_(m, text=MISSING):
    return text if text is MISSING else len(text)


def trim_(m, text=MISSING):
    if text is MISSING:
        return text
    for c in "\t\n\r":
        if c in text:
            text = text.replace(c, " ")
    if "  " in text or text[:1] == " " or text[-1:] == " ":
        return " ".join([part for part in text.split(" ") if part])
    return text


def pad_(m, text=MISSING, width=MISSING, chars=MISSING):
    if text is MISSING or width is MISSING:
        return text
    left = doubles.negative(width)
    width = doubles.negate(width) if left else width
    if chars is MISSING or not chars:
        chars = " "
    more = doubles.whole(width, 0, 1 << 40) - len(text)
    if more <= 0:
        return text
    if more > m.largest:
        raise ExpressionError("D2015")
    if len(chars) == 1:
        padding = chars * more
    else:
        padding = (chars * (more // len(chars) + 1))[:more]
    return padding + text if left else text + padding


def join_(m, texts=MISSING, separator=MISSING):
    if texts is MISSING:
        return texts
    if separator is MISSING:
        separator = ""
    elif len(texts) > 1 and len(separator) > m.largest // (len(texts) - 1):
        raise ExpressionError("D2015")  # before so much is made
    return separator.join(texts)
