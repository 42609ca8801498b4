# Of objects: keys, lookup, spread, merge, clone.
from ....values import MISSING, Obj
from ....values.numbers import is_number
from .. import arithmetic
from ..as_text import fraction
from ..values import is_function, sequence


def keys_(m, v=MISSING):
    found = Obj()  # in order, each once
    todo = [v]
    while todo:
        v = todo.pop()
        if isinstance(v, list):
            todo.extend(reversed(v))
        elif isinstance(v, dict):
            for k in v:
                found[k] = None
    return sequence(list(found))


def lookup_(m, v=MISSING, key=MISSING):
    if isinstance(v, dict):
        return v.get(key, MISSING)
    if not isinstance(v, list):
        return MISSING
    out = []
    _gather(v, key, out)
    return sequence(out)


def _gather(items, key, out):
    # recursion: at most 32, the depth of a value
    for item in items:
        if isinstance(item, list):
            _gather(item, key, out)
        elif isinstance(item, dict) and key in item:
            found = item[key]
            if isinstance(found, list):
                out.extend(found)
            else:
                out.append(found)


def spread_(m, v=MISSING):
    if isinstance(v, dict):
        return sequence([Obj(((k, v[k]),)) for k in v])
    if not isinstance(v, list):
        return v
    if not v:
        return sequence([])
    out = []
    todo = [v]
    while todo:
        v = todo.pop()
        if isinstance(v, list):
            todo.extend(reversed(v))
        elif isinstance(v, dict):
            for k in v:
                out.append(Obj(((k, v[k]),)))
        elif v is not MISSING:
            out.append(v)
    return out


def merge_(m, objects=MISSING):
    if objects is MISSING:
        return objects
    out = Obj()
    for one in objects:
        out.update(one)
    return out


def clone_(m, v=MISSING):
    # as its JSON text is read again: fractions have 15 digits then, functions are ""
    # recursion: at most 33, the depth of a value
    if isinstance(v, list):
        return [clone_(m, item) for item in v]
    if isinstance(v, dict):
        return Obj([(k, clone_(m, v[k])) for k in v])
    if is_number(v):
        if type(v) is int:
            return v
        if not arithmetic.is_finite(v):
            if arithmetic.is_nan(v):
                return None
            from ..values import ExpressionError

            raise ExpressionError("D1001", value=v)
        from .numeric import read

        return read(fraction(v))
    return "" if is_function(v) else v
