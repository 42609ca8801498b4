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


class _Missing:
    def __repr__(self):
        return "MISSING"


MISSING = _Missing()


def too_deep(limit):
    raise over("TSME-V006", limit + 1, limit)
