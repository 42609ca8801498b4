# Is the constant of a QUERY what docs/SPEC.md, 2.12, says?  Used once, when a program is loaded.

from .cbor import Obj
from .num import is_number

_STEPS = 32  # segments of a path
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
        return len(p) == 2
    if p[0] not in _COMPARISONS or len(p) not in (3, 4) or not isinstance(p[2], str):
        return False
    return len(p) == 3 or is_number(p[3])


def _place(v):
    # a path of names and indexes
    if not isinstance(v, list) or not 1 <= len(v) <= _STEPS:
        return False
    for step in v:
        if not isinstance(step, str) and not (type(step) is int and 0 <= step < 65536):
            return False
    return True
