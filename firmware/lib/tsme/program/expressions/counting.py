# What expressions count (docs/SPEC.md, 2.16, Size and Fuel): bytes of encodings.  Everything that
# counts is here but the JUMP backward, which the loop of evaluation.py counts.

from ...errors import TsmeError
from ...values.cbor import DEPTH, Obj, measure
from .values import ExpressionError, Tuple

isinstance, len, type = isinstance, len, type


def size(m, v):
    # Bytes of a text, array or object, of which what is no value counts 1; 0 for what is none of
    # these.  Deeper than 32 or above `largest`, it is an error.
    if isinstance(v, str):
        n = len(v.encode())
        n += 1 if n < 24 else 2 if n < 0x100 else 3 if n < 0x10000 else 5
        depth = 0
    elif isinstance(v, (list, Obj)):
        try:
            n, depth = measure(v, m.largest)
        except TsmeError:  # there are functions, or infinities
            from .weighing import weigh

            n, depth = weigh(v, m.largest)
    else:
        return 0
    if n > m.largest or depth > DEPTH:
        raise ExpressionError("D2015")
    return n


def made(m, v):
    # A value that was made; small ones are not worth looking at.
    if isinstance(v, str):
        if len(v) < 63:
            return v
    elif isinstance(v, list):
        if len(v) < 28:
            for x in v:
                if type(x) is not int and x is not None and x is not True and x is not False:
                    break
            else:
                return v  # at most 9 bytes each, and 2
    elif not isinstance(v, Obj):
        return v
    n = _rows(v) if isinstance(v, list) and type(v[0]) is Tuple else 0
    if not n:
        n = size(m, v)
    elif n > m.largest:
        raise ExpressionError("D2015")
    if n > 255:
        m.count(n)
    return v


def _rows(v):
    # the size of an array of tuples alone, else 0
    for x in v:
        if type(x) is not Tuple:
            return 0
    n = len(v)
    return n + (1 if n < 24 else 2 if n < 0x100 else 3 if n < 0x10000 else 5)


def read(m, args, v):
    # A native function went through its arguments, and made v.
    work = 0
    for x in args:
        if type(x) is not int:
            work += size(m, x)
    n = 0 if type(v) is int else size(m, v)
    if work + n > 255:
        m.spend(work + n >> 8)
        if n > 255:
            m.make(n)
    return v
