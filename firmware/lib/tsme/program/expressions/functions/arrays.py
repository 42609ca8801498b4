# Of arrays: zip, append, reverse, distinct.
from ....values import MISSING
from ....values.numbers import WIDE, Float, is_number
from .. import arithmetic, doubles
from ..values import is_sequence, sequence


def zip_(m, *arrays):
    n = 0
    if arrays and MISSING not in arrays:
        n = min([len(a) for a in arrays])
    return [[a[i] for a in arrays] for i in range(n)]


def append_(m, a=MISSING, b=MISSING):
    if a is MISSING or b is MISSING:
        return b if a is MISSING else a
    return (list(a) if isinstance(a, list) else [a]) + (list(b) if isinstance(b, list) else [b])


def reverse_(m, v=MISSING):
    if v is MISSING or len(v) < 2:
        return v
    return list(reversed(v))


def identity(v):
    # what equal values have in common and no others; for the members of a set
    t = type(v)
    if t is str or t is int:
        return v
    if WIDE and t is Float and -9e15 < v < 9e15:
        n = int(v)
        return n if n == v else v
    if v is None or v is True or v is False:
        return (v is None, v)
    if is_number(v):
        text = _number(v)
        return int(text[1:-1]) if text[0] == "i" else (0, text)
    out = []
    todo = [v]
    while todo:
        v = todo.pop()
        if isinstance(v, str):
            out.append("s%d:" % len(v))
            out.append(v)
        elif v is None or v is True or v is False:
            out.append("n" if v is None else "t" if v else "f")
        elif is_number(v):
            out.append(_number(v))
        elif isinstance(v, list):
            out.append("[%d," % len(v))
            todo += v
        elif isinstance(v, dict):
            out.append("{%d," % len(v))
            for k in sorted(v):
                todo.append(v[k])
                todo.append(k)
        else:
            out.append("o%d," % id(v))
    return (0, "".join(out))


def _number(v):
    # NaN is not even equal to itself
    n = arithmetic.settled(v) if type(v) is not int and arithmetic.is_finite(v) else v
    if type(n) is not int and arithmetic.is_finite(n):
        whole = doubles.whole(n)
        if arithmetic.compare(whole, n) == 0:
            n = whole
    if type(n) is int:
        return "i%d," % n
    if arithmetic.is_finite(n):
        from ....values.numbers import bits

        return "f%d," % bits(n)
    return "o%d," % id(n) if arithmetic.is_nan(n) else "-inf" if doubles.negative(n) else "+inf"


def distinct_(m, v=MISSING):
    if not isinstance(v, list) or len(v) < 2:
        return v
    seen = set()
    out = []
    for item in v:
        key = identity(item)
        if key not in seen:
            seen.add(key)
            out.append(item)
    return sequence(out) if is_sequence(v) else out
