# Integers in English words, both ways.
from .. import arithmetic
from .numeric import down

_FEW = "Zero One Two Three Four Five Six Seven Eight Nine Ten Eleven Twelve Thirteen Fourteen "
_FEW += "Fifteen Sixteen Seventeen Eighteen Nineteen"
_FIRST = "Zeroth First Second Third Fourth Fifth Sixth Seventh Eighth Ninth Tenth Eleventh "
_FIRST += "Twelfth Thirteenth Fourteenth Fifteenth Sixteenth Seventeenth Eighteenth Nineteenth"
_TENS = "Twenty Thirty Forty Fifty Sixty Seventy Eighty Ninety"
_LARGE = "Thousand Million Billion Trillion"
_BLANKS = " \t\n\r\x0b\x0c\xa0\ufeff"


def _below(n, before, ordinal):
    # of an integer below a thousand
    out = ""
    if n >= 100:
        out = (", " if before else "") + _FEW.split()[n // 100] + " Hundred"
        n %= 100
        if not n:
            return out + ("th" if ordinal else "")
        before = True
    if before:
        out += " and "
    if n < 20:
        return out + (_FIRST if ordinal else _FEW).split()[n]
    out += _TENS.split()[n // 10 - 2]
    if n % 10:
        return out + "-" + (_FIRST if ordinal else _FEW).split()[n % 10]
    return out[:-1] + "ieth" if ordinal else out


def spoken(v, ordinal):
    # of a whole number that is not negative; with thousands of trillions it begins anew
    out = []
    todo = [(v, False, ordinal)]
    while todo:
        part = todo.pop()
        if isinstance(part, str):
            out.append(part)
            continue
        v, before, ordinal = part
        if arithmetic.compare(v, 1000) < 0:
            out.append(_below(v, before, ordinal))
            continue
        n = 1
        while n < 4 and arithmetic.compare(v, 1000 ** (n + 1)) >= 0:
            n += 1
        unit = 1000**n
        times = down(arithmetic.divide(v, unit))
        rest = arithmetic.subtract(v, arithmetic.multiply(times, unit))
        if arithmetic.compare(rest, 0) > 0:
            todo.append((rest, True, ordinal))
        elif ordinal:
            todo.append("th")
        todo.append(" " + _LARGE.split()[n - 1])
        todo.append((times, False, False))
        if before:
            out.append(", ")
    return "".join(out)


def _values():
    out = {}
    for names in (_FEW, _FIRST):
        words = names.lower().split()
        for i in range(20):
            out[words[i]] = i
    words = _TENS.lower().split() + ["hundred"]
    for i in range(9):
        out[words[i]] = out[words[i][:-1] + "ieth"] = (i + 2) * 10
    out["hundredth"] = 100
    words = _LARGE.lower().split()
    for i in range(4):
        out[words[i]] = out[words[i] + "th"] = 1000 ** (i + 1)
    return out


def _split(text):
    # at a comma and a blank, at `and` between blanks, at a blank, hyphen or backslash; the first
    # from the left on
    out = []
    start = at = 0
    while at < len(text):
        size = 0
        if text[at] == "," and text[at + 1 : at + 2] in _BLANKS and at + 1 < len(text):
            size = 2
        elif text[at] in _BLANKS:
            end = text[at + 1 : at + 5]
            size = 5 if end[:3] == "and" and len(end) > 3 and end[3] in _BLANKS else 1
        elif text[at] in "-\\":
            size = 1
        if size:
            out.append(text[start:at])
            start = at + size
        at += size or 1
    return out + [text[start:]]


def understood(text):
    # NaN if a word is none of a number
    values = _values()
    parts = [0]
    for word in _split(text):
        v = values.get(word)
        if v is None:
            return arithmetic.NAN
        if v < 100:
            top = parts.pop()
            if top >= 1000:
                parts.append(top)
                top = 0
            parts.append(top + v)
        else:
            parts.append(arithmetic.settled(parts.pop() * v))
    total = 0
    for v in parts:
        total = arithmetic.add(total, v)
    return total


def ends(text, at):
    # where words of numbers that begin at a place of a lower-case text may end, the last first
    words = list(_values()) + ["and", "-", ",", " "]
    found = [at]
    seen = set()
    while found:
        n = found.pop()
        for word in words:
            end = n + len(word)
            if end not in seen and text[n:end] == word:
                seen.add(end)
                found.append(end)
    out = []
    for n in range(len(text), at, -1):
        if n in seen:
            out.append(n)
    return out
