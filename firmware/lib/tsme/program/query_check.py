# Is the constant of a QUERY what docs/SPEC.md, 2.12, says?  Used once, when a program is loaded.

from ..values.numbers import is_number

_STEPS = 32  # segments of a path
_INSTRUCTIONS = 500  # of a pattern
_NESTED = 8  # terms of a filter in one another


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
        elif segment is not None and not _kind(segment, i == last):
            return False
    return not plain


def _index(v):
    return type(v) is int and -0x80000000 <= v <= 0x7FFFFFFF


def _kind(v, last):
    # a segment that is an array: 0 slice, 1 items, 2 members, 3 filter
    if not isinstance(v, list) or len(v) < 2 or type(v[0]) is not int:
        return False
    if v[0] == 3:
        return len(v) == 2 and _term(v[1], _NESTED)
    if v[0] == 2:
        names = v[1:]
        if not last or len(names) < 2 or not all([isinstance(s, str) for s in names]):
            return False
        return len(set(names)) == len(names)
    if len(v) < 3 or not 0 <= v[0] < 2:
        return False
    if not v[0] and (len(v) != 3 or v[1] is v[2] is None):
        return False
    return all([_index(n) or n is None and not v[0] for n in v[1:]])


def _term(p, nested):
    # recursion: at most 8, which `nested` counts
    if not isinstance(p, list) or len(p) < 2 or type(p[0]) is not int:
        return False
    op = p[0]
    if op == 8 or op == 9:
        if len(p) < 3 or not nested:
            return False
        for i in range(1, len(p)):
            if not _term(p[i], nested - 1):
                return False
        return True
    if not _place(p[1]):
        return False
    if not op or op == 7:
        return len(p) == 2 and p[1][0] is not None
    if not 0 < op < 11 or len(p) != 3:
        return False
    y = p[2]
    if isinstance(y, list) or isinstance(y, str) and y[:1] in "+-.0123456789":
        from . import patterns  # noqa: F401 (so that no step loads it)
    if op == 10:
        return _pattern(y)
    return isinstance(y, str) or is_number(y) or _place(y)


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
