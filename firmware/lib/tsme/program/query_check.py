# Is the constant of a QUERY what docs/SPEC.md, 2.12, says?  Used once, when a program is loaded.

from ..values.cbor import Obj
from ..values.numbers import is_number

_STEPS = 32  # segments of a path
_INSTRUCTIONS = 500  # of a pattern
_NESTED = 8  # terms of a filter in one another
_COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


def sound(query):
    if not isinstance(query, list) or not 1 <= len(query) <= _STEPS:
        return False
    plain = True  # names and indexes alone: that is what KEY and INDEX are for
    last = len(query) - 1
    for i in range(len(query)):
        segment = query[i]
        if isinstance(segment, str) or _index(segment):
            continue
        plain = False
        if segment is True:
            if i == last or query[i + 1] is True:
                return False
        elif isinstance(segment, Obj):
            if not _choice(segment, i == last):
                return False
        elif segment is not None and not _slice(segment):
            return False
    return not plain


def _index(v):
    return type(v) is int and -0x80000000 <= v <= 0x7FFFFFFF


def _slice(v):
    if not isinstance(v, list) or len(v) != 2 or v == [None, None]:
        return False
    for n in v:
        if n is not None and not _index(n):
            return False
    return True


def _choice(v, last):
    if len(v) != 1:
        return False
    kind, what = list(v.items())[0]
    if kind == "if":
        return _term(what, _NESTED)
    if not isinstance(what, list) or len(what) < 2:
        return False
    for part in what:
        if not (_index(part) if kind == "in" else isinstance(part, str)):
            return False
    return kind == "in" or (kind == "pick" and last and len(set(what)) == len(what))


def _term(p, nested):
    # recursion: at most 8, which `nested` counts
    if not isinstance(p, list) or len(p) < 2 or not isinstance(p[0], str):
        return False
    if p[0] == "and" or p[0] == "or":
        if len(p) < 3 or not nested:
            return False
        for i in range(1, len(p)):
            if not _term(p[i], nested - 1):
                return False
        return True
    if not _place(p[1]):
        return False
    if p[0] == "has" or p[0] == "not":
        return len(p) == 2 and p[1][0] is not None
    if len(p) == 3 and not isinstance(p[2], str):
        from . import patterns  # noqa: F401 (so that no step loads it)
    if len(p) == 3 and isinstance(p[2], Obj):
        return p[0] == "=~" and len(p[2]) == 1 and _pattern(p[2].get("re"))
    if p[0] not in _COMPARISONS or len(p) not in (3, 4):
        return False
    if not isinstance(p[2], str):
        return len(p) == 3 and _place(p[2])
    return len(p) == 3 or is_number(p[3])


def _pattern(code):
    if not isinstance(code, list) or not 1 <= len(code) <= _INSTRUCTIONS:
        return False
    for i in code:
        if isinstance(i, list):
            ok = len(i) == 2 and type(i[0]) is int and 0 <= i[0] < 7 and isinstance(i[1], str)
        elif isinstance(i, str):
            ok = _ranges(i)
        else:
            ok = type(i) is int and -1 - len(code) <= i <= len(code)
        if not ok:
            return False
    return True


def _ranges(text):
    # one character, or pairs of the first and last of ranges, ascending
    n = 0
    before = ""
    for c in text:
        if n and (c < before or (c == before and not n & 1)):
            return False
        before = c
        n += 1
    return n == 1 or (n > 0 and not n & 1)


def _place(v):
    # a path of names and indexes; null before them: it begins at the document
    if not isinstance(v, list) or not v:
        return False
    first = 1 if v[0] is None else 0
    if not first < len(v) <= _STEPS + first:
        return False
    for step in v[first:]:
        if not isinstance(step, str) and not (type(step) is int and 0 <= step < 65536):
            return False
    return True
