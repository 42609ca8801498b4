# The size of what has no encoding (docs/SPEC.md, 2.16).

from ...values.cbor import MISSING, Obj, measure
from ...values.numbers import F64, is_number
from .values import Function

isinstance, len, type = isinstance, len, type


def weigh(v, most):
    # as measure(), for what cannot be encoded
    total = depth = 0
    level = [v]
    while level:
        below = []
        hollow = 0
        for v in level:
            if isinstance(v, (list, Obj)):
                n = len(v)
                if n > most or len(below) > most:
                    return most + 1, depth
                if not n:
                    hollow = 1
                below.extend(v)
                if isinstance(v, Obj):
                    below.extend(v.values())
                total += 1 if n < 24 else 2 if n < 0x100 else 3 if n < 0x10000 else 5
            elif v is MISSING or isinstance(v, Function):
                total += 1
            elif is_number(v) and type(v) is not int and not finite(v):
                total += 9
            else:
                total += measure(v)[0]
            if total > most:
                return total, depth
        if not below:
            return total, depth + hollow
        level = below
        depth += 1
    return total, depth


def finite(v):
    if type(v) is F64:
        return v.bits >> 52 & 0x7FF != 0x7FF
    return v - v == 0
