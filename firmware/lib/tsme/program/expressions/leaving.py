# Values as they leave an expression (docs/SPEC.md, 2.16).

from ...values.cbor import DEPTH, Obj, measure
from ...values.numbers import Float, is_number
from .values import ExpressionError

isinstance, len, type = isinstance, len, type


def left(m, v):
    # a value as it leaves an expression
    v = _plain(v, 0)
    if isinstance(v, (list, Obj)):
        n, depth = measure(v, m.largest)
        if n > m.largest or depth > DEPTH:
            raise ExpressionError("D2015")
    return v


def _plain(v, deep):
    # recursion: at most 33, which it counts
    # without marks; the value itself if there are none
    t = type(v)
    if t is str or t is int or v is None or t is bool or t is Float and v - v == 0:
        return v
    if deep > DEPTH:
        raise ExpressionError("D2015")
    if isinstance(v, Obj):
        new = None
        for k in v:
            x = v[k]
            t = type(x)
            if t is str or t is int:
                continue
            y = _plain(x, deep + 1)
            if y is not x:
                if new is None:
                    new = v.copy()
                new[k] = y
        return v if new is None else new
    if isinstance(v, list):
        new = None if t is list else list(v)
        i = 0
        for x in v:
            t = type(x)
            if t is not str and t is not int:
                y = _plain(x, deep + 1)
                if y is not x:
                    if new is None:
                        new = list(v)
                    new[i] = y
            i += 1
        return v if new is None else new
    if isinstance(v, str):
        return v
    if not is_number(v):
        raise ExpressionError("")  # a function, a tuple, nothing
    from . import arithmetic, doubles

    if arithmetic.is_finite(v):
        return v
    return "NaN" if arithmetic.is_nan(v) else "-Infinity" if doubles.negative(v) else "Infinity"
