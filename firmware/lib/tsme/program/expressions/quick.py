# OPERATE of two small integers or short texts (docs/SPEC.md, 2.16), which is most of it.
from ... import const

len, type = len, type
_MOST = const(9007199254740991)  # integers up to it are exact


def slow(m, k, a, b):  # noqa: F811
    # the first time: many programs have no use for it
    global slow
    from .operators import operate as slow

    return slow(m, k, a, b)


def operate(m, k, a, b):
    t = type(a)
    if t is type(b):
        if t is int:
            if k < 3:
                v = a + b if not k else a - b if k == 1 else a * b
                if -_MOST <= v <= _MOST and -_MOST <= a <= _MOST and -_MOST <= b <= _MOST:
                    return v
            elif k == 6:
                return a == b
            elif k == 7:
                return a != b
            elif 8 <= k < 12:
                return a < b if k == 8 else a <= b if k == 9 else a > b if k == 10 else a >= b
        elif t is str and 5 <= k < 8 and len(a) < 31 and len(b) < 31:
            return a + b if k == 5 else (a == b) is (k == 6)
    return slow(m, k, a, b)
