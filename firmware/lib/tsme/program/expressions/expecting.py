# The instruction EXPECT of a workflow: is a value what a field takes (docs/SPEC.md, 2.16)?

from ...errors import StatesError, error
from ...values.cbor import Obj
from ...values.numbers import is_number, is_whole
from .arithmetic import settled


def expect_(vm, d, number, f, stack, a):
    # the instruction EXPECT: what a field takes
    v = stack[-1]
    kind = type(v)
    if 1 < a < 4 or a == 7:
        if not is_whole(v) and is_number(v):
            n = settled(v)
            v = n
        good = is_number(v)
        if a == 2:
            good = is_whole(v) and 0 <= v <= 99999999
        elif a == 3 and good:
            v = _millionths(v)
            good = v is not None
    else:
        good = (
            kind is bool
            if not a
            else isinstance(v, str)
            if a == 1
            else isinstance(v, list) and a != 6 or isinstance(v, Obj) and a > 4
        )
    if not good:
        e = error(13, stack[-1])
        e.cause = "type"
        raise e
    stack[-1] = v


def _millionths(v):
    # None of what is not from 0 to 100
    from ..wait import limit

    try:
        return limit(v, 4)
    except StatesError:
        return None
