# Of texts and patterns: match, contains, split, and all that a matcher finds.
from ....values import MISSING, Obj
from .. import arithmetic, doubles
from ..values import ExpressionError, Matcher, sequence
from .regex import find, find_all, groups


def most(limit, code, index):
    # how many at most; 1.5 allows two
    if limit is MISSING:
        return 1 << 29
    if arithmetic.is_nan(limit):
        return 0
    if doubles.negative(limit) and not doubles.is_zero(limit):
        raise ExpressionError(code, value=limit, index=index)
    n = doubles.whole(limit, 0, 1 << 29)
    return n + 1 if arithmetic.compare(limit, n) == 1 else n


def matcher(v, index):
    # the pattern of a matcher; functions that match in another way are the compiler's
    if not isinstance(v, Matcher):
        raise ExpressionError("T1010" if v is not MISSING else "T0410", value=v, index=index)
    return v.pattern


def match_(m, text=MISSING, f=MISSING, limit=MISSING):
    if text is MISSING:
        return text
    n = most(limit, "D3040", 3)
    out = []
    if n:
        for kept in find_all(matcher(f, 2), text, m.spend, n):
            found = text[kept[0] : kept[1]]
            pairs = (("match", found), ("index", kept[0]), ("groups", groups(text, kept)))
            out.append(Obj(pairs))
    return sequence(out)


def contains_(m, text=MISSING, token=MISSING):
    if text is MISSING:
        return text
    if isinstance(token, str):
        return token in text
    return find(matcher(token, 2), text, 0, m.spend) is not None


def split_(m, text=MISSING, separator=MISSING, limit=MISSING):
    if text is MISSING:
        return text
    n = most(limit, "D3020", 3)
    if not n:
        return []
    if isinstance(separator, str):
        if limit is not MISSING:
            n = doubles.whole(limit, 0, 1 << 29)
        if separator:
            out = text.split(separator)
        else:
            out = list(text)
        return out if len(out) <= n else out[:n]
    out = []
    start = 0
    for kept in find_all(matcher(separator, 2), text, m.spend, n):
        out.append(text[start : kept[0]])
        start = kept[1]
    if len(out) < n:
        out.append(text[start:])
    return out


def matches_(m, text=MISSING, f=MISSING):
    out = []
    if text is not MISSING:
        for kept in find_all(matcher(f, 2), text, m.spend):
            found = text[kept[0] : kept[1]]
            pairs = [("match", found), ("start", kept[0]), ("end", kept[1])]
            out.append(Obj(pairs + [("groups", groups(text, kept))]))
    return sequence(out)
