# Steps of paths, and what counts as true, in expressions (docs/SPEC.md, 2.16).

from ...values.cbor import MISSING, Obj
from ...values.numbers import is_number
from .values import Apart, ExpressionError, Function, Sequence

isinstance, len, type = isinstance, len, type


def one(items):
    # what becomes of a sequence
    n = len(items)
    return items if n > 1 else items[0] if n else MISSING


def member(m, v, name):
    # NAME: the member of an object, or of each item of an array, as of a path's last step
    if isinstance(v, Obj):
        return v.get(name, MISSING)
    if not isinstance(v, list):
        return MISSING
    if len(v) > 255:
        m.spend(len(v) >> 8)
    out = Sequence()
    arrays = False
    for x in v:
        if type(x) is Obj:
            x = x.get(name, MISSING)
            if x is MISSING:
                continue
        elif isinstance(x, list):
            inner = Sequence()
            _within(m, x, name, inner)
            x = one(inner)
            if x is MISSING:
                continue
        else:
            continue
        if isinstance(x, list):
            arrays = True
        out.append(x)
    return last(out) if arrays else one(out)


def last(items):
    # what becomes of what the last step of a path gives: DONE 3
    if len(items) == 1 and isinstance(items[0], list) and type(items[0]) is not Sequence:
        return items[0]
    return one(flat(items))


def flat(items):
    out = Sequence()
    for x in items:
        if isinstance(x, list) and type(x) is not Apart:
            out.extend(x)
        else:
            out.append(x)
    return out


def _within(m, v, name, out):
    # recursion: at most 33, the depth of a value
    if len(v) > 255:
        m.spend(len(v) >> 8)
    for x in v:
        if isinstance(x, Obj):
            x = x.get(name, MISSING)
            if isinstance(x, list):
                out.extend(x)
            elif x is not MISSING:
                out.append(x)
        elif isinstance(x, list):
            _within(m, x, name, out)


def truth(v):
    # recursion: at most 33, the depth of a value
    # what JavaScript's jsonata 2.0.6 takes for true in conditions
    if v is True or v is False:
        return v
    if isinstance(v, list):
        good = False
        for x in v:  # all of them: one may be out of range
            good = truth(x) or good
        return good
    if isinstance(v, Function):
        return v.true
    if v is None or v is MISSING or isinstance(v, (str, Obj)):
        return bool(v) if v is not MISSING else False
    if type(v) is int:
        return v != 0
    if is_number(v):
        from .finite import is_finite, is_nan

        if is_nan(v):
            return False
        if not is_finite(v):
            raise ExpressionError("D1001", value=v)
        return v != 0
    return True  # a tuple
