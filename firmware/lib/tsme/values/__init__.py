# What values are made of, on every interpreter: None, bool, int, float or F64, str, list and Obj.
import sys

from ..errors import over

if sys.implementation.name == "cpython":
    Obj = dict
    UNICODE = True
else:
    from collections import OrderedDict

    Obj = OrderedDict  # dict does not keep order there
    UNICODE = False  # their str may hold what is no Unicode

DEPTH = 32  # arrays and objects around a value, SPEC section 1
ITEM_DEPTH = 40  # around a value in a record or checkpoint
UINT_MAX = (1 << 64) - 1


MISSING = object()


def too_deep(limit):
    raise over("TSME-V006", limit + 1, limit)


def is_utf8(b):
    # strictly, for interpreters whose own check lets surrogates and overlong forms pass
    i = 0
    size = len(b)
    while i < size:
        c = b[i]
        i += 1
        if c < 0x80:
            continue
        more = 1 if c < 0xE0 else 2 if c < 0xF0 else 3
        low = 0xA0 if c == 0xE0 else 0x90 if c == 0xF0 else 0x80
        high = 0x9F if c == 0xED else 0x8F if c == 0xF4 else 0xBF
        good = 0xC2 <= c <= 0xF4 and i + more <= size
        while good and more:
            good = low <= b[i] <= high
            low = 0x80
            high = 0xBF
            i += 1
            more -= 1
        if not good:
            return False
    return True
